//! What is left, counted anew for every question.

use onsale_core::hold::Line;
use onsale_core::id::PersonId;
use onsale_core::inventory::seating::{SeatIndex, SeatKind, SeatState};
use onsale_core::spec::{ClassId, Quota};

use super::event::{Event, Stage};
use super::{Allowed, seats};

/// Where all tickets and seats of an event are.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// By class: in holds and in orders that wait for their payment.
    pub(super) held: Vec<u32>,
    /// By class: paid for.
    pub(super) sold: Vec<u32>,
    /// Who has each seat.
    pub(crate) seats: Vec<SeatState>,
}

/// Tickets that can be had, and those that may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) free: u32,
    pub(super) held: u32,
}

impl Event {
    /// Looks at every hold and every order.
    pub(crate) fn tally(&self) -> Tally {
        let none = vec![0; self.spec.classes.len()];
        let blocked = |is_blocked| if is_blocked { SeatState::Blocked } else { SeatState::Free };
        let seats = self.chairs.iter().map(|chair| blocked(chair.is_blocked)).collect();
        let mut tally = Tally { held: none.clone(), sold: none, seats };
        for (number, hold) in (0..).zip(&self.holds) {
            for line in hold.iter().flat_map(|hold| &hold.lines) {
                tally.held[usize::from(line.class.0)] += line.count;
                line.seats.iter().for_each(|seat| tally.take(*seat, SeatState::Held(number)));
            }
        }
        for (number, order) in (0..).zip(&self.orders) {
            match order.stage {
                Stage::Pending => {
                    for line in &order.lines {
                        tally.held[usize::from(line.class.0)] += line.count;
                        line.seats
                            .iter()
                            .for_each(|seat| tally.take(*seat, SeatState::Ordered(number)));
                    }
                }
                Stage::Paid { void, .. } => {
                    for (i, (class, seat)) in tickets(&order.lines).enumerate() {
                        if void >> i & 1 == 0 {
                            tally.sold[usize::from(class.0)] += 1;
                            if let Some(seat) = seat {
                                tally.take(seat, SeatState::Sold(number));
                            }
                        }
                    }
                }
                Stage::Over(_) => {}
            }
        }
        tally
    }

    /// How many tickets somebody has, of one class or of all.
    pub(super) fn has(&self, person: PersonId, class: Option<ClassId>) -> u32 {
        let counts = |of: ClassId| class.is_none_or(|class| class == of);
        let held = self.holds.iter().flatten().filter(|hold| hold.person == person);
        let held = held.flat_map(|hold| &hold.lines).filter(|line| counts(line.class));
        let orders = self.orders.iter().filter(|order| order.person == person);
        let ordered = orders.map(|order| {
            let each = tickets(&order.lines).enumerate().filter(|(_, (class, _))| counts(*class));
            each.filter(|(i, _)| match order.stage {
                Stage::Pending => true,
                Stage::Paid { void, .. } => void >> i & 1 == 0,
                Stage::Over(_) => false,
            })
            .count() as u32
        });
        held.map(|line| line.count).sum::<u32>() + ordered.sum::<u32>()
    }

    /// Whether somebody may have so many more.
    pub(super) fn check_limits(&self, person: PersonId, wanted: &[(ClassId, u32)]) -> Allowed {
        for &(class, count) in wanted {
            let limit = self.class(class).and_then(|class| class.per_buyer);
            if limit.is_some_and(|limit| self.has(person, Some(class)) + count > limit) {
                return Err("limit_reached");
            }
        }
        let more: u32 = wanted.iter().map(|(_, count)| count).sum();
        let fits = self.has(person, None) + more <= self.spec.limits.per_buyer;
        if fits { Ok(()) } else { Err("limit_reached") }
    }

    pub(super) fn is_seated(&self, class: ClassId) -> bool {
        self.chairs.iter().any(|chair| chair.class == class)
    }

    fn quotas_of(&self, class: ClassId) -> impl Iterator<Item = &Quota> {
        self.spec.quotas.iter().filter(move |quota| quota.classes.contains(&class))
    }
}

impl Tally {
    fn take(&mut self, seat: SeatIndex, state: SeatState) {
        self.seats[seat.0 as usize] = state;
    }

    fn of_quota(&self, quota: &Quota) -> Left {
        let (held, sold) = self.held_and_sold(quota);
        Left { free: quota.capacity.saturating_sub(held + sold), held }
    }

