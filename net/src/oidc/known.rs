//! What is known of a provider, for as long as that is believed.

use std::sync::Arc;

use jsonwebtoken::Algorithm;
use onsale_core::time::{Span, Time};
use tokio::sync::Mutex;

use super::configuration::{Configuration, Key, ask_for_keys};
use super::http::Http;
use super::settings::ProviderSettings;
use super::{ProviderError, refused};

/// For how long what a provider has said is believed.
const BELIEVED: Span = Span::from_mins(60);
/// A token signed with a key that is not known has the keys asked for anew, no more often than so.
const KEYS_ANEW: Span = Span::from_secs(10);

/// What is known. Whoever asks while somebody asks the provider waits for that answer.
#[derive(Default)]
pub(super) struct Known(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    configuration: Option<(Time, Arc<Configuration>)>,
    keys: Option<(Time, Vec<Arc<Key>>)>,
}

impl Known {
    /// How the provider is asked.
    pub(super) async fn configuration(
        &self,
        http: &Http,
        settings: &ProviderSettings,
        now: Time,
    ) -> Result<Arc<Configuration>, ProviderError> {
        let mut memory = self.0.lock().await;
        if let Some((at, known)) = &memory.configuration
            && now.since(*at) < BELIEVED
        {
            return Ok(Arc::clone(known));
        }
        let configuration = Arc::new(Configuration::ask(http, settings).await?);
        memory.configuration = Some((now, Arc::clone(&configuration)));
        Ok(configuration)
    }

    /// The key that a token with this header is signed with.
    pub(super) async fn key(
        &self,
        http: &Http,
        configuration: &Configuration,
        (id, algorithm): (Option<&str>, Algorithm),
        now: Time,
    ) -> Result<Arc<Key>, ProviderError> {
        let mut memory = self.0.lock().await;
        let known = memory.keys.take_if(|(at, _)| now.since(*at) >= BELIEVED);
        drop(known);
        let found = memory.find(id, algorithm);
        let may_ask = memory.keys.as_ref().is_none_or(|(at, _)| now.since(*at) >= KEYS_ANEW);
        if found.is_none() && may_ask {
            let keys = ask_for_keys(http, &configuration.keys).await?;
            memory.keys = Some((now, keys.into_iter().map(Arc::new).collect()));
        }
        let found = found.or_else(|| memory.find(id, algorithm));
        found.ok_or_else(|| refused("its ID token is signed with a key that it does not publish"))
    }
}

impl Memory {
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Arc<Key>> {
        let (_, keys) = self.keys.as_ref()?;
        let mut fitting = keys.iter().filter(|key| key.fits(id, algorithm));
        let first = fitting.next()?;
        // Without an id there must be no doubt (Core, section 10.1).
        (id.is_some() || fitting.next().is_none()).then(|| Arc::clone(first))
    }
}
