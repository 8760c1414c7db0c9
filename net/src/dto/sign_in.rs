//! Signing in and out, passwords, and the devices that somebody is signed in on.

use onsale_control::accounts::session::Session;
use onsale_control::accounts::session::refresh::RefreshToken;
use onsale_control::id::SessionId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{PersonRef, SessionRef};
use super::{At, Id};
use crate::problem::{Problem, catalog};

/// What somebody signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The address of the account.
    #[schema(example = "ada@example.org", format = "email", max_length = 254)]
    pub email: String,
    /// Its password.
    #[schema(example = "correct horse battery", format = "password")]
    pub password: String,
}

/// Somebody is signed in.
#[derive(Clone, Serialize, ToSchema)]
pub struct SignedInDto {
    /// What to send as `Authorization: Bearer ...`.
    #[schema(example = "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSJ9...")]
    pub access_token: String,
    /// From when on that is not good any more: renew it before.
    pub expires_at: At,
    /// What renews it, once: the answer brings the next one.
    #[schema(example = "onr_mL1yKc0c2Jx8Xo3k5W0m9mJb0k3Wq8d3yV2m8l1N4oEw...")]
    pub refresh_token: String,
    /// From when on that is not good any more, unless it is used before.
    pub refresh_expires_at: At,
    /// This device, among those that the account is signed in on.
    pub session: SessionRef,
    /// Whose account it is.
    pub person: PersonRef,
}

/// What renews a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The last `refresh_token` of the session.
    #[schema(example = "onr_mL1yKc0c2Jx8Xo3k5W0m9mJb0k3Wq8d3yV2m8l1N4oEw...", max_length = 100)]
    pub refresh_token: String,
}

/// A device as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = SignedInDevice)]
pub struct SessionDto {
    /// Which.
    pub id: SessionRef,
    /// What it called itself: the `User-Agent` when somebody signed in.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64)")]
    pub device: String,
    /// Whether it is the one that asks.
    #[schema(example = true)]
    pub current: bool,
    /// When somebody signed in on it.
    pub created_at: At,
    /// When it was renewed last.
    pub used_at: At,
    /// When it is signed out unless it is renewed.
    pub expires_at: At,
}

/// The devices of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The one lately used first.
    pub sessions: Vec<SessionDto>,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The one that is to be changed; absent if the account has none.
    #[schema(example = "correct horse battery", format = "password")]
    pub current_password: Option<String>,
    /// 10 to 128 characters, and not easily guessed.
    #[schema(
        example = "seven olives on mars",
        format = "password",
        min_length = 10,
        max_length = 128
    )]
    pub new_password: String,
}

/// Another password instead of a forgotten one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// The `token` of the letter's link.
    #[schema(example = "mL1yKc0c2Jx8Xo3k5W0m9mJb0k3Wq8d3yV2m8l1N4oE", max_length = 100)]
    pub token: String,
    /// 10 to 128 characters, and not easily guessed.
    #[schema(
        example = "seven olives on mars",
        format = "password",
        min_length = 10,
        max_length = 128
    )]
    pub new_password: String,
}

impl Refresh {
    /// The token, if it can be one.
    pub fn parse(&self) -> Result<RefreshToken, Problem> {
        let token = self.refresh_token.parse();
        token.map_err(|error| Problem::new(&catalog::REFRESH_TOKEN_INVALID, format!("{error}")))
    }
}

impl SessionDto {
    /// A session, for whoever asks from this one.
    pub fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: Id(session.id),
            device: session.device,
            current: session.id == current,
            created_at: At(session.created_at),
            used_at: At(session.used_at),
            expires_at: At(session.expires_at),
        }
    }
}
