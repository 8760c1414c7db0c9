//! What is counted about payment providers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Providers;
use crate::histogram::{Durations, Histogram};

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

/// How long it takes from a notice of money to the journal, in which the same decision has
/// completed the order. Every core counts for itself; a scrape adds them up. A cheap handle.
#[derive(Clone, Debug, Default)]
pub struct NoticeMetrics(Arc<Mutex<Vec<Arc<NoticeTimes>>>>);

/// What one core counts, by provider.
#[derive(Debug)]
pub(super) struct NoticeTimes(BTreeMap<&'static str, Histogram>);

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

impl NoticeMetrics {
    /// What one more core that hears of these providers counts.
    pub(super) fn new_core(&self, providers: &Providers) -> Arc<NoticeTimes> {
        let times = providers.names().map(|name| (name, Histogram::default())).collect();
        let times = Arc::new(NoticeTimes(times));
        // Taken when a core starts and when somebody scrapes, never for a notice.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&times));
        times
    }

    /// Appends the sums over all cores, in the format of `OpenMetrics` 1.0.
    pub fn write(&self, out: &mut String) {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self.clone()));
        // Writing into a string cannot fail.
        let _ = text::encode_registry(out, &registry);
    }

    fn sums(&self) -> BTreeMap<&'static str, Durations> {
        let cores = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = BTreeMap::<_, Durations>::new();
        for (provider, times) in cores.iter().flat_map(|core| &core.0) {
            sums.entry(*provider).or_default().add(times);
        }
        sums
    }
}

impl Collector for NoticeMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let name = "provider_notice_duration_seconds";
        let help = "Time from a notice of money to its order in the journal";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (provider, durations) in self.sums() {
            if !durations.is_empty() {
                durations.encode(family.encode_family(&[("provider", provider)])?)?;
            }
        }
        Ok(())
    }
}

impl NoticeTimes {
    /// One more notice of this provider took so long.
    pub(super) fn count(&self, provider: &str, took: Duration) {
        if let Some(times) = self.0.get(provider) {
            times.count(took);
        }
    }
}
