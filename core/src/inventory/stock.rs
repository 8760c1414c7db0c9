//! The stock of one event: its quotas and its seats, moved together or not at all.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::seating::{SeatIndex, SeatState, Seating};
use crate::hold::Line;
use crate::spec::{ClassId, EventSpec, QuotaId};

/// How many tickets are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Nobody has them.
    pub free: u32,
    /// In carts and in orders that wait for their payment: they may come back.
    pub held: u32,
    /// Paid for.
    pub sold: u32,
    /// Kept from sale by the organiser.
    pub blocked: u32,
}

impl Counts {
    /// All of them; `None` if that is no number, as only a fault could bring about.
    pub fn total(&self) -> Option<u32> {
        self.free.checked_add(self.held)?.checked_add(self.sold)?.checked_add(self.blocked)
    }

    /// Those that are not free.
    pub fn taken(&self) -> u32 {
        self.held.saturating_add(self.sold).saturating_add(self.blocked)
    }

    /// Those that are free or may become so by themselves.
    fn not_gone(self) -> u32 {
        self.free.saturating_add(self.held)
    }
}

/// How many tickets of a class can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many now.
    pub left: u32,
    /// Whether more may come back, because what is short is only held.
    pub may_come_back: bool,
}

/// Too few are left of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Of which class.
    pub class: ClassId,
    /// How many can be had.
    pub room: Room,
}

/// Where tickets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shelf {
    Free,
    /// In the hold with this number.
    Held(u32),
    /// In the pending order with this number.
    Ordered(u32),
    /// Of the completed order with this number.
    Sold(u32),
}

/// The stock of one event.
#[derive(Clone, Debug)]
pub struct Stock {
    /// The counts of each quota.
    quotas: Vec<Counts>,
    /// The counts of each class; `free` and `blocked` are not kept here.
    classes: Vec<Counts>,
    /// The quotas that each class counts against.
    quotas_of: Vec<Vec<QuotaId>>,
    /// Which classes have numbered seats.
    seated: Vec<bool>,
    seating: Option<Seating>,
    sellable: u32,
}

impl Stock {
    /// The stock before anything is sold.
    pub fn new(spec: &EventSpec) -> Self {
        let widest = spec.limits.per_hold;
        let seating = spec.plan.as_ref().map(|plan| Seating::new(plan, spec.classes.len(), widest));
        let full =
            |quota: &crate::spec::Quota| Counts { free: quota.capacity, ..Counts::default() };
        let quotas = spec.quotas.iter().map(full).collect();
        let classes = spec.classes.iter().map(|_| Counts::default()).collect();
        Self::of(spec, quotas, classes, seating)
    }

    fn of(
        spec: &EventSpec,
        quotas: Vec<Counts>,
        classes: Vec<Counts>,
        seating: Option<Seating>,
    ) -> Self {
        let (quotas_of, seated) = (quotas_of(spec), seated(spec));
        let mut stock = Self { quotas, classes, quotas_of, seated, seating, sellable: 0 };
        stock.sellable = stock.count_sellable();
        stock
    }

