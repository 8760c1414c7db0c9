//! What is counted about publishing.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counts of what was told to partitions. A cheap handle: clones count together.
#[derive(Clone, Debug, Default)]
pub struct PublisherMetrics {
    /// What was waiting at the last look, up to a batch.
    pub open: Gauge,
    /// What was told.
    pub told: Counter,
    /// Times that something could not be told and will be tried again.
    pub retries: Counter,
}

impl PublisherMetrics {
    /// Lets `registry` show the counts.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("publisher");
        registry.register("open", "Decisions that partitions were to be told", self.open.clone());
        registry.register("told", "Decisions that partitions were told", self.told.clone());
        registry.register("retries", "Times that telling them failed", self.retries.clone());
    }
}
