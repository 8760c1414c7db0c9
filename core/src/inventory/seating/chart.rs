//! What never changes about the seats of an event: where they are, what they are for, who their
//! neighbours are. Compiled from the plan once. Which of them are free is not known here.

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::bench::Bench;
use super::{SeatKind, SeatState};
use crate::spec::{ClassId, Plan, Point, Row};

/// The farthest that a seat counts, in centimetres: 42 kilometres, more than a checked plan spans.
/// The sum over the largest party stays below [`super::bench::SCORE_STANDARD_SEAT`].
pub(super) const DISTANCE_MAX: u32 = (1 << 22) - 1;

/// The geometry of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chart {
    /// By class, then in the order of the plan: a class and a section are each one range.
    pub benches: Vec<Shape>,
    /// By section of the plan.
    pub sections: Vec<Place>,
    /// The benches that have accessible seats, rising.
    pub accessible: Vec<u32>,
    /// By class: its benches.
    classes: Vec<Range<usize>>,
    /// By seat: its bench.
    bench_of: Vec<u32>,
    /// By seat: the distances to the focal point of it and all before it on its bench.
    distance_sums: Vec<u32>,
}

/// A maximal stretch of neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its first seat.
    pub first: u32,
    /// How many seats; at most [`Plan::BENCH_SEATS_MAX`].
    pub seats: u32,
    /// Its row, from 0 over the whole plan.
    pub row: u32,
    /// The place of its first seat in the row.
    pub position: u32,
    /// Its section.
    pub section: u16,
    accessible: u128,
    companion: u128,
}

/// What is known of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub class: ClassId,
    /// Its first row, from 0 over the whole plan.
    pub first_row: u32,
    first_seat: u32,
    benches: Range<usize>,
}

impl Chart {
    pub(super) fn new(plan: &Plan, classes: usize) -> Self {
        let (sections, seats) = places(plan);
        let mut chart = Self {
            benches: Vec::new(),
            sections,
            accessible: Vec::new(),
            classes: vec![0..0; classes],
            bench_of: vec![0; seats],
            distance_sums: vec![0; seats],
        };
        let mut order: Vec<usize> = (0..plan.sections.len()).collect();
        order.sort_by_key(|&section| plan.sections[section].class);
        for section in order {
            chart.add_section(plan, section);
        }
        chart
    }

    /// How many seats there are.
    pub(super) fn seats(&self) -> usize {
        self.bench_of.len()
    }

    /// The bench of a seat, and its place there.
    pub(super) fn locate(&self, seat: usize) -> (usize, u32) {
        let bench = self.bench_of[seat] as usize;
        (bench, seat as u32 - self.benches[bench].first)
    }

    /// A bench on which these seats are free.
    pub(super) fn bench(&self, bench: usize, free: u128) -> Bench<'_> {
        let shape = &self.benches[bench];
        let first = shape.first as usize;
        Bench {
            distance_sums: &self.distance_sums[first..first + shape.seats as usize],
            accessible: shape.accessible,
            companion: shape.companion,
            free,
        }
    }

    /// The benches of a class, or of a section of that class; none if there is no such thing.
    pub(super) fn benches_of(&self, class: ClassId, section: Option<u16>) -> Range<usize> {
        let found = match section {
            None => self.classes.get(usize::from(class.0)),
            Some(section) => self
                .sections
                .get(usize::from(section))
                .filter(|place| place.class == class)
                .map(|place| &place.benches),
        };
        found.cloned().unwrap_or(0..0)
    }

    /// Where a range of benches is in [`Self::accessible`].
    pub(super) fn accessible_leaves(&self, benches: &Range<usize>) -> Range<usize> {
        let before = |end: usize| self.accessible.partition_point(|&bench| (bench as usize) < end);
        before(benches.start)..before(benches.end)
    }

    /// Where a bench is in [`Self::accessible`], if it has accessible seats.
    pub(super) fn accessible_leaf(&self, bench: usize) -> Option<usize> {
        let has_some = self.benches[bench].accessible != 0;
        has_some.then(|| self.accessible.partition_point(|&other| (other as usize) < bench))
    }

    fn add_section(&mut self, plan: &Plan, section: usize) {
        let from = self.benches.len();
        let mut seat = self.sections[section].first_seat;
        let first_row = self.sections[section].first_row;
        for (row, number) in plan.sections[section].rows.iter().zip(first_row..) {
            let mut position = 0;
            for end in row.aisles_after.iter().map(|after| after + 1).chain([row.seats]) {
                // An aisle after the last seat separates it from nothing.
                if position < end {
                    let shape = shape(row, position..end, seat, number, section as u16);
                    self.add_bench(shape, row, plan.focal_point);
                    seat += end - position;
                    position = end;
                }
            }
        }
        let to = self.benches.len();
        self.sections[section].benches = from..to;
        let class = &mut self.classes[usize::from(plan.sections[section].class.0)];
        *class = if class.start == class.end { from..to } else { class.start..to };
    }

    fn add_bench(&mut self, shape: Shape, row: &Row, focal: Point) {
        let bench = self.benches.len() as u32;
        let mut sum = 0;
        for place in 0..shape.seats {
            let seat = (shape.first + place) as usize;
            sum += distance(row, shape.position + place, focal);
            self.bench_of[seat] = bench;
            self.distance_sums[seat] = sum;
        }
        if shape.accessible != 0 {
            self.accessible.push(bench);
        }
        self.benches.push(shape);
    }
}