    fn held_and_sold(&self, quota: &Quota) -> (u32, u32) {
        let sum = |of: &[u32]| quota.classes.iter().map(|class| of[usize::from(class.0)]).sum();
        (sum(&self.held), sum(&self.sold))
    }

    /// How many tickets of a quota somebody has.
    pub(super) fn taken_of(&self, quota: &Quota) -> u32 {
        let (held, sold) = self.held_and_sold(quota);
        held + sold
    }

    fn of_seats(&self, event: &Event, class: ClassId) -> Left {
        let states = event.chairs.iter().zip(&self.seats);
        let own = states.filter(|(chair, _)| chair.class == class);
        own.fold(Left { free: 0, held: 0 }, |left, (_, state)| match state {
            SeatState::Free => Left { free: left.free + 1, ..left },
            SeatState::Held(_) | SeatState::Ordered(_) => Left { held: left.held + 1, ..left },
            SeatState::Blocked | SeatState::Sold(_) => left,
        })
    }

    /// All that bounds a class: its quotas, and its seats if it has any.
    fn bounds<'a>(&'a self, event: &'a Event, class: ClassId) -> impl Iterator<Item = Left> + 'a {
        let seats = event.is_seated(class).then(|| self.of_seats(event, class));
        event.quotas_of(class).map(|quota| self.of_quota(quota)).chain(seats)
    }

    /// How many of a class can be had, and whether more may come back.
    pub(super) fn left(&self, event: &Event, class: ClassId) -> (u32, bool) {
        let free = self.bounds(event, class).map(|left| left.free).min().unwrap_or(0);
        let at_most = self.bounds(event, class).map(|left| left.free + left.held).min();
        (free, at_most.unwrap_or(0) > free)
    }

    /// Whether so many of each class can be had together: gone for good is said first.
    pub(super) fn fits(&self, event: &Event, wanted: &[(ClassId, u32)]) -> Allowed {
        let suffices = |with_held: bool| {
            let stock = |left: Left| left.free + if with_held { left.held } else { 0 };
            wanted.iter().all(|&(class, count)| {
                let mut quotas = event.quotas_of(class).map(|quota| {
                    let counted = wanted.iter().filter(|(of, _)| quota.classes.contains(of));
                    counted.map(|(_, count)| count).sum::<u32>() <= stock(self.of_quota(quota))
                });
                let is_seated = event.is_seated(class);
                quotas.all(|enough| enough)
                    && (!is_seated || stock(self.of_seats(event, class)) >= count)
            })
        };
        match (suffices(false), suffices(true)) {
            (true, _) => Ok(()),
            (false, true) => Err("all_held"),
            (false, false) => Err("sold_out"),
        }
    }

    /// How many tickets can be sold for certain, the classes served one after the other. A seat
    /// for a companion is sold to nobody alone.
    pub(crate) fn sellable(&self, event: &Event) -> u32 {
        let quotas = &event.spec.quotas;
        let mut free: Vec<u32> = quotas.iter().map(|quota| self.of_quota(quota).free).collect();
        let classes = (0..event.spec.classes.len() as u16).map(ClassId);
        classes.fold(0, |total, class| {
            let seats = event.is_seated(class).then(|| {
                let chairs = event.chairs.iter().zip(&self.seats);
                let free = chairs.filter(|(chair, state)| {
                    chair.class == class
                        && **state == SeatState::Free
                        && chair.kind != SeatKind::Companion
                });
                free.count() as u32
            });
            let own = quotas.iter().zip(&free).filter(|(quota, _)| quota.classes.contains(&class));
            let room = own.map(|(_, free)| *free).chain(seats).min().unwrap_or(0);
            for (quota, free) in quotas.iter().zip(&mut free) {
                *free -= if quota.classes.contains(&class) { room } else { 0 };
            }
            total + room
        })
    }

    pub(super) fn anything_held(&self) -> bool {
        self.held.iter().any(|held| *held > 0)
    }

    /// The best seats for a party.
    pub(super) fn best(&self, event: &Event, ask: &seats::Ask) -> Option<Vec<SeatIndex>> {
        seats::best(&event.chairs, &self.seats, ask)
    }
}

/// The class and the seat of every ticket, in order.
pub(super) fn tickets(lines: &[Line]) -> impl Iterator<Item = (ClassId, Option<SeatIndex>)> {
    lines
        .iter()
        .flat_map(|line| (0..line.count as usize).map(|i| (line.class, line.seats.get(i).copied())))
}
