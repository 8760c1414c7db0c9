//! What is left, counted anew for every question.

use std::collections::BTreeSet;

use onsale_core::command::{Choice, Wish};
use onsale_core::hold::Line;
use onsale_core::id::PersonId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::spec::{ClassId, Quota};

use super::{Naive, Stage, Verdict};

impl Naive {
    /// Every ticket that somebody has, whether it is paid or not.
    pub fn claims(&self) -> impl Iterator<Item = (PersonId, ClassId, Option<SeatIndex>)> {
        self.tickets_out().map(|(person, class, seat, _)| (person, class, seat))
    }

    /// The same, with whether it is paid.
    fn tickets_out(&self) -> impl Iterator<Item = (PersonId, ClassId, Option<SeatIndex>, bool)> {
        let holds = self.holds.iter().flatten().flat_map(|hold| {
            Line::each(&hold.lines).map(|(class, _, seat)| (hold.person, class, seat, false))
        });
        let orders = self.orders.iter().flat_map(|order| {
            let lasting = |i: usize| match &order.stage {
                Stage::Pending => Some(false),
                Stage::Paid { void, .. } => (!void.contains(&i)).then_some(true),
                Stage::Over(_) => None,
            };
            let each = Line::each(&order.lines).enumerate();
            each.filter_map(move |(i, (class, _, seat))| {
                Some((order.person, class, seat, lasting(i)?))
            })
        });
        holds.chain(orders)
    }

    pub fn owned_seats(&self) -> BTreeSet<SeatIndex> {
        self.claims().filter_map(|(_, _, seat)| seat).collect()
    }

    pub fn is_seated(&self, class: ClassId) -> bool {
        self.seats.contains(&class)
    }

    pub fn free_seats(&self, class: ClassId) -> Vec<SeatIndex> {
        let owned = self.owned_seats();
        let all = (0..).map(SeatIndex).zip(&self.seats).filter(|(_, of)| **of == class);
        let is_free = |seat: &SeatIndex| !owned.contains(seat) && !self.blocked.contains(seat);
        all.map(|(seat, _)| seat).filter(is_free).collect()
    }

    /// How many of these classes together are out and not paid, and how many are paid.
    pub fn out(&self, classes: &[ClassId]) -> (u32, u32) {
        let of = |sold: bool| {
            let out = self.tickets_out();
            out.filter(|(_, class, _, paid)| *paid == sold && classes.contains(class)).count()
        };
        (of(false) as u32, of(true) as u32)
    }

    fn quotas_of(&self, class: ClassId) -> impl Iterator<Item = &Quota> {
        self.draft.quotas.iter().filter(move |quota| quota.classes.contains(&class))
    }

    /// How many of a class can be had, if `held` counts as free or not.
    fn left_if(&self, class: ClassId, with_held: bool) -> u32 {
        let quotas = self.quotas_of(class).map(|quota| {
            let (held, sold) = self.out(&quota.classes);
            quota.capacity - sold - if with_held { 0 } else { held }
        });
        let seats = self.is_seated(class).then(|| {
            let held = if with_held { self.out(&[class]).0 } else { 0 };
            self.free_seats(class).len() as u32 + held
        });
        quotas.chain(seats).min().expect("every class has stock")
    }

    pub fn left(&self, class: ClassId) -> u32 {
        self.left_if(class, false)
    }

    pub fn judge_stock(&self, wanted: &[(ClassId, u32)]) -> Verdict {
        let suffices = |with_held: bool, class: ClassId, count: u32| {
            let seats = self.is_seated(class).then(|| {
                let held = if with_held { self.out(&[class]).0 } else { 0 };
                self.free_seats(class).len() as u32 + held >= count
            });
            let mut quotas = self.quotas_of(class).map(|quota| {
                let (held, sold) = self.out(&quota.classes);
                let free = quota.capacity - sold - if with_held { 0 } else { held };
                let together = wanted.iter().filter(|(class, _)| quota.classes.contains(class));
                free >= together.map(|(_, count)| count).sum()
            });
            seats != Some(false) && quotas.all(|enough| enough)
        };
        if wanted.iter().any(|&(class, count)| !suffices(true, class, count)) {
            Err("sold_out")
        } else if wanted.iter().any(|&(class, count)| !suffices(false, class, count)) {
            Err("all_held")
        } else {
            Ok(())
        }
    }

    pub fn judge_choice(&self, wish: &Wish) -> Verdict {
        match &wish.choice {
            Choice::Any(_) if !self.is_seated(wish.class) => Ok(()),
            _ if !self.is_seated(wish.class) => Err("malformed"),
            Choice::Best { may_split: true, .. } => Ok(()),
            Choice::Any(count) | Choice::Best { count, .. } => {
                if self.has_run(wish.class, *count) {
                    Ok(())
                } else {
                    Err("no_neighbours")
                }
            }
            Choice::Seats(seats) => self.judge_seats(wish.class, seats),
        }
    }

    pub fn judge_seats(&self, class: ClassId, seats: &[SeatIndex]) -> Verdict {
        let of = |seat: &SeatIndex| self.seats.get(seat.0 as usize).copied();
        if seats.iter().any(|seat| of(seat).is_none()) {
            return Err("unknown_seats");
        }
        if seats.iter().collect::<BTreeSet<_>>().len() < seats.len() {
            return Err("malformed");
        }
        if seats.iter().any(|seat| of(seat) != Some(class)) {
            return Err("unknown_seats");
        }
        if seats.iter().any(|seat| self.blocked.contains(seat)) {
            return Err("seats_blocked");
        }
        let owned = self.owned_seats();
        if seats.iter().any(|seat| owned.contains(seat)) { Err("seats_taken") } else { Ok(()) }
    }

    /// Whether so many free seats of a class stand side by side.
    pub fn has_run(&self, class: ClassId, count: u32) -> bool {
        let free = self.free_seats(class);
        free.windows(count as usize).any(|seats| self.are_neighbours(seats))
    }

    pub fn are_neighbours(&self, seats: &[SeatIndex]) -> bool {
        let row_of = |seat: SeatIndex| {
            let sections = self.draft.plan.iter().flat_map(|plan| &plan.sections);
            let mut left = seat.0;
            sections.flat_map(|section| &section.rows).position(|row| {
                let inside = left < row.seats;
                left = left.saturating_sub(row.seats);
                inside
            })
        };
        seats.windows(2).all(|w| w[0].0 + 1 == w[1].0 && row_of(w[0]) == row_of(w[1]))
    }

    /// How many tickets can be sold for certain, the classes served one after the other.
    pub fn sellable(&self) -> u32 {
        let mut taken = vec![0; self.draft.quotas.len()];
        let mut total = 0;
        for class in (0..self.draft.classes.len() as u16).map(ClassId) {
            let quotas = self.draft.quotas.iter().zip(&taken);
            let own = quotas.filter(|(quota, _)| quota.classes.contains(&class));
            let rooms = own.map(|(quota, taken)| {
                let (held, sold) = self.out(&quota.classes);
                quota.capacity - held - sold - taken
            });
            let seats = self.is_seated(class).then(|| self.free_seats(class).len() as u32);
            let room = rooms.chain(seats).min().expect("every class has stock");
            for (quota, taken) in self.draft.quotas.iter().zip(&mut taken) {
                *taken += if quota.classes.contains(&class) { room } else { 0 };
            }
            total += room;
        }
        total
    }
}
