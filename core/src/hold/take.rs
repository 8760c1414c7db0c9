//! Taking stock for a while: everything that was wished for, or nothing.

use alloc::vec;
use alloc::vec::Vec;

use super::Line;
use crate::command::{Actor, Choice, Wish};
use crate::fact::HoldTaken;
use crate::id::{HoldId, PersonId, PlaceId};
use crate::inventory::seating::{Ask, ChoiceRefusal, SeatIndex};
use crate::inventory::{Shortage, Stock};
use crate::refusal::{Refusal, Thing};
use crate::reply::{HoldView, Reply};
use crate::sale::{Decided, Sale};
use crate::spec::ClassId;
use crate::time::Time;
use crate::waitroom::PlaceState;

impl Sale {
    pub(crate) fn decide_take_hold(
        &self,
        now: Time,
        actor: Actor,
        place: Option<PlaceId>,
        wishes: &[Wish],
    ) -> Decided {
        let Actor::Person(person) = actor else {
            return Err(Refusal::Malformed("only a buyer can take a hold"));
        };
        self.must_be_open()?;
        self.check_wishes(now, wishes)?;
        let place = self.check_admission(now, person, place)?;
        self.check_limits(person, wishes.iter().map(|wish| (wish.class, wish.choice.count())))?;

        let wanted: Vec<_> = wishes.iter().map(|wish| (wish.class, wish.choice.count())).collect();
        self.stock().fit(&wanted).map_err(Refusal::from)?;
        let lines = wishes.iter().map(|wish| self.line(wish)).collect::<Result<Vec<_>, _>>()?;

        let hold = HoldId::new(self.id(), self.next_hold());
        let until = self.cart_deadline(now, person).min(self.visit_deadline(place));
        let view = HoldView {
            hold,
            lines: lines.clone(),
            total: Line::total(&lines),
            currency: self.spec().currency,
            until,
        };
        let fact = HoldTaken { hold, person, place, lines, until };
        Ok((vec![fact.into()], Reply::HoldTaken(view)))
    }

    fn check_wishes(&self, now: Time, wishes: &[Wish]) -> Result<(), Refusal> {
        if wishes.is_empty() {
            return Err(Refusal::Malformed("ask for at least one ticket"));
        }
        let mut total = 0u32;
        for (i, wish) in wishes.iter().enumerate() {
            if wishes[..i].iter().any(|other| other.class == wish.class) {
                return Err(Refusal::Malformed("ask for each ticket class once"));
            }
            if wish.choice.count() == 0 {
                return Err(Refusal::Malformed("ask for at least one ticket of each class"));
            }
            let class = self.spec().class(wish.class).ok_or(Refusal::NotFound(Thing::Class))?;
            if !class.window.contains(now) {
                let (opens_at, closes_at) = (class.window.opens_at, class.window.closes_at);
                return Err(Refusal::NotOnSale { class: wish.class, opens_at, closes_at });
            }
            total = total.saturating_add(wish.choice.count());
        }
        let limit = self.spec().limits.per_hold;
        if total > limit { Err(Refusal::LimitReached { limit, has: 0 }) } else { Ok(()) }
    }

    /// The place whose admission lets `person` buy, where one is needed.
    fn check_admission(
        &self,
        now: Time,
        person: PersonId,
        place: Option<PlaceId>,
    ) -> Result<Option<PlaceId>, Refusal> {
        if self.waitroom().is_none() {
            return Ok(None);
        }
        let place = place.filter(|place| place.event == self.id());
        let place = place.ok_or(Refusal::AdmissionRequired)?;
        self.check_visit(now, person, place.number)?;
        Ok(Some(place))
    }

    /// One cart has one timer: nothing that a buyer adds to it, gives back or takes again moves it.
    fn cart_deadline(&self, now: Time, person: PersonId) -> Time {
        let running = self.buyer(person).and_then(|buyer| buyer.cart_until);
        running.filter(|until| now < *until).unwrap_or(now + self.spec().terms.hold)
    }

    /// A hold ends with the visit that it was taken in.
    fn visit_deadline(&self, place: Option<PlaceId>) -> Time {
        let place = place.and_then(|place| self.waitroom()?.place(place.number));
        match place.map(|place| place.state) {
            Some(PlaceState::Admitted { until, .. }) => until,
            _ => Time::MAX,
        }
    }

    fn line(&self, wish: &Wish) -> Result<Line, Refusal> {
        let class = self.spec().class(wish.class).ok_or(Refusal::NotFound(Thing::Class))?;
        let seats = self.choose(wish)?;
        Ok(Line { class: wish.class, count: wish.choice.count(), price: class.price, seats })
    }

    fn choose(&self, wish: &Wish) -> Result<Vec<SeatIndex>, Refusal> {
        let stock = self.stock();
        if !stock.is_seated(wish.class) {
            return match wish.choice {
                Choice::Any(_) => Ok(Vec::new()),
                Choice::Best { .. } | Choice::Seats(_) => {
                    Err(Refusal::Malformed("this ticket class has no numbered seats"))
                }
            };
        }
        match &wish.choice {
            Choice::Seats(seats) => {
                let refuse_orphans = self.spec().limits.refuse_orphans;
                self.check_seats(wish.class, seats, refuse_orphans)?;
                Ok(seats.clone())
            }
            Choice::Any(count) => best(stock, ask(wish.class, *count)),
            Choice::Best { count, section, accessible, may_split } => {
                let (section, accessible, may_split) = (*section, *accessible, *may_split);
                best(stock, Ask { section, accessible, may_split, ..ask(wish.class, *count) })
            }
        }
    }

    /// Whether a buyer may have these very seats.
    pub(crate) fn check_seats(
        &self,
        class: ClassId,
        seats: &[SeatIndex],
        refuse_orphans: bool,
    ) -> Result<(), Refusal> {
        let seating = self.stock().seating().ok_or(Refusal::NotFound(Thing::Plan))?;
        seating.check_choice(class, seats, refuse_orphans).map_err(|refusal| match refusal {
            ChoiceRefusal::Unknown(seats) | ChoiceRefusal::OtherClass(seats) => {
                Refusal::UnknownSeats { seats }
            }
            ChoiceRefusal::Taken(seats) => Refusal::SeatsTaken { seats },
            ChoiceRefusal::Blocked(seats) => Refusal::SeatsBlocked { seats },
            ChoiceRefusal::Twice(_) => Refusal::Malformed("name each seat once"),
            ChoiceRefusal::LeavesOrphan(seats) => Refusal::LeavesOrphan { seats },
            ChoiceRefusal::CompanionAlone(seats) => Refusal::CompanionAlone { seats },
        })
    }
}

fn ask(class: ClassId, party: u32) -> Ask {
    Ask { class, section: None, party, accessible: false, may_split: false }
}

fn best(stock: &Stock, ask: Ask) -> Result<Vec<SeatIndex>, Refusal> {
    let none = Refusal::NoNeighbours { count: ask.party };
    stock.seating().and_then(|seating| seating.best_available(&ask)).ok_or(none)
}

impl From<Shortage> for Refusal {
    fn from(short: Shortage) -> Self {
        let (class, left) = (short.class, short.room.left);
        if short.room.may_come_back {
            Self::AllHeld { class, left }
        } else {
            Self::SoldOut { class, left }
        }
    }
}
