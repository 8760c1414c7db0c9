//! Accounts for tests: cheap hashes, a clock that is set by hand, a postman who keeps the letters.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};

use super::email::Email;
use super::letters::Letter;
use super::letters::deliver::{Courier, CourierError};
use super::password::Password;
use super::password::hash::Cost;
use super::password::pool::{Hasher, HasherSettings};
use super::register::{Purpose, Registration};
use super::session::SignedIn;
use super::sign_in::{Credentials, SignInError};
use super::text::{Device, PersonName};
use super::{AccountSettings, Accounts, Proof};
use crate::access::audit::{By, Who};
use crate::database::Database;
use crate::testing::by;

pub(super) const PASSWORD: &str = "correct horse battery";
pub(super) const OTHER_PASSWORD: &str = "seven olives on mars";

/// Accounts, and what surrounds them.
pub(super) struct World {
    pub(super) accounts: Accounts,
    pub(super) postman: Postman,
    now: AtomicU64,
}

impl World {
    pub(super) fn new(database: &Database) -> Self {
        Self::with(database, AccountSettings::default())
    }

    pub(super) fn with(database: &Database, settings: AccountSettings) -> Self {
        let cost = Cost::new(64, 1).unwrap();
        let hasher = HasherSettings { cost, threads: 1, queue: 64, prepare: || {} };
        let hasher = Hasher::start(hasher).unwrap();
        let accounts = Accounts::new(database.clone(), hasher, settings);
        Self { accounts, postman: Postman::default(), now: AtomicU64::new(1_790_848_800_217) }
    }

    pub(super) fn now(&self) -> Time {
        Time::from_ms(self.now.load(Ordering::Relaxed))
    }

    /// Somebody, now.
    pub(super) fn by(&self) -> By {
        By { at: self.now(), ..by(Who::Nobody) }
    }

    pub(super) fn pass(&self, span: Span) {
        self.now.fetch_add(span.as_ms(), Ordering::Relaxed);
    }

    /// Brings all letters that are due; those that came now.
    pub(super) async fn letters(&self) -> Vec<Letter> {
        let before = self.postman.letters().len();
        while self.accounts.deliver_due(&self.postman, self.now()).await.unwrap() {}
        self.postman.letters().split_off(before)
    }

    /// The only letter that came now.
    pub(super) async fn letter(&self) -> Letter {
        let letters = self.letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.into_iter().next().unwrap()
    }

    /// A new account.
    pub(super) async fn account(&self, address: &str) -> PersonId {
        self.accounts.register(wish(address), self.now()).await.unwrap();
        let token = token_in(&self.letter().await);
        self.accounts.confirm(&token, &self.by()).await.unwrap().person
    }

    pub(super) async fn sign_in(
        &self,
        address: &str,
        password: &str,
    ) -> Result<SignedIn, SignInError> {
        let (email, password) = (email(address), Password::typed(password));
        let device = Device::new("a browser");
        self.accounts.sign_in(Credentials { email, password, device }, self.now()).await
    }

    /// A new account, and somebody signed in to it.
    pub(super) async fn signed_in(&self, address: &str) -> SignedIn {
        self.account(address).await;
        self.sign_in(address, PASSWORD).await.unwrap()
    }
}

pub(super) fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub(super) fn chosen(text: &str) -> Password {
    Password::chosen(text).unwrap()
}

pub(super) fn wish(address: &str) -> Registration {
    Registration {
        email: email(address),
        password: chosen(PASSWORD),
        name: PersonName::parse("Ada", "Lovelace").unwrap(),
        purpose: Purpose::Buying,
        guest: None,
    }
}

pub(super) fn proof(who: &SignedIn, password: Option<&str>) -> Proof {
    let password = password.map(Password::typed);
    Proof { person: who.person, session: who.session, password }
}

/// The token in the link of a letter.
pub(super) fn token_in(letter: &Letter) -> String {
    let (_, rest) = letter.text.split_once("?token=").unwrap_or_else(|| panic!("{}", letter.text));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// A postman who keeps what he was given.
#[derive(Clone, Default)]
pub(super) struct Postman {
    brought: Arc<Mutex<Vec<Letter>>>,
    pub(super) is_ill: Arc<AtomicBool>,
    pub(super) refuses: Arc<AtomicBool>,
}

impl Postman {
    pub(super) fn letters(&self) -> Vec<Letter> {
        self.brought.lock().unwrap().clone()
    }
}

impl Courier for Postman {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), CourierError>> {
        Box::pin(async move {
            if self.is_ill.load(Ordering::Relaxed) {
                return Err(CourierError::Unavailable("ill".to_owned()));
            }
            if self.refuses.load(Ordering::Relaxed) {
                return Err(CourierError::Refused("no such address".to_owned()));
            }
            self.brought.lock().unwrap().push(letter.clone());
            Ok(())
        })
    }
}
