//! Webhook endpoints that are managed over the API: where facts are sent by signed requests. One of
//! an organiser gets what is about their events, one of the platform everything.
//!
//! What lives here: what people do to endpoints ([`manage`]), what the server needs to send and
//! notes of it ([`feed`], [`delivery`]). Deliberately absent: sending, where an endpoint may be
//! (whoever speaks checks that before), and how far one has got: that is a file in the data
//! directory, so that it is of one moment with the journals (docs/adr/0013).

pub mod delivery;
pub mod feed;
pub mod manage;
mod secret;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use onsale_core::time::{Span, Time};
use sqlx::any::AnyRow;
use thiserror::Error;

use crate::catalogue::CatalogueError;
use crate::database::{ReadRow, StoreError};
use crate::id::{OrganiserId, WebhookId};
use crate::version::Version;

pub use self::secret::Secret;

/// How long the secret before signs beside a new one.
pub const FORMER_SIGNS: Span = Span::from_mins(24 * 60);

/// What it is called where it is not found.
const THING: &str = "webhook endpoint";

/// The platform's rules for endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookRules {
    /// The most there may be.
    pub endpoints_max: u32,
    /// The most that one organiser may have.
    pub per_organiser_max: u32,
    /// Whether they may be in this network, and without TLS.
    pub private_addresses: bool,
}

impl Default for WebhookRules {
    fn default() -> Self {
        Self { endpoints_max: 32, per_organiser_max: 4, private_addresses: false }
    }
}

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody wants it to be.
    Disabled,
    /// It is.
    Enabled,
    /// It has said that it wants nothing any more.
    Gone,
}

/// The text names no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an endpoint is enabled, disabled or gone")]
pub struct NoSuchState;

/// What somebody wants of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Where it is. Checked by whoever speaks.
    pub url: String,
    /// The names of the topics that it gets; of all if there are none.
    pub topics: Vec<String>,
    /// Whether it is sent anything.
    pub is_enabled: bool,
}

/// An endpoint, as people see it: nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Which one.
    pub id: WebhookId,
    /// Whose it is; the platform's where there is none.
    pub organiser: Option<OrganiserId>,
    /// Where it is.
    pub url: String,
    /// The names of the topics that it gets; of all if there are none.
    pub topics: Vec<String>,
    /// Whether it is sent anything.
    pub state: State,
    /// Until when the secret before signs, too.
    pub former_until: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Rises with every change.
    pub version: Version,
}

/// Why nothing is done to an endpoint.
#[derive(Debug, Error)]
pub enum WebhookError {
    /// As with anything else that is kept in the database.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// There is no room for another one.
    #[error("there may be {max} webhook endpoints here: remove one first")]
    TooMany {
        /// The most there may be.
        max: u32,
    },
}

impl From<StoreError> for WebhookError {
    fn from(error: StoreError) -> Self {
        Self::Catalogue(error.into())
    }
}

impl From<sqlx::Error> for WebhookError {
    fn from(error: sqlx::Error) -> Self {
        Self::Catalogue(error.into())
    }
}

impl State {
    /// What somebody wants it to be.
    const fn wanted(is_enabled: bool) -> Self {
        if is_enabled { Self::Enabled } else { Self::Disabled }
    }

    /// As it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for State {
    type Err = NoSuchState;

    fn from_str(text: &str) -> Result<Self, NoSuchState> {
        let all = [Self::Disabled, Self::Enabled, Self::Gone];
        all.into_iter().find(|state| state.name() == text).ok_or(NoSuchState)
    }
}

fn endpoint(row: &AnyRow) -> Result<Endpoint, StoreError> {
    Ok(Endpoint {
        id: row.parsed("webhook")?,
        organiser: row.parsed_if_any("organiser")?,
        url: row.text("url")?.to_owned(),
        topics: topics(row)?,
        state: row.parsed("state")?,
        former_until: row.time_if_any("former_until")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        version: row.version()?,
    })
}

fn topics(row: &AnyRow) -> Result<Vec<String>, StoreError> {
    Ok(row.text("topics")?.split_ascii_whitespace().map(str::to_owned).collect())
}
