//! Runs all invariants over what is seen, and counts what was reached.

use std::collections::BTreeMap;

use onsale_core::call::CallError;
use onsale_core::fact::Fact;
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId};
use onsale_core::money::Amount;
use onsale_core::order::OrderEnd;
use onsale_core::payment::RefundCause;
use onsale_core::refusal::Refusal;
use onsale_core::spec::{Change, ClassId};
use onsale_core::waitroom::EndReason;

use crate::invariants::{self, Invariant, Violation};
use crate::run::Watch;
use crate::seen::{Micros, Seen, Told};
use crate::sometimes::{REFUSALS, Sometimes};

/// Judges one run.
pub struct Judge {
    invariants: Vec<Box<dyn Invariant>>,
    /// What was reached. Faults are counted by the world, where they take effect.
    pub reached: Sometimes,
    /// The last fact that was written, of each partition.
    written: Vec<u64>,
    prices: Prices,
}

/// What tickets cost, and what was asked for those in holds.
#[derive(Default)]
struct Prices {
    now: BTreeMap<(EventId, ClassId), Amount>,
    held: BTreeMap<HoldId, Vec<Line>>,
}

impl Judge {
    /// A judge who applies every invariant.
    pub fn new() -> Self {
        let (invariants, reached) = (invariants::all(), Sometimes::default());
        Self { invariants, reached, written: Vec::new(), prices: Prices::default() }
    }

    fn count(&mut self, seen: &Seen<'_>) {
        match *seen {
            Seen::Written { partition, first, decision } => {
                *self.written_of(partition.number()) = first + decision.facts.len() as u64 - 1;
                for fact in &decision.facts {
                    self.reached.reached_fact(fact);
                    if let Some(way) = way(fact) {
                        self.reached.reached(way);
                    }
                    if self.prices.is_order_at_older(fact) {
                        self.reached.reached("price:older");
                    }
                }
            }
            Seen::Answered { answer, .. } => {
                if let Some(name) = answered(answer) {
                    self.reached.reached(name);
                }
            }
            Seen::Started { partition, state, .. } => {
                let written = self.written_of(partition.number());
                let has_lost = *written > state.applied();
                *written = state.applied();
                if has_lost {
                    self.reached.reached("start:lost_facts");
                }
            }
            _ => {}
        }
    }

    fn written_of(&mut self, partition: u16) -> &mut u64 {
        let index = usize::from(partition);
        if self.written.len() <= index {
            self.written.resize(index + 1, 0);
        }
        &mut self.written[index]
    }
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

impl Watch for Judge {
    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Result<(), Violation> {
        self.count(seen);
        for invariant in &mut self.invariants {
            let verdict = invariant.see(at, seen);
            verdict.map_err(|what| Violation { invariant: invariant.name(), at, what })?;
        }
        Ok(())
    }
}

impl Prices {
    /// Whether this is an order of what costs something else by now.
    fn is_order_at_older(&mut self, fact: &Fact) -> bool {
        match fact {
            Fact::EventDefined(fact) => {
                let classes = (0..).map(ClassId).zip(&fact.spec.classes);
                self.now.extend(classes.map(|(id, class)| ((fact.event, id), class.price)));
            }
            Fact::EventChanged(fact) => {
                if let Change::Price { class, price } = fact.change {
                    self.now.insert((fact.event, class), price);
                }
            }
            Fact::HoldTaken(fact) => {
                self.held.insert(fact.hold, fact.lines.clone());
            }
            Fact::OrderPlaced(fact) => {
                let lines = self.held.remove(&fact.hold).unwrap_or_default();
                let now = |line: &Line| self.now.get(&(fact.order.event, line.class));
                return lines.iter().any(|line| now(line) != Some(&line.price));
            }
            _ => {}
        }
        false
    }
}

/// The way that something ended or went back by this fact.
fn way(fact: &Fact) -> Option<&'static str> {
    Some(match fact {
        Fact::HoldReleased(fact) if fact.expired => "hold:expired",
        Fact::PlaceEnded(fact) => match fact.reason {
            EndReason::Completed => "place:completed",
            EndReason::Expired => "place:expired",
            EndReason::Left => "place:left",
            EndReason::Abandoned => "place:abandoned",
        },
        Fact::OrderEnded(fact) => match fact.end {
            OrderEnd::Cancelled => "order:cancelled",
            OrderEnd::EventCancelled => "order:event_cancelled",
            OrderEnd::Declined => "order:declined",
            OrderEnd::IntentRefused => "order:intent_refused",
            OrderEnd::Mismatch => "order:mismatch",
            OrderEnd::Expired => "order:expired",
        },
        Fact::RefundWanted(fact) => match fact.cause {
            RefundCause::Asked => "refund:asked",
            RefundCause::Duplicate => "refund:duplicate",
            RefundCause::EventCancelled => "refund:event_cancelled",
            RefundCause::Late => "refund:late",
            RefundCause::Mismatch => "refund:mismatch",
            RefundCause::Disputed => "refund:disputed",
        },
        _ => return None,
    })
}

fn answered(answer: &Told) -> Option<&'static str> {
    match answer.as_ref().err()? {
        CallError::Refused(refusal) => {
            let code = refusal.code();
            let index = Refusal::CODES.iter().position(|other| *other == code)?;
            REFUSALS.get(index).copied()
        }
        CallError::Overloaded { .. } => Some("answer:overloaded"),
        CallError::Stopped => Some("answer:stopped"),
        CallError::NoSuchPartition => None,
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::Partition;
    use onsale_core::fact::{Decision, HoldReleased};
    use onsale_core::id::{EventId, HoldId, PartitionId};
    use onsale_core::time::Time;

    use super::*;
    use crate::seen::Token;

    fn judge() -> Judge {
        Judge { invariants: Vec::new(), ..Judge::new() }
    }

    #[test]
    fn facts_answers_and_losses_are_counted() {
        let partition = PartitionId::FIRST;
        let event = EventId::new(partition, 0).unwrap();
        let mut judge = judge();
        let released = HoldReleased { hold: HoldId::new(event, 0), expired: true };
        let decision = Decision { at: Time::ZERO, trace: None, facts: vec![released.into()] };
        judge.see(Micros(1), &Seen::Written { partition, first: 1, decision: &decision }).unwrap();
        let answer = Err(Refusal::HoldGone.into());
        let (token, op) = (Token(1), None);
        judge.see(Micros(2), &Seen::Answered { partition, token, op, answer: &answer }).unwrap();
        let state = Partition::new(partition);
        judge.see(Micros(3), &Seen::Started { partition, state: &state, snapshot: 0 }).unwrap();
        let reached: Vec<_> = judge.reached.iter().collect();
        let expected = ["HoldReleased", "hold:expired", "refusal:hold_gone", "start:lost_facts"];
        assert_eq!(reached, expected.map(|name| (name, 1)));
    }

    #[test]
    fn the_first_claim_that_does_not_hold_is_named() {
        struct Never;
        impl Invariant for Never {
            fn name(&self) -> &'static str {
                "never"
            }
            fn see(&mut self, _: Micros, _: &Seen<'_>) -> invariants::Verdict {
                Err("it happened".into())
            }
        }
        let mut judge = Judge { invariants: vec![Box::new(Never)], ..judge() };
        let violation = judge.see(Micros(7), &Seen::Healed).unwrap_err();
        assert_eq!((violation.invariant, violation.at), ("never", Micros(7)));
    }
}
