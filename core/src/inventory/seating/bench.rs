//! One bench: neighbours as the bits of a mask, lowest first. A placement is the place of a party's
//! first seat; a mask of places holds all placements at once.

use super::tournament::IMPOSSIBLE;

/// A party that leaves an orphan comes after all that leave none.
const SCORE_ORPHAN: u32 = 1 << 31;
/// For a wheelchair user's party, a standard seat where a companion seat could have been comes
/// after any distance: the sum for 16 seats stays below ([`super::chart::DISTANCE_MAX`]), and 15
/// of these stay below [`SCORE_ORPHAN`].
pub(super) const SCORE_STANDARD_SEAT: u32 = 1 << 26;

/// What a party needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Neighbouring standard seats.
    Standard,
    /// Neighbouring seats of which exactly one is accessible.
    Accessible,
}

/// A bench as it is at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bench<'a> {
    /// By seat: the distances to the focal point of it and all before it.
    pub distance_sums: &'a [u32],
    pub accessible: u128,
    pub companion: u128,
    pub free: u128,
}

/// Where on a bench a party would sit, and how good that is: the lower, the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    pub score: u32,
    pub start: u32,
}

impl Bench<'_> {
    /// The best placement for a party of 1 to 16; of equals, the first.
    pub(super) fn best(&self, party: u32, need: Need) -> Option<Placement> {
        let starts = self.starts(party, need);
        let neat = starts & !self.orphaning(party);
        let (starts, penalty) = if neat == 0 { (starts, SCORE_ORPHAN) } else { (neat, 0) };
        bits(starts)
            .map(|start| Placement { score: penalty + self.cost(start, party, need), start })
            .min_by_key(|placement| placement.score)
    }

    /// The best scores for parties of 1, 2, 3 and so on.
    pub(super) fn scores(&self, need: Need, scores: &mut [u32]) {
        for (score, party) in scores.iter_mut().zip(1..) {
            *score = self.best(party, need).map_or(IMPOSSIBLE, |placement| placement.score);
        }
    }

    /// The free standard seats.
    pub(super) fn standard(&self) -> u128 {
        self.free & !self.accessible & !self.companion
    }

    /// The standard seats that would be left alone, and are not so now, if `chosen` were taken.
    /// Alone is who has nothing free on either side, of whatever kind.
    pub(super) fn orphans_after(&self, chosen: u128) -> u128 {
        alone(self.free & !chosen) & !alone(self.free) & self.standard()
    }

    /// Whether any `count` seats out of `open` (less than 128) could be taken without an orphan.
    pub(super) fn could_spare_orphans(&self, open: u128, count: u32) -> bool {
        let may_be_alone = alone(self.free) | !self.standard();
        // Ways to choose among the seats so far, each a set of counts (bit n: n seats taken), by
        // what the last seat is: not left free, left free with nothing free before it, or left
        // free with company.
        let (mut gone, mut single, mut accompanied) = (1, 0, 0);
        for place in 0..self.distance_sums.len() {
            let bit = 1 << place;
            let closed = gone | accompanied | tolerated(single, may_be_alone, place);
            let left = if self.free & bit == 0 { (0, 0) } else { (gone, single | accompanied) };
            gone = match (self.free & bit == 0, open & bit == 0) {
                (true, _) => closed,
                (false, true) => 0,
                (false, false) => closed << 1,
            };
            (single, accompanied) = left;
        }
        let last = self.distance_sums.len();
        (gone | accompanied | tolerated(single, may_be_alone, last)) >> count & 1 == 1
    }

    /// Where a party finds free neighbours of the kinds it needs.
    fn starts(&self, party: u32, need: Need) -> u128 {
        match need {
            Need::Standard => stretches(self.standard(), party),
            Need::Accessible => {
                let (mut once, mut twice) = (0, 0);
                for place in 0..party {
                    twice |= once & self.accessible >> place;
                    once |= self.accessible >> place;
                }
                stretches(self.free, party) & once & !twice
            }
        }
    }

    /// Where a party would leave an orphan: just before it or just behind it.
    fn orphaning(&self, party: u32) -> u128 {
        let nothing_before = self.standard() & !(self.free << 1);
        let nothing_behind = self.standard() & !(self.free >> 1);
        nothing_before << 1 | nothing_behind >> party
    }

    fn cost(&self, start: u32, party: u32, need: Need) -> u32 {
        let before = start.checked_sub(1).map_or(0, |last| self.distance_sums[last as usize]);
        let distances = self.distance_sums[(start + party - 1) as usize] - before;
        match need {
            Need::Standard => distances,
            Need::Accessible => {
                let standard = self.standard() & stretch(start, party);
                distances + SCORE_STANDARD_SEAT * standard.count_ones()
            }
        }
    }
}

/// The seats of a placement; `party` is less than 128.
pub(super) fn stretch(start: u32, party: u32) -> u128 {
    ((1 << party) - 1) << start
}

/// The places in a mask, rising.
pub(super) fn bits(mut mask: u128) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let place = (mask != 0).then(|| mask.trailing_zeros());
        mask &= mask.wrapping_sub(1);
        place
    })
}

