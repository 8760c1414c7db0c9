//! Random houses in which random seats come and go, against the naive full scan.

use alloc::format;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::naive::House;
use crate::inventory::seating::{Ask, ChoiceRefusal, SeatIndex, SeatState, Seating};
use crate::spec::{ClassId, Numbering, Plan, Point, Row, Section};

const CLASSES: u16 = 3;
const WIDEST: u32 = 5;

/// Something that happens; seats are counted round and round the house.
#[derive(Clone, Debug)]
enum Step {
    TakeBest(Ask),
    TakeChoice { seats: Vec<u32>, refuse_orphans: bool },
    Set { seats: Vec<u32>, state: SeatState },
}

proptest! {
    #[test]
    fn answers_are_those_of_a_full_scan(plan in plans(), steps in steps()) {
        let mut seating = Seating::new(&plan, CLASSES.into(), WIDEST);
        for (number, step) in (0..).zip(&steps) {
            apply(&plan, &mut seating, step, number)?;
        }
        let house = House::new(&plan, seating.states());
        compare_counts(&plan, &house, &seating)?;
        for ask in all_asks(plan.sections.len() as u16) {
            compare_best(&house, &seating, &ask)?;
        }
        let states = seating.states().to_vec();
        prop_assert_eq!(&Seating::restore(&plan, CLASSES.into(), WIDEST, states), &seating);
    }
}

fn apply(plan: &Plan, seating: &mut Seating, step: &Step, hold: u32) -> Result<(), TestCaseError> {
    let house = House::new(plan, seating.states());
    let within = |seats: &[u32]| -> Vec<SeatIndex> {
        seats.iter().map(|seat| SeatIndex(seat % seating.len())).collect()
    };
    match step {
        Step::TakeBest(ask) => {
            if let Some(seats) = compare_best(&house, seating, ask)? {
                seating.set_all(&seats, SeatState::Held(hold));
            }
        }
        Step::TakeChoice { seats, refuse_orphans } => {
            let seats = within(seats);
            if compare_choice(&house, seating, &seats, *refuse_orphans)? {
                seating.set_all(&seats, SeatState::Held(hold));
            }
        }
        Step::Set { seats, state } => {
            let seats = within(seats);
            match seats[..] {
                [seat] => seating.set(seat, *state),
                _ => seating.set_all(&seats, *state),
            }
        }
    }
    Ok(())
}

fn compare_best(
    house: &House,
    seating: &Seating,
    ask: &Ask,
) -> Result<Option<Vec<SeatIndex>>, TestCaseError> {
    let found = seating.best_available(ask);
    let expected = if ask.party <= WIDEST { house.best(ask) } else { None };
    prop_assert_eq!(&found, &expected, "{:?}", ask);

    if let Some(seats) = found.as_ref().filter(|_| !ask.accessible) {
        let mut reach = 0;
        let stretches = house.stretches(ask);
        let fewest = stretches.iter().take_while(|&&length| {
            let still_short = reach < ask.party;
            reach += length;
            still_short
        });
        let pieces = house.pieces(seats);
        prop_assert_eq!(pieces, fewest.count(), "pieces for {:?}", ask);
    }
    Ok(found)
}

/// Checks a choice as the class of its first seat; whether it can be had.
fn compare_choice(
    house: &House,
    seating: &Seating,
    seats: &[SeatIndex],
    refuse_orphans: bool,
) -> Result<bool, TestCaseError> {
    let class = house.seats[seats[0].0 as usize].class;
    let verdict = seating.check_choice(class, seats, refuse_orphans);
    let chosen: Vec<usize> = seats.iter().map(|seat| seat.0 as usize).collect();
    match &verdict {
        Err(ChoiceRefusal::LeavesOrphan(_)) | Ok(()) => {
            let orphans =
                if refuse_orphans { house.avoidable_orphans(&chosen) } else { Vec::new() };
            let named: Vec<usize> = match &verdict {
                Err(ChoiceRefusal::LeavesOrphan(seats)) => {
                    seats.iter().map(|seat| seat.0 as usize).collect()
                }
                _ => Vec::new(),
            };
            prop_assert_eq!(named, orphans, "choice {:?}", seats);
        }
        Err(ChoiceRefusal::Taken(named)) => {
            let is_taken =
                |seat: &&SeatIndex| house.seats[seat.0 as usize].state != SeatState::Free;
            let mut taken: Vec<_> = seats.iter().filter(is_taken).copied().collect();
            taken.sort_unstable();
            prop_assert_eq!(named, &taken);
        }
        Err(_) => {}
    }
    Ok(verdict.is_ok())
}

