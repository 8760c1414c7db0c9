//! The same rules written down again without any index: every question looks at every seat.

use alloc::vec;
use alloc::vec::Vec;

use crate::inventory::seating::{Ask, Counts, SeatIndex, SeatKind, SeatState};
use crate::spec::{ClassId, Plan};

pub struct House {
    pub seats: Vec<Chair>,
}

#[derive(Clone)]
pub struct Chair {
    pub state: SeatState,
    pub kind: SeatKind,
    pub class: ClassId,
    pub section: u16,
    /// Whether the seat before it in the plan is its neighbour.
    joined: bool,
    distance: u64,
}

/// How good a placement is, the most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    orphans: bool,
    standard_seats: usize,
    distance: u64,
    first: usize,
}

impl House {
    pub fn new(plan: &Plan, states: &[SeatState]) -> Self {
        let mut seats = Vec::new();
        for (s, section) in plan.sections.iter().enumerate() {
            for row in &section.rows {
                for position in 0..row.seats {
                    let place = i32::try_from(position).unwrap();
                    let x = i64::from(row.first.x + place * row.step.x - plan.focal_point.x);
                    let y = i64::from(row.first.y + place * row.step.y - plan.focal_point.y);
                    let square = (x * x + y * y).cast_unsigned();
                    let kind = if row.accessible.contains(&position) {
                        SeatKind::Accessible
                    } else if row.companion.contains(&position) {
                        SeatKind::Companion
                    } else {
                        SeatKind::Standard
                    };
                    seats.push(Chair {
                        state: states[seats.len()],
                        kind,
                        class: section.class,
                        section: u16::try_from(s).unwrap(),
                        joined: position > 0 && !row.aisles_after.contains(&(position - 1)),
                        distance: (0..9_999).find(|d| (d + 1) * (d + 1) > square).unwrap(),
                    });
                }
            }
        }
        Self { seats }
    }

    pub fn counts(&self, counted: impl Fn(&Chair) -> bool) -> Counts {
        let mut counts = Counts::default();
        for seat in self.seats.iter().filter(|seat| counted(seat)) {
            match seat.state {
                SeatState::Free => counts.free += 1,
                SeatState::Blocked => counts.blocked += 1,
                SeatState::Held(_) => counts.held += 1,
                SeatState::Ordered(_) => counts.ordered += 1,
                SeatState::Sold(_) => counts.sold += 1,
            }
        }
        counts
    }

    pub fn best(&self, ask: &Ask) -> Option<Vec<SeatIndex>> {
        let mut house = Self { seats: self.seats.clone() };
        let mut found = Vec::new();
        let mut missing = ask.party as usize;
        while missing > 0 {
            let may_split = ask.may_split && !ask.accessible;
            let smallest = if may_split { 1 } else { missing };
            let mut pieces = (smallest..=missing).rev();
            let (piece, score) = pieces.find_map(|n| Some((n, house.side_by_side(ask, n)?)))?;
            for seat in score.first..score.first + piece {
                house.seats[seat].state = SeatState::Held(0);
                found.push(SeatIndex(u32::try_from(seat).unwrap()));
            }
            missing -= piece;
        }
        Some(found)
    }

    fn side_by_side(&self, ask: &Ask, party: usize) -> Option<Score> {
        let starts = 0..(self.seats.len() + 1).saturating_sub(party);
        starts.filter_map(|first| self.placement(ask, first, party)).min()
    }

    fn placement(&self, ask: &Ask, first: usize, party: usize) -> Option<Score> {
        let seats = &self.seats[first..first + party];
        let of_kind = |kind| seats.iter().filter(|seat| seat.kind == kind).count();
        let fits = seats[1..].iter().all(|seat| seat.joined)
            && seats.iter().all(|seat| Self::is_open(ask, seat))
            && (!ask.accessible || of_kind(SeatKind::Accessible) == 1);
        let chosen: Vec<usize> = (first..first + party).collect();
        fits.then(|| Score {
            orphans: !self.orphans(&chosen).is_empty(),
            standard_seats: if ask.accessible { of_kind(SeatKind::Standard) } else { 0 },
            distance: seats.iter().map(|seat| seat.distance).sum(),
            first,
        })
    }

