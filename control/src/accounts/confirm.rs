//! Confirming an address: whoever sends the token has read the letter. A wish to have an account
//! becomes one; or an account gets another address.

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use thiserror::Error;

use super::Accounts;
use super::email::Email;
use super::letters::one_time::{Errand, spend, void};
use super::letters::{Occasion, post};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};
use crate::id::RegistrationId;

/// An address is confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// Whose it is.
    pub person: PersonId,
    /// Which.
    pub email: Email,
}

/// Why an address is not confirmed.
#[derive(Debug, Error)]
pub enum ConfirmError {
    /// The guest has registered with another address meanwhile.
    #[error("this guest has an account already: register again, without a guest's token")]
    AlreadyRegistered,
    /// Another account has it.
    #[error("another account has this address: sign in to it")]
    EmailTaken,
    /// The token is none, or is not good any more.
    #[error("the link was used already, has expired, or was never sent: ask for another letter")]
    Invalid,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Confirms the address that the letter with this token went to.
    pub async fn confirm(&self, token: &str, by: &By) -> Result<Confirmed, ConfirmError> {
        let confirmed = self.database().retried(|| self.confirm_once(token, by)).await?;
        self.wake_postman();
        Ok(confirmed)
    }

    async fn confirm_once(&self, token: &str, by: &By) -> Result<Confirmed, ConfirmError> {
        let mut transaction = self.database().transaction().await?;
        let confirmed = match spend(&mut transaction, token, by.at).await? {
            Some(Errand::Register { registration }) => {
                open_account(&mut transaction, registration, by).await?
            }
            Some(Errand::ChangeEmail { person, email }) => {
                change_email(&mut transaction, person, email, by).await?
            }
            Some(Errand::ResetPassword { .. }) | None => return Err(ConfirmError::Invalid),
        };
        transaction.commit().await?;
        Ok(confirmed)
    }
}

async fn open_account(
    transaction: &mut Transaction,
    registration: RegistrationId,
    by: &By,
) -> Result<Confirmed, ConfirmError> {
    let find = sqlx::query(WISH).bind(registration.to_string());
    let wish = transaction.find(find).await?;
    let wish = wish.ok_or(ConfirmError::Invalid)?;
    let (person, email): (PersonId, Email) = (wish.parsed("person")?, wish.parsed("email")?);
    check_is_free(transaction, person, &email).await?;
    insert(transaction, &wish, by.at).await?;
    // Nobody else can have this address any more.
    for clear in [CLEAR_TOKENS, CLEAR_WISHES] {
        transaction.execute(sqlx::query(clear).bind(email.key())).await?;
    }
    let deed = Deed::new(Action::Register).to(person);
    audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
    Ok(Confirmed { person, email })
}

async fn check_is_free(
    transaction: &mut Transaction,
    person: PersonId,
    email: &Email,
) -> Result<(), ConfirmError> {
    let like = sqlx::query(LIKE).bind(email.key()).bind(person.to_string());
    let Some(row) = transaction.find(like).await? else { return Ok(()) };
    Err(if row.text_if_any("email_key")? == Some(email.key()) {
        ConfirmError::EmailTaken
    } else {
        ConfirmError::AlreadyRegistered
    })
}

async fn insert(
    transaction: &mut Transaction,
    wish: &AnyRow,
    now: Time,
) -> Result<(), ConfirmError> {
    let text = |column| wish.text(column);
    let insert = sqlx::query(INSERT)
        .bind(text("person")?)
        .bind(text("email")?)
        .bind(text("email_key")?)
        .bind(text("password_hash")?)
        .bind(text("role")?)
        .bind(text("given_name")?)
        .bind(text("family_name")?)
        .bind(millis(now));
    transaction.execute(insert).await.map_err(taken)?;
    Ok(())
}

async fn change_email(
    transaction: &mut Transaction,
    person: PersonId,
    email: Email,
    by: &By,
) -> Result<Confirmed, ConfirmError> {
    let find = sqlx::query(OLD_EMAIL).bind(person.to_string());
    let old = transaction.find(find).await?;
    let old: Option<Email> = old.ok_or(ConfirmError::Invalid)?.parsed_if_any("email")?;
    let change = sqlx::query(CHANGE)
        .bind(person.to_string())
        .bind(email.to_string())
        .bind(email.key())
        .bind(millis(by.at));
    transaction.execute(change).await.map_err(taken)?;
    void(transaction, person).await?;
    if let Some(old) = old {
        post(transaction, &Occasion::EmailChanged { person, email: old }, by.at).await?;
    }
    let deed = Deed::new(Action::ChangeEmail).to(person);
    audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
    Ok(Confirmed { person, email })
}

/// Of two who confirm one address at once, one comes too late.
fn taken(error: StoreError) -> ConfirmError {
    if error.is_duplicate() { ConfirmError::EmailTaken } else { error.into() }
}

queries! {
    WISH = "SELECT person, email, email_key, password_hash, role, given_name, family_name \
        FROM registrations WHERE registration = $1";
    LIKE = "SELECT email_key FROM accounts WHERE email_key = $1 OR person = $2 \
        ORDER BY CASE WHEN email_key = $1 THEN 0 ELSE 1 END LIMIT 1";
    INSERT = "INSERT INTO accounts \
        (person, email, email_key, password_hash, role, given_name, family_name, created_at, \
        updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
    CLEAR_TOKENS = "DELETE FROM one_time_tokens WHERE registration IN \
        (SELECT registration FROM registrations WHERE email_key = $1)";
    CLEAR_WISHES = "DELETE FROM registrations WHERE email_key = $1";
    OLD_EMAIL = "SELECT email FROM accounts WHERE person = $1 AND erased_at IS NULL";
    CHANGE = "UPDATE accounts SET email = $2, email_key = $3, updated_at = $4 WHERE person = $1";
}
