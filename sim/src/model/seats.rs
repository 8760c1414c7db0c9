//! Which seats are the best, and which a buyer may choose: by looking at every seat.

use onsale_core::inventory::seating::{SeatIndex, SeatKind, SeatState};
use onsale_core::spec::{ClassId, Plan};

use super::Allowed;

/// What never changes about a seat, and whether the organiser keeps it from sale.
#[derive(Clone, Debug)]
pub(super) struct Chair {
    pub(super) class: ClassId,
    pub(super) kind: SeatKind,
    pub(super) is_blocked: bool,
    section: u16,
    /// Its row, from 0 over the whole plan.
    row: u32,
    /// Whether the seat before it in the plan is its neighbour.
    is_joined: bool,
    /// To the focal point, in whole centimetres.
    distance: u64,
}

impl Chair {
    /// Every seat of a plan, in its order.
    pub(super) fn of_plan(plan: &Plan) -> Vec<Self> {
        let mut chairs = Vec::new();
        let mut number = 0;
        for (section, part) in (0..).zip(&plan.sections) {
            for row in &part.rows {
                for position in 0..row.seats {
                    let away = |first: i32, step: i32, focus: i32| {
                        i64::from(first) + i64::from(step) * i64::from(position) - i64::from(focus)
                    };
                    let x = away(row.first.x, row.step.x, plan.focal_point.x);
                    let y = away(row.first.y, row.step.y, plan.focal_point.y);
                    let kind = match position {
                        p if row.accessible.contains(&p) => SeatKind::Accessible,
                        p if row.companion.contains(&p) => SeatKind::Companion,
                        _ => SeatKind::Standard,
                    };
                    chairs.push(Self {
                        class: part.class,
                        kind,
                        is_blocked: row.blocked.contains(&position),
                        section,
                        row: number,
                        is_joined: position > 0 && !row.aisles_after.contains(&(position - 1)),
                        distance: (x * x + y * y).cast_unsigned().isqrt(),
                    });
                }
                number += 1;
            }
        }
        chairs
    }
}

/// What a party asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) class: ClassId,
    pub(super) section: Option<u16>,
    pub(super) party: u32,
    pub(super) accessible: bool,
    pub(super) may_split: bool,
}

/// How good a place is for a party, the most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    leaves_orphan: bool,
    standard_seats: usize,
    distance: u64,
    first: usize,
}

/// The seats as they are.
struct House<'a> {
    chairs: &'a [Chair],
    is_free: Vec<bool>,
}

/// The best free seats for a party: side by side, without an orphan if that can be had, the
/// nearest. A party that may be split is split into as few pieces as can be, the largest first.
pub(super) fn best(chairs: &[Chair], states: &[SeatState], ask: &Ask) -> Option<Vec<SeatIndex>> {
    let mut house = House::new(chairs, states);
    let mut found = Vec::new();
    let mut missing = ask.party as usize;
    while missing > 0 {
        let smallest = if ask.may_split && !ask.accessible { 1 } else { missing };
        let mut pieces = (smallest..=missing).rev();
        let (piece, score) = pieces.find_map(|n| Some((n, house.side_by_side(ask, n)?)))?;
        for seat in score.first..score.first + piece {
            house.is_free[seat] = false;
            found.push(SeatIndex(seat as u32));
        }
        missing -= piece;
    }
    Some(found)
}

/// Whether a buyer may have these very seats.
pub(super) fn check_choice(
    chairs: &[Chair],
    states: &[SeatState],
    class: ClassId,
    seats: &[SeatIndex],
    refuse_orphans: bool,
) -> Allowed {
    let any = |wrong: &dyn Fn(usize) -> bool| seats.iter().any(|seat| wrong(seat.0 as usize));
    let is_twice = |(i, seat): (usize, &SeatIndex)| seats[..i].contains(seat);
    let goes_with = |seat: usize, other: usize| {
        chairs[other].kind == SeatKind::Accessible && chairs[other].row == chairs[seat].row
    };
    let is_alone = |seat: usize| {
        let is_companion = chairs[seat].kind == SeatKind::Companion;
        is_companion && !seats.iter().any(|other| goes_with(seat, other.0 as usize))
    };
    if any(&|seat| seat >= chairs.len()) {
        Err("unknown_seats")
    } else if seats.iter().enumerate().any(is_twice) {
        Err("malformed")
    } else if any(&|seat| chairs[seat].class != class) {
        Err("unknown_seats")
    } else if any(&|seat| states[seat] == SeatState::Blocked) {
        Err("seats_blocked")
    } else if any(&|seat| states[seat] != SeatState::Free) {
        Err("seats_taken")
    } else if any(&is_alone) {
        Err("companion_alone")
    } else if refuse_orphans && House::new(chairs, states).leaves_avoidable_orphan(seats) {
        Err("leaves_orphan")
    } else {
        Ok(())
    }
}

