//! What is counted while people buy.

use std::collections::BTreeMap;

use onsale_core::time::Time;
use serde::Serialize;

/// How it stands at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Milliseconds from the opening on; before it, less than zero.
    pub at_ms: i64,
    /// Tickets paid for.
    pub sold: u32,
    /// Tickets in carts and unpaid orders.
    pub held: u32,
    /// People in the queue.
    pub waiting: u32,
    /// People inside.
    pub inside: u32,
}

/// What became of people and orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Came at all before it was over.
    pub came: u32,
    /// Were let in.
    pub admitted: u32,
    /// Left the queue, with or without a word.
    pub gave_up_waiting: u32,
    /// Were let in and not there.
    pub no_shows: u32,
    /// Found nothing that they wanted.
    pub left_with_nothing: u32,
    /// Let a cart expire, or gave it back.
    pub carts_abandoned: u32,
    /// Orders placed.
    pub orders: u32,
    /// Orders with tickets.
    pub completed: u32,
    /// Orders whose time was over.
    pub expired: u32,
    /// Orders whose payment was declined.
    pub declined: u32,
    /// Orders paid after their time that got tickets all the same.
    pub revived: u32,
    /// Payments given back.
    pub refunded: u32,
}

#[derive(Debug, Default)]
pub(super) struct Measure {
    pub(super) tally: Tally,
    pub(super) samples: Vec<Sample>,
    pub(super) refusals: BTreeMap<&'static str, u64>,
    /// How long each person who was let in had waited.
    pub(super) waits_ms: Vec<u64>,
    /// How many were let in, by minute from the opening on.
    pub(super) admitted_per_minute: Vec<u32>,
    pub(super) held_max: u32,
    pub(super) sold_out_at: Option<Time>,
}

impl Measure {
    pub(super) fn refused(&mut self, code: &'static str) {
        *self.refusals.entry(code).or_default() += 1;
    }

    pub(super) fn admitted(&mut self, waited_ms: u64, minute: u64) {
        self.tally.admitted += 1;
        self.waits_ms.push(waited_ms);
        let minute = minute as usize;
        if self.admitted_per_minute.len() <= minute {
            self.admitted_per_minute.resize(minute + 1, 0);
        }
        self.admitted_per_minute[minute] += 1;
    }
}

/// The value that `per_cent` of the sorted `values` do not exceed (nearest rank).
pub(super) fn percentile(values: &[u64], per_cent: usize) -> Option<u64> {
    let rank = (values.len() * per_cent).div_ceil(100).max(1);
    values.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<u64> = (1..=10).collect();
        assert_eq!([50, 95, 99, 100].map(|p| percentile(&values, p)), [5, 10, 10, 10].map(Some));
        assert_eq!(percentile(&[7], 50), Some(7));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn admissions_are_counted_by_minute() {
        let mut measure = Measure::default();
        measure.admitted(5, 0);
        measure.admitted(7, 2);
        measure.admitted(9, 2);
        assert_eq!(measure.admitted_per_minute, [1, 0, 2]);
    }
}
