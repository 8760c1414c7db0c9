//! The facts are the state: whatever was written, applied to an empty partition, gives the
//! recovered state and the live one, byte for byte; and a state that was written down and read back
//! is the same, owes the same to providers and wakes at the same time.
//!
//! Why: snapshots, recovery and replication rest on it. A state that a replay does not give again
//! forgets something at the next crash, if only an idempotency key.
//!
//! Source: "snapshot + tail = full replay", and the live hash against the replayed one, of
//! `TigerBeetle`'s and `FoundationDB`'s simulators.

use onsale_core::Partition;
use onsale_core::id::PartitionId;

use super::books::{Books, Shared};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// States are laid side by side at so few of the turns.
const COMPARE_EVERY: u32 = 512;

/// See the module.
pub(crate) struct Replay {
    books: Shared,
    /// Each partition by its facts alone, as far as it was compared.
    shadows: Vec<Partition>,
    rested: u32,
}

impl Replay {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, shadows: Vec::new(), rested: 0 }
    }

    fn compare(&mut self, books: &Books, state: &Partition) -> Verdict {
        let Some(book) = books.partition(state.id()) else { return Ok(()) };
        if book.written != state.applied() {
            return Ok(());
        }
        let shadow = shadow_of(&mut self.shadows, state.id());
        if shadow.applied() > state.applied() {
            *shadow = Partition::new(state.id());
        }
        for (first, decision) in book.journal.decisions_after(shadow.applied()) {
            for (number, fact) in (first..).zip(&decision.facts) {
                shadow.evolve(number, decision.at, fact);
            }
        }
        let bytes = state.to_bytes();
        if shadow.to_bytes() != bytes {
            return Err(format!(
                "partition {} at fact {} is not what its facts make of it",
                state.id().number(),
                state.applied()
            ));
        }
        check_read_back(state, &bytes)
    }
}

impl Invariant for Replay {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Started { state, .. } => self.compare(&books, state),
            Seen::Rested { partition, state, .. } => {
                self.rested += 1;
                let book = books.partition(partition);
                let is_safe = book.is_some_and(|book| book.durable == book.written);
                if self.rested.is_multiple_of(COMPARE_EVERY) && is_safe {
                    self.compare(&books, state)
                } else {
                    Ok(())
                }
            }
            Seen::Settled { states } => {
                states.iter().try_for_each(|state| self.compare(&books, state))
            }
            _ => Ok(()),
        }
    }
}

fn shadow_of(shadows: &mut Vec<Partition>, id: PartitionId) -> &mut Partition {
    while shadows.len() <= usize::from(id.number()) {
        let next = PartitionId::new(shadows.len() as u16).unwrap_or(id);
        shadows.push(Partition::new(next));
    }
    &mut shadows[usize::from(id.number())]
}

fn check_read_back(state: &Partition, bytes: &[u8]) -> Verdict {
    let at = || format!("partition {} at fact {}", state.id().number(), state.applied());
    let read = Partition::from_bytes(bytes).map_err(|error| format!("{}: {error}", at()))?;
    if read.to_bytes() != bytes {
        return Err(format!("{} is another when it was read back", at()));
    }
    // What has been due for longer than the last fact is due at once, whenever that was noted.
    let due = |of: &Partition| of.next_due().map(|due| due.max(of.last_time()));
    if due(&read) != due(state) {
        let (read, live) = (read.next_due(), state.next_due());
        return Err(format!("{} is due at {live:?}, when read back at {read:?}", at()));
    }
    if read.effects() != state.effects() {
        return Err(format!("{} owes providers something else when it was read back", at()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    fn bench() -> Bench<Replay> {
        Bench::new(Replay::new(Shared::default()))
    }

    #[test]
    fn a_state_that_its_facts_make_is_fine() {
        let mut bench = bench();
        bench.happens([taken(0, seats(&[0])), placed(0, 0)]).unwrap();
        let recovered = bench.state.clone();
        bench.happens([captured(0, "a", 1_000), completed(0, 0)]).unwrap();
        bench.start_with(&recovered).unwrap();
        bench.state = recovered;
        bench.happens([taken(1, seats(&[1]))]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn a_recovered_state_that_differs_is_caught() {
        let mut bench = bench();
        let mut other = bench.state.clone();
        bench.happens([taken(0, seats(&[0]))]).unwrap();
        other.evolve(3, NOW, &taken(0, seats(&[1])));
        assert!(bench.start_with(&other).unwrap_err().contains("at fact 3"));
    }

    #[test]
    fn a_live_state_that_differs_is_caught() {
        let mut bench = bench();
        let mut other = bench.state.clone();
        bench.happens([taken(0, seats(&[0]))]).unwrap();
        bench.synced().unwrap();
        other.evolve(3, NOW + HOLD, &taken(0, seats(&[0])));
        bench.state = other;
        for _ in 1..COMPARE_EVERY {
            bench.rests().unwrap();
        }
        assert!(bench.rests().is_err());
        assert!(bench.settles().is_err());
    }

    #[test]
    fn what_was_lost_in_a_crash_is_not_replayed() {
        let mut bench = bench();
        let before = bench.state.clone();
        bench.happens([taken(0, seats(&[0]))]).unwrap();
        bench.settles().unwrap();
        bench.start_with(&before).unwrap();
        bench.state = before;
        bench.happens([taken(0, seats(&[2]))]).unwrap();
        bench.settles().unwrap();
    }
}