impl Shape {
    /// Whom the seat at a place of the bench is meant for.
    pub(super) fn kind(&self, place: u32) -> SeatKind {
        let is_in = |mask: u128| mask >> place & 1 == 1;
        match (is_in(self.accessible), is_in(self.companion)) {
            (true, _) => SeatKind::Accessible,
            (false, true) => SeatKind::Companion,
            (false, false) => SeatKind::Standard,
        }
    }
}

/// What is printed on a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatLabel<'p> {
    /// The name of its section.
    pub section: &'p str,
    /// The label of its row.
    pub row: &'p str,
    /// Its own number or label.
    pub seat: Cow<'p, str>,
}

impl<'p> SeatLabel<'p> {
    /// The label of the seat at `position` of the `row`-th row of a section.
    pub(super) fn of(plan: &'p Plan, section: u16, row: u32, position: u32) -> Option<Self> {
        let section = plan.sections.get(usize::from(section))?;
        let row = section.rows.get(row as usize)?;
        let seat = row.numbering.label(position)?;
        Some(Self { section: &section.name, row: &row.label, seat })
    }
}

/// The states of a plan's seats before anybody has come.
pub(super) fn first_states(plan: &Plan) -> Vec<SeatState> {
    let mut states = Vec::new();
    for row in plan.sections.iter().flat_map(|section| &section.rows) {
        let first = states.len();
        states.resize(first + row.seats as usize, SeatState::Free);
        for &position in &row.blocked {
            states[first + position as usize] = SeatState::Blocked;
        }
    }
    states
}

/// The sections, without their benches, and the number of all seats.
fn places(plan: &Plan) -> (Vec<Place>, usize) {
    let (mut first_row, mut first_seat) = (0, 0);
    let sections = plan.sections.iter().map(|section| {
        let place = Place { class: section.class, first_row, first_seat, benches: 0..0 };
        first_row += section.rows.len() as u32;
        first_seat += section.rows.iter().map(|row| row.seats).sum::<u32>();
        place
    });
    (sections.collect(), first_seat as usize)
}

fn shape(row: &Row, positions: Range<u32>, first: u32, number: u32, section: u16) -> Shape {
    let mask = |list: &[u32]| {
        let inside = list.iter().filter(|position| positions.contains(position));
        inside.fold(0, |mask, position| mask | 1 << (position - positions.start))
    };
    Shape {
        first,
        seats: positions.end - positions.start,
        row: number,
        position: positions.start,
        section,
        accessible: mask(&row.accessible),
        companion: mask(&row.companion),
    }
}

/// How far a seat is from the focal point, in whole centimetres, rounded down.
fn distance(row: &Row, position: u32, focal: Point) -> u32 {
    let leg = |first: i32, step: i32, focal: i32| {
        let offset = i64::from(step) * i64::from(position);
        (i64::from(first) + offset - i64::from(focal)).unsigned_abs()
    };
    let x = leg(row.first.x, row.step.x, focal.x);
    let y = leg(row.first.y, row.step.y, focal.y);
    (x * x + y * y).isqrt().min(u64::from(DISTANCE_MAX)) as u32
}
