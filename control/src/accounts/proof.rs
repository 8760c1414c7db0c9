//! Proving who one is a second time, before what cannot be undone: a stolen access token, or a
//! device that was left alone, is not enough to take an account over.

use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};
use thiserror::Error;

use super::Accounts;
use super::password::Password;
use super::password::pool::{Busy, Verdict};
use super::session::{FRESH, signed_in_at};
use super::throttle::Wait;
use crate::database::{ReadRow, StoreError, queries};
use crate::id::SessionId;

/// What somebody proves themselves with who is signed in already.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Who.
    pub person: PersonId,
    /// Where they are signed in.
    pub session: SessionId,
    /// Their password, if their account has one.
    pub password: Option<Password>,
}

/// Why the proof is none.
#[derive(Debug, Error)]
pub enum ProofError {
    /// Too many passwords are to be hashed.
    #[error("too many passwords are being checked right now")]
    Busy,
    /// There is no such account (any more).
    #[error("there is no such account")]
    NotFound,
    /// The account has a password, and it was not given.
    #[error("this needs your password")]
    PasswordRequired,
    /// The password is wrong.
    #[error("the password is wrong")]
    PasswordWrong,
    /// The account has no password, and signing in was too long ago.
    #[error("this needs that you have signed in within the last ten minutes: sign in again")]
    SignInAgain,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many passwords were wrong.
    #[error("too many passwords were wrong: wait")]
    Throttled(Span),
}

impl From<Busy> for ProofError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl Accounts {
    /// Whether somebody who is signed in is who they say.
    pub(super) async fn prove(&self, proof: Proof, now: Time) -> Result<(), ProofError> {
        let Proof { person, session, password } = proof;
        match (self.password_hash_of(person).await?, password) {
            (Some(_), None) => Err(ProofError::PasswordRequired),
            (Some(kept), Some(password)) => self.prove_by(person, password, kept, now).await,
            (None, _) => {
                let since = signed_in_at(self, session).await?.ok_or(ProofError::SignInAgain)?;
                if now.since(since) <= FRESH { Ok(()) } else { Err(ProofError::SignInAgain) }
            }
        }
    }

    async fn prove_by(
        &self,
        person: PersonId,
        password: Password,
        kept: String,
        now: Time,
    ) -> Result<(), ProofError> {
        let (throttle, key) = (&self.0.throttle, person.to_string());
        throttle.begin(&key, now).map_err(|Wait(wait)| ProofError::Throttled(wait))?;
        match self.hasher().check(password, Some(kept)).await {
            Ok(Verdict::Right { .. }) => throttle.forgive(&key),
            Ok(Verdict::Wrong) => return Err(ProofError::PasswordWrong),
            Err(Busy) => {
                throttle.take_back(&key);
                return Err(ProofError::Busy);
            }
        }
        Ok(())
    }

    async fn password_hash_of(&self, person: PersonId) -> Result<Option<String>, ProofError> {
        let find = sqlx::query(PASSWORD_HASH).bind(person.to_string());
        let row = self.database().find(find).await?.ok_or(ProofError::NotFound)?;
        Ok(row.text_if_any("password_hash")?.map(str::to_owned))
    }
}

queries! {
    PASSWORD_HASH = "SELECT password_hash FROM accounts WHERE person = $1 AND erased_at IS NULL";
}
