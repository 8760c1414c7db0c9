//! The rules of a sale written a second time, by looking at everything every time: lists, scans, no
//! index, no counter that is kept. It knows the words of the commands and nothing of how the
//! partition works.
//!
//! It says of every command whether it is accepted, else the refusal's code, and keeps its own
//! idea of the state. Which of several equally good seats are taken, and how the lottery falls, it
//! is told; it judges whether that was right.

mod disputes;
mod money;
mod queue;
mod stock;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::command::{Choice, Wish};
use onsale_core::hold::Line;
use onsale_core::id::PersonId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::spec::{Change, Class, ClassId, Draft};
use onsale_core::time::Time;

use crate::common::seats_of;

pub use self::disputes::Ends;
pub use self::money::{Back, Order, Stage};
pub use self::queue::{End, Place, Where};
pub use self::tally::Tally;

/// Accepted, or the code of the refusal.
pub type Verdict = Result<(), &'static str>;

pub struct Naive {
    pub defined_as: Draft,
    /// As it is now.
    pub draft: Draft,
    pub seats: Vec<ClassId>,
    pub blocked: BTreeSet<SeatIndex>,
    pub cancelled: bool,
    pub now: Time,
    /// Every hold there ever was; `None` once it ended.
    pub holds: Vec<Option<Hold>>,
    pub orders: Vec<Order>,
    pub carts: BTreeMap<PersonId, Time>,
    pub places: Vec<Place>,
    /// Those who wait, in their order; nobody before the draw.
    pub line: Vec<usize>,
    pub drawn: bool,
    pub paused: bool,
    pub slots: u32,
    pub tickets: u32,
}

#[derive(Clone, Debug)]
pub struct Hold {
    pub person: PersonId,
    pub place: Option<usize>,
    pub lines: Vec<Line>,
    pub until: Time,
}

impl Naive {
    pub fn new(draft: Draft, now: Time) -> Self {
        let seats: Vec<_> = seats_of(&draft).into_iter().map(|(class, _)| class).collect();
        let slots = draft.waitroom.map_or(0, |waitroom| waitroom.slots);
        Self {
            defined_as: draft.clone(),
            draft,
            seats,
            blocked: BTreeSet::new(),
            cancelled: false,
            now,
            holds: vec![],
            orders: vec![],
            carts: BTreeMap::new(),
            places: vec![],
            line: vec![],
            drawn: false,
            paused: false,
            slots,
            tickets: 0,
        }
    }

    /// What is due first, as long as anything is. `lottery` is the order in which it was drawn.
    pub fn catch_up(&mut self, lottery: Option<&[u32]>) {
        loop {
            if self.cancelled {
                self.undo();
            }
            if let Some((_, kind, number)) = self.timers().min().filter(|due| due.0 <= self.now) {
                self.end_by_time(kind, number);
                continue;
            }
            if self.draws_now() {
                self.draw(lottery.expect("the lottery was drawn"));
            }
            if !self.admit_next() {
                return;
            }
        }
    }

    fn timers(&self) -> impl Iterator<Item = (Time, u8, usize)> {
        let holds = self.holds.iter().enumerate();
        let holds = holds.filter_map(|(i, hold)| Some((hold.as_ref()?.until, 0, i)));
        let orders = self.orders.iter().enumerate();
        let orders = orders.filter(|(_, order)| order.stage == Stage::Pending);
        let places = self.places.iter().enumerate();
        let places = places.filter_map(|(i, place)| match place.whereabouts {
            Where::Inside { until } if !self.has_ordered(i) => Some((until, 2, i)),
            _ => None,
        });
        holds.chain(orders.map(|(i, order)| (order.until, 1, i))).chain(places)
    }

    fn end_by_time(&mut self, kind: u8, number: usize) {
        match kind {
            0 => self.drop_hold(number),
            1 => self.end_order(number, OrderStatus::Expired),
            _ => self.end_place(number, End::Expired),
        }
    }

    pub fn take(
        &mut self,
        person: PersonId,
        place: Option<usize>,
        wishes: &[Wish],
        given: Option<&[Line]>,
    ) -> Verdict {
        self.must_be_open()?;
        self.judge_wishes(wishes)?;
        self.judge_admission(person, place)?;
        let wanted: Vec<_> = wishes.iter().map(|w| (w.class, w.choice.count())).collect();
        self.judge_limits(person, &wanted)?;
        self.judge_stock(&wanted)?;
        for wish in wishes {
            self.judge_choice(wish)?;
        }

        let lines = given.expect("the naive rules would have accepted this").to_vec();
        for (line, wish) in lines.iter().zip(wishes) {
            self.judge_given(line, wish);
        }
        assert_eq!(lines.len(), wishes.len());
        let cart = self.carts.get(&person).copied().filter(|until| *until > self.now);
        let cart = cart.unwrap_or(self.now + self.draft.terms.hold);
        let until = place.map_or(cart, |place| cart.min(self.visit_until(place)));
        self.carts.insert(person, until);
        let place = place.filter(|_| self.draft.waitroom.is_some());
        self.holds.push(Some(Hold { person, place, lines, until }));
        Ok(())
    }

