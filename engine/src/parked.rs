//! What must not leave yet: answers and effects, each with the number of the last fact that it
//! depends on. Facts become durable in order, so a queue is all that is needed.

use std::collections::VecDeque;

use onsale_core::call::CallError;

use crate::{Answer, Output};

/// Outputs in the order of the facts they depend on.
pub(crate) struct Parked<T> {
    waiting: VecDeque<(u64, Output<T>)>,
    /// What depends on nothing.
    free: VecDeque<Output<T>>,
}

impl<T> Default for Parked<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), free: VecDeque::new() }
    }
}

impl<T> Parked<T> {
    /// Keeps `output` until the fact with the number `after` is durable. Called with rising
    /// numbers.
    pub(crate) fn push(&mut self, after: u64, output: Output<T>) {
        debug_assert!(self.waiting.back().is_none_or(|(number, _)| *number <= after));
        self.waiting.push_back((after, output));
    }

    /// Answers without having looked at the state.
    pub(crate) fn answer_now(&mut self, token: T, answer: Result<Answer, CallError>) {
        self.free.push_back(Output::Answer(token, answer));
    }

    /// The next output that may leave when everything up to `durable` is on disk.
    pub(crate) fn pop(&mut self, durable: u64) -> Option<Output<T>> {
        if let Some(output) = self.free.pop_front() {
            return Some(output);
        }
        let (after, _) = self.waiting.front()?;
        if *after > durable { None } else { self.waiting.pop_front().map(|(_, output)| output) }
    }

    /// Nothing more will become durable: whoever waits for it is told so, and effects are dropped;
    /// recovery derives them again if their facts made it to the disk.
    pub(crate) fn give_up(&mut self, durable: u64) {
        let lost = self.waiting.partition_point(|(after, _)| *after <= durable);
        for (_, output) in self.waiting.drain(lost..) {
            if let Output::Answer(token, _) = output {
                self.free.push_back(Output::Answer(token, Err(CallError::Stopped)));
            }
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.free.len()
    }
}
