//! What people are going to do, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use onsale_core::time::Time;

/// A step of somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// They have waited long enough.
    GiveUp,
    /// The server has seen no sign of life of them for too long.
    Drop,
    /// They take tickets.
    Choose,
    /// They give their tickets back.
    GiveBack,
    /// They order.
    Order,
    /// Their payment comes, or is declined.
    Pay,
}

/// Steps by time; those of one moment in the order in which they were noted.
#[derive(Default)]
pub(super) struct Agenda {
    steps: BinaryHeap<Reverse<(Time, u64, u32, Step)>>,
    noted: u64,
}

impl Agenda {
    pub(super) fn note(&mut self, at: Time, buyer: u32, step: Step) {
        self.steps.push(Reverse((at, self.noted, buyer, step)));
        self.noted += 1;
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        self.steps.peek().map(|Reverse((at, ..))| *at)
    }

    pub(super) fn take(&mut self) -> Option<(u32, Step)> {
        self.steps.pop().map(|Reverse((_, _, buyer, step))| (buyer, step))
    }
}
