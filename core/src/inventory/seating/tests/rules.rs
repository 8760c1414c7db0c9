//! The rules by example: what a buyer and an organiser may rely on.

use alloc::vec;
use alloc::vec::Vec;

use crate::inventory::seating::{
    Ask, ChoiceRefusal, Counts, SeatIndex, SeatKind, SeatState, Seating,
};
use crate::spec::{ClassId, Limits, Numbering, Plan, Point, Row, Section};

const CLASS: ClassId = ClassId(0);

#[test]
fn neighbours_stand_side_by_side_whatever_is_printed_on_them() {
    // Odd numbers on one side of the aisle, even ones on the other: 5 3 1 | 2 4 6.
    let labels = ["5", "3", "1", "2", "4", "6"].map(Into::into).to_vec();
    let row = Row { numbering: Numbering::Labels(labels), aisles_after: vec![2], ..row(6) };
    let plan = plan(vec![row]);
    let mut seating = seating(&plan);
    // 1 and 2 are nearest and follow each other in print, but there is an aisle between.
    assert_eq!(best(&seating, 2), Some(vec![1, 2]));
    take(&mut seating, &[0, 1, 4, 5]);
    assert_eq!(best(&seating, 2), None);
    assert_eq!(label(&seating, &plan, 2), "stalls A 1");
    assert_eq!(label(&seating, &plan, 3), "stalls A 2");
}

#[test]
fn falling_and_odd_numbers_are_printed_as_described() {
    let falling = Row { numbering: Numbering::Sequence { first: 11, step: -2 }, ..row(6) };
    let second = Row { label: "B".into(), ..row(3) };
    let plan = plan(vec![falling, second]);
    let seating = seating(&plan);
    assert_eq!(label(&seating, &plan, 0), "stalls A 11");
    assert_eq!(label(&seating, &plan, 5), "stalls A 1");
    assert_eq!(label(&seating, &plan, 8), "stalls B 3");
    assert_eq!(seating.label(&plan, SeatIndex(9)), None);
}

#[test]
fn the_nearest_seats_come_first_and_of_equals_the_lowest() {
    let near = row(6);
    let far = Row { label: "B".into(), ..far_row(6, 700) };
    let seating = seating(&plan(vec![far, near]));
    // The middle of the nearer row, though it comes later in the plan.
    assert_eq!(best(&seating, 2), Some(vec![8, 9]));
    // Three in the middle would leave one alone; of the two ends the lower comes first.
    assert_eq!(best(&seating, 3), Some(vec![6, 7, 8]));
}

