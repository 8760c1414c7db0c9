//! The best seats for a party: side by side, nearest the focal point.

use alloc::vec::Vec;
use core::ops::Range;

use super::bench::{Need, Placement, stretch};
use super::{SeatIndex, Seating};
use crate::spec::ClassId;

/// What a party asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The class of its tickets.
    pub class: ClassId,
    /// The section it wants to be in, from 0 in the order of the plan.
    pub section: Option<u16>,
    /// How many people they are, 1 to the `widest` of the seating.
    pub party: u32,
    /// Whether one of them uses a wheelchair.
    pub accessible: bool,
    /// Whether they would rather sit apart than not at all. A wheelchair user's party is never
    /// parted.
    pub may_split: bool,
}

impl Seating {
    /// The best free seats for a party, or `None` if it cannot be seated. Nothing is taken.
    ///
    /// Side by side on one bench; of all such places one that leaves no orphan, if there is any,
    /// and then the nearest: the smallest sum of distances, of equals the lowest index. A standard
    /// party gets standard seats. A wheelchair user's party gets one accessible seat, and beside it
    /// companion seats before standard ones wherever they are. A party that may be split and must
    /// be is split into as few pieces as can be, the largest first.
    ///
    /// An orphan is a free standard seat with nothing free on either side, where there was before.
    pub fn best_available(&self, ask: &Ask) -> Option<Vec<SeatIndex>> {
        if !(1..=self.standard.widest() as u32).contains(&ask.party) {
            return None;
        }
        let benches = self.chart.benches_of(ask.class, ask.section);
        if ask.accessible {
            let leaves = self.chart.accessible_leaves(&benches);
            let winner = self.accessible.winner(leaves, ask.party)?;
            let bench = self.chart.accessible[winner.leaf] as usize;
            let placement = self.bench(bench).best(ask.party, Need::Accessible)?;
            return Some(self.seats_at(bench, placement.start, ask.party).collect());
        }
        Search { seating: self, benches, taken: Vec::new() }.seat(ask.party, ask.may_split)
    }

    fn seats_at(&self, bench: usize, start: u32, party: u32) -> impl Iterator<Item = SeatIndex> {
        let first = self.chart.benches[bench].first + start;
        (first..first + party).map(SeatIndex)
    }
}

/// A search for the pieces of one standard party.
struct Search<'a> {
    seating: &'a Seating,
    benches: Range<usize>,
    /// The benches on which pieces were found, rising, each with what is free there besides.
    taken: Vec<(usize, u128)>,
}

impl Search<'_> {
    fn seat(mut self, party: u32, may_split: bool) -> Option<Vec<SeatIndex>> {
        let mut seats = Vec::with_capacity(party as usize);
        let (mut piece, mut missing) = (party, party);
        while missing > 0 {
            match self.nearest(piece) {
                Some((bench, placement)) => {
                    self.take(bench, placement.start, piece);
                    seats.extend(self.seating.seats_at(bench, placement.start, piece));
                    missing -= piece;
                    piece = piece.min(missing);
                }
                // A stretch is used up whole before a smaller one is looked at, so the pieces are
                // as few as can be.
                None if may_split && piece > 1 => piece -= 1,
                None => return None,
            }
        }
        Some(seats)
    }

    /// The best place for a piece: the tournament answers for the benches that are as it knows
    /// them, the others are looked at.
    fn nearest(&self, piece: u32) -> Option<(usize, Placement)> {
        let mut best: Option<(u32, usize)> = None;
        let mut consider = |found: Option<(u32, usize)>| {
            best = [best, found].into_iter().flatten().min();
        };
        let mut from = self.benches.start;
        for &(bench, free) in &self.taken {
            consider(self.winner(from..bench, piece));
            let placement = self.seating.chart.bench(bench, free).best(piece, Need::Standard);
            consider(placement.map(|placement| (placement.score, bench)));
            from = bench + 1;
        }
        consider(self.winner(from..self.benches.end, piece));
        let (_, bench) = best?;
        let free = self.free(bench);
        let placement = self.seating.chart.bench(bench, free).best(piece, Need::Standard)?;
        Some((bench, placement))
    }

    fn winner(&self, benches: Range<usize>, piece: u32) -> Option<(u32, usize)> {
        let winner = self.seating.standard.winner(benches, piece)?;
        Some((winner.score, winner.leaf))
    }

    fn free(&self, bench: usize) -> u128 {
        let found = self.taken.iter().find(|&&(taken, _)| taken == bench);
        found.map_or(self.seating.free[bench], |&(_, free)| free)
    }

    fn take(&mut self, bench: usize, start: u32, piece: u32) {
        let free = self.free(bench) & !stretch(start, piece);
        match self.taken.binary_search_by_key(&bench, |&(taken, _)| taken) {
            Ok(at) => self.taken[at].1 = free,
            Err(at) => self.taken.insert(at, (bench, free)),
        }
    }
}
