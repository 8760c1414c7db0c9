//! What one thread has seen.

use std::collections::BTreeMap;
use std::mem;
use std::time::Instant;

use super::{StepHistograms, StepKind, Tally, Timing, Verdict};
use crate::http::Failure;

/// What one thread has seen since the run began, and since the last second.
#[derive(Debug)]
pub struct Recorder {
    steps: Vec<StepHistograms>,
    tally: Tally,
}

impl Recorder {
    /// For these steps, which are named by their position from then on.
    pub fn new(kinds: &[StepKind]) -> Self {
        let steps = kinds.iter().map(|kind| StepHistograms::new(*kind)).collect();
        Self { steps, tally: Tally::default() }
    }

    /// A request of a step ended.
    ///
    /// # Panics
    /// If there is no such step.
    pub fn ended(&mut self, step: usize, timing: Timing, verdict: Verdict<'_>) {
        let Timing { due, sent, ended } = timing;
        let step = &mut self.steps[step];
        step.requests += 1;
        self.tally.requests += 1;
        match verdict {
            Verdict::Succeeded => {
                step.succeeded += 1;
                self.tally.succeeded += 1;
            }
            Verdict::Refused(code) => {
                self.tally.refused += 1;
                count(&mut self.tally.refusals, code);
            }
            Verdict::Failed(failure) => {
                self.tally.failed += 1;
                count(&mut self.tally.failures, failure.name());
            }
        }
        self.tally.lateness.saturating_record(micros(due, sent));
        // Whoever gave up has waited; a connection that was refused at once is no quick answer.
        if matches!(verdict, Verdict::Failed(failure) if failure != Failure::TimedOut) {
            return;
        }
        let corrected_us = micros(due, ended);
        step.corrected.saturating_record(corrected_us);
        step.raw.saturating_record(micros(sent, ended));
        if !step.kind.is_held_back {
            self.tally.latency.saturating_record(corrected_us);
        }
    }

    /// Something was due and was done: how late.
    pub fn late(&mut self, due: Instant, done: Instant) {
        self.tally.lateness.saturating_record(micros(due, done));
    }

    /// Somebody was meant to come now, and did.
    pub fn arrived(&mut self) {
        self.tally.arrived += 1;
    }

    /// Somebody did all that they wanted.
    pub fn finished(&mut self) {
        self.tally.finished += 1;
    }

    /// A hold was acknowledged.
    pub fn held(&mut self, tickets: u64) {
        self.tally.held_tickets += tickets;
    }

    /// Tickets were bought.
    pub fn sold(&mut self, tickets: u64) {
        self.tally.sold_tickets += tickets;
    }

    /// Bytes went over a connection.
    pub fn moved(&mut self, sent_bytes: u64, received_bytes: u64) {
        self.tally.sent_bytes += sent_bytes;
        self.tally.received_bytes += received_bytes;
    }

    /// So many connections of this thread are open now.
    pub fn connections(&mut self, open: u64) {
        self.tally.connections = open;
    }

    /// What was seen since this was asked last.
    pub fn take_second(&mut self) -> Tally {
        let next = Tally { connections: self.tally.connections, ..Tally::default() };
        mem::replace(&mut self.tally, next)
    }

    /// The latencies since the run began.
    pub fn into_steps(self) -> Vec<StepHistograms> {
        self.steps
    }
}

fn micros(from: Instant, until: Instant) -> u64 {
    until.saturating_duration_since(from).as_micros() as u64
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KINDS: [StepKind; 2] = [
        StepKind { name: "hold", is_held_back: false },
        StepKind { name: "listen", is_held_back: true },
    ];

    fn timing(late_ms: u64, took_ms: u64) -> Timing {
        let due = Instant::now();
        let sent = due + Duration::from_millis(late_ms);
        Timing { due, sent, ended: sent + Duration::from_millis(took_ms) }
    }

    #[test]
    fn whoever_was_sent_late_has_waited_all_the_same() {
        let mut recorder = Recorder::new(&KINDS);
        recorder.ended(0, timing(90, 10), Verdict::Succeeded);
        let second = recorder.take_second();
        assert!((99_000..101_000).contains(&second.latency.max()));
        assert!((89_000..91_000).contains(&second.lateness.max()));
        let steps = recorder.into_steps();
        assert!((99_000..101_000).contains(&steps[0].corrected.max()));
        assert!((9_900..10_100).contains(&steps[0].raw.max()));
    }

    #[test]
    fn a_connection_refused_at_once_is_no_quick_answer_and_a_long_poll_no_slow_one() {
        let mut recorder = Recorder::new(&KINDS);
        recorder.ended(0, timing(0, 0), Verdict::Failed(Failure::Refused));
        recorder.ended(1, timing(0, 20_000), Verdict::Succeeded);
        let second = recorder.take_second();
        assert_eq!(second.latency.len(), 0);
        assert_eq!((second.requests, second.failed), (2, 1));
        assert_eq!(second.failures["refused"], 1);
        recorder.ended(0, timing(0, 5_000), Verdict::Failed(Failure::TimedOut));
        assert_eq!(recorder.take_second().latency.len(), 1, "whoever gave up has waited");
    }

    #[test]
    fn a_second_begins_with_nothing_but_its_open_connections() {
        let mut recorder = Recorder::new(&KINDS);
        recorder.arrived();
        recorder.connections(7);
        recorder.ended(0, timing(0, 1), Verdict::Refused("sold_out"));
        assert_eq!(recorder.take_second().refusals["sold_out"], 1);
        let next = recorder.take_second();
        assert_eq!((next.arrived, next.refused, next.connections), (0, 0, 7));
    }
}
