//! Letters: an outbox that is written in the same transaction as what a letter is about, and is
//! emptied by whoever delivers ([`deliver`]), with retries. What a letter says is put together when
//! it is sent (`compose`), with a new one-time token (`one_time`): none is ever in the outbox.
//!
//! A letter that somebody asked for with nothing but an address is put into the outbox whether an
//! account has the address or not; that shows only when it is put together, where nobody can
//! measure it.

pub(crate) mod compose;
pub mod deliver;
pub(crate) mod one_time;
mod wording;

use std::fmt;
use std::str::FromStr;

use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};
use thiserror::Error;

use super::Accounts;
use super::email::Email;
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};
use crate::id::{LetterId, RegistrationId};

/// A letter as it is sent: plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Which: the same when it is sent again.
    pub id: LetterId,
    /// To whom.
    pub to: Email,
    /// What it is about, on one line.
    pub subject: String,
    /// What it says.
    pub text: String,
}

/// There is a token in it.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a letter is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// An account is no more.
    AccountErased {
        /// Where its letters went.
        email: Email,
    },
    /// Somebody wants to have letters of their account sent to another address.
    EmailChange {
        /// Whose account.
        person: PersonId,
        /// The new one.
        email: Email,
    },
    /// Letters of an account go to another address now.
    EmailChanged {
        /// Whose account.
        person: PersonId,
        /// The old one.
        email: Email,
    },
    /// An account can be opened by signing in elsewhere, from now on.
    IdentityLinked {
        /// Whose.
        person: PersonId,
    },
    /// The password of an account was changed.
    PasswordChanged {
        /// Whose.
        person: PersonId,
    },
    /// Somebody has forgotten the password of an account with this address, if there is one.
    PasswordReset {
        /// As it was typed.
        email: Email,
    },
    /// Somebody wants to have an account with this address.
    Registration {
        /// Which wish that is.
        registration: RegistrationId,
        /// The address.
        email: Email,
    },
}

/// An [`Occasion`] without what it is about, as the outbox has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    AccountErased,
    EmailChange,
    EmailChanged,
    IdentityLinked,
    PasswordChanged,
    PasswordReset,
    Registration,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::AccountErased,
        Self::EmailChange,
        Self::EmailChanged,
        Self::IdentityLinked,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::Registration,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::AccountErased => "account_erased",
            Self::EmailChange => "email_change",
            Self::EmailChanged => "email_changed",
            Self::IdentityLinked => "identity_linked",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::Registration => "registration",
        }
    }
}

/// The text names no kind of letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no kind of letter")]
pub(super) struct NoSuchKind;

impl FromStr for Kind {
    type Err = NoSuchKind;

    fn from_str(text: &str) -> Result<Self, NoSuchKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(NoSuchKind)
    }
}

/// What the columns of the outbox say of an occasion.
struct Columns<'a> {
    kind: Kind,
    person: Option<PersonId>,
    registration: Option<RegistrationId>,
    email: Option<&'a Email>,
}

impl Occasion {
    fn columns(&self) -> Columns<'_> {
        let of = |kind, person: Option<&PersonId>, registration: Option<&RegistrationId>, email| {
            Columns { kind, person: person.copied(), registration: registration.copied(), email }
        };
        match self {
            Self::AccountErased { email } => of(Kind::AccountErased, None, None, Some(email)),
            Self::EmailChange { person, email } => {
                of(Kind::EmailChange, Some(person), None, Some(email))
            }
            Self::EmailChanged { person, email } => {
                of(Kind::EmailChanged, Some(person), None, Some(email))
            }
            Self::IdentityLinked { person } => of(Kind::IdentityLinked, Some(person), None, None),
            Self::PasswordChanged { person } => of(Kind::PasswordChanged, Some(person), None, None),
            Self::PasswordReset { email } => of(Kind::PasswordReset, None, None, Some(email)),
            Self::Registration { registration, email } => {
                of(Kind::Registration, None, Some(registration), Some(email))
            }
        }
    }
}

impl Accounts {
    /// Whether an address has had as many letters of a kind lately as anybody may ask for.
    pub(super) async fn is_too_much(
        &self,
        transaction: &mut Transaction,
        kind: Kind,
        email: &Email,
        now: Time,
    ) -> Result<bool, StoreError> {
        const HOUR: Span = Span::from_mins(60);
        let asked = sqlx::query(COUNT).bind(email.key()).bind(kind.name()).bind(millis(now - HOUR));
        let count = transaction.find(asked).await?.map_or(Ok(0), |row| row.number("count"))?;
        Ok(count >= u64::from(self.settings().letters_per_hour))
    }

    /// Wakes whoever delivers, once what was posted is committed.
    pub(super) fn wake_postman(&self) {
        self.0.posted.notify_one();
    }

    /// Waits until something may have been posted.
    pub async fn posted(&self) {
        self.0.posted.notified().await;
    }
}

/// Puts a letter into the outbox.
pub(super) async fn post(
    transaction: &mut Transaction,
    occasion: &Occasion,
    now: Time,
) -> Result<(), StoreError> {
    let Columns { kind, person, registration, email } = occasion.columns();
    let post = sqlx::query(POST)
        .bind(LetterId::random().to_string())
        .bind(kind.name())
        .bind(person.map(|id| id.to_string()))
        .bind(registration.map(|id| id.to_string()))
        .bind(email.map(Email::to_string))
        .bind(email.map(|email| email.key().to_owned()))
        .bind(millis(now));
    transaction.execute(post).await?;
    Ok(())
}

queries! {
    COUNT = "SELECT COUNT(*) AS count FROM letters \
        WHERE email_key = $1 AND kind = $2 AND created_at > $3";
    POST = "INSERT INTO letters \
        (letter, kind, person, registration, email, email_key, created_at, due_at, attempts) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)";
}
