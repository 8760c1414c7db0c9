//! Numbered seats: who has each of them, and which are the best for a party.
//!
//! ```text
//! seats     [ 0  1  2  3  4 ][ 5  6  7  8 ][ 9 ...      plan order; one `SeatState` each
//! benches   [     bench 0   ][  bench 1   ]             neighbours, no aisle: a 128-bit mask each
//! tournament      \_____   _____/                       best score per party size, over benches
//!                       min
//! ```
//!
//! The states are all there is to keep: masks, counts and tournaments follow from them and the
//! plan. Taking a seat touches its bench and the way from there to the root; nothing here looks at
//! all seats, except where it is built or listed.
//!
//! Deliberately absent: how long a hold lives, what a seat costs, how many a buyer may have.

mod bench;
mod best;
mod chart;
mod choice;
#[cfg(test)]
mod tests;
mod tournament;

use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use self::bench::{Bench, Need};
use self::chart::Chart;
use self::tournament::Tournament;
use crate::spec::{ClassId, Limits, Plan};

pub use self::best::Ask;
pub use self::chart::SeatLabel;
pub use self::choice::ChoiceRefusal;

/// Which seat, from 0 in the order of the plan: sections, rows, seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeatIndex(pub u32);

/// Whom a seat is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeatKind {
    /// Anybody.
    Standard,
    /// A wheelchair user.
    Accessible,
    /// Somebody who accompanies a wheelchair user.
    Companion,
}

/// Who has a seat now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeatState {
    /// Nobody: it can be taken.
    Free,
    /// Nobody, and it is not for sale.
    Blocked,
    /// The hold with this number.
    Held(u32),
    /// The order with this number, which is not paid yet.
    Ordered(u32),
    /// The order with this number, which is paid.
    Sold(u32),
}

/// What is known of one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Who has it.
    pub state: SeatState,
    /// Whom it is meant for.
    pub kind: SeatKind,
    /// What class of ticket it is sold as.
    pub class: ClassId,
    /// Its section, from 0 in the order of the plan.
    pub section: u16,
    /// Its row, from 0 over the whole plan.
    pub row: u32,
    /// Its place in the row, from 0 in the row's physical order.
    pub position: u32,
}

/// How many seats are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// For sale now.
    pub free: u32,
    /// In holds.
    pub held: u32,
    /// In orders that are not paid yet.
    pub ordered: u32,
    /// In paid orders.
    pub sold: u32,
    /// Not for sale.
    pub blocked: u32,
}

impl Counts {
    fn of(&mut self, state: SeatState) -> &mut u32 {
        match state {
            SeatState::Free => &mut self.free,
            SeatState::Blocked => &mut self.blocked,
            SeatState::Held(_) => &mut self.held,
            SeatState::Ordered(_) => &mut self.ordered,
            SeatState::Sold(_) => &mut self.sold,
        }
    }
}

/// The numbered seats of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seating {
    chart: Chart,
    states: Vec<SeatState>,
    /// By bench: which of its seats are free.
    free: Vec<u128>,
    by_class: Vec<Counts>,
    by_section: Vec<Counts>,
    /// By class: how many free seats are for companions.
    free_companions: Vec<u32>,
    /// Over all benches: the best places for parties that need nothing special.
    standard: Tournament,
    /// Over the benches of [`Chart::accessible`]: the best places for a wheelchair user's party.
    accessible: Tournament,
}

impl Seating {
    /// The seats of a checked `plan` before anybody has come. `classes` is how many the event has,
    /// `widest` the largest party that best available is asked for.
    ///
    /// # Panics
    /// If `widest` is not 1 to [`Limits::PER_HOLD_MAX`].
    pub fn new(plan: &Plan, classes: usize, widest: u32) -> Self {
        Self::restore(plan, classes, widest, chart::first_states(plan))
    }

    /// The seating whose [`Self::states`] these are, in time linear in the seats.
    ///
    /// # Panics
    /// If `widest` is not 1 to [`Limits::PER_HOLD_MAX`], or if there is not one state per seat of
    /// the plan.
    pub fn restore(plan: &Plan, classes: usize, widest: u32, states: Vec<SeatState>) -> Self {
        assert!((1..=Limits::PER_HOLD_MAX).contains(&widest), "widest party {widest}");
        let chart = Chart::new(plan, classes);
        assert_eq!(states.len(), chart.seats(), "one state per seat");

        let mut free = vec![0; chart.benches.len()];
        let mut by_class = vec![Counts::default(); classes];
        let mut by_section = vec![Counts::default(); chart.sections.len()];
        let mut free_companions = vec![0; classes];
        for (seat, &state) in states.iter().enumerate() {
            let (bench, place) = chart.locate(seat);
            let section = usize::from(chart.benches[bench].section);
            *by_section[section].of(state) += 1;
            let class = usize::from(chart.sections[section].class.0);
            *by_class[class].of(state) += 1;
            let is_companion = chart.benches[bench].kind(place) == SeatKind::Companion;
            free_companions[class] += u32::from(is_companion && state == SeatState::Free);
            free[bench] |= u128::from(state == SeatState::Free) << place;
        }

        let widest = widest as usize;
        let standard = Tournament::new(chart.benches.len(), widest, |bench, scores| {
            chart.bench(bench, free[bench]).scores(Need::Standard, scores);
        });
        let accessible = Tournament::new(chart.accessible.len(), widest, |leaf, scores| {
            let bench = chart.accessible[leaf] as usize;
            chart.bench(bench, free[bench]).scores(Need::Accessible, scores);
        });
        Self { chart, states, free, by_class, by_section, free_companions, standard, accessible }
    }

