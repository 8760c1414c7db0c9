//! What an operator does to an event: define it again, open it, change it, block seats, call it
//! off.

use alloc::vec;
use alloc::vec::Vec;

use super::{Decided, Sale};
use crate::command::Actor;
use crate::fact::{EventCancelled, EventChanged, EventOpened, SeatsBlocked};
use crate::inventory::seating::{SeatIndex, SeatState};
use crate::query::Phase;
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::spec::{Change, EventSpec};

impl Sale {
    /// Whoever publishes an event may not know whether they did: the same again is answered as it
    /// was the first time, whatever has become of the event, and whatever seed comes with it.
    pub(crate) fn decide_define_again(&self, spec: &EventSpec) -> Decided {
        if spec.digest() != self.book.defined_as {
            return Err(Refusal::DefinedAlready);
        }
        let (event, commitment) = (self.id(), self.book.commitment);
        Ok((Vec::new(), Reply::EventDefined { event, commitment }))
    }

    pub(crate) fn decide_open(&self, actor: Actor) -> Decided {
        operator(actor)?;
        match self.phase() {
            Phase::Defined => Ok((vec![EventOpened { event: self.id() }.into()], Reply::Done)),
            Phase::Open => Err(Refusal::OpenAlready),
            Phase::Cancelled => Err(Refusal::EventCancelled),
        }
    }

    pub(crate) fn decide_cancel_event(&self, actor: Actor) -> Decided {
        operator(actor)?;
        match self.phase() {
            Phase::Cancelled => Ok((Vec::new(), Reply::Done)),
            Phase::Defined | Phase::Open => {
                Ok((vec![EventCancelled { event: self.id() }.into()], Reply::Done))
            }
        }
    }

    /// Nothing is taken away from anybody: what is held and sold stays, at its price, and every
    /// timer goes on.
    pub(crate) fn decide_change(&self, actor: Actor, change: Change) -> Decided {
        operator(actor)?;
        if self.phase() == Phase::Cancelled {
            return Err(Refusal::EventCancelled);
        }
        if let Some(problem) = change.problem() {
            return Err(Refusal::Malformed(problem));
        }
        let of_class = |id| self.spec().class(id).ok_or(Refusal::NotFound(Thing::Class));
        let is_news = match change {
            Change::Capacity { quota: id, capacity } => {
                let quota = self.spec().quota(id).ok_or(Refusal::NotFound(Thing::Quota))?;
                let least = self.stock().quota(id).taken();
                if capacity < least {
                    return Err(Refusal::BelowSold { quota: id, least });
                }
                capacity != quota.capacity
            }
            Change::Price { class, price } => price != of_class(class)?.price,
            Change::Window { class, window } => window != of_class(class)?.window,
        };
        let fact = EventChanged { event: self.id(), change }.into();
        Ok((if is_news { vec![fact] } else { Vec::new() }, Reply::Done))
    }

    /// Only free seats can be blocked and only blocked ones freed: nobody's seat is taken away.
    pub(crate) fn decide_block(&self, actor: Actor, seats: &[SeatIndex], block: bool) -> Decided {
        operator(actor)?;
        let seating = self.stock().seating().ok_or(Refusal::NotFound(Thing::Plan))?;
        let mut chosen = seats.to_vec();
        chosen.sort_unstable();
        chosen.dedup();
        let state = |seat: &SeatIndex| seating.seat(*seat).map(|seat| seat.state);
        let unknown: Vec<_> = chosen.iter().copied().filter(|seat| state(seat).is_none()).collect();
        if !unknown.is_empty() {
            return Err(Refusal::UnknownSeats { seats: unknown });
        }
        let goal = if block { SeatState::Blocked } else { SeatState::Free };
        let start = if block { SeatState::Free } else { SeatState::Blocked };
        chosen.retain(|seat| state(seat) != Some(goal));
        let taken: Vec<_> =
            chosen.iter().copied().filter(|seat| state(seat) != Some(start)).collect();
        if !taken.is_empty() {
            return Err(Refusal::SeatsTaken { seats: taken });
        }
        let facts = if chosen.is_empty() {
            Vec::new()
        } else {
            vec![SeatsBlocked { event: self.id(), seats: chosen, block }.into()]
        };
        Ok((facts, Reply::Done))
    }
}

pub(crate) fn operator(actor: Actor) -> Result<(), Refusal> {
    match actor {
        Actor::Operator | Actor::System => Ok(()),
        Actor::Person(_) => Err(Refusal::OperatorOnly),
    }
}