    /// What must be remembered of it; see [`Self::restore`].
    pub fn image(&self) -> StockImage<'_> {
        StockImage {
            quotas: &self.quotas,
            classes: &self.classes,
            seats: self.seating.as_ref().map(Seating::states),
        }
    }

    /// The stock as it was when `image` was taken of it.
    pub fn restore(spec: &EventSpec, image: OwnedStockImage) -> Self {
        let widest = spec.limits.per_hold;
        let seating = spec
            .plan
            .as_ref()
            .zip(image.seats)
            .map(|(plan, states)| Seating::restore(plan, spec.classes.len(), widest, states));
        Self::of(spec, image.quotas, image.classes, seating)
    }

    /// The numbered seats.
    pub fn seating(&self) -> Option<&Seating> {
        self.seating.as_ref()
    }

    /// Whether the class has numbered seats.
    pub fn is_seated(&self, class: ClassId) -> bool {
        self.seated.get(usize::from(class.0)).copied().unwrap_or(false)
    }

    /// How many tickets of `class` can be had.
    pub fn room(&self, class: ClassId) -> Room {
        let least = |count: fn(Counts) -> u32| self.bounds(class).map(count).min().unwrap_or(0);
        let (left, at_most) = (least(|counts| counts.free), least(Counts::not_gone));
        Room { left, may_come_back: at_most > left }
    }

    /// All that bounds how many tickets of a class there are: its quotas and its seats.
    fn bounds(&self, class: ClassId) -> impl Iterator<Item = Counts> {
        let quotas = self.quotas_of[usize::from(class.0)].iter().map(|quota| self.quota(*quota));
        quotas.chain(self.seat_counts(class))
    }

    /// The counts of a quota.
    pub fn quota(&self, quota: QuotaId) -> Counts {
        self.quotas[usize::from(quota.0)]
    }

    /// The counts of the seats of a class, if it has any.
    pub fn seat_counts(&self, class: ClassId) -> Option<Counts> {
        if !self.is_seated(class) {
            return None;
        }
        let counts = self.seating.as_ref()?.class_counts(class);
        Some(Counts {
            free: counts.free,
            held: counts.held + counts.ordered,
            sold: counts.sold,
            blocked: counts.blocked,
        })
    }

    /// The counts of a class, as a buyer may see them.
    pub fn class(&self, class: ClassId) -> Counts {
        let own = self.classes[usize::from(class.0)];
        let blocked = self.seat_counts(class).map_or(0, |seats| seats.blocked);
        Counts { free: self.room(class).left, held: own.held, sold: own.sold, blocked }
    }

    /// Whether so many of each class can be had together. If one is short for good, that is said
    /// before what may come back.
    pub fn fit(&self, wanted: &[(ClassId, u32)]) -> Result<(), Shortage> {
        let shortages = || wanted.iter().filter_map(|&(class, _)| self.shortage(class, wanted));
        let for_good = shortages().find(|short| !short.room.may_come_back);
        for_good.or_else(|| shortages().next()).map_or(Ok(()), Err)
    }

    /// What is short of a class may come back if it would do with everything that is only held.
    fn shortage(&self, class: ClassId, wanted: &[(ClassId, u32)]) -> Option<Shortage> {
        let own = wanted.iter().filter(|(other, _)| *other == class).map(|(_, count)| count).sum();
        let suffices = |of: fn(Counts) -> u32| {
            let mut quotas = self.quotas_of[usize::from(class.0)].iter();
            self.seat_counts(class).is_none_or(|seats| of(seats) >= own)
                && quotas.all(|&id| u64::from(of(self.quota(id))) >= self.wanted_of(id, wanted))
        };
        let room =
            || Room { left: self.room(class).left, may_come_back: suffices(Counts::not_gone) };
        (!suffices(|counts| counts.free)).then(|| Shortage { class, room: room() })
    }

    fn wanted_of(&self, quota: QuotaId, wanted: &[(ClassId, u32)]) -> u64 {
        let counts = |class: &ClassId| self.quotas_of[usize::from(class.0)].contains(&quota);
        wanted.iter().filter(|(class, _)| counts(class)).map(|(_, count)| u64::from(*count)).sum()
    }

    /// A number of tickets that can certainly be sold now, over all classes together: with
    /// overlapping quotas the most could be a little more, never less. Seats for companions do not
    /// count, for nobody can have one alone.
    pub fn sellable(&self) -> u32 {
        self.sellable
    }

    fn count_sellable(&self) -> u32 {
        let mut left: Vec<u32> = self.quotas.iter().map(|quota| quota.free).collect();
        let classes = (0..self.classes.len() as u16).map(ClassId);
        classes.fold(0u32, |total, class| {
            let quotas = &self.quotas_of[usize::from(class.0)];
            let seats = self.seats_for_anybody(class);
            let free = quotas.iter().map(|quota| left[usize::from(quota.0)]);
            let room = free.chain(seats).min().unwrap_or(0);
            for quota in quotas {
                left[usize::from(quota.0)] -= room;
            }
            total.saturating_add(room)
        })
    }

    fn seats_for_anybody(&self, class: ClassId) -> Option<u32> {
        let seating = self.seating.as_ref().filter(|_| self.is_seated(class))?;
        Some(seating.class_counts(class).free - seating.free_companions(class))
    }

    /// Whether something that is held may come back.
    pub fn anything_held(&self) -> bool {
        self.classes.iter().any(|class| class.held > 0)
    }

    /// Free tickets are in a cart now.
    pub fn hold(&mut self, lines: &[Line], hold: u32) {
        self.shift(lines, Shelf::Free, Shelf::Held(hold));
    }

    /// A cart's tickets are free again.
    pub fn release_hold(&mut self, lines: &[Line], hold: u32) {
        self.shift(lines, Shelf::Held(hold), Shelf::Free);
    }

    /// A cart's tickets are in a pending order now.
    pub fn order(&mut self, lines: &[Line], hold: u32, order: u32) {
        self.shift(lines, Shelf::Held(hold), Shelf::Ordered(order));
    }

    /// A pending order's tickets are free again.
    pub fn release_order(&mut self, lines: &[Line], order: u32) {
        self.shift(lines, Shelf::Ordered(order), Shelf::Free);
    }

    /// Free tickets are in a pending order now.
    pub fn order_again(&mut self, lines: &[Line], order: u32) {
        self.shift(lines, Shelf::Free, Shelf::Ordered(order));
    }

    /// A pending order's tickets are paid for now.
    pub fn sell(&mut self, lines: &[Line], order: u32) {
        self.shift(lines, Shelf::Ordered(order), Shelf::Sold(order));
    }

    /// Tickets that were paid for are free again.
    pub fn take_back(&mut self, lines: &[Line], order: u32) {
        self.shift(lines, Shelf::Sold(order), Shelf::Free);
    }

    /// Seats are not for sale now, or again.
    pub fn block(&mut self, seats: &[SeatIndex], block: bool) {
        let state = if block { SeatState::Blocked } else { SeatState::Free };
        if let Some(seating) = &mut self.seating {
            seating.set_all(seats, state);
        }
        self.sellable = self.count_sellable();
    }

    /// A quota has room for another number of tickets now.
    ///
    /// # Panics
    /// If more are held and sold.
    pub fn resize(&mut self, quota: QuotaId, capacity: u32) {
        let counts = &mut self.quotas[usize::from(quota.0)];
        let taken = counts.taken();
        counts.free = capacity.checked_sub(taken).expect("what is held and sold is kept");
        self.sellable = self.count_sellable();
    }

    fn shift(&mut self, lines: &[Line], from: Shelf, to: Shelf) {
        for line in lines {
            let class = usize::from(line.class.0);
            for quota in &self.quotas_of[class] {
                shift_counts(&mut self.quotas[usize::from(quota.0)], line.count, from, to);
            }
            shift_class(&mut self.classes[class], line.count, from, to);
            if let Some(seating) = self.seating.as_mut().filter(|_| !line.seats.is_empty()) {
                debug_assert!(
                    line.seats.iter().all(|&seat| {
                        seating.seat(seat).is_some_and(|seat| seat.state == from.seat())
                    }),
                    "a seat is moved from where it is"
                );
                seating.set_all(&line.seats, to.seat());
            }
        }
        self.sellable = self.count_sellable();
    }
}

