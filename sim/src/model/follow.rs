//! Facts in the order in which they became durable, and the models that they make. A fact that a
//! crash took away before it was durable never happened: it is not shown here.

use std::collections::VecDeque;

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::PartitionId;
use onsale_core::time::Time;

use super::Model;
use crate::seen::Seen;

/// A model of every partition, moved by durable facts.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    partitions: Vec<(Model, Written)>,
}

/// Decisions that were handed to the disk and are not durable yet, each with its first fact.
#[derive(Debug, Default)]
pub(crate) struct Written(VecDeque<(u64, Decision)>);

impl Follower {
    /// The models as they are.
    pub(crate) fn models(&self) -> impl Iterator<Item = &Model> {
        self.partitions.iter().map(|(model, _)| model)
    }

    /// The model of a partition, if anything has happened there.
    pub(crate) fn model(&self, partition: PartitionId) -> Option<&Model> {
        self.models().find(|model| model.id == partition)
    }

    /// Looks at one more thing. `judge` is shown each fact that has become durable, with the model
    /// as it was before.
    pub(crate) fn see(
        &mut self,
        seen: &Seen<'_>,
        mut judge: impl FnMut(&Model, Time, &Fact) -> Result<(), String>,
    ) -> Result<(), String> {
        let (partition, up_to, is_start) = match seen {
            Seen::Written { partition, first, decision } => {
                self.of(*partition).1.push(*first, decision);
                return Ok(());
            }
            Seen::Durable { partition, up_to } => (*partition, *up_to, false),
            Seen::Started { partition, state, .. } => (*partition, state.applied(), true),
            _ => return Ok(()),
        };
        let (model, written) = self.of(partition);
        while let Some(decision) = written.pop(up_to) {
            for fact in &decision.facts {
                judge(model, decision.at, fact)?;
                model.change(decision.at, fact);
            }
        }
        if is_start {
            written.forget();
        }
        Ok(())
    }

    fn of(&mut self, partition: PartitionId) -> &mut (Model, Written) {
        let known = self.partitions.iter().position(|(model, _)| model.id == partition);
        let index = known.unwrap_or_else(|| {
            self.partitions.push((Model::new(partition), Written::default()));
            self.partitions.len() - 1
        });
        &mut self.partitions[index]
    }
}

impl Written {
    pub(crate) fn push(&mut self, first: u64, decision: &Decision) {
        self.0.push_back((first, decision.clone()));
    }

    /// The next decision, if all of it is durable up to a fact.
    pub(crate) fn pop(&mut self, up_to: u64) -> Option<Decision> {
        let (first, decision) = self.0.front()?;
        let is_durable = first + decision.facts.len() as u64 <= up_to + 1;
        if is_durable { self.0.pop_front().map(|(_, decision)| decision) } else { None }
    }

    /// The process ended: what is left here never happened.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}
