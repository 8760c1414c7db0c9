//! What can be set about accounts, passwords and letters.

use onsale_control::accounts::AccountSettings;
use onsale_control::accounts::password::hash::Cost;
use onsale_core::time::Span;
use serde::{Deserialize, Serialize};

use super::Secret;

/// How long somebody stays signed in, and how many of what they may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Accounts {
    /// What the platform calls itself.
    pub platform: String,
    /// Where the pages are that letters lead to, without a slash at the end; `public_url`, if not
    /// set.
    pub site_url: Option<String>,
    /// How long an access token is good.
    pub access_token_s: u64,
    /// After so long without use a device is signed out.
    pub idle_days: u64,
    /// After so long a device is signed out whatever it does.
    pub session_days: u64,
    /// For how long a refresh token that was used is answered like the first time.
    pub refresh_grace_s: u64,
    /// On how many devices an account is signed in at once.
    pub sessions: u32,
    /// How long a letter about an address can be answered.
    pub confirm_hours: u64,
    /// How long a letter about a forgotten password can be answered.
    pub reset_minutes: u64,
    /// How many letters of a kind one address gets in an hour because somebody asked for them.
    pub letters_per_hour: u32,
    /// How many addresses an account has.
    pub addresses: u32,
}

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// How much memory a hash takes.
    pub memory_kib: u32,
    /// How often it is gone through.
    pub passes: u32,
    /// How many are made at once.
    pub threads: usize,
    /// How many wait.
    pub queue: usize,
}

/// How letters are brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Letters {
    /// Who they are from.
    pub from: String,
    /// The mail server: `smtps://user:password@host:465`. Files in the data directory, if not set.
    pub smtp_url: Option<Secret>,
}

impl Accounts {
    /// As accounts go by them; `public_url` is how this server is reached.
    pub fn settings(&self, public_url: &str) -> AccountSettings {
        const DAY_MINUTES: u64 = 24 * 60;
        AccountSettings {
            access_lifetime: Span::from_secs(self.access_token_s),
            refresh_idle: Span::from_mins(self.idle_days * DAY_MINUTES),
            session_lifetime: Span::from_mins(self.session_days * DAY_MINUTES),
            refresh_grace: Span::from_secs(self.refresh_grace_s),
            sessions_max: self.sessions,
            confirm_lifetime: Span::from_mins(self.confirm_hours * 60),
            reset_lifetime: Span::from_mins(self.reset_minutes),
            letters_per_hour: self.letters_per_hour,
            addresses_max: self.addresses,
            platform: self.platform.clone(),
            site_url: self.site_url.clone().unwrap_or_else(|| public_url.to_owned()),
        }
    }
}

impl Passwords {
    /// What a hash costs; `None` if Argon2 has no such cost.
    pub fn cost(&self) -> Option<Cost> {
        Cost::new(self.memory_kib, self.passes)
    }
}

impl Default for Accounts {
    fn default() -> Self {
        Self {
            platform: "Onsale".to_owned(),
            site_url: None,
            access_token_s: 900,
            idle_days: 30,
            session_days: 90,
            refresh_grace_s: 30,
            sessions: 20,
            confirm_hours: 24,
            reset_minutes: 60,
            letters_per_hour: 3,
            addresses: 10,
        }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self { memory_kib: Cost::MEMORY_KIB, passes: Cost::PASSES, threads: 1, queue: 64 }
    }
}

impl Default for Letters {
    fn default() -> Self {
        Self { from: "Onsale <onsale@localhost.localdomain>".to_owned(), smtp_url: None }
    }
}
