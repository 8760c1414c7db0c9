//! Accounts: registration, and what an account says about its owner.

use onsale_control::accounts::confirm::Confirmed;
use onsale_control::accounts::email::Email;
use onsale_control::accounts::password::Password;
use onsale_control::accounts::profile::{PhoneChange, Profile, ProfileChange};
use onsale_control::accounts::register::Purpose;
use onsale_control::accounts::text::PersonName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::PersonRef;
use super::role::RoleDto;
use super::{At, Id, at};
use crate::problem::Problem;

/// What somebody wants to have an account for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountPurpose {
    /// To buy tickets.
    Buyer,
    /// To make events.
    Organiser,
}

/// A wish to have an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterAccount {
    /// Where to write to. No two accounts have the same, in any case.
    #[schema(example = "ada@example.org", format = "email", max_length = 254)]
    pub email: String,
    /// 10 to 128 characters, and not easily guessed.
    #[schema(
        example = "correct horse battery",
        format = "password",
        min_length = 10,
        max_length = 128
    )]
    pub password: String,
    /// The given name.
    #[schema(example = "Ada", min_length = 1, max_length = 100)]
    pub given_name: String,
    /// The family name, for who has one.
    #[serde(default)]
    #[schema(example = "Lovelace", max_length = 100)]
    pub family_name: String,
    /// What for: `buyer`, unless said otherwise.
    #[serde(default = "buying")]
    #[schema(example = "buyer", default = "buyer")]
    pub purpose: AccountPurpose,
}

const fn buying() -> AccountPurpose {
    AccountPurpose::Buyer
}

/// An address, and nothing else.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailOnly {
    /// The address.
    #[schema(example = "ada@example.org", format = "email", max_length = 254)]
    pub email: String,
}

/// What a letter brought.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmail {
    /// The `token` of the letter's link.
    #[schema(example = "mL1yKc0c2Jx8Xo3k5W0m9mJb0k3Wq8d3yV2m8l1N4oE", max_length = 100)]
    pub token: String,
}

/// An address that is confirmed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConfirmedEmail {
    /// Whose account it belongs to.
    pub person: PersonRef,
    /// Which.
    #[schema(example = "ada@example.org")]
    pub email: String,
}

/// An account as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountDto {
    /// Whose: the same as in the orders.
    pub person: PersonRef,
    /// Where its letters go; absent for who signs in elsewhere and has given no address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ada@example.org")]
    pub email: Option<String>,
    /// The given name.
    #[schema(example = "Ada")]
    pub given_name: String,
    /// The family name, or nothing.
    #[schema(example = "Lovelace")]
    pub family_name: String,
    /// The telephone number, as E.164 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "+442079460018")]
    pub phone: Option<String>,
    /// What they are on this platform.
    #[schema(example = "buyer")]
    pub role: RoleDto,
    /// Whether they can sign in with a password.
    #[schema(example = true)]
    pub has_password: bool,
    /// Since when they have the account.
    pub created_at: At,
}

/// What is to be changed; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeAccount {
    /// The given name.
    #[schema(example = "Ada", min_length = 1, max_length = 100)]
    pub given_name: Option<String>,
    /// The family name; empty for none.
    #[schema(example = "King", max_length = 100)]
    pub family_name: Option<String>,
    /// The telephone number with its country; empty for none.
    #[schema(example = "+44 20 7946 0018", max_length = 40)]
    pub phone: Option<String>,
}

/// Another address for an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    /// The new one.
    #[schema(example = "ada@example.net", format = "email", max_length = 254)]
    pub email: String,
    /// The account's password, if it has one.
    #[schema(example = "correct horse battery", format = "password")]
    pub password: Option<String>,
}

/// The end of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    /// The account's password, if it has one.
    #[schema(example = "correct horse battery", format = "password")]
    pub password: Option<String>,
}

impl RegisterAccount {
    /// Its parts, each checked.
    pub fn parse(&self) -> Result<(Email, Password, PersonName, Purpose), Problem> {
        let name = at("given_name", PersonName::parse(&self.given_name, &self.family_name))?;
        let purpose = match self.purpose {
            AccountPurpose::Buyer => Purpose::Buying,
            AccountPurpose::Organiser => Purpose::Organising,
        };
        Ok((email(&self.email)?, chosen("password", &self.password)?, name, purpose))
    }
}

impl ChangeAccount {
    /// The change, checked but for the names, which only make one together.
    pub fn parse(self) -> Result<ProfileChange, Problem> {
        let phone = match self.phone.as_deref() {
            None => PhoneChange::Keep,
            Some("") => PhoneChange::Remove,
            Some(text) => PhoneChange::Set(at("phone", text.parse())?),
        };
        let Self { given_name, family_name, .. } = self;
        Ok(ProfileChange { given_name, family_name, phone })
    }
}

/// The address in a field `email`.
pub fn email(text: &str) -> Result<Email, Problem> {
    at("email", Email::parse(text))
}

/// A password that somebody chooses, in this field.
pub fn chosen(field: &str, text: &str) -> Result<Password, Problem> {
    at(field, Password::chosen(text))
}

impl From<Confirmed> for ConfirmedEmail {
    fn from(confirmed: Confirmed) -> Self {
        Self { person: Id(confirmed.person), email: confirmed.email.to_string() }
    }
}

impl From<Profile> for AccountDto {
    fn from(profile: Profile) -> Self {
        Self {
            person: Id(profile.person),
            email: profile.email.map(|email| email.to_string()),
            given_name: profile.name.given().to_owned(),
            family_name: profile.name.family().to_owned(),
            phone: profile.phone.map(|phone| phone.to_string()),
            role: profile.role.into(),
            has_password: profile.has_password,
            created_at: At(profile.created_at),
        }
    }
}
