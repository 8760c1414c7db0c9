//! Signing in elsewhere: an account can be opened by whoever a provider says somebody is. What a
//! provider says has been verified before it comes here; a sign-in that is under way there is a
//! [`visit`].
//!
//! An account is linked to a name at a provider by its owner, who is signed in; or by itself if
//! both sides have seen that the same mailbox is theirs. Nothing else links: an address that a
//! provider did not verify says nothing.

pub mod visit;

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use thiserror::Error;

use super::Accounts;
use super::count;
use super::email::Email;
use super::letters::compose::account_with;
use super::letters::{Occasion, post};
use super::register::{known, new_person};
use super::role::Role;
use super::session::SignedIn;
use super::text::{Device, PersonName};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};

/// What a provider says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// What the provider is called here.
    pub provider: String,
    /// What it calls itself.
    pub issuer: String,
    /// What it calls them, for ever.
    pub subject: String,
    /// Their address, if it has verified that.
    pub verified_email: Option<Email>,
    /// Their name.
    pub name: PersonName,
}

/// A name at a provider that an account can be opened by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What the provider is called here.
    pub provider: String,
    /// What it calls itself.
    pub issuer: String,
    /// What it calls them.
    pub subject: String,
    /// Since when.
    pub created_at: Time,
}

/// Why an account cannot be opened like that.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// There would be no way to sign in.
    #[error("this is the only way to sign in to your account: choose a password first")]
    LastWayIn,
    /// The account has no such name, or there is no such account.
    #[error("your account is not linked to this provider")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It opens another account.
    #[error("another account is linked to this: sign in to that one")]
    Taken,
}

impl Accounts {
    /// Signs in whoever the provider says it is; the first time they get an account, which is the
    /// guest's, if they were one.
    pub async fn sign_in_elsewhere(
        &self,
        claims: &Claims,
        guest: Option<PersonId>,
        device: &Device,
        now: Time,
    ) -> Result<SignedIn, StoreError> {
        let found = match self.find_or_make(claims, guest, now).await {
            // Somebody else did so at the same moment: now there is one.
            Err(error) if error.is_duplicate() => self.find_or_make(claims, guest, now).await,
            outcome => outcome,
        };
        let signed_in = self.open_session(found?, device, now).await?;
        self.wake_postman();
        count(&self.0.counts.succeeded);
        Ok(signed_in)
    }

    /// Links what a provider says to the account of a person.
    pub async fn link(
        &self,
        person: PersonId,
        claims: &Claims,
        by: &By,
    ) -> Result<(), IdentityError> {
        let mut transaction = self.database().transaction().await?;
        match owner(&mut transaction, claims).await? {
            Some(owner) if owner == person => return Ok(()),
            Some(_) => return Err(IdentityError::Taken),
            None => {}
        }
        if !has_account(&mut transaction, person).await? {
            return Err(IdentityError::NotFound);
        }
        insert(&mut transaction, person, claims, by.at).await.map_err(|error| {
            if error.is_duplicate() { IdentityError::Taken } else { error.into() }
        })?;
        post(&mut transaction, &Occasion::IdentityLinked { person }, by.at).await?;
        let deed = Deed::new(Action::LinkAccount).to(person);
        audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
        transaction.commit().await?;
        self.wake_postman();
        Ok(())
    }

