//! Changing one's password: other devices are signed out, and a letter says so.

use thiserror::Error;

use super::letters::{Occasion, one_time, post};
use super::password::Password;
use super::password::pool::Busy;
use super::password::strength::Weakness;
use super::session::end_others;
use super::{Accounts, Proof, ProofError};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{StoreError, millis, queries};

/// Why a password is not changed.
#[derive(Debug, Error)]
pub enum PasswordChangeError {
    /// Whoever asks has not shown that they may.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The new one is too easily guessed.
    #[error("the password is too easily guessed")]
    Weak(Vec<Weakness>),
}

impl From<StoreError> for PasswordChangeError {
    fn from(error: StoreError) -> Self {
        Self::Proof(error.into())
    }
}

impl From<Busy> for PasswordChangeError {
    fn from(busy: Busy) -> Self {
        Self::Proof(busy.into())
    }
}

impl Accounts {
    /// Gives an account another password, or its first.
    pub async fn change_password(
        &self,
        proof: Proof,
        new: Password,
        by: &By,
    ) -> Result<(), PasswordChangeError> {
        let (person, session) = (proof.person, proof.session);
        let known = self.known_of(person).await?.ok_or(ProofError::NotFound)?;
        self.prove(proof, by.at).await?;
        let hash = self.hasher().choose(new, known).await?.map_err(PasswordChangeError::Weak)?;
        let mut transaction = self.database().transaction().await?;
        let set = sqlx::query(SET).bind(person.to_string()).bind(hash).bind(millis(by.at));
        transaction.execute(set).await?;
        one_time::void(&mut transaction, person).await?;
        let ended = end_others(&mut transaction, person, Some(session), by.at).await?;
        post(&mut transaction, &Occasion::PasswordChanged { person }, by.at).await?;
        let deed = Deed::new(Action::ChangePassword).to(person);
        audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
        transaction.commit().await?;
        self.ended().add(&ended, by.at);
        self.wake_postman();
        Ok(())
    }
}

queries! {
    SET = "UPDATE accounts SET password_hash = $2, updated_at = $3 \
        WHERE person = $1 AND erased_at IS NULL";
}
