//! Everything that waits is bounded: answers parked for the disk, questions parked for a change;
//! and a partition that has nothing to do sleeps, it does not come back at the same moment for
//! ever.
//!
//! The answers of requests that buyers and operators made stay within the bound. On top of it come
//! only those that cannot be refused: the outcome of an effect, the answers of questions that
//! waited, and an effect for each fact that the disk does not have yet. Writes in flight and queued
//! bytes are the journal's to bound; what is seen does not say how.
//!
//! Why: memory that grows with the length of a disk's stall ends the process when it is needed
//! most.
//!
//! Source: "limits on everything" (`TigerBeetle`'s style), and the rule of the design that a full
//! queue refuses at once, before any work.

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::command::Actor;
use onsale_core::id::PartitionId;
use onsale_core::time::Time;

use super::books::Shared;
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen, Token};

/// So many turns at one moment in which nothing changes are one too many.
const SPINS_MAX: u32 = 3;

/// See the module.
pub(crate) struct Depths {
    books: Shared,
    /// The server's own requests that are not answered.
    own: BTreeSet<(PartitionId, Token)>,
    turns: BTreeMap<PartitionId, Turn>,
}

#[derive(Clone, Copy, PartialEq)]
struct Turn {
    now: Time,
    applied: u64,
    depths: [usize; 4],
    mailbox: usize,
    idle: u32,
}

impl Depths {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, own: BTreeSet::new(), turns: BTreeMap::new() }
    }

    fn check_spin(&mut self, partition: PartitionId, turn: Turn, wake_at: Option<Time>) -> Verdict {
        let before = self.turns.insert(partition, turn);
        let is_awake = wake_at.is_some_and(|at| at <= turn.now);
        let Some(before) = before.filter(|_| is_awake) else { return Ok(()) };
        if (Turn { idle: 0, ..before }) != turn {
            return Ok(());
        }
        let idle = before.idle + 1;
        self.turns.insert(partition, Turn { idle, ..turn });
        if idle + 1 < SPINS_MAX {
            return Ok(());
        }
        Err(format!(
            "partition {} wants to be woken at {wake_at:?}, and nothing came of it {idle} times",
            partition.number()
        ))
    }
}

impl Invariant for Depths {
    fn name(&self) -> &'static str {
        "depths"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Executed { partition, token, request, .. } if request.actor == Actor::System => {
                self.own.insert((partition, token));
            }
            Seen::Answered { partition, token, .. } => {
                self.own.remove(&(partition, token));
            }
            Seen::Rested { partition, now, state, depths, mailbox, bounds, wake_at } => {
                let [parked, watches, ..] = depths;
                if watches > bounds.watches_max {
                    return Err(format!("{watches} questions wait of {}", bounds.watches_max));
                }
                let durable = books.partition(partition).map_or(0, |book| book.durable);
                let own = self.own.range((partition, Token(0))..=(partition, Token(u64::MAX)));
                let late = usize::try_from(state.applied().saturating_sub(durable));
                let more = bounds.watches_max + late.unwrap_or(usize::MAX);
                if parked > bounds.parked_max
                    && parked > bounds.parked_max.saturating_add(more) + own.count()
                {
                    return Err(format!("{parked} answers are parked of {}", bounds.parked_max));
                }
                let turn = Turn { now, applied: state.applied(), depths, mailbox, idle: 0 };
                return self.check_spin(partition, turn, wake_at);
            }
            Seen::Died { .. } => {
                self.own.clear();
                self.turns.clear();
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Command, Request};

    use super::super::fixture::*;
    use super::*;

    fn bench() -> Bench<Depths> {
        Bench::new(Depths::new(Shared::default()))
    }

    #[test]
    fn what_is_within_its_bounds_is_fine() {
        let mut bench = bench();
        bench.rests_with([4 + 2, 2, 0, 0], None).unwrap();
        let request = Request::new(Actor::System, Command::Advance);
        bench.executes(&request, 2, 2);
        bench.happens([taken(0, standing(1))]).unwrap();
        bench.rests_with([4 + 2 + 2, 2, 0, 0], None).unwrap();
        for _ in 0..5 {
            bench.now = bench.now + HOLD;
            bench.rests_with([0; 4], Some(bench.now)).unwrap();
        }
    }

    #[test]
    fn too_many_answers_and_too_many_questions_are_caught() {
        let mut bench = bench();
        assert!(bench.rests_with([4 + 2 + 1, 0, 0, 0], None).unwrap_err().contains("answers"));
        assert!(bench.rests_with([0, 3, 0, 0], None).unwrap_err().contains("questions"));
    }

    #[test]
    fn a_partition_that_cannot_sleep_is_caught() {
        let mut bench = bench();
        let now = Some(bench.now);
        bench.rests_with([0; 4], now).unwrap();
        bench.rests_with([0; 4], now).unwrap();
        assert!(bench.rests_with([0; 4], now).is_err());
    }

    #[test]
    fn turns_in_which_something_happens_are_no_spin() {
        let mut bench = bench();
        for number in 0..4 {
            bench.happens([taken(number, standing(1))]).unwrap();
            bench.rests_with([0; 4], Some(bench.now)).unwrap();
        }
        for _ in 0..4 {
            bench.rests_with([0; 4], Some(bench.now + HOLD)).unwrap();
        }
    }
}
