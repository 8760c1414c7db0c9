//! Registration: a wish to have an account, which becomes one when the letter to its address is
//! answered ([`super::confirm`]). Until then it takes nothing from anybody: not the address, and
//! not a name in some list. Whether the address has an account already shows only in that letter.

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use thiserror::Error;

use super::Accounts;
use super::email::Email;
use super::letters::{Kind, Occasion, post};
use super::password::Password;
use super::password::pool::Busy;
use super::password::strength::{Known, Weakness};
use super::role::Role;
use super::text::PersonName;
use crate::database::{ReadRow, Statement, StoreError, Transaction, millis, queries};
use crate::id::RegistrationId;
use crate::secret;

/// What somebody wants to have an account for. The other roles are given, not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To buy.
    Buying,
    /// To make events.
    Organising,
}

impl From<Purpose> for Role {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Buying => Self::Buyer,
            Purpose::Organising => Self::Organiser,
        }
    }
}

/// A wish to have an account.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Where its letters go.
    pub email: Email,
    /// What it is opened by.
    pub password: Password,
    /// Whose it is.
    pub name: PersonName,
    /// What for.
    pub purpose: Purpose,
    /// Who they were as a guest: their orders become the account's.
    pub guest: Option<PersonId>,
}

/// Why somebody cannot register.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The guest has registered before.
    #[error(
        "this guest has an account already: sign in to it, or register without a guest's token"
    )]
    AlreadyRegistered,
    /// Too many passwords are to be hashed.
    #[error("too many passwords are being hashed right now")]
    Busy,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password is too easily guessed.
    #[error("the password is too easily guessed")]
    Weak(Vec<Weakness>),
}

impl From<Busy> for RegisterError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl Accounts {
    /// Notes the wish, and has a letter written to the address.
    pub async fn register(&self, wish: Registration, now: Time) -> Result<(), RegisterError> {
        let Registration { email, password, name, purpose, guest } = wish;
        if let Some(guest) = guest {
            self.check_is_guest(guest).await?;
        }
        let known = Known::of(&name, Some(&email));
        let hash = self.hasher().choose(password, known).await?.map_err(RegisterError::Weak)?;
        let mut transaction = self.database().transaction().await?;
        if self.is_too_much(&mut transaction, Kind::Registration, &email, now).await? {
            return Ok(());
        }
        let registration = RegistrationId::random();
        let person = guest.unwrap_or_else(new_person);
        let insert = sqlx::query(REGISTER)
            .bind(registration.to_string())
            .bind(person.to_string())
            .bind(email.to_string())
            .bind(email.key())
            .bind(hash)
            .bind(Role::from(purpose).name())
            .bind(name.given())
            .bind(name.family())
            .bind(millis(now + self.settings().confirm_lifetime));
        transaction.execute(insert).await?;
        post(&mut transaction, &Occasion::Registration { registration, email }, now).await?;
        transaction.commit().await?;
        self.wake_postman();
        Ok(())
    }

    /// Has another letter written, if there is such a wish. The last one is what counts: whoever
    /// registered twice wants what they typed last.
    pub async fn send_again(&self, email: Email, now: Time) -> Result<(), StoreError> {
        let mut transaction = self.database().transaction().await?;
        if self.is_too_much(&mut transaction, Kind::Registration, &email, now).await? {
            return Ok(());
        }
        // A letter about no wish is dropped, and costs as much until then.
        let registration = last_wish(&mut transaction, &email, now).await?;
        let registration = registration.unwrap_or_else(RegistrationId::random);
        post(&mut transaction, &Occasion::Registration { registration, email }, now).await?;
        transaction.commit().await?;
        self.wake_postman();
        Ok(())
    }

    async fn check_is_guest(&self, person: PersonId) -> Result<(), RegisterError> {
        match self.database().find(known(person)).await? {
            Some(_) => Err(RegisterError::AlreadyRegistered),
            None => Ok(()),
        }
    }
}

/// Somebody who has never been here.
pub(super) fn new_person() -> PersonId {
    PersonId::from_u128(u128::from_be_bytes(secret::random()))
}

/// Finds a row if somebody has an account, or had one.
pub(super) fn known(person: PersonId) -> Statement<'static> {
    sqlx::query(IS_KNOWN).bind(person.to_string())
}

/// To the address as it was typed then: the letter goes nowhere else.
async fn last_wish(
    transaction: &mut Transaction,
    email: &Email,
    now: Time,
) -> Result<Option<RegistrationId>, StoreError> {
    let find = sqlx::query(LAST_WISH).bind(email.key()).bind(millis(now));
    let rows = transaction.find_all(find).await?;
    let is_theirs =
        |text: &str| Email::parse(text).is_ok_and(|wished| wished.is_same_mailbox(email));
    for row in &rows {
        if is_theirs(row.text("email")?) {
            return Ok(Some(row.parsed("registration")?));
        }
    }
    Ok(None)
}

queries! {
    REGISTER = "INSERT INTO registrations \
        (registration, person, email, email_key, password_hash, role, given_name, family_name, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    IS_KNOWN = "SELECT person FROM accounts WHERE person = $1";
    LAST_WISH = "SELECT registration, email FROM registrations \
        WHERE email_key = $1 AND expires_at > $2 ORDER BY expires_at DESC";
}