impl Shelf {
    const fn seat(self) -> SeatState {
        match self {
            Self::Free => SeatState::Free,
            Self::Held(hold) => SeatState::Held(hold),
            Self::Ordered(order) => SeatState::Ordered(order),
            Self::Sold(order) => SeatState::Sold(order),
        }
    }

    fn count(self, counts: &mut Counts) -> &mut u32 {
        match self {
            Self::Free => &mut counts.free,
            Self::Held(_) | Self::Ordered(_) => &mut counts.held,
            Self::Sold(_) => &mut counts.sold,
        }
    }
}

/// Arithmetic that would leave the numbers panics: it would be stock out of nothing.
fn shift_counts(counts: &mut Counts, count: u32, from: Shelf, to: Shelf) {
    let shelf = from.count(counts);
    *shelf = shelf.checked_sub(count).expect("more tickets are moved than there are");
    let shelf = to.count(counts);
    *shelf = shelf.checked_add(count).expect("a quota holds fewer than 2^32 tickets");
}

fn shift_class(counts: &mut Counts, count: u32, from: Shelf, to: Shelf) {
    counts.free = if from == Shelf::Free { count } else { 0 };
    shift_counts(counts, count, from, to);
    counts.free = 0;
}

fn quotas_of(spec: &EventSpec) -> Vec<Vec<QuotaId>> {
    let mut of = alloc::vec![Vec::new(); spec.classes.len()];
    for (i, quota) in spec.quotas.iter().enumerate() {
        for class in &quota.classes {
            of[usize::from(class.0)].push(QuotaId(i as u16));
        }
    }
    of
}

fn seated(spec: &EventSpec) -> Vec<bool> {
    let mut seated = alloc::vec![false; spec.classes.len()];
    for section in spec.plan.iter().flat_map(|plan| &plan.sections) {
        seated[usize::from(section.class.0)] = true;
    }
    seated
}

/// What must be remembered of a stock; everything else follows from the event's definition.
#[derive(Debug, Serialize)]
pub struct StockImage<'a> {
    quotas: &'a [Counts],
    classes: &'a [Counts],
    seats: Option<&'a [SeatState]>,
}

/// A [`StockImage`] that was read.
#[derive(Debug, Deserialize)]
pub struct OwnedStockImage {
    quotas: Vec<Counts>,
    classes: Vec<Counts>,
    seats: Option<Vec<SeatState>>,
}