    /// Who has each seat, in the order of the plan: all that a snapshot needs.
    pub fn states(&self) -> &[SeatState] {
        &self.states
    }

    /// The seats that are not free, in the order of the plan. Looks at every seat.
    pub fn iter_not_free(&self) -> impl Iterator<Item = (SeatIndex, SeatState)> {
        let indexed = self.states.iter().zip(0..).map(|(&state, index)| (SeatIndex(index), state));
        indexed.filter(|&(_, state)| state != SeatState::Free)
    }

    /// How many seats there are.
    pub fn len(&self) -> u32 {
        self.states.len() as u32
    }

    /// Whether there are none; a checked plan has some.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The seat with this index, if there is one.
    pub fn seat(&self, seat: SeatIndex) -> Option<Seat> {
        let state = *self.states.get(seat.0 as usize)?;
        let (bench, place) = self.chart.locate(seat.0 as usize);
        let shape = &self.chart.benches[bench];
        Some(Seat {
            state,
            kind: shape.kind(place),
            class: self.chart.sections[usize::from(shape.section)].class,
            section: shape.section,
            row: shape.row,
            position: shape.position + place,
        })
    }

    /// What is printed on a seat of the `plan` that this was built from.
    pub fn label<'p>(&self, plan: &'p Plan, seat: SeatIndex) -> Option<SeatLabel<'p>> {
        let Seat { section, row, position, .. } = self.seat(seat)?;
        let row = row - self.chart.sections[usize::from(section)].first_row;
        SeatLabel::of(plan, section, row, position)
    }

    /// How many free seats of a class are for companions: nobody can have one alone.
    pub fn free_companions(&self, class: ClassId) -> u32 {
        self.free_companions[usize::from(class.0)]
    }

    /// How many seats of a class are in each state; zeros if the class is unknown.
    pub fn class_counts(&self, class: ClassId) -> Counts {
        self.by_class.get(usize::from(class.0)).copied().unwrap_or_default()
    }

    /// How many seats of a section are in each state; zeros if the section is unknown.
    pub fn section_counts(&self, section: u16) -> Counts {
        self.by_section.get(usize::from(section)).copied().unwrap_or_default()
    }

    /// Says who has a seat from now on, whoever had it before.
    ///
    /// # Panics
    /// If there is no such seat.
    pub fn set(&mut self, seat: SeatIndex, state: SeatState) {
        if let Some(bench) = self.put(seat, state) {
            self.refresh(bench);
        }
    }

    /// [`Self::set`] for several seats; cheaper, as each bench is looked at once.
    ///
    /// # Panics
    /// If there is no such seat.
    pub fn set_all(&mut self, seats: &[SeatIndex], state: SeatState) {
        let mut touched: Vec<_> = seats.iter().filter_map(|&seat| self.put(seat, state)).collect();
        touched.sort_unstable();
        touched.dedup();
        for bench in touched {
            self.refresh(bench);
        }
    }

    /// Writes the state and the counts; returns the bench if it must be refreshed.
    fn put(&mut self, seat: SeatIndex, state: SeatState) -> Option<usize> {
        let before = core::mem::replace(&mut self.states[seat.0 as usize], state);
        let (bench, place) = self.chart.locate(seat.0 as usize);
        let section = usize::from(self.chart.benches[bench].section);
        let class = usize::from(self.chart.sections[section].class.0);
        for counts in [&mut self.by_section[section], &mut self.by_class[class]] {
            *counts.of(before) -= 1;
            *counts.of(state) += 1;
        }
        let flips = (before == SeatState::Free) != (state == SeatState::Free);
        if flips && self.chart.benches[bench].kind(place) == SeatKind::Companion {
            let free = &mut self.free_companions[class];
            *free = if state == SeatState::Free { *free + 1 } else { *free - 1 };
        }
        self.free[bench] ^= u128::from(flips) << place;
        flips.then_some(bench)
    }

    /// Brings the tournaments up to date with the free seats of a bench.
    fn refresh(&mut self, bench: usize) {
        let mut scores = [0; Limits::PER_HOLD_MAX as usize];
        let scores = &mut scores[..self.standard.widest()];
        self.bench(bench).scores(Need::Standard, scores);
        self.standard.update(bench, scores);
        if let Some(leaf) = self.chart.accessible_leaf(bench) {
            self.bench(bench).scores(Need::Accessible, scores);
            self.accessible.update(leaf, scores);
        }
    }

    /// A bench as it is now.
    fn bench(&self, bench: usize) -> Bench<'_> {
        self.chart.bench(bench, self.free[bench])
    }
}
