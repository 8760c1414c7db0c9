//! Seconds of threads become seconds of a run.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::{StepHistograms, histogram, merge};
use crate::outcome::{Second, Totals};

/// What one thread has seen in one second.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are those of `Totals` and `Second`, which explain them")]
pub struct Tally {
    pub arrived: u64,
    pub finished: u64,
    pub requests: u64,
    pub succeeded: u64,
    pub refused: u64,
    pub failed: u64,
    pub held_tickets: u64,
    pub sold_tickets: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
    pub connections: u64,
    pub refusals: BTreeMap<String, u64>,
    pub failures: BTreeMap<String, u64>,
    /// Of all steps but those that are held back, corrected, in microseconds.
    pub latency: Histogram<u64>,
    /// How late the generator was, in microseconds.
    pub lateness: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            arrived: 0,
            finished: 0,
            requests: 0,
            succeeded: 0,
            refused: 0,
            failed: 0,
            held_tickets: 0,
            sold_tickets: 0,
            sent_bytes: 0,
            received_bytes: 0,
            connections: 0,
            refusals: BTreeMap::new(),
            failures: BTreeMap::new(),
            latency: histogram(),
            lateness: histogram(),
        }
    }
}

/// What an event says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// People in its waitroom.
    pub queued: Option<u64>,
    /// Tickets held.
    pub held: Option<u64>,
    /// Tickets sold.
    pub sold: Option<u64>,
}

/// All threads together, since the run began.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Sums.
    pub totals: Totals,
    /// Refusals by code.
    pub refusals: BTreeMap<String, u64>,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// Second by second.
    pub series: Vec<Second>,
    /// How late the generator was, in microseconds.
    pub lateness: Histogram<u64>,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            totals: Totals::default(),
            refusals: BTreeMap::new(),
            failures: BTreeMap::new(),
            series: Vec::new(),
            lateness: histogram(),
        }
    }
}

impl Measured {
    /// Adds the next second, which every thread has told of.
    pub fn add_second(&mut self, tallies: &[Tally], stock: Stock) -> &Second {
        let mut latency = histogram();
        let mut lateness = histogram();
        for tally in tallies {
            merge(&mut latency, &tally.latency);
            merge(&mut lateness, &tally.lateness);
            merge(&mut self.lateness, &tally.lateness);
            add_counts(&mut self.refusals, &tally.refusals);
            add_counts(&mut self.failures, &tally.failures);
            self.add_totals(tally);
        }
        let sum = |of: fn(&Tally) -> u64| tallies.iter().map(of).sum();
        let second = Second {
            at_s: self.series.len() as u64,
            arrived: sum(|tally| tally.arrived),
            requests: sum(|tally| tally.requests),
            succeeded: sum(|tally| tally.succeeded),
            refused: sum(|tally| tally.refused),
            failed: sum(|tally| tally.failed),
            p50_us: latency.value_at_quantile(0.5),
            p99_us: latency.value_at_quantile(0.99),
            connections: sum(|tally| tally.connections),
            queued: stock.queued,
            held: stock.held,
            sold: stock.sold,
            lateness_us: lateness.max(),
        };
        self.totals.connections_max = self.totals.connections_max.max(second.connections);
        self.series.push(second);
        &self.series[self.series.len() - 1]
    }

    fn add_totals(&mut self, tally: &Tally) {
        let totals = &mut self.totals;
        totals.arrived += tally.arrived;
        totals.finished += tally.finished;
        totals.left = totals.arrived.saturating_sub(totals.finished);
        totals.requests += tally.requests;
        totals.succeeded += tally.succeeded;
        totals.refused += tally.refused;
        totals.failed += tally.failed;
        totals.held_tickets += tally.held_tickets;
        totals.sold_tickets += tally.sold_tickets;
        totals.sent_bytes += tally.sent_bytes;
        totals.received_bytes += tally.received_bytes;
    }

    /// The steps of all threads, merged; those that nobody took are left out.
    pub fn merge_steps(threads: Vec<Vec<StepHistograms>>) -> Vec<StepHistograms> {
        let mut threads = threads.into_iter();
        let mut merged = threads.next().unwrap_or_default();
        for steps in threads {
            merged.iter_mut().zip(&steps).for_each(|(into, step)| into.merge(step));
        }
        merged.retain(|step| step.requests > 0);
        merged
    }
}

fn add_counts(into: &mut BTreeMap<String, u64>, counts: &BTreeMap<String, u64>) {
    for (name, count) in counts {
        *into.entry(name.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::{Recorder, StepKind, Timing, Verdict};
    use super::*;

    #[test]
    fn the_seconds_of_all_threads_add_up_to_those_of_the_run() {
        let kinds = [StepKind { name: "hold", is_held_back: false }];
        let mut threads = [Recorder::new(&kinds), Recorder::new(&kinds)];
        let mut measured = Measured::default();
        for took_ms in [10, 1_000] {
            for thread in &mut threads {
                let due = Instant::now();
                let ended = due + Duration::from_millis(took_ms);
                thread.arrived();
                thread.connections(took_ms);
                thread.ended(0, Timing { due, sent: due, ended }, Verdict::Refused("sold_out"));
            }
            let tallies: Vec<_> = threads.iter_mut().map(Recorder::take_second).collect();
            let second = measured.add_second(&tallies, Stock::default());
            assert_eq!((second.arrived, second.connections), (2, 2 * took_ms));
            assert!(second.p99_us.abs_diff(took_ms * 1_000) < took_ms * 10);
        }
        assert_eq!(measured.totals.arrived, 4);
        assert_eq!(measured.totals.left, 4, "whoever did not finish has left");
        assert_eq!(measured.totals.connections_max, 2_000);
        assert_eq!(measured.refusals["sold_out"], 4);
        let steps = threads.map(Recorder::into_steps);
        let steps = Measured::merge_steps(steps.into());
        assert_eq!((steps[0].requests, steps[0].corrected.len()), (4, 4));
    }
}
