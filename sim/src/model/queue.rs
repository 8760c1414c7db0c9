//! What coming to the waitroom and going leads to.

use onsale_core::command::Actor;
use onsale_core::fact::{Fact, HoldReleased, PlaceEnded, WaitroomJoined};
use onsale_core::id::PlaceId;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_core::waitroom::EndReason;

use super::event::{Event, is_inside, is_live};
use super::{Predicted, done};

impl Event {
    pub(super) fn join(&self, now: Time, actor: Actor, party: u32) -> Predicted {
        let Actor::Person(person) = actor else { return Err("malformed") };
        self.must_be_open()?;
        let waitroom = self.spec.waitroom.ok_or("no_waitroom")?;
        if now < waitroom.doors_at {
            return Err("doors_closed");
        }
        let theirs = self.places.iter().position(|p| p.person == person && is_live(p));
        if let Some(number) = theirs.map(|number| number as u32) {
            let (place, ahead) = (self.place_id(number), self.ahead(number));
            return Ok((vec![], Reply::Joined { place, ahead }));
        }
        if party == 0 {
            return Err("malformed");
        }
        if party > self.spec.limits.per_hold {
            return Err("limit_reached");
        }
        let place = self.place_id(self.places.len() as u32);
        let ahead = self.is_drawn.then_some(self.line.len() as u32);
        Ok((vec![WaitroomJoined { place, person, party }.into()], Reply::Joined { place, ahead }))
    }

    pub(super) fn leave(&self, actor: Actor, id: PlaceId) -> Predicted {
        let is_live = is_live(self.place_of(actor, id)?);
        done(if is_live { self.place_ended(id.number, EndReason::Left) } else { vec![] })
    }

    /// Whoever has ordered is waited for.
    pub(super) fn drop_place(&self, id: PlaceId) -> Predicted {
        let place = self.place_of(Actor::System, id)?;
        let goes = is_live(place) && self.order_of_place(id.number).is_none();
        done(if goes { self.place_ended(id.number, EndReason::Abandoned) } else { vec![] })
    }

    /// A place ends, and what was taken with it goes back.
    fn place_ended(&self, number: u32, reason: EndReason) -> Vec<Fact> {
        let ended = PlaceEnded { place: self.place_id(number), reason };
        let back = |hold| HoldReleased { hold: self.hold_id(hold), expired: false }.into();
        [ended.into()].into_iter().chain(self.holds_of_place(number).map(back)).collect()
    }

    /// A visit ends, if there is one that goes on.
    pub(super) fn visit_ended(&self, place: Option<u32>, reason: EndReason) -> Vec<Fact> {
        let inside = place.filter(|number| is_inside(&self.places[*number as usize]));
        inside.map_or_else(Vec::new, |number| self.place_ended(number, reason))
    }
}
