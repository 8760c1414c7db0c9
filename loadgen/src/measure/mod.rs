//! What is measured while a run goes on: one [`Recorder`] for each thread, merged once a second.
//!
//! Latency is kept twice. Corrected counts from the moment a request was meant to be sent, so that
//! a slow server cannot hide by slowing its clients down (no coordinated omission); raw counts from
//! the moment it was sent. Deliberately absent: who sends, and what percentiles are shown.

mod recorder;
mod tally;

use std::time::Instant;

use hdrhistogram::Histogram;

pub use self::recorder::Recorder;
pub use self::tally::{Measured, Stock, Tally};
use crate::http::Failure;
use crate::outcome::{Percentiles, StepOutcome};

/// The longest latency that is told apart, in microseconds: longer ones count as this one.
const SLOWEST_US: u64 = 120_000_000;

/// A kind of request that is measured on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepKind {
    /// As in reports.
    pub name: &'static str,
    /// Whether the server holds the answer back until there is news. How long that takes says
    /// nothing of its speed, so it stays out of the latency of all steps together.
    pub is_held_back: bool,
}

/// When a request was meant to be sent, was sent, and was answered or given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Meant to be sent.
    pub due: Instant,
    /// Sent.
    pub sent: Instant,
    /// Answered or given up.
    pub ended: Instant,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// As its sender wished.
    Succeeded,
    /// With a problem document, which has this code.
    Refused(&'a str),
    /// Without an answer that could be understood.
    Failed(Failure),
}

/// The latencies of one step, in microseconds.
#[derive(Clone, Debug)]
pub struct StepHistograms {
    /// Which step.
    pub kind: StepKind,
    /// Requests sent for it.
    pub requests: u64,
    /// Of these, answered as wished.
    pub succeeded: u64,
    /// From the moment a request was meant to be sent.
    pub corrected: Histogram<u64>,
    /// From the moment it was sent.
    pub raw: Histogram<u64>,
}

impl StepHistograms {
    /// Nothing yet.
    pub fn new(kind: StepKind) -> Self {
        Self { kind, requests: 0, succeeded: 0, corrected: histogram(), raw: histogram() }
    }

    /// Adds what another thread has of the same step.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.succeeded += other.succeeded;
        merge(&mut self.corrected, &other.corrected);
        merge(&mut self.raw, &other.raw);
    }

    /// As it is reported.
    pub fn outcome(&self) -> StepOutcome {
        StepOutcome {
            name: self.kind.name.to_owned(),
            requests: self.requests,
            succeeded: self.succeeded,
            corrected: percentiles(&self.corrected),
            raw: percentiles(&self.raw),
        }
    }
}

/// An empty histogram of microseconds, three digits exact.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_max(SLOWEST_US, 3).expect("three digits of two minutes fit")
}

/// Adds all of `other`.
pub fn merge(into: &mut Histogram<u64>, other: &Histogram<u64>) {
    into.add(other).expect("all histograms here have the same bounds");
}

/// What a histogram says.
#[expect(clippy::cast_sign_loss, reason = "no latency is below zero")]
pub fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let at = |quantile| histogram.value_at_quantile(quantile);
    Percentiles {
        count: histogram.len(),
        p50_us: at(0.5),
        p90_us: at(0.9),
        p99_us: at(0.99),
        p999_us: at(0.999),
        max_us: histogram.max(),
        mean_us: histogram.mean() as u64,
    }
}