/// Where `length` seats of the mask follow each other.
fn stretches(mask: u128, length: u32) -> u128 {
    (1..length).fold(mask, |starts, place| starts & mask >> place)
}

/// The seats of the mask that have none on either side.
fn alone(mask: u128) -> u128 {
    mask & !(mask << 1) & !(mask >> 1)
}

/// The ways that leave the seat before `place` alone, if it may be.
fn tolerated(single: u128, may_be_alone: u128, place: usize) -> u128 {
    match place.checked_sub(1) {
        Some(before) if may_be_alone >> before & 1 == 1 => single,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const SEATS: u32 = 10;
    /// Not symmetrical, with ties, and not quite even, as rounded distances are.
    const DISTANCES: [u32; SEATS as usize] = [40, 30, 21, 10, 0, 10, 20, 30, 41, 50];
    /// Accessible and companion seats.
    const KINDS: [(u128, u128); 4] =
        [(0, 0), (0b00_0000_1000, 0b00_0001_0100), (0b10_0100_0001, 0b01_0000_0010), (0b11, 0)];

    #[test]
    fn placements_are_the_best_for_every_mask_of_ten_seats_and_every_party() {
        let sums = running_sums();
        for (accessible, companion) in KINDS {
            for free in 0..1 << SEATS {
                let bench = Bench { distance_sums: &sums, accessible, companion, free };
                for party in 1..=SEATS {
                    for need in [Need::Standard, Need::Accessible] {
                        let expected = naive_best(&bench, party, need);
                        let found = bench.best(party, need).map(|placement| placement.start);
                        assert_eq!(found, expected, "{free:010b} {party} {need:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn orphans_are_those_of_every_choice_from_every_mask_of_eight_seats() {
        let sums = running_sums();
        let choices = |open: u128| (0..1 << 8).filter(move |chosen: &u128| chosen & !open == 0);
        for (accessible, companion) in KINDS {
            for free in 0..1 << 8 {
                let bench = Bench { distance_sums: &sums[..8], accessible, companion, free };
                for chosen in choices(free) {
                    let expected = naive_orphans(&bench, chosen);
                    assert_eq!(bench.orphans_after(chosen), expected, "{free:b} {chosen:b}");
                }
                for open in [free, bench.standard()] {
                    for count in 0..=open.count_ones() {
                        let possible = choices(open)
                            .filter(|chosen| chosen.count_ones() == count)
                            .any(|chosen| naive_orphans(&bench, chosen) == 0);
                        let found = bench.could_spare_orphans(open, count);
                        assert_eq!(found, possible, "{free:b} {open:b} {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_distance_outweighs_a_rule() {
        let farthest: Vec<u32> = (1..=128).map(|n| n * super::super::chart::DISTANCE_MAX).collect();
        let bench =
            Bench { distance_sums: &farthest, accessible: 1, companion: 0, free: u128::MAX };
        let sixteen = bench.best(16, Need::Standard).unwrap();
        assert!(sixteen.score < SCORE_STANDARD_SEAT);
        let sixteen = bench.best(16, Need::Accessible).unwrap();
        assert!(sixteen.score < SCORE_ORPHAN);
    }

    fn running_sums() -> Vec<u32> {
        let add = |sum: &mut u32, distance: u32| {
            *sum += distance;
            Some(*sum)
        };
        DISTANCES.into_iter().scan(0, add).collect()
    }

    /// By seat after seat: orphans first, then standard seats where companions could be, then
    /// distance, then place.
    fn naive_best(bench: &Bench<'_>, party: u32, need: Need) -> Option<u32> {
        let has = |mask: u128, place: u32| mask & (1 << place) != 0;
        let starts = (0..=SEATS - party).filter_map(|start| {
            let places = start..start + party;
            let accessible = places.clone().filter(|&p| has(bench.accessible, p)).count();
            let companions = places.clone().filter(|&p| has(bench.companion, p)).count();
            let fits = match need {
                Need::Standard => accessible == 0 && companions == 0,
                Need::Accessible => accessible == 1,
            };
            let all_free = places.clone().all(|p| has(bench.free, p));
            let distance: u32 = places.clone().map(|p| DISTANCES[p as usize]).sum();
            let chosen = places.map(|p| 1 << p).sum();
            let orphans = naive_orphans(bench, chosen) != 0;
            (fits && all_free).then_some((orphans, SEATS as usize - companions, distance, start))
        });
        starts.min().map(|(.., start)| start)
    }

    fn naive_orphans(bench: &Bench<'_>, chosen: u128) -> u128 {
        let is_alone = |free: u128, place: u32| {
            let is_free = |place: u32| free & (1 << place) != 0;
            is_free(place) && !(place > 0 && is_free(place - 1)) && !is_free(place + 1)
        };
        (0..SEATS)
            .filter(|&place| (bench.accessible | bench.companion) & (1 << place) == 0)
            .filter(|&place| is_alone(bench.free & !chosen, place) && !is_alone(bench.free, place))
            .fold(0, |orphans, place| orphans | 1 << place)
    }
}
