//! **Never more people inside than there are slots, never more than the stock can serve, never
//! faster than the rate.** Each when somebody is let in: slots made fewer put nobody out.
//!
//! - *Slots*: those inside are fewer than the slots. Source: mission, area 1, "exact, never
//!   overshooting"; a waiting room overshot its cap for two minutes (What earlier systems got
//!   wrong).
//! - *Stock*: what was promised (the parties of those inside who hold nothing yet) and the party of
//!   whoever is next are no more than what can be sold for certain. If nothing is promised, whoever
//!   is first is let in for what there is. Source: mission, area 1, "never more than the stock can
//!   serve".
//! - *Rate*: in no window of time more than the burst and the rate allow; see
//!   [`crate::model::rate`]. Source: the generic cell rate algorithm, ITU-T I.371, annex A.

use onsale_core::fact::{Fact, PlaceAdmitted};
use onsale_core::time::Time;

use super::{Invariant, Verdict};
use crate::model::Model;
use crate::model::follow::Followed;
use crate::seen::{Micros, Seen};

/// Judges whoever is let in, as things were just before.
pub(crate) struct Admission(Followed);

impl Admission {
    /// `follower` is moved here; who shares it must see everything later.
    pub(crate) fn new(follower: Followed) -> Self {
        Self(follower)
    }
}

impl Invariant for Admission {
    fn name(&self) -> &'static str {
        "admission"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        self.0.borrow_mut().see(seen, |model, at, fact| match fact {
            Fact::PlaceAdmitted(fact) => admitted(model, at, fact),
            _ => Ok(()),
        })
    }
}

fn admitted(model: &Model, at: Time, fact: &PlaceAdmitted) -> Verdict {
    let event = model.event(fact.place.event).ok_or("there is no such event")?;
    let inside = event.inside().count() as u32;
    if inside >= event.slots {
        return Err(format!("{} let in beyond {} slots", fact.place, event.slots));
    }
    let place = event.places.get(fact.place.number as usize).ok_or("there is no such place")?;
    if !event.serves(place.party) {
        let (promised, stock) = (event.promised(), event.tally().sellable(event));
        let (who, party) = (fact.place, place.party);
        return Err(format!("{who} let in for {party}, {promised} of {stock} are promised"));
    }
    if !event.rate.allows(at) {
        let rate = event.rate.per_minute();
        return Err(format!("{} let in faster than {rate} a minute", fact.place));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use onsale_core::command::Steer;
    use onsale_core::fact::HoldTaken;
    use onsale_core::hold::Line;
    use onsale_core::id::HoldId;
    use onsale_core::money::Amount;
    use onsale_core::spec::ClassId;
    use onsale_core::waitroom::EndReason;

    use super::*;
    use crate::invariants::crowd::{Crowd, event, person, place};

    fn crowd(stock: u32, rate: u32) -> Crowd<Admission> {
        Crowd::drawn(Admission::new(Followed::default()), stock, rate, 5)
    }

    #[test]
    fn a_slot_that_is_free_again_is_given_again() {
        let mut crowd = crowd(100, 600);
        crowd.admit(1).unwrap();
        crowd.admit(0).unwrap();
        crowd.end(1, EndReason::Expired).unwrap();
        crowd.admit(3).unwrap();
    }

    #[test]
    fn one_more_than_slots_is_caught() {
        let mut crowd = crowd(100, 600);
        crowd.admit(1).unwrap();
        crowd.admit(0).unwrap();
        crowd.admit(3).unwrap_err();
    }

    #[test]
    fn one_more_than_the_stock_serves_is_caught() {
        let mut crowd = crowd(1, 600);
        crowd.admit(1).unwrap();
        crowd.admit(0).unwrap_err();
    }

    #[test]
    fn what_is_held_is_neither_promised_nor_free() {
        let mut crowd = crowd(2, 600);
        crowd.admit(1).unwrap();
        let price = Amount::from_minor(100);
        let lines = vec![Line { class: ClassId(0), count: 1, price, seats: vec![] }];
        let (hold, until) = (HoldId::new(event(), 0), Time::MAX);
        let (person, place) = (person(1), Some(place(1)));
        crowd.fact(HoldTaken { hold, person, place, lines, until }).unwrap();
        crowd.admit(0).unwrap();
        crowd.end(1, EndReason::Expired).unwrap();
        crowd.admit(3).unwrap_err();
    }

    #[test]
    fn faster_than_the_rate_is_caught() {
        let mut crowd = crowd(100, 60);
        crowd.admit(1).unwrap();
        crowd.ms += 998;
        crowd.admit(0).unwrap_err();
        let mut crowd = self::crowd(100, 60);
        crowd.admit(1).unwrap();
        crowd.ms += 999;
        crowd.admit(0).unwrap();
    }

    #[test]
    fn slots_that_were_made_fewer_count_at_once() {
        let mut crowd = crowd(100, 600);
        crowd.admit(1).unwrap();
        crowd.steer(Steer::Resize { slots: Some(1), rate_per_minute: None }).unwrap();
        crowd.admit(0).unwrap_err();
    }
}
