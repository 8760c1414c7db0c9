//! One-time tokens: what a letter brings and somebody sends back, to show that they have read it.

use std::str::FromStr;

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use thiserror::Error;

use crate::accounts::email::Email;
use crate::database::{Database, ReadRow, StoreError, Transaction, millis, queries};
use crate::id::RegistrationId;
use crate::secret::{Token, fingerprint};

/// What a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::accounts) enum Errand {
    /// To have letters sent to this address.
    ChangeEmail {
        /// Of whose account.
        person: PersonId,
        /// The new address.
        email: Email,
    },
    /// To have an account.
    Register {
        /// As which wish says.
        registration: RegistrationId,
    },
    /// To choose another password.
    ResetPassword {
        /// Of whose account.
        person: PersonId,
    },
}

#[derive(Clone, Copy)]
enum Purpose {
    ChangeEmail,
    Register,
    ResetPassword,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::ChangeEmail => "change_email",
            Self::Register => "register",
            Self::ResetPassword => "reset_password",
        }
    }
}

#[derive(Debug, Error)]
#[error("no purpose of a one-time token")]
struct NoSuchPurpose;

impl FromStr for Purpose {
    type Err = NoSuchPurpose;

    fn from_str(text: &str) -> Result<Self, NoSuchPurpose> {
        let all = [Self::ChangeEmail, Self::Register, Self::ResetPassword];
        all.into_iter().find(|purpose| purpose.name() == text).ok_or(NoSuchPurpose)
    }
}

/// A new token for an errand. Earlier ones stay good: their letters may come later.
pub(super) async fn draw(
    transaction: &mut Transaction,
    errand: &Errand,
    expires_at: Time,
) -> Result<Token, StoreError> {
    let token = Token::random();
    let (purpose, person, registration, email) = match errand {
        Errand::ChangeEmail { person, email } => {
            (Purpose::ChangeEmail, Some(person), None, Some(email))
        }
        Errand::Register { registration } => (Purpose::Register, None, Some(registration), None),
        Errand::ResetPassword { person } => (Purpose::ResetPassword, Some(person), None, None),
    };
    let draw = sqlx::query(DRAW)
        .bind(fingerprint(token.expose()))
        .bind(purpose.name())
        .bind(person.map(PersonId::to_string))
        .bind(registration.map(RegistrationId::to_string))
        .bind(email.map(Email::to_string))
        .bind(millis(expires_at));
    transaction.execute(draw).await?;
    Ok(token)
}

/// What a token is good for, if it is still good.
pub(in crate::accounts) async fn look_up(
    database: &Database,
    token: &str,
    now: Time,
) -> Result<Option<Errand>, StoreError> {
    let find = sqlx::query(LOOK_UP).bind(fingerprint(token)).bind(millis(now));
    let row = database.find(find).await?;
    row.as_ref().map(errand).transpose()
}

/// The same, and from now on it is not good any more.
pub(in crate::accounts) async fn spend(
    transaction: &mut Transaction,
    token: &str,
    now: Time,
) -> Result<Option<Errand>, StoreError> {
    let spend = sqlx::query(SPEND).bind(fingerprint(token)).bind(millis(now));
    let row = transaction.find(spend).await?;
    row.as_ref().map(errand).transpose()
}

/// Voids what a person has been sent to change their address or password.
pub(in crate::accounts) async fn void(
    transaction: &mut Transaction,
    person: PersonId,
) -> Result<(), StoreError> {
    transaction.execute(sqlx::query(VOID).bind(person.to_string())).await?;
    Ok(())
}

fn errand(row: &AnyRow) -> Result<Errand, StoreError> {
    Ok(match row.parsed("purpose")? {
        Purpose::ChangeEmail => {
            Errand::ChangeEmail { person: row.parsed("person")?, email: row.parsed("email")? }
        }
        Purpose::Register => Errand::Register { registration: row.parsed("registration")? },
        Purpose::ResetPassword => Errand::ResetPassword { person: row.parsed("person")? },
    })
}

queries! {
    DRAW = "INSERT INTO one_time_tokens \
        (token_hash, purpose, person, registration, email, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    LOOK_UP = "SELECT purpose, person, registration, email FROM one_time_tokens \
        WHERE token_hash = $1 AND expires_at > $2";
    SPEND = "DELETE FROM one_time_tokens WHERE token_hash = $1 AND expires_at > $2 \
        RETURNING purpose, person, registration, email";
    VOID = "DELETE FROM one_time_tokens WHERE person = $1";
}
