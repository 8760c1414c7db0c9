//! Seats that a buyer chose by hand: whether they can be had.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::bench::bits;
use super::{Seat, SeatIndex, SeatKind, SeatState, Seating};
use crate::spec::ClassId;

/// Why a choice cannot be had, with the seats that are in the way, rising.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ChoiceRefusal {
    /// They are no seats of this event.
    #[error("there are no such seats: choose from the plan of this event")]
    Unknown(Vec<SeatIndex>),
    /// They were named more than once.
    #[error("seats are named twice: name each once")]
    Twice(Vec<SeatIndex>),
    /// They are sold as another class.
    #[error("seats are sold as another class: ask for them under that class")]
    OtherClass(Vec<SeatIndex>),
    /// The organiser does not sell them.
    #[error("seats are not for sale: choose others")]
    Blocked(Vec<SeatIndex>),
    /// Somebody else has them.
    #[error("seats are taken: choose others")]
    Taken(Vec<SeatIndex>),
    /// They are companion seats without an accessible seat of their row.
    #[error("companion seats go with an accessible seat: choose one in the same row")]
    CompanionAlone(Vec<SeatIndex>),
    /// These, which were not chosen, would be left alone between taken ones, and another choice
    /// on their benches would leave none.
    #[error("single seats would be left alone: choose them too, or move along")]
    LeavesOrphan(Vec<SeatIndex>),
}

impl Seating {
    /// Whether a buyer's own choice can be had as `class`. With `refuse_orphans` it must leave no
    /// orphan (see [`Self::best_available`]) on a bench, unless any choice of as many seats there
    /// would. Nothing is taken.
    pub fn check_choice(
        &self,
        class: ClassId,
        seats: &[SeatIndex],
        refuse_orphans: bool,
    ) -> Result<(), ChoiceRefusal> {
        use ChoiceRefusal as Refusal;

        let mut sorted = seats.to_vec();
        sorted.sort_unstable();
        let unknown = sorted.iter().copied().filter(|seat| seat.0 >= self.len());
        refuse(unknown, Refusal::Unknown)?;
        let pairs = sorted.windows(2).filter(|pair| pair[0] == pair[1]);
        refuse(pairs.map(|pair| pair[0]), Refusal::Twice)?;

        let chosen: Vec<(SeatIndex, Seat)> =
            sorted.iter().filter_map(|&index| Some((index, self.seat(index)?))).collect();
        let those = |wrong: fn(&Seat, ClassId) -> bool| {
            chosen.iter().filter(move |(_, seat)| wrong(seat, class)).map(|&(index, _)| index)
        };
        refuse(those(|seat, class| seat.class != class), Refusal::OtherClass)?;
        refuse(those(|seat, _| seat.state == SeatState::Blocked), Refusal::Blocked)?;
        refuse(those(|seat, _| seat.state != SeatState::Free), Refusal::Taken)?;
        refuse(lone_companions(&chosen), Refusal::CompanionAlone)?;
        if refuse_orphans {
            refuse(self.avoidable_orphans(&sorted), Refusal::LeavesOrphan)?;
        }
        Ok(())
    }

    /// The orphans that a rising choice of free seats would leave and another would not.
    fn avoidable_orphans(&self, sorted: &[SeatIndex]) -> impl Iterator<Item = SeatIndex> {
        let bench_of = |seat: SeatIndex| self.chart.locate(seat.0 as usize).0;
        let on_benches = sorted.chunk_by(move |&a, &b| bench_of(a) == bench_of(b));
        on_benches.flat_map(move |seats| {
            let index = bench_of(seats[0]);
            let first = self.chart.benches[index].first;
            let bench = self.bench(index);
            let chosen = seats.iter().fold(0u128, |mask, seat| mask | 1 << (seat.0 - first));
            let only_standard = chosen & !bench.standard() == 0;
            let open = if only_standard { bench.standard() } else { bench.free };
            let mut orphans = bench.orphans_after(chosen);
            if orphans != 0 && !bench.could_spare_orphans(open, chosen.count_ones()) {
                orphans = 0;
            }
            bits(orphans).map(move |place| SeatIndex(first + place))
        })
    }
}

/// The companion seats in whose row no accessible seat was chosen.
fn lone_companions(chosen: &[(SeatIndex, Seat)]) -> impl Iterator<Item = SeatIndex> {
    let of_kind = |kind| chosen.iter().filter(move |(_, seat)| seat.kind == kind);
    let rows: BTreeSet<u32> = of_kind(SeatKind::Accessible).map(|(_, seat)| seat.row).collect();
    of_kind(SeatKind::Companion)
        .filter(move |(_, seat)| !rows.contains(&seat.row))
        .map(|&(index, _)| index)
}

/// Refuses because of these seats, if there are any.
fn refuse(
    wrong: impl Iterator<Item = SeatIndex>,
    because: fn(Vec<SeatIndex>) -> ChoiceRefusal,
) -> Result<(), ChoiceRefusal> {
    let mut wrong: Vec<_> = wrong.collect();
    wrong.dedup();
    if wrong.is_empty() { Ok(()) } else { Err(because(wrong)) }
}
