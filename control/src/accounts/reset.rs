//! A forgotten password: a letter brings a token, the token a new password. Everybody is signed out
//! everywhere: it may have been changed because somebody else knew it.

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use thiserror::Error;

use super::Accounts;
use super::email::Email;
use super::letters::one_time::{Errand, look_up, spend, void};
use super::letters::{Kind, Occasion, post};
use super::password::Password;
use super::password::pool::Busy;
use super::password::strength::Weakness;
use super::session::end_others;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{ReadRow, StoreError, millis, queries};

/// Why no other password is chosen.
#[derive(Debug, Error)]
pub enum ResetError {
    /// Too many passwords are to be hashed.
    #[error("too many passwords are being hashed right now")]
    Busy,
    /// The token is none, or is not good any more.
    #[error("the link was used already, has expired, or was never sent: ask for another letter")]
    Invalid,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password is too easily guessed. The token is still good.
    #[error("the password is too easily guessed")]
    Weak(Vec<Weakness>),
}

impl From<Busy> for ResetError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl Accounts {
    /// Has a letter written to whoever has an account with this address, if anybody has.
    pub async fn ask_for_reset(&self, email: Email, now: Time) -> Result<(), StoreError> {
        let mut transaction = self.database().transaction().await?;
        if self.is_too_much(&mut transaction, Kind::PasswordReset, &email, now).await? {
            return Ok(());
        }
        post(&mut transaction, &Occasion::PasswordReset { email }, now).await?;
        transaction.commit().await?;
        self.wake_postman();
        Ok(())
    }

    /// Gives the account that the letter with this token was about another password.
    pub async fn reset_password(
        &self,
        token: &str,
        new: Password,
        by: &By,
    ) -> Result<(), ResetError> {
        let person = self.whose_reset(token, by.at).await?;
        let known = self.known_of(person).await?.ok_or(ResetError::Invalid)?;
        let hash = self.hasher().choose(new, known).await?.map_err(ResetError::Weak)?;
        self.database().retried(|| self.reset_once(token, &hash, by)).await?;
        self.wake_postman();
        Ok(())
    }

    async fn whose_reset(&self, token: &str, now: Time) -> Result<PersonId, ResetError> {
        match look_up(self.database(), token, now).await? {
            Some(Errand::ResetPassword { person }) => Ok(person),
            _ => Err(ResetError::Invalid),
        }
    }

    async fn reset_once(&self, token: &str, hash: &str, by: &By) -> Result<(), ResetError> {
        let mut transaction = self.database().transaction().await?;
        let errand = spend(&mut transaction, token, by.at).await?;
        let Some(Errand::ResetPassword { person }) = errand else {
            return Err(ResetError::Invalid);
        };
        let set = sqlx::query(SET).bind(person.to_string()).bind(hash).bind(millis(by.at));
        let row = transaction.find(set).await?;
        let email: Option<Email> = row.ok_or(ResetError::Invalid)?.parsed_if_any("email")?;
        void(&mut transaction, person).await?;
        let ended = end_others(&mut transaction, person, None, by.at).await?;
        post(&mut transaction, &Occasion::PasswordChanged { person }, by.at).await?;
        let deed = Deed::new(Action::ResetPassword).to(person);
        audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
        transaction.commit().await?;
        self.ended().add(&ended, by.at);
        if let Some(email) = email {
            // Whatever was guessed was guessed at the old one.
            self.0.throttle.forgive(email.key());
        }
        Ok(())
    }
}

queries! {
    SET = "UPDATE accounts SET password_hash = $2, updated_at = $3 \
        WHERE person = $1 AND erased_at IS NULL RETURNING email";
}
