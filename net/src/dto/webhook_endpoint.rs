//! Webhook endpoints on the wire.

use std::collections::BTreeSet;

use onsale_bus::Topic;
use onsale_bus::sink::webhook::WebhookSettings;
use onsale_control::webhooks::delivery::Delivery;
use onsale_control::webhooks::{Endpoint, State, WebhookRules, Wish};
use onsale_core::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::id::{OrganiserRef, WebhookRef};
use super::{At, Id, at};
use crate::problem::Problem;

/// The longest URL, in bytes.
const URL_BYTES_MAX: usize = 500;

/// What an endpoint is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveWebhookEndpoint {
    /// Where facts are sent: `https://host/path` of at most 500 bytes, without a user in it. Nothing
    /// is sent to private networks, whatever the name of the host resolves to.
    #[schema(example = "https://books.example/hooks/onsale")]
    pub url: String,
    /// What of them; everything, if there are none.
    #[serde(default)]
    pub topics: Vec<Topic>,
    /// Whether anything is sent. One that is gone is sent to again.
    #[serde(default = "yes")]
    #[schema(example = true)]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

impl SaveWebhookEndpoint {
    /// What is wanted, checked by the platform's rules.
    pub fn parse(self, rules: WebhookRules) -> Result<Wish, Problem> {
        let fits = self.url.len() <= URL_BYTES_MAX && self.url.is_ascii();
        let url = WebhookSettings::check_url(&self.url, rules.private_addresses);
        let problem = "must be https://host/path of at most 500 bytes, of a host with a public \
                       address";
        at("url", url.ok().filter(|_| fits).ok_or(problem))?;
        let topics: BTreeSet<_> = self.topics.into_iter().collect();
        let topics = topics.into_iter().map(|topic| topic.name().to_owned()).collect();
        Ok(Wish { url: self.url, topics, is_enabled: self.enabled })
    }
}

/// Whether an endpoint is sent anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// Nobody wants it to be.
    Disabled,
    /// It is.
    Enabled,
    /// It has answered 410: nothing is sent until somebody saves it again as enabled.
    Gone,
}

/// Where facts are sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub struct WebhookEndpointDto {
    /// Which one.
    pub id: WebhookRef,
    /// Whose it is: it gets what is about their events. The platform's if null: it gets everything.
    pub organiser: Option<OrganiserRef>,
    /// Where facts are sent.
    #[schema(example = "https://books.example/hooks/onsale")]
    pub url: String,
    /// What of them; everything, if there are none.
    pub topics: Vec<Topic>,
    /// Whether anything is sent.
    pub state: WebhookState,
    /// Until when the secret before signs beside the new one, if it does.
    pub former_secret_until_at: Option<At>,
    /// When it was made.
    pub created_at: At,
    /// When it was last changed.
    pub updated_at: At,
}

impl From<Endpoint> for WebhookEndpointDto {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: Id(endpoint.id),
            organiser: endpoint.organiser.map(Id),
            url: endpoint.url,
            topics: endpoint.topics.iter().filter_map(|topic| topic.parse().ok()).collect(),
            state: match endpoint.state {
                State::Disabled => WebhookState::Disabled,
                State::Enabled => WebhookState::Enabled,
                State::Gone => WebhookState::Gone,
            },
            former_secret_until_at: endpoint.former_until.map(At),
            created_at: At(endpoint.created_at),
            updated_at: At(endpoint.updated_at),
        }
    }
}

/// A new endpoint, with the only word of its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewWebhookEndpoint {
    /// The endpoint.
    pub endpoint: WebhookEndpointDto,
    /// What requests to it are signed with (Standard Webhooks 1.0). It is not shown again.
    #[schema(example = "whsec_Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8=")]
    pub secret: String,
}

/// A new secret of an endpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewWebhookSecret {
    /// What requests are signed with from now on. It is not shown again.
    #[schema(example = "whsec_Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8=")]
    pub secret: String,
    /// Until when the one before signs beside it.
    pub former_secret_until_at: Option<At>,
}

/// From where on everything is sent again.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"from": "beginning"}))]
pub enum ReplayWebhooks {
    /// From the first fact that there is.
    Beginning {},
    /// What has happened at that time or later. A time that is to come is now.
    Time {
        /// When.
        from_at: At,
    },
}

impl ReplayWebhooks {
    /// Since when.
    pub fn since(self) -> Time {
        match self {
            Self::Beginning {} => Time::ZERO,
            Self::Time { from_at: At(since) } => since,
        }
    }
}

/// Something that is sent to try an endpoint out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookPing {
    /// Its `id`: the deliveries show what came of it.
    #[schema(example = "ping-pz8_Pz8_Pz8_Pz8_Pz8_Pw")]
    pub event: String,
}

/// One attempt to send something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// The `id` of what was sent, and of the header `webhook-id`.
    #[schema(example = "3f8c2b0d9a71465e8d3c0a1b2c3d4e5f-0-42")]
    pub event: String,
    /// Its `type`.
    #[schema(example = "onsale.order.completed.v1")]
    pub r#type: String,
    /// How often it was tried by then; it is counted anew when the server starts.
    #[schema(example = 1)]
    pub attempt: u32,
    /// Whether the receiver has taken it.
    #[schema(example = false)]
    pub delivered: bool,
    /// The status that it answered, if it did.
    #[schema(example = 503)]
    pub status: Option<u16>,
    /// What was the matter, if it was not taken.
    #[schema(example = "it answers 503 Service Unavailable")]
    pub failure: Option<String>,
    /// How long it took.
    #[schema(example = 87)]
    pub took_ms: u64,
    /// When it was begun.
    pub sent_at: At,
}

impl From<(u64, Delivery)> for WebhookDelivery {
    fn from((_, delivery): (u64, Delivery)) -> Self {
        Self {
            event: delivery.event,
            r#type: delivery.kind,
            attempt: delivery.attempt,
            delivered: delivery.failure.is_none(),
            status: delivery.status,
            failure: delivery.failure,
            took_ms: delivery.took.as_ms(),
            sent_at: At(delivery.at),
        }
    }
}

/// A page of webhook endpoints.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookEndpointList {
    /// The oldest first.
    pub endpoints: Vec<WebhookEndpointDto>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "WyIxNzkwODQ4ODAwMDAwIiwid2hrXzA1Il0")]
    pub next: Option<String>,
}

/// A page of the last attempts, of which a hundred are kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryList {
    /// Newest first.
    pub deliveries: Vec<WebhookDelivery>,
    /// What to send as `after` for the next page, of older ones; null on the last one.
    #[schema(example = "WyI0MiIsIndoa18wNSJd")]
    pub next: Option<String>,
}

/// How much of a list about webhooks.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WebhookPage {
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}
