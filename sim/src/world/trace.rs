//! A digest of everything that happened, in order: two runs of a plan have the same, or something
//! in them depends on more than the plan.

use onsale_engine::Answer;

use crate::seen::{Micros, Seen};

/// The digest so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace(u64);

impl Trace {
    pub(super) const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub(super) const fn digest(self) -> u64 {
        self.0
    }

    /// Multiply and fold, as fast hashes do.
    pub(super) fn mix(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * 0xa076_1d64_78bd_642f_u128;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    pub(super) fn note(&mut self, at: Micros, seen: &Seen<'_>) {
        self.mix(at.0);
        let [kind, first, second] = numbers(seen);
        self.mix(kind);
        self.mix(first ^ second.rotate_left(32));
    }
}

/// What kind of thing was seen, and the two numbers that say most about it.
fn numbers(seen: &Seen<'_>) -> [u64; 3] {
    match seen {
        Seen::Asked { op, .. } => [1, op.0, 0],
        Seen::Told { op, answer } => [2, op.0, u64::from(answer.is_ok())],
        Seen::GaveUp { op } => [3, op.0, 0],
        Seen::Started { state, snapshot, .. } => [4, state.applied(), *snapshot],
        Seen::Refused { reason, .. } => [5, reason.len() as u64, 0],
        Seen::Executed { token, after, .. } => [6, token.0, *after],
        Seen::Looked { token, applied, .. } => [7, token.0, *applied],
        Seen::Written { first, decision, .. } => [8, *first, decision.facts.len() as u64],
        Seen::Durable { up_to, .. } => [9, *up_to, 0],
        Seen::Answered { token, answer, .. } => {
            let kind = match answer {
                Ok(Answer::Reply(_)) => 0,
                Ok(Answer::View(_)) => 1,
                Err(_) => 2,
            };
            [10, token.0, kind]
        }
        Seen::Wanted { effect, .. } => [11, u64::from(effect.order.number), 0],
        Seen::Rested { now, state, .. } => [12, now.as_ms(), state.applied()],
        Seen::Died { how } => [13, *how as u64, 0],
        Seen::Captured { order, amount, .. } => [14, u64::from(order.number), amount.as_minor()],
        Seen::PaidBack { order, amount, .. } => [15, u64::from(order.number), amount.as_minor()],
        Seen::ChargedBack { order, amount, .. } => [20, u64::from(order.number), amount.as_minor()],
        Seen::ChargeReturned { order, .. } => [21, u64::from(order.number), 0],
        Seen::Fault { name } => [16, name.len() as u64, 0],
        Seen::Healed => [17, 0, 0],
        Seen::Settled { .. } => [18, 0, 0],
        Seen::Followed { first, decision, .. } => [19, *first, decision.facts.len() as u64],
    }
}
