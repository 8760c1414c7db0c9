//! What an endpoint is to be sent, and how.

use std::time::Duration;

use onsale_bus::Topic;
use onsale_bus::sink::Schedule;
use onsale_bus::sink::webhook::{NotAWebhook, Webhook, WebhookSettings};
use onsale_control::id::OrganiserId;
use onsale_control::webhooks::feed::Feed;
use onsale_control::webhooks::{Secret, State};
use onsale_core::time::Time;

/// How it is sent to endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// How long a receiver may take.
    pub timeout: Duration,
    /// When it is tried again.
    pub schedule: Schedule,
    /// Whether one may be in this network, and without TLS.
    pub private_addresses: bool,
}

/// All that sending to an endpoint depends on: once it is another, sending begins again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) url: String,
    pub(super) topics: Vec<Topic>,
    pub(super) secrets: Vec<Secret>,
    pub(super) organiser: Option<OrganiserId>,
    pub(super) since: Time,
    pub(super) turn: u64,
}

impl Sending {
    /// Requests to this URL, signed with these.
    pub(super) fn webhook(&self, url: &str, secrets: &[Secret]) -> Result<Webhook, NotAWebhook> {
        let Self { timeout, private_addresses, .. } = *self;
        WebhookSettings::new(url, secrets, timeout, private_addresses).map(Webhook::new)
    }
}

impl Plan {
    /// What an endpoint is to be sent from now on, if anything is. A topic that this version does
    /// not know has nothing on it.
    pub(super) fn of(feed: &Feed, now: Time) -> Option<Self> {
        let known: Vec<Topic> = feed.topics.iter().filter_map(|topic| topic.parse().ok()).collect();
        let knows_some = feed.topics.is_empty() || !known.is_empty();
        (feed.state == State::Enabled && knows_some).then(|| Self {
            url: feed.url.clone(),
            topics: known,
            secrets: feed.secrets(now),
            organiser: feed.organiser,
            since: feed.since,
            turn: feed.turn,
        })
    }
}