fn compare_counts(plan: &Plan, house: &House, seating: &Seating) -> Result<(), TestCaseError> {
    for class in (0..=CLASSES).map(ClassId) {
        let expected = house.counts(|seat| seat.class == class);
        prop_assert_eq!(seating.class_counts(class), expected);
    }
    for section in 0..=plan.sections.len() as u16 {
        let expected = house.counts(|seat| seat.section == section);
        prop_assert_eq!(seating.section_counts(section), expected);
    }
    let not_free: Vec<_> = seating.iter_not_free().collect();
    let states = seating.states().iter().copied();
    let expected: Vec<_> =
        (0..).map(SeatIndex).zip(states).filter(|(_, state)| *state != SeatState::Free).collect();
    prop_assert_eq!(not_free, expected);
    Ok(())
}

fn all_asks(sections: u16) -> Vec<Ask> {
    let mut asks = Vec::new();
    for class in (0..=CLASSES).map(ClassId) {
        for section in (0..=sections).map(Some).chain([None]) {
            for party in 0..=WIDEST + 1 {
                for (accessible, may_split) in
                    [(false, false), (false, true), (true, false), (true, true)]
                {
                    asks.push(Ask { class, section, party, accessible, may_split });
                }
            }
        }
    }
    asks.retain(|ask| ask.party > 0);
    asks
}

fn plans() -> impl Strategy<Value = Plan> {
    let row = (any::<[u16; 3]>(), 1..=10u32, points(), points()).prop_flat_map(
        |(draws, seats, first, step)| {
            let kinds = prop::collection::vec(0..12u8, seats as usize);
            kinds.prop_map(move |kinds| random_row(draws, &kinds, first, step))
        },
    );
    let section = (0..CLASSES, prop::collection::vec(row, 1..4));
    (points(), prop::collection::vec(section, 1..5)).prop_map(|(focal_point, sections)| Plan {
        focal_point,
        sections: (0..).zip(sections).map(|(number, section)| named(number, section)).collect(),
    })
}

fn named(number: u16, (class, mut rows): (u16, Vec<Row>)) -> Section {
    for (row, label) in rows.iter_mut().zip(1..) {
        row.label = format!("{label}");
    }
    Section { name: format!("section {number}"), class: ClassId(class), rows }
}

/// A row in which about one seat in six has an aisle after it, one in six is accessible, and so on.
fn random_row(draws: [u16; 3], kinds: &[u8], first: Point, step: Point) -> Row {
    let seats = kinds.len() as u32;
    let of_kind = |wanted: [u8; 2]| {
        let kinds = (0..).zip(kinds).filter(|(_, kind)| wanted.contains(kind));
        kinds.map(|(position, _)| position).collect()
    };
    let drawn = |bits: u16| (0..seats).filter(|position| bits >> position & 1 == 1).collect();
    let [a, b, c] = draws;
    Row {
        label: "A".into(),
        seats,
        numbering: Numbering::Sequence { first: 1, step: 2 },
        first,
        step,
        aisles_after: drawn(a & b & c),
        accessible: of_kind([0, 1]),
        companion: of_kind([2, 3]),
        blocked: drawn(!a & b & !c),
    }
}

fn points() -> impl Strategy<Value = Point> {
    (-60..60i32, -60..60i32).prop_map(|(x, y)| Point { x, y })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..CLASSES, prop::option::of(0..5u16), 1..=WIDEST, any::<bool>(), any::<bool>())
        .prop_map(|(class, section, party, accessible, may_split)| Ask {
            class: ClassId(class),
            section,
            party,
            accessible,
            may_split,
        });
    let states = prop_oneof![
        4 => Just(SeatState::Free),
        1 => Just(SeatState::Blocked),
        1 => any::<u32>().prop_map(SeatState::Held),
        1 => any::<u32>().prop_map(SeatState::Ordered),
        1 => any::<u32>().prop_map(SeatState::Sold),
    ];
    let some_seats = prop::collection::vec(0..200u32, 1..4);
    // Chosen near to each other, as people do.
    let choice = (0..200u32, prop::collection::btree_set(0..6u32, 1..4));
    prop::collection::vec(
        prop_oneof![
            2 => ask.prop_map(Step::TakeBest),
            2 => (choice, any::<bool>()).prop_map(|((from, ahead), refuse_orphans)| {
                let seats = ahead.into_iter().map(|ahead| from + ahead).collect();
                Step::TakeChoice { seats, refuse_orphans }
            }),
            1 => (some_seats, states).prop_map(|(seats, state)| Step::Set { seats, state }),
        ],
        0..40,
    )
}
