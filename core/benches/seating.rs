//! What a hold of numbered seats costs in houses of a thousand to a million seats: the cost must
//! grow like the logarithm of the house, or not at all.
//!
//! Half of every house is taken in random stretches first, so that searches meet what they meet in
//! a sale.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use onsale_core::inventory::seating::{Ask, SeatIndex, SeatState, Seating};
use onsale_core::spec::{ClassId, Numbering, Plan, Point, Row, Section};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::hint::black_box;

const CLASS: ClassId = ClassId(0);
const WIDEST: u32 = 10;
const ROW_SEATS: u32 = 40;
const SECTION_ROWS: u32 = 25;
const HOUSES: [u32; 3] = [1_000, 50_000, 1_000_000];

fn seating(c: &mut Criterion) {
    let mut group = c.benchmark_group("seating");
    for seats in HOUSES {
        let mut house = half_taken(seats);
        group.bench_function(BenchmarkId::new("take and release the best pair", seats), |b| {
            b.iter(|| take_and_release(&mut house, &pair(None)));
        });

        // Another section every time: what the processor remembers does not help.
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let sections = seats / (ROW_SEATS * SECTION_ROWS);
        group.bench_function(BenchmarkId::new("a pair of a random section", seats), |b| {
            b.iter(|| {
                let section = (rng.next_u32() % sections) as u16;
                take_and_release(&mut house, &pair(Some(section)));
            });
        });

        group.bench_function(BenchmarkId::new("take and release a random seat", seats), |b| {
            b.iter(|| {
                let seat = SeatIndex(rng.next_u32() % seats);
                let before = house.states()[seat.0 as usize];
                let flipped = match before {
                    SeatState::Free => SeatState::Held(1),
                    _ => SeatState::Free,
                };
                house.set(seat, flipped);
                house.set(seat, before);
            });
        });

        group.bench_function(BenchmarkId::new("split a party of ten", seats), |b| {
            let mut crowded = house.clone();
            while let Some(found) = crowded.best_available(&Ask { party: 4, ..pair(None) }) {
                crowded.set_all(&found, SeatState::Sold(0));
            }
            let ask = Ask { party: WIDEST, may_split: true, ..pair(None) };
            b.iter(|| black_box(crowded.best_available(&ask)));
        });
    }
    group.finish();
}

fn take_and_release(house: &mut Seating, ask: &Ask) {
    let Some(seats) = house.best_available(ask) else { return };
    house.set_all(&seats, SeatState::Held(1));
    house.set_all(black_box(&seats), SeatState::Free);
}

fn pair(section: Option<u16>) -> Ask {
    Ask { class: CLASS, section, party: 2, accessible: false, may_split: false }
}

fn half_taken(seats: u32) -> Seating {
    let mut house = Seating::new(&plan(seats), 1, WIDEST);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    while house.class_counts(CLASS).free > seats / 2 {
        let first = rng.next_u32() % seats;
        let party = 1 + rng.next_u32() % 6;
        let stretch: Vec<_> = (first..seats.min(first + party)).map(SeatIndex).collect();
        house.set_all(&stretch, SeatState::Sold(0));
    }
    house
}

/// Sections of 1,000 seats side by side, each row with an aisle in the middle.
fn plan(seats: u32) -> Plan {
    let section = |number: i32| Section {
        name: format!("section {number}"),
        class: CLASS,
        rows: (0..SECTION_ROWS.cast_signed())
            .map(|number_of_row| row(number, number_of_row))
            .collect(),
    };
    let sections = (seats / (ROW_SEATS * SECTION_ROWS)).cast_signed();
    Plan { focal_point: Point { x: 0, y: 0 }, sections: (0..sections).map(section).collect() }
}

fn row(section: i32, number: i32) -> Row {
    Row {
        label: number.to_string(),
        seats: ROW_SEATS,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: section % 100 * 2_500, y: 500 + section / 100 * 3_000 + number * 90 },
        step: Point { x: 50, y: 0 },
        aisles_after: vec![ROW_SEATS / 2 - 1],
        accessible: vec![],
        companion: vec![],
        blocked: vec![],
    }
}

criterion_group!(benches, seating);
criterion_main!(benches);