    fn judge_wishes(&self, wishes: &[Wish]) -> Verdict {
        if wishes.is_empty() {
            return Err("malformed");
        }
        let mut total = 0u64;
        for (i, wish) in wishes.iter().enumerate() {
            if wish.choice.count() == 0 || wishes[..i].iter().any(|w| w.class == wish.class) {
                return Err("malformed");
            }
            let class = self.draft.classes.get(usize::from(wish.class.0)).ok_or("not_found")?;
            if self.now < class.window.opens_at || self.now >= class.window.closes_at {
                return Err("not_on_sale");
            }
            total += u64::from(wish.choice.count());
        }
        if total > u64::from(self.draft.limits.per_hold) { Err("limit_reached") } else { Ok(()) }
    }

    fn judge_admission(&self, person: PersonId, place: Option<usize>) -> Verdict {
        if self.draft.waitroom.is_none() {
            return Ok(());
        }
        let place = place.ok_or("admission_required")?;
        if self.has_ordered(place) {
            return Err("ordered_already");
        }
        let theirs = self.places.get(place).filter(|place| place.person == person);
        match theirs.map(|place| place.whereabouts) {
            Some(Where::Inside { until }) if self.now < until => Ok(()),
            _ => Err("admission_required"),
        }
    }

    pub fn judge_limits(&self, person: PersonId, wanted: &[(ClassId, u32)]) -> Verdict {
        let has = |class: Option<ClassId>| {
            let theirs = self.claims().filter(|(owner, _, _)| *owner == person);
            theirs.filter(|(_, of, _)| class.is_none_or(|class| *of == class)).count() as u32
        };
        for (class, count) in wanted {
            let limit = self.draft.classes[usize::from(class.0)].per_buyer;
            if limit.is_some_and(|limit| has(Some(*class)) + count > limit) {
                return Err("limit_reached");
            }
        }
        let total: u32 = wanted.iter().map(|(_, count)| count).sum();
        if has(None) + total > self.draft.limits.per_buyer { Err("limit_reached") } else { Ok(()) }
    }

    pub fn release(&mut self, person: PersonId, number: usize) -> Verdict {
        self.living_hold(person, number)?;
        self.drop_hold(number);
        Ok(())
    }

    pub fn living_hold(&self, person: PersonId, number: usize) -> Result<&Hold, &'static str> {
        let hold = self.holds.get(number).ok_or("not_found")?;
        let hold = hold.as_ref().ok_or("hold_gone")?;
        if hold.person == person { Ok(hold) } else { Err("not_found") }
    }

    fn drop_hold(&mut self, number: usize) {
        self.holds[number] = None;
    }

    pub fn block(&mut self, seats: &[SeatIndex], block: bool) -> Verdict {
        if self.seats.is_empty() {
            return Err("not_found");
        }
        if seats.iter().any(|seat| seat.0 as usize >= self.seats.len()) {
            return Err("unknown_seats");
        }
        if seats.iter().any(|seat| self.owned_seats().contains(seat)) {
            return Err("seats_taken");
        }
        for seat in seats {
            if block {
                self.blocked.insert(*seat)
            } else {
                self.blocked.remove(seat)
            };
        }
        Ok(())
    }

    pub fn change(&mut self, change: Change) -> Verdict {
        self.must_be_open()?;
        match change {
            Change::Capacity { quota, capacity } => {
                let quota = usize::from(quota.0);
                let classes = self.draft.quotas.get(quota).ok_or("not_found")?.classes.clone();
                let (held, sold) = self.out(&classes);
                if capacity < held + sold {
                    return Err("below_sold");
                }
                self.draft.quotas[quota].capacity = capacity;
            }
            Change::Price { price, .. } if price > Amount::MAX_PRICE => return Err("malformed"),
            Change::Price { class, price } => self.class(class)?.price = price,
            Change::Window { window, .. } if window.closes_at <= window.opens_at => {
                return Err("malformed");
            }
            Change::Window { class, window } => self.class(class)?.window = window,
        }
        Ok(())
    }

    fn class(&mut self, class: ClassId) -> Result<&mut Class, &'static str> {
        self.draft.classes.get_mut(usize::from(class.0)).ok_or("not_found")
    }

    pub fn must_be_open(&self) -> Verdict {
        if self.cancelled { Err("event_cancelled") } else { Ok(()) }
    }

    fn undo(&mut self) {
        self.holds.iter_mut().for_each(|hold| *hold = None);
        for number in 0..self.orders.len() {
            match self.orders[number].stage {
                Stage::Pending => self.end_order(number, OrderStatus::Cancelled),
                Stage::Paid { .. } => self.give_back_rest(number),
                Stage::Over(_) => {}
            }
        }
    }

    fn judge_given(&self, line: &Line, wish: &Wish) {
        assert_eq!((line.class, line.count), (wish.class, wish.choice.count()));
        assert_eq!(line.price, self.draft.classes[usize::from(line.class.0)].price);
        if !self.is_seated(line.class) {
            assert!(line.seats.is_empty());
            return;
        }
        assert_eq!(line.seats.len(), line.count as usize);
        let free = self.free_seats(line.class);
        assert!(line.seats.iter().all(|seat| free.contains(seat)), "{line:?} are not free");
        match &wish.choice {
            Choice::Seats(seats) => assert_eq!(seats, &line.seats),
            Choice::Best { may_split: true, .. } => {}
            Choice::Any(_) | Choice::Best { .. } => assert!(self.are_neighbours(&line.seats)),
        }
    }
}
