//! Deleting an account: everything personal is erased; what it bought and what it paid stays, under
//! an id that says nothing about anybody. The row that is left keeps the id from ever becoming an
//! account again, whatever is replayed or restored.

use onsale_core::id::PersonId;

use super::email::Email;
use super::letters::{Occasion, one_time, post};
use super::session::end_others;
use super::{Accounts, Proof, ProofError};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::access::crew;
use crate::database::{ReadRow, StoreError, Transaction, millis, queries};
use crate::id::SessionId;

impl Accounts {
    /// Deletes the account of somebody who has shown that it is theirs.
    pub async fn erase_own(&self, proof: Proof, by: &By) -> Result<(), ProofError> {
        let person = proof.person;
        self.prove(proof, by.at).await?;
        if self.erase(person, by).await? { Ok(()) } else { Err(ProofError::NotFound) }
    }

    /// Deletes an account; `false` if there is none (any more).
    pub async fn erase(&self, person: PersonId, by: &By) -> Result<bool, StoreError> {
        let ended = self.database().retried(|| self.erase_once(person, by)).await?;
        let Some(ended) = ended else { return Ok(false) };
        self.ended().add(&ended, by.at);
        self.wake_postman();
        Ok(true)
    }

    async fn erase_once(
        &self,
        person: PersonId,
        by: &By,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut transaction = self.database().transaction().await?;
        let lock = sqlx::query(LOCK).bind(person.to_string());
        let Some(row) = transaction.find(lock).await? else { return Ok(None) };
        let email: Option<Email> = row.parsed_if_any("email")?;
        let erase = sqlx::query(ERASE).bind(person.to_string()).bind(millis(by.at));
        transaction.execute(erase).await?;
        let ended = end_others(&mut transaction, person, None, by.at).await?;
        one_time::void(&mut transaction, person).await?;
        forget(&mut transaction, person, email.as_ref()).await?;
        if let Some(email) = email {
            post(&mut transaction, &Occasion::AccountErased { email }, by.at).await?;
        }
        crew::forget(transaction.inner(), person).await?;
        let deed = Deed::new(Action::DeleteAccount).to(person);
        audit::write(transaction.inner(), by, &deed, Outcome::Done).await?;
        transaction.commit().await?;
        Ok(Some(ended))
    }
}

/// Whatever else says something about them.
async fn forget(
    transaction: &mut Transaction,
    person: PersonId,
    email: Option<&Email>,
) -> Result<(), StoreError> {
    for forget in [FORGET_ADDRESSES, FORGET_IDENTITIES, FORGET_DEVICES, FORGET_VISITS] {
        transaction.execute(sqlx::query(forget).bind(person.to_string())).await?;
    }
    let key = email.map(|email| email.key().to_owned());
    let letters = sqlx::query(FORGET_LETTERS).bind(person.to_string()).bind(key);
    transaction.execute(letters).await?;
    Ok(())
}

queries! {
    LOCK = "UPDATE accounts SET updated_at = updated_at WHERE person = $1 AND erased_at IS NULL \
        RETURNING email";
    ERASE = "UPDATE accounts SET email = NULL, email_key = NULL, password_hash = NULL, \
        role = 'buyer', given_name = '', family_name = '', phone = NULL, updated_at = $2, \
        erased_at = $2 WHERE person = $1";
    FORGET_ADDRESSES = "DELETE FROM addresses WHERE person = $1";
    FORGET_IDENTITIES = "DELETE FROM identities WHERE person = $1";
    FORGET_DEVICES = "UPDATE sessions SET device = '' WHERE person = $1";
    FORGET_VISITS = "DELETE FROM provider_visits WHERE person = $1";
    FORGET_LETTERS = "DELETE FROM letters WHERE person = $1 OR email_key = $2";
}
