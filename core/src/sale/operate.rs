//! What an operator does to an event: define it again, open it, block seats, call it off.

use alloc::vec;
use alloc::vec::Vec;

use super::{Decided, Sale};
use crate::command::Actor;
use crate::fact::{EventCancelled, EventOpened, SeatsBlocked};
use crate::inventory::seating::{SeatIndex, SeatState};
use crate::query::Phase;
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::spec::EventSpec;

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
