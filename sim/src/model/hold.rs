//! What taking stock leads to, and giving it back.

use onsale_core::command::{Actor, Choice, Wish};
use onsale_core::fact::{HoldReleased, HoldTaken};
use onsale_core::hold::Line;
use onsale_core::id::{HoldId, PersonId, PlaceId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::reply::Reply;
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use onsale_core::waitroom::PlaceState;

use super::event::Event;
use super::seats::{Ask, check_choice};
use super::stock::Tally;
use super::{Allowed, Predicted, done};

impl Event {
    pub(super) fn take(
        &self,
        now: Time,
        actor: Actor,
        place: Option<PlaceId>,
        wishes: &[Wish],
    ) -> Predicted {
        let Actor::Person(person) = actor else { return Err("malformed") };
        self.must_be_open()?;
        self.check_wishes(now, wishes)?;
        let place = self.admission(now, person, place)?;
        let wanted: Vec<_> = wishes.iter().map(|w| (w.class, w.choice.count())).collect();
        self.check_limits(person, &wanted)?;
        let tally = self.tally();
        tally.fits(self, &wanted)?;
        let lines = wishes.iter().map(|wish| self.line_for(&tally, wish));
        let lines = lines.collect::<Result<Vec<Line>, _>>()?;

        let hold = self.hold_id(self.holds.len() as u32);
        let until = self.hold_until(now, person, place);
        let view = self.hold_view(hold, &lines, until);
        let fact = HoldTaken { hold, person, place, lines, until };
        Ok((vec![fact.into()], Reply::HoldTaken(view)))
    }

    /// One cart has one timer, and it ends with the visit.
    pub(super) fn hold_until(&self, at: Time, person: PersonId, place: Option<PlaceId>) -> Time {
        let cart = self.carts.iter().find(|(of, until)| *of == person && *until > at);
        let cart = cart.map_or(at + self.spec.terms.hold, |(_, until)| *until);
        match place.and_then(|place| self.places.get(place.number as usize)).map(|p| p.state) {
            Some(PlaceState::Admitted { until, .. }) => cart.min(until),
            _ => cart,
        }
    }

    fn check_wishes(&self, now: Time, wishes: &[Wish]) -> Allowed {
        if wishes.is_empty() {
            return Err("malformed");
        }
        for (i, wish) in wishes.iter().enumerate() {
            let is_twice = wishes[..i].iter().any(|other| other.class == wish.class);
            if is_twice || wish.choice.count() == 0 {
                return Err("malformed");
            }
            let window = self.class(wish.class).ok_or("not_found")?.window;
            if now < window.opens_at || now >= window.closes_at {
                return Err("not_on_sale");
            }
        }
        let total: u64 = wishes.iter().map(|wish| u64::from(wish.choice.count())).sum();
        let fits = total <= u64::from(self.spec.limits.per_hold);
        if fits { Ok(()) } else { Err("limit_reached") }
    }

    fn admission(
        &self,
        now: Time,
        person: PersonId,
        place: Option<PlaceId>,
    ) -> Result<Option<PlaceId>, &'static str> {
        if self.spec.waitroom.is_none() {
            return Ok(None);
        }
        let place = place.filter(|place| place.event == self.id).ok_or("admission_required")?;
        self.check_visit(now, person, place.number)?;
        Ok(Some(place))
    }

    /// Whether a place lets a person buy now: one order each.
    pub(super) fn check_visit(&self, now: Time, person: PersonId, number: u32) -> Allowed {
        if self.order_of_place(number).is_some() {
            return Err("ordered_already");
        }
        match self.places.get(number as usize).map(|place| (place.person, place.state)) {
            Some((owner, PlaceState::Admitted { until, .. })) if owner == person && now < until => {
                Ok(())
            }
            _ => Err("admission_required"),
        }
    }

    fn line_for(&self, tally: &Tally, wish: &Wish) -> Result<Line, &'static str> {
        let class = self.class(wish.class).ok_or("not_found")?;
        let (count, price) = (wish.choice.count(), class.price);
        Ok(Line { class: wish.class, count, price, seats: self.seats_for(tally, wish)? })
    }

    fn seats_for(&self, tally: &Tally, wish: &Wish) -> Result<Vec<SeatIndex>, &'static str> {
        if !self.is_seated(wish.class) {
            let is_counted = matches!(wish.choice, Choice::Any(_));
            return if is_counted { Ok(vec![]) } else { Err("malformed") };
        }
        let party = wish.choice.count();
        let plain =
            Ask { class: wish.class, section: None, party, accessible: false, may_split: false };
        let ask = match wish.choice {
            Choice::Any(_) => plain,
            Choice::Best { section, accessible, may_split, .. } => {
                Ask { section, accessible, may_split, ..plain }
            }
            Choice::Seats(ref seats) => {
                let refuse_orphans = self.spec.limits.refuse_orphans;
                self.check_seats(tally, wish.class, seats, refuse_orphans)?;
                return Ok(seats.clone());
            }
        };
        tally.best(self, &ask).ok_or("no_neighbours")
    }

    pub(super) fn check_seats(
        &self,
        tally: &Tally,
        class: ClassId,
        seats: &[SeatIndex],
        refuse_orphans: bool,
    ) -> Allowed {
        check_choice(&self.chairs, &tally.seats, class, seats, refuse_orphans)
    }

    pub(super) fn release(&self, now: Time, actor: Actor, hold: HoldId) -> Predicted {
        self.living_hold(now, actor, hold)?;
        done(vec![HoldReleased { hold, expired: false }.into()])
    }
}
