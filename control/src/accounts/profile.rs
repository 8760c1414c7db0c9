//! What an account says about its owner, and what they may change about it at once.

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use thiserror::Error;

use super::Accounts;
use super::email::Email;
use super::password::strength::Known;
use super::role::Role;
use super::text::{PersonName, Phone};
use crate::database::{ReadRow, StoreError, Transaction, millis, queries, undecodable};

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whose.
    pub person: PersonId,
    /// Where its letters go; `None` for who signs in elsewhere and has given no address.
    pub email: Option<Email>,
    /// Their name.
    pub name: PersonName,
    /// Their telephone number.
    pub phone: Option<Phone>,
    /// What they are here.
    pub role: Role,
    /// Whether they can sign in with a password.
    pub has_password: bool,
    /// Since when they have it.
    pub created_at: Time,
}

/// What is to be changed; the rest stays.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The given name.
    pub given_name: Option<String>,
    /// The family name; empty for none.
    pub family_name: Option<String>,
    /// The telephone number.
    pub phone: PhoneChange,
}

/// What becomes of a telephone number.
#[derive(Clone, Debug, Default)]
pub enum PhoneChange {
    /// It stays.
    #[default]
    Keep,
    /// There is none any more.
    Remove,
    /// It is another one.
    Set(Phone),
}

/// Why a profile is not changed.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// A name is none.
    #[error("must be at most 100 characters on one line, and a given name at least one")]
    Name,
    /// There is no such account (any more).
    #[error("there is no such account")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// The account of a person; `None` if they have none (any more).
    pub async fn profile(&self, person: PersonId) -> Result<Option<Profile>, StoreError> {
        let find = sqlx::query(PROFILE).bind(person.to_string());
        let row = self.database().find(find).await?;
        row.as_ref().map(profile).transpose()
    }

    /// Changes some of it.
    pub async fn change_profile(
        &self,
        person: PersonId,
        change: ProfileChange,
        now: Time,
    ) -> Result<Profile, ProfileError> {
        let ProfileChange { given_name, family_name, phone } = change;
        let mut transaction = self.database().transaction().await?;
        let before = lock(&mut transaction, person).await?.ok_or(ProfileError::NotFound)?;
        let given = given_name.as_deref().unwrap_or(before.name.given());
        let family = family_name.as_deref().unwrap_or(before.name.family());
        let name = PersonName::parse(given, family).map_err(|_| ProfileError::Name)?;
        let phone = match phone {
            PhoneChange::Keep => before.phone.clone(),
            PhoneChange::Remove => None,
            PhoneChange::Set(phone) => Some(phone),
        };
        let change = sqlx::query(CHANGE)
            .bind(person.to_string())
            .bind(name.given())
            .bind(name.family())
            .bind(phone.as_ref().map(Phone::to_string))
            .bind(millis(now));
        transaction.execute(change).await?;
        transaction.commit().await?;
        Ok(Profile { name, phone, ..before })
    }

    /// What others know of a person; `None` if they have no account (any more).
    pub(super) async fn known_of(&self, person: PersonId) -> Result<Option<Known>, StoreError> {
        let profile = self.profile(person).await?;
        Ok(profile.map(|profile| Known::of(&profile.name, profile.email.as_ref())))
    }
}

/// Nobody else changes it meanwhile: it is written before it is read.
async fn lock(
    transaction: &mut Transaction,
    person: PersonId,
) -> Result<Option<Profile>, StoreError> {
    let lock = sqlx::query(LOCK).bind(person.to_string());
    let row = transaction.find(lock).await?;
    row.as_ref().map(profile).transpose()
}

fn profile(row: &AnyRow) -> Result<Profile, StoreError> {
    let (given, family) = (row.text("given_name")?, row.text("family_name")?);
    let name = PersonName::parse(given, family);
    let name = name.map_err(|error| undecodable("given_name", error))?;
    Ok(Profile {
        person: row.parsed("person")?,
        email: row.parsed_if_any("email")?,
        name,
        phone: row.parsed_if_any("phone")?,
        role: row.parsed("role")?,
        has_password: row.text_if_any("password_hash")?.is_some(),
        created_at: row.time("created_at")?,
    })
}

queries! {
    PROFILE = "SELECT person, email, given_name, family_name, phone, role, password_hash, \
        created_at FROM accounts WHERE person = $1 AND erased_at IS NULL";
    LOCK = "UPDATE accounts SET updated_at = updated_at WHERE person = $1 AND erased_at IS NULL \
        RETURNING person, email, given_name, family_name, phone, role, password_hash, created_at";
    CHANGE = "UPDATE accounts SET given_name = $2, family_name = $3, phone = $4, updated_at = $5 \
        WHERE person = $1";
}
