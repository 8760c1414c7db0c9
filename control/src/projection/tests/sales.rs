//! What the simulator's sales leave in their journals.

use std::collections::BTreeMap;
use std::ops::Range;

use onsale_core::Partition;
use onsale_core::fact::Decision;
use onsale_core::id::PartitionId;
use onsale_sim::invariants::Violation;
use onsale_sim::plan::swarm;
use onsale_sim::run::{Watch, run};
use onsale_sim::seen::{Micros, Seen};

use super::Numbered;

/// The history of one partition, and the state that it led to.
pub(super) struct Sale {
    pub seed: u64,
    pub partition: PartitionId,
    pub decisions: Vec<Numbered>,
    pub state: Partition,
}

/// The sales of some seeds: `onsale-sim run --seed N` shows one. A partition of a later seed has
/// another number, so that all of them fit into one database.
pub(super) fn sales(seeds: Range<u64>) -> impl Iterator<Item = Sale> {
    seeds.flat_map(sales_of)
}

fn sales_of(seed: u64) -> Vec<Sale> {
    let mut journals = Journals::default();
    let run = run(&swarm(seed), &mut journals);
    assert!(run.violation.is_none(), "seed {seed}: {:?}", run.violation);
    journals.0.into_iter().map(|(partition, facts)| sale(seed, partition, &facts)).collect()
}

fn sale(seed: u64, partition: PartitionId, written: &[(u64, Decision)]) -> Sale {
    let mut state = Partition::new(partition);
    let mut decisions = Vec::new();
    for (first, decision) in written {
        for (number, fact) in (*first..).zip(&decision.facts) {
            state.evolve(number, decision.at, fact);
        }
        let (first, chain) = (*first, Some(state.applied() as u32));
        decisions.push(Numbered { first, chain, decision: decision.clone() });
    }
    Sale { seed, partition, decisions, state }
}

/// What is in the journals: what was written and not lost again.
#[derive(Default)]
struct Journals(BTreeMap<PartitionId, Vec<(u64, Decision)>>);

impl Watch for Journals {
    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Result<(), Violation> {
        match *seen {
            Seen::Written { partition, first, decision } => {
                self.0.entry(partition).or_default().push((first, decision.clone()));
            }
            Seen::Started { partition, state, .. } => {
                let journal = self.0.entry(partition).or_default();
                journal.retain(|(first, _)| *first <= state.applied());
            }
            _ => {}
        }
        Ok(())
    }
}
