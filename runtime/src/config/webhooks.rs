//! Webhook endpoints that are managed over the API: how many there may be, and how they are sent
//! to. Which there are is in the database.

use std::time::Duration;

use onsale_bus::sink::{Schedule, webhook};
use onsale_control::webhooks::WebhookRules;
use serde::{Deserialize, Serialize};

use crate::bus::Sending;

/// How many endpoints there may be, and how they are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Webhooks {
    /// How many there may be: each has a task for every partition.
    pub endpoints_max: u32,
    /// How many of them one organiser may have.
    pub per_organiser_max: u32,
    /// How long a receiver may take to answer.
    pub timeout_s: u64,
    /// How long is waited before the second attempt, the third, and so on.
    pub retry_s: Vec<u64>,
    /// Whether one may be in this network, and without TLS.
    pub private_addresses: bool,
}

impl Webhooks {
    /// How many follow the facts of each partition.
    pub fn places(&self) -> usize {
        self.endpoints_max as usize
    }

    /// The rules for whoever manages them.
    pub fn rules(&self) -> WebhookRules {
        let Self { endpoints_max, per_organiser_max, private_addresses, .. } = *self;
        WebhookRules { endpoints_max, per_organiser_max, private_addresses }
    }

    /// How they are sent to.
    pub fn sending(&self) -> Sending {
        let waits = self.retry_s.iter().copied().map(Duration::from_secs).collect();
        Sending {
            timeout: Duration::from_secs(self.timeout_s),
            schedule: Schedule::new(waits),
            private_addresses: self.private_addresses,
        }
    }
}

impl Default for Webhooks {
    fn default() -> Self {
        let WebhookRules { endpoints_max, per_organiser_max, private_addresses } =
            WebhookRules::default();
        Self {
            endpoints_max,
            per_organiser_max,
            timeout_s: webhook::TIMEOUT_S,
            retry_s: webhook::RETRY_S.into(),
            private_addresses,
        }
    }
}
