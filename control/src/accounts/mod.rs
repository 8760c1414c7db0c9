//! Accounts: who somebody is, and how they prove it. A file for each thing that can be done.
//!
//! What lives here: registration ([`register`], [`confirm`]), proof of who somebody is
//! ([`sign_in`], [`session`], [`password`], [`identity`]), what an account says ([`profile`],
//! [`address`], [`role`]), its letters ([`letters`]) and its end ([`erase`]). Deliberately absent:
//! what a role may do (the policy says), access tokens (`onsale-net` signs them), and anything
//! about orders: they know a person's id and nothing more.

pub mod address;
pub mod confirm;
pub mod email;
pub mod email_change;
pub mod erase;
pub mod export;
pub mod identity;
pub mod letters;
pub mod password;
pub mod password_change;
pub mod profile;
pub(crate) mod proof;
pub mod prune;
pub mod register;
pub mod reset;
pub mod role;
pub mod session;
pub mod sign_in;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod text;
mod throttle;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use onsale_core::time::Span;
use tokio::sync::Notify;

use self::password::pool::Hasher;
use self::session::ended::EndedSessions;
use self::throttle::Throttle;
use crate::database::Database;

pub use self::proof::{Proof, ProofError};

/// How long things last, and how many there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSettings {
    /// How long an access token is good.
    pub access_lifetime: Span,
    /// How long a refresh token is good if it is not used.
    pub refresh_idle: Span,
    /// How long a session lasts however often it is renewed.
    pub session_lifetime: Span,
    /// For how long after its use a refresh token is answered like the first time.
    pub refresh_grace: Span,
    /// How many devices one account is signed in on at once; the one least lately used gives way.
    pub sessions_max: u32,
    /// How long the letter about a new address can be answered.
    pub confirm_lifetime: Span,
    /// How long the letter about a forgotten password can be answered.
    pub reset_lifetime: Span,
    /// How many letters of a kind one address gets in an hour because somebody asked for them.
    pub letters_per_hour: u32,
    /// How many addresses one account has.
    pub addresses_max: u32,
    /// What the platform calls itself in letters.
    pub platform: String,
    /// Where the pages are that letters lead to, without a slash at the end.
    pub site_url: String,
}

impl Default for AccountSettings {
    fn default() -> Self {
        const DAY: Span = Span::from_mins(24 * 60);
        let days = |count| Span::from_ms(DAY.as_ms() * count);
        Self {
            access_lifetime: Span::from_mins(15),
            refresh_idle: days(30),
            session_lifetime: days(90),
            refresh_grace: Span::from_secs(30),
            sessions_max: 20,
            confirm_lifetime: DAY,
            reset_lifetime: Span::from_mins(60),
            letters_per_hour: 3,
            addresses_max: 10,
            platform: "Onsale".to_owned(),
            site_url: "http://127.0.0.1:8080".to_owned(),
        }
    }
}

/// Everything about accounts. A cheap handle.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    database: Database,
    hasher: Hasher,
    settings: AccountSettings,
    throttle: Throttle,
    ended: Arc<EndedSessions>,
    /// Something is in the outbox.
    posted: Notify,
    counts: SignIns,
}

/// How sign-ins ended, counted since the start.
#[derive(Debug, Default)]
pub struct SignIns {
    /// Somebody is signed in.
    pub succeeded: AtomicU64,
    /// The address or the password is not right.
    pub failed: AtomicU64,
    /// Too many have failed before.
    pub throttled: AtomicU64,
}

impl Accounts {
    /// Accounts in this database.
    pub fn new(database: Database, hasher: Hasher, settings: AccountSettings) -> Self {
        let ended = Arc::new(EndedSessions::new(settings.access_lifetime));
        let (throttle, posted, counts) = (Throttle::default(), Notify::new(), SignIns::default());
        Self(Arc::new(Inner { database, hasher, settings, throttle, ended, posted, counts }))
    }

    /// What they go by.
    pub fn settings(&self) -> &AccountSettings {
        &self.0.settings
    }

    /// The sessions that have ended while access tokens of theirs may still be good.
    pub fn ended(&self) -> Arc<EndedSessions> {
        Arc::clone(&self.0.ended)
    }

    /// How sign-ins ended.
    pub fn sign_ins(&self) -> &SignIns {
        &self.0.counts
    }

    /// What passwords are hashed by.
    pub fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    fn database(&self) -> &Database {
        &self.0.database
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("database", &self.0.database).finish_non_exhaustive()
    }
}
