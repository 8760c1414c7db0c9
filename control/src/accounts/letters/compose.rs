//! Putting a letter together: what there is to say now, to whom, with which token.

use onsale_core::id::PersonId;
use onsale_core::time::Time;

use super::one_time::{Errand, draw};
use super::wording::{Sender, Wording};
use super::{Letter, Occasion};
use crate::accounts::Accounts;
use crate::accounts::email::Email;
use crate::database::{ReadRow, StoreError, Transaction, queries};
use crate::id::{LetterId, RegistrationId};

impl Accounts {
    /// The letter; `None` if there is nothing to say (any more).
    pub(super) async fn compose(
        &self,
        transaction: &mut Transaction,
        id: LetterId,
        occasion: &Occasion,
        now: Time,
    ) -> Result<Option<Letter>, StoreError> {
        let sender = self.sender();
        let said = match occasion {
            Occasion::AccountErased { email } => Some((email.clone(), sender.erased())),
            Occasion::EmailChanged { email, .. } => Some((email.clone(), sender.email_changed())),
            Occasion::IdentityLinked { person } => {
                email_of(transaction, *person).await?.map(|email| (email, sender.identity_linked()))
            }
            Occasion::PasswordChanged { person } => email_of(transaction, *person)
                .await?
                .map(|email| (email, sender.password_changed())),
            Occasion::EmailChange { person, email } => {
                self.change(transaction, *person, email, now).await?
            }
            Occasion::Registration { registration, email } => {
                self.registration(transaction, *registration, email, now).await?
            }
            Occasion::PasswordReset { email } => self.reset_letter(transaction, email, now).await?,
        };
        Ok(said.map(|(to, Wording { subject, text })| Letter { id, to, subject, text }))
    }

    async fn registration(
        &self,
        transaction: &mut Transaction,
        registration: RegistrationId,
        email: &Email,
        now: Time,
    ) -> Result<Option<(Email, Wording)>, StoreError> {
        if let Some((_, owners)) = account_with(transaction, email).await? {
            return Ok(Some((owners, self.sender().known_already())));
        }
        let find = sqlx::query(REGISTRATION).bind(registration.to_string());
        if transaction.find(find).await?.is_none() {
            return Ok(None);
        }
        self.confirm_letter(transaction, Errand::Register { registration }, email, now).await
    }

    async fn change(
        &self,
        transaction: &mut Transaction,
        person: PersonId,
        email: &Email,
        now: Time,
    ) -> Result<Option<(Email, Wording)>, StoreError> {
        match account_with(transaction, email).await? {
            // Their own, written otherwise.
            Some((owner, _)) if owner == person => {}
            Some((_, owners)) => return Ok(Some((owners, self.sender().known_already()))),
            None => {}
        }
        let errand = Errand::ChangeEmail { person, email: email.clone() };
        self.confirm_letter(transaction, errand, email, now).await
    }

    async fn confirm_letter(
        &self,
        transaction: &mut Transaction,
        errand: Errand,
        email: &Email,
        now: Time,
    ) -> Result<Option<(Email, Wording)>, StoreError> {
        let good_for = self.settings().confirm_lifetime;
        let token = draw(transaction, &errand, now + good_for).await?;
        Ok(Some((email.clone(), self.sender().confirm(&token, good_for))))
    }

    /// To the address that the account has: what was typed may only be like it.
    async fn reset_letter(
        &self,
        transaction: &mut Transaction,
        email: &Email,
        now: Time,
    ) -> Result<Option<(Email, Wording)>, StoreError> {
        let Some((person, owners)) = account_with(transaction, email).await? else {
            return Ok(None);
        };
        let good_for = self.settings().reset_lifetime;
        let token = draw(transaction, &Errand::ResetPassword { person }, now + good_for).await?;
        Ok(Some((owners, self.sender().reset(&token, good_for))))
    }

    fn sender(&self) -> Sender<'_> {
        let settings = self.settings();
        Sender { platform: &settings.platform, site_url: &settings.site_url }
    }
}

/// Whose account has an address like this one, and how it is written there.
pub(in crate::accounts) async fn account_with(
    transaction: &mut Transaction,
    email: &Email,
) -> Result<Option<(PersonId, Email)>, StoreError> {
    let find = sqlx::query(ACCOUNT_WITH).bind(email.key());
    let row = transaction.find(find).await?;
    row.map(|row| Ok((row.parsed("person")?, row.parsed("email")?))).transpose()
}

async fn email_of(
    transaction: &mut Transaction,
    person: PersonId,
) -> Result<Option<Email>, StoreError> {
    let find = sqlx::query(EMAIL_OF).bind(person.to_string());
    let row = transaction.find(find).await?;
    Ok(row.map(|row| row.parsed_if_any("email")).transpose()?.flatten())
}

queries! {
    ACCOUNT_WITH = "SELECT person, email FROM accounts WHERE email_key = $1";
    EMAIL_OF = "SELECT email FROM accounts WHERE person = $1";
    REGISTRATION = "SELECT registration FROM registrations WHERE registration = $1";
}
