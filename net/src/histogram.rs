//! Durations in buckets: counted without waiting for anybody, shown as a histogram of
//! `OpenMetrics`. Exemplars are not kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::exemplar::Exemplar;

/// The upper bounds, in microseconds: from a look into memory to a long poll. Close enough to each
/// other for the percentiles of what takes as long as a write to disk.
const BOUNDS_US: [u64; 29] = [
    100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000,
    30_000, 50_000, 70_000, 100_000, 150_000, 200_000, 300_000, 500_000, 700_000, 1_000_000,
    2_000_000, 5_000_000, 10_000_000, 30_000_000,
];

/// One for each bound and one for what took longer.
const BUCKETS: usize = BOUNDS_US.len() + 1;

/// Durations as they are counted.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

/// Durations as they are shown: those of several histograms.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    buckets: [u64; BUCKETS],
    sum_us: u64,
}

impl Histogram {
    /// One more took so long.
    pub(crate) fn count(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|&bound| bound < took_us);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(took_us, Relaxed);
    }
}

impl Durations {
    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, more: &Histogram) {
        for (sum, count) in self.buckets.iter_mut().zip(&more.buckets) {
            *sum += count.load(Relaxed);
        }
        self.sum_us += more.sum_us.load(Relaxed);
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.buckets.iter().all(|count| *count == 0)
    }

    /// Shows them.
    pub(crate) fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS_US.into_iter().map(seconds).chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(self.buckets).collect();
        let exemplars: Option<&HashMap<usize, Exemplar<NoLabels, f64>>> = None;
        let count = self.buckets.iter().sum();
        encoder.encode_histogram(seconds(self.sum_us), count, &buckets, exemplars)
    }
}

/// Seconds, the base unit of `OpenMetrics`; the only place where floating point meets them.
#[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

type NoLabels = [(&'static str, &'static str); 0];