    fn is_open(ask: &Ask, seat: &Chair) -> bool {
        seat.state == SeatState::Free
            && seat.class == ask.class
            && ask.section.is_none_or(|section| section == seat.section)
            && (ask.accessible || seat.kind == SeatKind::Standard)
    }

    /// The seats left alone, anywhere, if `chosen` were taken.
    pub fn orphans(&self, chosen: &[usize]) -> Vec<usize> {
        let mut after = Self { seats: self.seats.clone() };
        for &seat in chosen {
            after.seats[seat].state = SeatState::Held(0);
        }
        let is_orphan = |&seat: &usize| {
            self.seats[seat].kind == SeatKind::Standard
                && after.is_alone(seat)
                && !self.is_alone(seat)
        };
        (0..self.seats.len()).filter(is_orphan).collect()
    }

    fn is_alone(&self, seat: usize) -> bool {
        let is_free = |seat: usize| self.seats[seat].state == SeatState::Free;
        let before = self.seats[seat].joined && is_free(seat - 1);
        let behind = self.seats.get(seat + 1).is_some_and(|next| next.joined && is_free(seat + 1));
        is_free(seat) && !before && !behind
    }

    /// How many pieces a party on these seats is in.
    pub fn pieces(&self, seats: &[SeatIndex]) -> usize {
        let is_joint = |pair: &&[SeatIndex]| {
            pair[0].0 + 1 == pair[1].0 && self.seats[pair[1].0 as usize].joined
        };
        seats.len() - seats.windows(2).filter(is_joint).count()
    }

    /// The free stretches that the pieces of a standard party can come from, longest first.
    pub fn stretches(&self, ask: &Ask) -> Vec<u32> {
        let mut lengths = vec![0];
        for seat in &self.seats {
            if !seat.joined {
                lengths.push(0);
            }
            if Self::is_open(ask, seat) {
                *lengths.last_mut().unwrap() += 1;
            } else {
                lengths.push(0);
            }
        }
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        lengths
    }

    /// The orphans of a choice of free seats, less those on benches where every choice of as many
    /// seats (standard ones if all chosen there are) leaves some.
    pub fn avoidable_orphans(&self, chosen: &[usize]) -> Vec<usize> {
        let mut avoidable = Vec::new();
        for bench in self.benches() {
            let here: Vec<usize> = chosen.iter().copied().filter(|s| bench.contains(s)).collect();
            let orphans = self.orphans(&here);
            let is_standard = |&seat: &usize| self.seats[seat].kind == SeatKind::Standard;
            let only_standard = here.iter().all(is_standard);
            let open: Vec<usize> = bench
                .filter(|&seat| self.seats[seat].state == SeatState::Free)
                .filter(|seat| !only_standard || is_standard(seat))
                .collect();
            if !orphans.is_empty() && self.some_choice_leaves_none(&open, here.len()) {
                avoidable.extend(orphans);
            }
        }
        avoidable
    }

    fn some_choice_leaves_none(&self, open: &[usize], count: usize) -> bool {
        let subset = |bits: u32| -> Vec<usize> {
            (0..open.len()).filter(|i| bits >> i & 1 == 1).map(|i| open[i]).collect()
        };
        (0..1u32 << open.len())
            .filter(|bits| bits.count_ones() as usize == count)
            .any(|bits| self.orphans(&subset(bits)).is_empty())
    }

    fn benches(&self) -> Vec<core::ops::Range<usize>> {
        let mut starts: Vec<usize> =
            (0..self.seats.len()).filter(|&seat| !self.seats[seat].joined).collect();
        starts.push(self.seats.len());
        starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }
}
