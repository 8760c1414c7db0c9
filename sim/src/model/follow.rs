//! Facts in the order in which they became durable, and the models that they make. A fact that a
//! crash took away before it was durable never happened: it is not shown here.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;
use std::rc::Rc;

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, PartitionId};
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
                let written = &mut self.of(*partition).1;
                if written.last() < *first {
                    written.push(*first, decision);
                }
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
    /// The first fact of the last decision; 0 if there is none.
    fn last(&self) -> u64 {
        self.0.back().map_or(0, |(first, _)| *first)
    }

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

/// A follower that several read: whoever sees something first moves it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Followed(Rc<RefCell<Follower>>);

impl Followed {
    /// The follower itself, to be shown what is seen.
    pub(crate) fn borrow_mut(&self) -> RefMut<'_, Follower> {
        self.0.borrow_mut()
    }
}

/// Of the facts that become durable, those parts that matter to somebody.
#[derive(Debug)]
pub(crate) struct Steps<T>(Vec<(PartitionId, VecDeque<Step<T>>)>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Step<T> {
    pub(crate) number: u64,
    pub(crate) at: Time,
    pub(crate) event: EventId,
    pub(crate) what: T,
}

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T> Steps<T> {
    /// Looks at one more thing; returns what is durable by it, in order. `pick` says what of a fact
    /// matters, if anything.
    pub(crate) fn see(
        &mut self,
        seen: &Seen<'_>,
        pick: impl Fn(&Fact) -> Option<T>,
    ) -> Vec<Step<T>> {
        match seen {
            Seen::Written { partition, first, decision } => {
                let queue = self.of(*partition);
                for (number, fact) in (*first..).zip(&decision.facts) {
                    if let Some((event, what)) = fact.event().zip(pick(fact)) {
                        queue.push_back(Step { number, at: decision.at, event, what });
                    }
                }
                vec![]
            }
            Seen::Durable { partition, up_to } => {
                let queue = self.of(*partition);
                let count = queue.partition_point(|step| step.number <= *up_to);
                queue.drain(..count).collect()
            }
            Seen::Started { partition, state, .. } => {
                let queue = self.of(*partition);
                let count = queue.partition_point(|step| step.number <= state.applied());
                let durable = queue.drain(..count).collect();
                queue.clear();
                durable
            }
            _ => vec![],
        }
    }

    fn of(&mut self, partition: PartitionId) -> &mut VecDeque<Step<T>> {
        let known = self.0.iter().position(|(id, _)| *id == partition);
        let index = known.unwrap_or_else(|| {
            self.0.push((partition, VecDeque::new()));
            self.0.len() - 1
        });
        &mut self.0[index].1
    }
}