#[test]
fn nobody_is_left_alone_unless_there_is_no_other_way() {
    let seating = seating(&plan(vec![row(5), Row { label: "B".into(), ..far_row(7, 5_000) }]));
    // 0 1 [2 3] 4 and 0 [1 2] 3 4 would leave somebody alone.
    assert_eq!(best(&seating, 2), Some(vec![0, 1]));
    // Four of five always leave one, so they go to the row far behind.
    assert_eq!(best(&seating, 4), Some(vec![5, 6, 7, 8]));

    let mut nothing_else = seating;
    take(&mut nothing_else, &[5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(best(&nothing_else, 4), Some(vec![0, 1, 2, 3]));
}

#[test]
fn who_was_alone_before_holds_nobody_up() {
    let mut seating = seating(&plan(vec![row(5)]));
    take(&mut seating, &[1]);
    // Seat 0 is alone already. Taking it helps, taking 3 would leave 2 and 4 alone.
    assert_eq!(seating.check_choice(CLASS, &indices(&[2, 3, 4]), true), Ok(()));
    assert_eq!(best(&seating, 3), Some(vec![2, 3, 4]));
}

#[test]
fn standard_parties_never_get_accessible_or_companion_seats() {
    let row = Row { accessible: vec![1], companion: vec![2], ..row(5) };
    let mut seating = seating(&plan(vec![row]));
    assert_eq!(best(&seating, 2), Some(vec![3, 4]));
    assert_eq!(best(&seating, 3), None);
    take(&mut seating, &[0, 3, 4]);
    assert_eq!(best(&seating, 1), None);
}

#[test]
fn a_wheelchair_user_gets_one_accessible_seat_and_companion_seats_beside_it() {
    let near = Row { accessible: vec![0, 1], ..row(6) };
    let far = Row { accessible: vec![2], companion: vec![3], ..far_row(6, 5_000) };
    let far = Row { label: "B".into(), ..far };
    let mut seating = seating(&plan(vec![near, far]));
    let ask = |party| Ask { accessible: true, ..ask(party) };
    let best = |seating: &Seating, party| Some(numbers(seating.best_available(&ask(party))?));
    assert_eq!(best(&seating, 1), Some(vec![1]));
    // A companion seat before any nearer standard one.
    assert_eq!(best(&seating, 2), Some(vec![8, 9]));
    take(&mut seating, &[9]);
    // Else a standard seat; never both accessible ones.
    assert_eq!(best(&seating, 2), Some(vec![1, 2]));
    assert_eq!(best(&seating, 3), Some(vec![1, 2, 3]));
    take(&mut seating, &[2, 7]);
    // Nothing is beside an accessible seat any more, and such a party is never parted.
    let split = Ask { may_split: true, ..ask(2) };
    assert_eq!(seating.best_available(&split), None);
}

#[test]
fn a_party_that_must_be_split_sits_in_the_fewest_pieces_largest_first() {
    let stretches = Row { aisles_after: vec![0, 2, 5, 7], ..row(9) }; // 1, 2, 3, 2, 1
    let seating = seating(&plan(vec![stretches]));
    assert_eq!(best(&seating, 6), None);
    let split = |party| {
        let ask = Ask { may_split: true, ..ask(party) };
        seating.best_available(&ask).map(numbers)
    };
    assert_eq!(split(3), Some(vec![3, 4, 5]));
    assert_eq!(split(5), Some(vec![3, 4, 5, 1, 2]));
    assert_eq!(split(6), Some(vec![3, 4, 5, 1, 2, 0]));
    assert_eq!(split(9), Some(vec![3, 4, 5, 1, 2, 6, 7, 0, 8]));
    assert_eq!(split(10), None);
}

#[test]
fn a_class_and_a_section_keep_to_themselves() {
    let section = |name: &str, class, seats| Section {
        name: name.into(),
        class: ClassId(class),
        rows: vec![row(seats)],
    };
    // Classes alternate, so a class is not one piece of the plan.
    let sections = vec![section("a", 1, 4), section("b", 0, 4), section("c", 1, 4)];
    let plan = Plan { focal_point: Point { x: 0, y: 0 }, sections };
    let mut seating = Seating::new(&plan, 3, 4);
    let find = |seating: &Seating, class, section| {
        let ask = Ask { class: ClassId(class), section, ..ask(4) };
        seating.best_available(&ask).map(numbers)
    };
    assert_eq!(find(&seating, 1, None), Some(vec![0, 1, 2, 3]));
    assert_eq!(find(&seating, 1, Some(2)), Some(vec![8, 9, 10, 11]));
    assert_eq!(find(&seating, 1, Some(1)), None);
    assert_eq!(find(&seating, 1, Some(3)), None);
    take(&mut seating, &[0]);
    assert_eq!(find(&seating, 1, None), Some(vec![8, 9, 10, 11]));
    assert_eq!(find(&seating, 0, None), Some(vec![4, 5, 6, 7]));
    assert_eq!(find(&seating, 2, None), None);
    assert_eq!(find(&seating, 3, None), None);
    assert_eq!(seating.class_counts(ClassId(1)), Counts { free: 7, held: 1, ..Counts::default() });
    assert_eq!(seating.section_counts(2), Counts { free: 4, ..Counts::default() });
}

#[test]
fn every_seat_is_found_where_the_plan_put_it() {
    let front = Row { aisles_after: vec![1, 3], blocked: vec![3], ..row(4) };
    let back = Row { label: "B".into(), accessible: vec![1], companion: vec![0], ..row(2) };
    let seating = seating(&plan(vec![front, back]));
    let seat = |index| seating.seat(SeatIndex(index)).unwrap();
    assert_eq!((seat(3).row, seat(3).position, seat(3).state), (0, 3, SeatState::Blocked));
    assert_eq!((seat(4).row, seat(4).position, seat(4).kind), (1, 0, SeatKind::Companion));
    assert_eq!((seat(5).row, seat(5).position, seat(5).kind), (1, 1, SeatKind::Accessible));
    assert_eq!(seating.seat(SeatIndex(6)), None);
    assert_eq!(seating.class_counts(CLASS), Counts { free: 5, blocked: 1, ..Counts::default() });
}

#[test]
fn a_refused_choice_names_the_seats_in_the_way() {
    let front = Row { blocked: vec![0], accessible: vec![4], companion: vec![5], ..row(6) };
    let back = Row { label: "B".into(), accessible: vec![0], ..row(3) };
    let mut plan = plan(vec![front, back]);
    let other = Section { name: "balcony".into(), class: ClassId(1), rows: vec![row(2)] };
    plan.sections.push(other);
    let mut seating = seating(&plan);
    take(&mut seating, &[1]);
    let check = |seats: &[u32]| seating.check_choice(CLASS, &indices(seats), false);
    let named = indices;
    assert_eq!(check(&[2, 3]), Ok(()));
    assert_eq!(check(&[3, 99, 11]), Err(ChoiceRefusal::Unknown(named(&[11, 99]))));
    assert_eq!(check(&[3, 2, 3, 3]), Err(ChoiceRefusal::Twice(named(&[3]))));
    assert_eq!(check(&[3, 9]), Err(ChoiceRefusal::OtherClass(named(&[9]))));
    assert_eq!(check(&[0, 1]), Err(ChoiceRefusal::Blocked(named(&[0]))));
    assert_eq!(check(&[2, 1]), Err(ChoiceRefusal::Taken(named(&[1]))));
    assert_eq!(check(&[5]), Err(ChoiceRefusal::CompanionAlone(named(&[5]))));
    assert_eq!(check(&[5, 4]), Ok(()));
    assert_eq!(check(&[4]), Ok(()));
    // An accessible seat of another row is no company.
    assert_eq!(check(&[5, 6]), Err(ChoiceRefusal::CompanionAlone(named(&[5]))));
}

#[test]
fn a_choice_leaves_nobody_alone_where_another_would_not() {
    let mut seating = seating(&plan(vec![row(5)]));
    let check =
        |seating: &Seating, seats: &[u32]| seating.check_choice(CLASS, &indices(seats), true);
    let orphans = |seats: &[u32]| Err(ChoiceRefusal::LeavesOrphan(indices(seats)));
    assert_eq!(check(&seating, &[1]), orphans(&[0]));
    assert_eq!(check(&seating, &[1, 3]), orphans(&[0, 2, 4]));
    assert_eq!(check(&seating, &[0, 1]), Ok(()));
    // Any four of five leave one alone.
    assert_eq!(check(&seating, &[0, 1, 2, 4]), Ok(()));
    assert_eq!(seating.check_choice(CLASS, &indices(&[1]), false), Ok(()));
    take(&mut seating, &[0, 1]);
    // Two of three leave one alone.
    assert_eq!(check(&seating, &[2, 3]), Ok(()));
    assert_eq!(check(&seating, &[3]), orphans(&[2, 4]));
}

#[test]
fn nearer_is_nearer_twenty_kilometres_away() {
    let corner = Point { x: -Plan::COORDINATE_MAX, y: -Plan::COORDINATE_MAX };
    let nearer = Point { y: corner.y + 2, ..corner };
    let rows = [corner, nearer].map(|first| Row { first, ..row(1) });
    let mut plan = plan(rows.to_vec());
    plan.focal_point = Point { x: Plan::COORDINATE_MAX, y: Plan::COORDINATE_MAX };
    assert_eq!(best(&seating(&plan), 1), Some(vec![1]));
}

#[test]
fn the_rules_hold_in_the_largest_house() {
    // The longest bench as far away as may be, and one leg shorter: distances must not run over.
    let corner = Point { x: -Plan::COORDINATE_MAX, y: -Plan::COORDINATE_MAX };
    let last = Plan::BENCH_SEATS_MAX - 1;
    let accessible = Row { accessible: vec![last], ..far_row(Plan::BENCH_SEATS_MAX, 0) };
    let rows = vec![Row { first: corner, step: Point { x: 0, y: 0 }, ..accessible }];
    let mut plan = plan(rows);
    plan.focal_point = Point { x: Plan::COORDINATE_MAX, y: Plan::COORDINATE_MAX };
    let mut seating = seating(&plan);
    let widest = Limits::PER_HOLD_MAX;
    assert_eq!(best(&seating, widest), Some((0..widest).collect()));
    let ask = Ask { accessible: true, ..ask(widest) };
    let expected: Vec<u32> = (last + 1 - widest..=last).collect();
    assert_eq!(seating.best_available(&ask).map(numbers), Some(expected.clone()));
    // One seat is left beside them: the only way, so it is taken.
    take(&mut seating, &[last - widest - 1]);
    assert_eq!(seating.best_available(&ask).map(numbers), Some(expected));
}

/// Seats half a metre apart around the middle, five metres from the focal point.
fn row(seats: u32) -> Row {
    far_row(seats, 500)
}

fn far_row(seats: u32, y: i32) -> Row {
    Row {
        label: "A".into(),
        seats,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: -25 * (seats.cast_signed() - 1), y },
        step: Point { x: 50, y: 0 },
        aisles_after: vec![],
        accessible: vec![],
        companion: vec![],
        blocked: vec![],
    }
}

fn plan(rows: Vec<Row>) -> Plan {
    let stalls = Section { name: "stalls".into(), class: CLASS, rows };
    Plan { focal_point: Point { x: 0, y: 0 }, sections: vec![stalls] }
}

fn seating(plan: &Plan) -> Seating {
    Seating::new(plan, 2, Limits::PER_HOLD_MAX)
}

fn ask(party: u32) -> Ask {
    Ask { class: CLASS, section: None, party, accessible: false, may_split: false }
}

fn best(seating: &Seating, party: u32) -> Option<Vec<u32>> {
    seating.best_available(&ask(party)).map(numbers)
}

fn take(seating: &mut Seating, seats: &[u32]) {
    seating.set_all(&indices(seats), SeatState::Held(0));
}

fn indices(seats: &[u32]) -> Vec<SeatIndex> {
    seats.iter().copied().map(SeatIndex).collect()
}

fn numbers(seats: Vec<SeatIndex>) -> Vec<u32> {
    seats.into_iter().map(|seat| seat.0).collect()
}

fn label(seating: &Seating, plan: &Plan, seat: u32) -> std::string::String {
    let label = seating.label(plan, SeatIndex(seat)).unwrap();
    [label.section, label.row, label.seat.as_ref()].join(" ")
}
