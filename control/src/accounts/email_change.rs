//! Another address for an account: it counts once the letter to it was answered
//! ([`super::confirm`]), and the old one is told.

use onsale_core::time::Time;

use super::email::Email;
use super::letters::{Kind, Occasion, post};
use super::{Accounts, Proof, ProofError};

impl Accounts {
    /// Has a letter written to the new address. Whether another account has it shows only there.
    pub async fn ask_for_email(
        &self,
        proof: Proof,
        email: Email,
        now: Time,
    ) -> Result<(), ProofError> {
        let person = proof.person;
        self.prove(proof, now).await?;
        let mut transaction = self.database().transaction().await?;
        if self.is_too_much(&mut transaction, Kind::EmailChange, &email, now).await? {
            return Ok(());
        }
        post(&mut transaction, &Occasion::EmailChange { person, email }, now).await?;
        transaction.commit().await?;
        self.wake_postman();
        Ok(())
    }
}