impl<'a> House<'a> {
    fn new(chairs: &'a [Chair], states: &[SeatState]) -> Self {
        Self { chairs, is_free: states.iter().map(|state| *state == SeatState::Free).collect() }
    }

    fn side_by_side(&self, ask: &Ask, party: usize) -> Option<Score> {
        let starts = 0..(self.chairs.len() + 1).saturating_sub(party);
        starts.filter_map(|first| self.score(ask, first, party)).min()
    }

    fn score(&self, ask: &Ask, first: usize, party: usize) -> Option<Score> {
        let chairs = &self.chairs[first..first + party];
        let is_open = |chair: &Chair| {
            chair.class == ask.class
                && ask.section.is_none_or(|section| section == chair.section)
                && (ask.accessible || chair.kind == SeatKind::Standard)
        };
        let fits = self.is_free[first..first + party].iter().all(|free| *free)
            && chairs[1..].iter().all(|chair| chair.is_joined)
            && chairs.iter().all(is_open);
        let of_kind = |kind| chairs.iter().filter(|chair| chair.kind == kind).count();
        if !fits || (ask.accessible && of_kind(SeatKind::Accessible) != 1) {
            return None;
        }
        let chosen = first..first + party;
        let beside = [first.checked_sub(1), Some(first + party)].into_iter().flatten();
        Some(Score {
            leaves_orphan: { beside }.any(|seat| self.orphans(seat, &|s| chosen.contains(&s))),
            standard_seats: if ask.accessible { of_kind(SeatKind::Standard) } else { 0 },
            distance: chairs.iter().map(|chair| chair.distance).sum(),
            first,
        })
    }

    /// Whether a standard seat would be left alone if `chosen` were taken, and is not so now.
    fn orphans(&self, seat: usize, chosen: &dyn Fn(usize) -> bool) -> bool {
        let is_alone = |is_free: &dyn Fn(usize) -> bool| {
            let before = seat > 0 && self.chairs[seat].is_joined && is_free(seat - 1);
            let behind = self.chairs.get(seat + 1).is_some_and(|next| next.is_joined);
            is_free(seat) && !before && !(behind && is_free(seat + 1))
        };
        self.chairs.get(seat).is_some_and(|chair| chair.kind == SeatKind::Standard)
            && is_alone(&|seat| self.is_free[seat] && !chosen(seat))
            && !is_alone(&|seat| self.is_free[seat])
    }

    /// Whether on some bench the choice leaves an orphan though another choice of as many seats
    /// there would leave none.
    fn leaves_avoidable_orphan(&self, seats: &[SeatIndex]) -> bool {
        let chosen = |seat: usize| seats.contains(&SeatIndex(seat as u32));
        let starts = (0..self.chairs.len()).filter(|&seat| !self.chairs[seat].is_joined);
        let starts: Vec<usize> = starts.chain([self.chairs.len()]).collect();
        starts.windows(2).any(|pair| {
            let bench = pair[0]..pair[1];
            let here: Vec<usize> = bench.clone().filter(|&seat| chosen(seat)).collect();
            if !bench.clone().any(|seat| self.orphans(seat, &|s| here.contains(&s))) {
                return false;
            }
            let is_standard = |seat: &usize| self.chairs[*seat].kind == SeatKind::Standard;
            let only_standard = here.iter().all(is_standard);
            let open = bench.clone().filter(|&seat| self.is_free[seat]);
            let open: Vec<usize> =
                open.filter(|seat| !only_standard || is_standard(seat)).collect();
            self.some_choice_is_neat(&bench, &open, &mut Vec::new(), here.len())
        })
    }

    /// Whether some way to choose `missing` more of the `open` seats leaves no orphan.
    fn some_choice_is_neat(
        &self,
        bench: &std::ops::Range<usize>,
        open: &[usize],
        chosen: &mut Vec<usize>,
        missing: usize,
    ) -> bool {
        if missing == 0 {
            return !bench.clone().any(|seat| self.orphans(seat, &|s| chosen.contains(&s)));
        }
        (0..(open.len() + 1).saturating_sub(missing)).any(|i| {
            chosen.push(open[i]);
            let is_neat = self.some_choice_is_neat(bench, &open[i + 1..], chosen, missing - 1);
            chosen.pop();
            is_neat
        })
    }
}
