//! Signing in elsewhere: providers, visits to them, and what an account can be opened by.

use onsale_control::accounts::identity::Identity;
use onsale_control::accounts::identity::visit::{ReturnPath, Visit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::At;
use super::sign_in::SignedInDto;
use crate::oidc::{OidcProviders, ProviderName};
use crate::problem::{Problem, catalog};

/// Longer than any code of a provider.
const CODE_BYTES_MAX: usize = 4_096;

/// The providers that people can sign in at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OidcProviderList {
    /// By name.
    pub providers: Vec<OidcProviderDto>,
}

/// A provider that people can sign in at.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OidcProvider)]
pub struct OidcProviderDto {
    /// What it is called here.
    #[schema(example = "example")]
    pub name: String,
}

/// A wish to sign in at a provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginVisit {
    /// The page of the site to go on at: a path without a host.
    #[schema(example = "/signed-in", max_length = 500)]
    pub return_path: String,
}

/// A wish to link one's account to a provider.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginLink {
    /// The page of the site to go on at: a path without a host.
    #[schema(example = "/account", max_length = 500)]
    pub return_path: String,
    /// The account's password; absent if it has none.
    #[schema(example = "correct horse battery", format = "password")]
    pub password: Option<String>,
}

/// A visit to a provider that has begun.
#[derive(Clone, Serialize, ToSchema)]
pub struct VisitBegun {
    /// Where to send the browser.
    #[schema(example = "https://idp.example/authorize?response_type=code&...")]
    pub authorization_url: String,
    /// To be kept by the page, and sent with what the provider gives back.
    #[schema(example = "mL1yKc0c2Jx8Xo3k5W0m9mJb0k3Wq8d3yV2m8l1N4oE")]
    pub visit: String,
    /// Until when one may come back.
    pub expires_at: At,
}

/// What somebody comes back from a provider with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndVisit {
    /// What the page has kept.
    #[schema(example = "mL1yKc0c2Jx8Xo3k5W0m9mJb0k3Wq8d3yV2m8l1N4oE", max_length = 100)]
    pub visit: String,
    /// The parameter `state` of the address that the provider sent the browser to.
    #[schema(example = "k3Wq8d3yV2m8l1N4oEmL1yKc0c2Jx8Xo3k5W0m9mJb0", max_length = 100)]
    pub state: String,
    /// The parameter `code`.
    #[schema(example = "SplxlOBeZQQYbYS6WxSbIA", min_length = 1, max_length = 4096)]
    pub code: String,
}

/// Somebody is signed in who was at a provider.
#[derive(Clone, Serialize, ToSchema)]
pub struct SignedInElsewhere {
    /// The session.
    #[serde(flatten)]
    pub session: SignedInDto,
    /// Where the page wanted to go on: a path of the site.
    #[schema(example = "/signed-in")]
    pub return_path: String,
}

/// An account is linked to a provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Linked {
    /// Where the page wanted to go on: a path of the site.
    #[schema(example = "/account")]
    pub return_path: String,
}

/// A name at a provider that an account can be opened by.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = LinkedIdentity)]
pub struct IdentityDto {
    /// What the provider is called here.
    #[schema(example = "example")]
    pub provider: String,
    /// What it calls itself.
    #[schema(example = "https://idp.example")]
    pub issuer: String,
    /// What it calls the owner.
    #[schema(example = "248289761001")]
    pub subject: String,
    /// Since when.
    pub created_at: At,
}

/// What an account can be opened by elsewhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IdentityList {
    /// The oldest first.
    pub identities: Vec<IdentityDto>,
}

/// The path in a field of a body.
pub fn return_path(text: &str) -> Result<ReturnPath, Problem> {
    super::at("return_path", text.parse())
}

impl EndVisit {
    /// Itself, if there can be such a code.
    pub fn checked(self) -> Result<Self, Problem> {
        if (1..=CODE_BYTES_MAX).contains(&self.code.len()) {
            return Ok(self);
        }
        let problem = format!("must be 1 to {CODE_BYTES_MAX} bytes");
        Err(Problem::at(&catalog::INVALID_BODY, "code", problem))
    }
}

impl VisitBegun {
    /// A visit that leads there.
    pub fn new(visit: &Visit, authorization_url: String) -> Self {
        let token = visit.token.expose().to_owned();
        Self { authorization_url, visit: token, expires_at: At(visit.expires_at) }
    }
}

impl From<&OidcProviders> for OidcProviderList {
    fn from(providers: &OidcProviders) -> Self {
        let one = |name: &ProviderName| OidcProviderDto { name: name.to_string() };
        Self { providers: providers.names().map(one).collect() }
    }
}

impl From<Identity> for IdentityDto {
    fn from(identity: Identity) -> Self {
        let Identity { provider, issuer, subject, created_at } = identity;
        Self { provider, issuer, subject, created_at: At(created_at) }
    }
}

impl From<Vec<Identity>> for IdentityList {
    fn from(identities: Vec<Identity>) -> Self {
        Self { identities: identities.into_iter().map(Into::into).collect() }
    }
}
