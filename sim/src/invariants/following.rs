//! Whoever follows the facts of a partition gets every decision, as it was written, once and in
//! order, and none that a crash could still take away; and when all is over they have all of them.
//!
//! Why: whatever is made of the facts (histories, sales, events on the bus) is wrong for ever by
//! one that was left out, counted twice, or never happened.
//!
//! Source: mission, area 9 ("at least once with a stable id, in order per event, nothing lost
//! between the sale and the bus"); with a bookmark that is written down together with what is made
//! of the facts, once.

use std::collections::BTreeMap;

use onsale_core::fact::Decision;
use onsale_core::id::PartitionId;

use super::books::{Books, Shared};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// See the module.
pub(crate) struct Following {
    books: Shared,
    /// The last fact that was followed in each partition.
    last: BTreeMap<PartitionId, u64>,
}

impl Following {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, last: BTreeMap::new() }
    }

    fn followed(
        &mut self,
        books: &Books,
        partition: PartitionId,
        first: u64,
        decision: &Decision,
    ) -> Verdict {
        let last = self.last.entry(partition).or_default();
        let Some(book) = books.partition(partition) else {
            return Err(format!("fact {first} is followed where nothing was written"));
        };
        let next = book.journal.decisions_after(*last).next();
        let Some((expected, written)) = next else {
            return Err(format!("fact {first} is followed and was never written"));
        };
        if (first, decision) != (expected, &written) {
            return Err(format!(
                "followed is {decision:?} from fact {first}, behind {last} comes {written:?}"
            ));
        }
        *last = first + decision.facts.len() as u64 - 1;
        if *last > book.durable {
            return Err(format!("fact {last} is followed, durable are {}", book.durable));
        }
        Ok(())
    }
}

impl Invariant for Following {
    fn name(&self) -> &'static str {
        "following"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Followed { partition, first, decision } => {
                self.followed(&books, partition, first, decision)
            }
            Seen::Settled { .. } => self.last.iter().try_for_each(|(partition, last)| {
                let written = books.partition(*partition).map_or(0, |book| book.written);
                if written == *last {
                    return Ok(());
                }
                let number = partition.number();
                Err(format!("of {written} facts of partition {number} {last} were followed"))
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::fact::{EventOpened, Fact};

    use super::super::fixture::*;
    use super::*;

    /// A history of which the first two facts were followed.
    fn bench() -> Bench<Following> {
        let mut bench = Bench::new(Following::new(Shared::default()));
        follows(&mut bench, 1, [defined(draft()), EventOpened { event: event() }.into()]).unwrap();
        bench
    }

    fn follows<const N: usize>(
        bench: &mut Bench<Following>,
        first: u64,
        facts: [Fact; N],
    ) -> Verdict {
        let decision = Decision { at: bench.now, trace: None, facts: facts.into() };
        bench.see(&Seen::Followed { partition: PARTITION, first, decision: &decision })
    }

    #[test]
    fn what_is_durable_in_order_is_fine() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1))]).unwrap();
        bench.synced().unwrap();
        follows(&mut bench, 3, [taken(0, standing(1))]).unwrap();
        bench.start().unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn what_is_left_out_comes_twice_or_is_something_else_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1))]).unwrap();
        bench.happens([taken(1, standing(1))]).unwrap();
        bench.synced().unwrap();
        assert!(follows(&mut bench, 4, [taken(1, standing(1))]).is_err());
        assert!(follows(&mut bench, 3, [taken(0, standing(2))]).is_err());
        follows(&mut bench, 3, [taken(0, standing(1))]).unwrap();
        assert!(follows(&mut bench, 3, [taken(0, standing(1))]).is_err());
        assert!(bench.settles().unwrap_err().contains("3 were followed"));
    }

    #[test]
    fn what_a_crash_could_take_away_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1))]).unwrap();
        let early = follows(&mut bench, 3, [taken(0, standing(1))]);
        assert!(early.unwrap_err().contains("durable are 2"));
        assert!(follows(&mut bench, 4, [taken(0, standing(1))]).is_err());
    }
}
