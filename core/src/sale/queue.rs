//! Coming to the waitroom, leaving it, and being taken out of it.

use alloc::vec;
use alloc::vec::Vec;

use super::{Book, Decided, Sale, Timer};
use crate::command::{Actor, Steer};
use crate::fact::{Fact, HoldReleased, PlaceEnded, WaitroomJoined, WaitroomSteered};
use crate::id::{PersonId, PlaceId};
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::time::Time;
use crate::waitroom::{EndReason, Place, PlaceState, Waitroom};

impl Sale {
    pub(crate) fn decide_join(&self, now: Time, actor: Actor, party: u32) -> Decided {
        let Actor::Person(person) = actor else {
            return Err(Refusal::Malformed("only a buyer can queue"));
        };
        self.must_be_open()?;
        let (waitroom, spec) =
            self.waitroom().zip(self.spec().waitroom).ok_or(Refusal::NoWaitroom)?;
        if now < spec.doors_at {
            return Err(Refusal::DoorsClosed { doors_at: spec.doors_at });
        }
        if let Some(number) = waitroom.live_place_of(person) {
            let place = PlaceId::new(self.id(), number);
            return Ok((Vec::new(), Reply::Joined { place, ahead: waitroom.ahead(number) }));
        }
        let limit = self.spec().limits.per_hold;
        match party {
            0 => return Err(Refusal::Malformed("a party is of at least 1")),
            more if more > limit => return Err(Refusal::LimitReached { limit, has: 0 }),
            _ => {}
        }
        if waitroom.next_number() == u32::MAX {
            return Err(Refusal::Full(Thing::Place));
        }
        let place = PlaceId::new(self.id(), waitroom.next_number());
        let ahead = waitroom.is_drawn().then(|| waitroom.waiting());
        Ok((vec![WaitroomJoined { place, person, party }.into()], Reply::Joined { place, ahead }))
    }

    pub(crate) fn decide_leave(&self, actor: Actor, id: PlaceId) -> Decided {
        let place = self.place_of(actor, id.number)?;
        let facts = if place.state.is_live() {
            self.place_ended(id.number, EndReason::Left)
        } else {
            Vec::new()
        };
        Ok((facts, Reply::Done))
    }

    /// No sign of life for too long. Whoever has ordered is waited for until the order's end.
    pub(crate) fn decide_drop(&self, id: PlaceId) -> Decided {
        let place = self.place_of(Actor::System, id.number)?;
        let has_ordered = self.order_of_place(id.number).is_some();
        let facts = if place.state.is_live() && !has_ordered {
            self.place_ended(id.number, EndReason::Abandoned)
        } else {
            Vec::new()
        };
        Ok((facts, Reply::Done))
    }

    pub(crate) fn decide_steer(&self, actor: Actor, steer: Steer) -> Decided {
        if matches!(actor, Actor::Person(_)) {
            return Err(Refusal::OperatorOnly);
        }
        let waitroom = self.waitroom().ok_or(Refusal::NoWaitroom)?;
        let changes = match steer {
            Steer::Pause => !waitroom.is_paused(),
            Steer::Resume => waitroom.is_paused(),
            Steer::Resize { slots: Some(0), .. }
            | Steer::Resize { rate_per_minute: Some(0), .. } => {
                return Err(Refusal::Malformed("slots and rate must be at least 1: pause instead"));
            }
            Steer::Resize { slots, rate_per_minute } => {
                slots.is_some_and(|slots| slots != waitroom.slots())
                    || rate_per_minute.is_some_and(|rate| rate != waitroom.rate_per_minute())
            }
        };
        let fact = WaitroomSteered { event: self.id(), steer }.into();
        Ok((if changes { vec![fact] } else { Vec::new() }, Reply::Done))
    }

    /// Whether the admission with this number lets `person` buy now: one order each.
    pub(crate) fn check_visit(
        &self,
        now: Time,
        person: PersonId,
        number: u32,
    ) -> Result<(), Refusal> {
        if let Some(order) = self.order_of_place(number) {
            return Err(Refusal::OrderedAlready { order });
        }
        let place = self.waitroom().and_then(|waitroom| waitroom.place(number));
        let inside = place.is_some_and(|place| place.person == person && place.is_inside(now));
        if inside { Ok(()) } else { Err(Refusal::AdmissionRequired) }
    }

    /// The facts of a visit's end, if there is a visit that has not ended.
    pub(crate) fn visit_ended(&self, number: Option<u32>, reason: EndReason) -> Vec<Fact> {
        let admitted = number.filter(|number| {
            let place = self.waitroom().and_then(|waitroom| waitroom.place(*number));
            place.is_some_and(Place::is_admitted)
        });
        admitted.map_or_else(Vec::new, |number| self.place_ended(number, reason))
    }

    /// The facts of a place's end. What was taken with it goes back: nobody could order it.
    fn place_ended(&self, number: u32, reason: EndReason) -> Vec<Fact> {
        let place = PlaceId::new(self.id(), number);
        let mut facts = vec![PlaceEnded { place, reason }.into()];
        let released = |hold| Fact::from(HoldReleased { hold, expired: false });
        facts.extend(self.holds_of_place(number).map(released));
        facts
    }

    /// The place with this number, if it is the actor's.
    pub(crate) fn place_of(&self, actor: Actor, number: u32) -> Result<&Place, Refusal> {
        let place = self.waitroom().and_then(|waitroom| waitroom.place(number));
        place.filter(|place| actor.may_act_for(place.person)).ok_or(Refusal::NotFound(Thing::Place))
    }
}

impl Place {
    /// Whether its owner was let in and the place is not over; its time may be.
    pub(crate) fn is_admitted(&self) -> bool {
        matches!(self.state, PlaceState::Admitted { .. })
    }

    /// Whether its owner may buy now.
    pub(crate) fn is_inside(&self, now: Time) -> bool {
        matches!(self.state, PlaceState::Admitted { until, .. } if now < until)
    }
}

/// The timers of everybody who is inside and has not ordered yet.
pub(super) fn visits(book: &Book) -> impl Iterator<Item = (Time, Timer)> {
    let visit = |waitroom: &Waitroom, number| match waitroom.place(number)?.state {
        PlaceState::Admitted { until, .. } if !book.ordered.contains_key(&number) => {
            Some((until, Timer::Visit(number)))
        }
        _ => None,
    };
    let places = |waitroom: &Waitroom| {
        waitroom.live_places().filter_map(|number| visit(waitroom, number)).collect::<Vec<_>>()
    };
    book.waitroom.iter().flat_map(places).collect::<Vec<_>>().into_iter()
}
