//! What must be looked up before decisions can be applied.

use std::collections::BTreeSet;

use onsale_core::fact::{Decision, Fact, Subject};
use onsale_core::id::{EventId, HoldId, OrderId};

/// Which rows some decisions go on from: those that they do not make themselves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::projection) struct Needs {
    pub events: BTreeSet<EventId>,
    /// Events whose classes and quotas are changed.
    pub offers: BTreeSet<EventId>,
    /// Events whose plan says what class a seat is of.
    pub plans: BTreeSet<EventId>,
    pub holds: BTreeSet<HoldId>,
    pub orders: BTreeSet<OrderId>,
}

impl Needs {
    /// What these decisions, in order, go on from.
    pub(in crate::projection) fn of<'a>(decisions: impl Iterator<Item = &'a Decision>) -> Self {
        let (mut needs, mut made) = (Self::default(), Self::default());
        for fact in decisions.flat_map(|decision| &decision.facts) {
            needs.add(fact, &mut made);
        }
        needs
    }

    fn add(&mut self, fact: &Fact, made: &mut Self) {
        match fact {
            Fact::EventDefined(fact) => {
                for set in [&mut made.events, &mut made.offers, &mut made.plans] {
                    set.insert(fact.event);
                }
            }
            Fact::EventOpened(fact) => need(&mut self.events, fact.event, &made.events),
            Fact::EventCancelled(fact) => need(&mut self.events, fact.event, &made.events),
            Fact::EventChanged(fact) => need(&mut self.offers, fact.event, &made.offers),
            Fact::SeatsBlocked(fact) => need(&mut self.plans, fact.event, &made.plans),
            Fact::HoldTaken(fact) => drop(made.holds.insert(fact.hold)),
            Fact::HoldReleased(fact) => need(&mut self.holds, fact.hold, &made.holds),
            Fact::OrderPlaced(fact) => {
                need(&mut self.holds, fact.hold, &made.holds);
                need(&mut self.events, fact.order.event, &made.events);
                made.orders.insert(fact.order);
            }
            _ => {
                if let Some(Subject::Order(order)) = fact.subject() {
                    need(&mut self.orders, order, &made.orders);
                }
            }
        }
    }
}

fn need<T: Ord>(needs: &mut BTreeSet<T>, id: T, made: &BTreeSet<T>) {
    if !made.contains(&id) {
        needs.insert(id);
    }
}