    /// Unlinks an account from a provider, unless that is the only way to sign in.
    pub async fn unlink(
        &self,
        person: PersonId,
        provider: &str,
        by: &By,
    ) -> Result<(), IdentityError> {
        let mut transaction = self.database().transaction().await?;
        let lock = sqlx::query(LOCK).bind(person.to_string());
        let row = transaction.find(lock).await?;
        let row = row.ok_or(IdentityError::NotFound)?;
        let has_password = row.text_if_any("password_hash")?.is_some();
        let remove = sqlx::query(REMOVE).bind(person.to_string()).bind(provider);
        let removed = transaction.execute(remove).await?;
        if removed == 0 {
            return Err(IdentityError::NotFound);
        }
        let left = sqlx::query(LIST).bind(person.to_string());
        let left = transaction.find(left).await?;
        if !has_password && left.is_none() {
            return Err(IdentityError::LastWayIn);
        }
        let deed = Deed::new(Action::LinkAccount).to(person);
        audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What a person's account can be opened by elsewhere.
    pub async fn identities(&self, person: PersonId) -> Result<Vec<Identity>, StoreError> {
        let list = sqlx::query(LIST).bind(person.to_string());
        self.database().find_all(list).await?.iter().map(identity).collect()
    }

    async fn find_or_make(
        &self,
        claims: &Claims,
        guest: Option<PersonId>,
        now: Time,
    ) -> Result<PersonId, StoreError> {
        let mut transaction = self.database().transaction().await?;
        if let Some(owner) = owner(&mut transaction, claims).await? {
            return Ok(owner);
        }
        let like = account_like(&mut transaction, claims.verified_email.as_ref()).await?;
        let person = match like {
            Like::Theirs(person) => {
                post(&mut transaction, &Occasion::IdentityLinked { person }, now).await?;
                person
            }
            Like::Others => make(&mut transaction, claims, None, guest, now).await?,
            Like::Nobodys => {
                let email = claims.verified_email.as_ref();
                make(&mut transaction, claims, email, guest, now).await?
            }
        };
        insert(&mut transaction, person, claims, now).await?;
        transaction.commit().await?;
        Ok(person)
    }
}

/// Whose account has an address like that.
enum Like {
    /// An account with this very mailbox.
    Theirs(PersonId),
    /// One with an address that is the same to people, and may be another mailbox.
    Others,
    /// None.
    Nobodys,
}

async fn account_like(
    transaction: &mut Transaction,
    email: Option<&Email>,
) -> Result<Like, StoreError> {
    let Some(email) = email else { return Ok(Like::Nobodys) };
    Ok(match account_with(transaction, email).await? {
        Some((person, owners)) if owners.is_same_mailbox(email) => Like::Theirs(person),
        Some(_) => Like::Others,
        None => Like::Nobodys,
    })
}

async fn owner(
    transaction: &mut Transaction,
    claims: &Claims,
) -> Result<Option<PersonId>, StoreError> {
    let find = sqlx::query(OWNER).bind(&claims.issuer).bind(&claims.subject);
    let row = transaction.find(find).await?;
    row.map(|row| row.parsed("person")).transpose()
}

async fn has_account(transaction: &mut Transaction, person: PersonId) -> Result<bool, StoreError> {
    let lock = sqlx::query(LOCK).bind(person.to_string());
    Ok(transaction.find(lock).await?.is_some())
}

/// A new account, the guest's if that has none.
async fn make(
    transaction: &mut Transaction,
    claims: &Claims,
    email: Option<&Email>,
    guest: Option<PersonId>,
    now: Time,
) -> Result<PersonId, StoreError> {
    let person = match guest {
        Some(guest) => {
            let is_known = transaction.find(known(guest)).await?.is_some();
            if is_known { new_person() } else { guest }
        }
        None => new_person(),
    };
    let make = sqlx::query(MAKE)
        .bind(person.to_string())
        .bind(email.map(Email::to_string))
        .bind(email.map(|email| email.key().to_owned()))
        .bind(Role::Buyer.name())
        .bind(claims.name.given())
        .bind(claims.name.family())
        .bind(millis(now));
    transaction.execute(make).await?;
    Ok(person)
}

async fn insert(
    transaction: &mut Transaction,
    person: PersonId,
    claims: &Claims,
    now: Time,
) -> Result<(), StoreError> {
    let insert = sqlx::query(INSERT)
        .bind(&claims.issuer)
        .bind(&claims.subject)
        .bind(person.to_string())
        .bind(&claims.provider)
        .bind(millis(now));
    transaction.execute(insert).await?;
    Ok(())
}

fn identity(row: &AnyRow) -> Result<Identity, StoreError> {
    Ok(Identity {
        provider: row.text("provider")?.to_owned(),
        issuer: row.text("issuer")?.to_owned(),
        subject: row.text("subject")?.to_owned(),
        created_at: row.time("created_at")?,
    })
}

queries! {
    OWNER = "SELECT person FROM identities WHERE issuer = $1 AND subject = $2";
    LOCK = "UPDATE accounts SET updated_at = updated_at WHERE person = $1 AND erased_at IS NULL \
        RETURNING password_hash";
    MAKE = "INSERT INTO accounts \
        (person, email, email_key, role, given_name, family_name, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    INSERT = "INSERT INTO identities (issuer, subject, person, provider, created_at) \
        VALUES ($1, $2, $3, $4, $5)";
    REMOVE = "DELETE FROM identities WHERE person = $1 AND provider = $2";
    LIST = "SELECT provider, issuer, subject, created_at FROM identities WHERE person = $1 \
        ORDER BY created_at, issuer";
}
