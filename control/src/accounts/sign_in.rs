//! Signing in with address and password. Whoever guesses learns nothing but that it was wrong: an
//! address without an account, or with one that has no password, costs the same and is answered the
//! same.

use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};
use sqlx::any::AnyRow;
use thiserror::Error;

use super::email::Email;
use super::password::Password;
use super::password::pool::{Busy, Verdict};
use super::session::SignedIn;
use super::text::Device;
use super::throttle::Wait;
use super::{Accounts, count};
use crate::database::{ReadRow, StoreError, queries};

/// What somebody signs in with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Their address.
    pub email: Email,
    /// Their password, as they typed it.
    pub password: Password,
    /// The device.
    pub device: Device,
}

/// Why somebody is not signed in.
#[derive(Debug, Error)]
pub enum SignInError {
    /// Too many passwords are to be hashed.
    #[error("too many passwords are being checked right now")]
    Busy,
    /// Address and password do not belong together; or the address is not confirmed yet.
    #[error(
        "the address or the password is wrong, or the address was not confirmed yet: see your \
         letters"
    )]
    Failed,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many have failed before.
    #[error("too many passwords were wrong: wait, or choose another one by \"forgotten password\"")]
    Throttled(Span),
}

impl From<Busy> for SignInError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl Accounts {
    /// Signs somebody in.
    pub async fn sign_in(
        &self,
        credentials: Credentials,
        now: Time,
    ) -> Result<SignedIn, SignInError> {
        let Credentials { email, password, device } = credentials;
        let person = self.verify(&email, password, now).await?;
        let signed_in = self.open_session(person, &device, now).await?;
        count(&self.0.counts.succeeded);
        Ok(signed_in)
    }

    async fn verify(
        &self,
        email: &Email,
        password: Password,
        now: Time,
    ) -> Result<PersonId, SignInError> {
        let (throttle, counts) = (&self.0.throttle, &self.0.counts);
        throttle.begin(email.key(), now).map_err(|Wait(wait)| {
            count(&counts.throttled);
            SignInError::Throttled(wait)
        })?;
        let checked = self.check(email, password).await;
        match &checked {
            Ok(_) => throttle.forgive(email.key()),
            Err(SignInError::Failed) => count(&counts.failed),
            Err(_) => throttle.take_back(email.key()),
        }
        checked
    }

    async fn check(&self, email: &Email, password: Password) -> Result<PersonId, SignInError> {
        let account = self.account_of(email).await?;
        let kept = match &account {
            Some(row) => row.text_if_any("password_hash")?.map(str::to_owned),
            None => None,
        };
        let verdict = self.hasher().check(password, kept.clone()).await?;
        let (Some(row), Verdict::Right { rehashed }) = (account, verdict) else {
            return Err(SignInError::Failed);
        };
        let person: PersonId = row.parsed("person")?;
        if let Some(rehashed) = rehashed {
            // Unless it was changed meanwhile.
            let rehash = sqlx::query(REHASH).bind(person.to_string()).bind(kept).bind(rehashed);
            self.database().change(rehash).await?;
        }
        Ok(person)
    }

    async fn account_of(&self, email: &Email) -> Result<Option<AnyRow>, StoreError> {
        self.database().find(sqlx::query(ACCOUNT).bind(email.key())).await
    }
}

queries! {
    ACCOUNT = "SELECT person, password_hash FROM accounts WHERE email_key = $1";
    REHASH = "UPDATE accounts SET password_hash = $3 WHERE person = $1 AND password_hash = $2";
}
