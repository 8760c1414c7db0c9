//! What is counted about Redis.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Counts of what goes to Redis. A cheap handle: clones count together.
#[derive(Clone, Debug)]
pub struct RedisMetrics {
    pub(super) up: Gauge,
    pub(super) errors: Counter,
    pub(super) unreported: Counter,
    pub(super) round_trip_s: Histogram,
}

impl Default for RedisMetrics {
    fn default() -> Self {
        Self {
            up: Gauge::default(),
            errors: Counter::default(),
            unreported: Counter::default(),
            // A tenth of a millisecond to half a second.
            round_trip_s: Histogram::new(exponential_buckets(0.0001, 2.0, 13)),
        }
    }
}

impl RedisMetrics {
    /// Whether Redis answers.
    pub fn is_up(&self) -> bool {
        self.up.get() == 1
    }

    /// Lets `registry` show the counts.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("redis");
        registry.register("up", "Whether Redis answers", self.up.clone());
        let help = "Times that Redis could not be reached or did not answer";
        registry.register("errors", help, self.errors.clone());
        let help = "Granted requests that the shared limits never heard of";
        registry.register("unreported", help, self.unreported.clone());
        let help = "Time until Redis has added up one round of granted requests";
        registry.register("round_trip_seconds", help, self.round_trip_s.clone());
    }
}
