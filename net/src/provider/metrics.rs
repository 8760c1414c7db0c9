//! What is counted about payment providers.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Counts of effects and of reconciliation. A cheap handle: clones count together.
#[derive(Clone, Debug, Default)]
pub struct ProviderMetrics {
    /// Effects that were taken from the queue and are not settled.
    pub outstanding: Gauge,
    /// Effects whose outcome was recorded.
    pub settled: Counter,
    /// Attempts that failed and will be made again.
    pub retries: Counter,
    /// Intents that are watched for a webhook that never came.
    pub watched: Gauge,
    /// Times that a provider was asked what became of an intent.
    pub polls: Counter,
    /// Payments of which asking, not a webhook, brought the news.
    pub reconciled: Counter,
}

/// Sets a gauge to a count of things in memory.
pub(super) fn set(gauge: &Gauge, count: usize) {
    gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
}

impl ProviderMetrics {
    /// Lets `registry` show the counts.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("provider");
        let gauges = [
            ("effects_outstanding", "Effects that are not settled", &self.outstanding),
            ("intents_watched", "Intents that are polled if no webhook comes", &self.watched),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let counters = [
            ("effects_settled", "Effects whose outcome was recorded", &self.settled),
            ("effects_retries", "Attempts that failed and are made again", &self.retries),
            ("polls", "Times that a provider was asked about an intent", &self.polls),
            ("reconciled", "Payments found by polling, not by webhook", &self.reconciled),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
    }
}
