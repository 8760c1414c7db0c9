//! Being let in: what the waitroom means to the sale behind it.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, PaymentOutcome, Steer};
use onsale_core::id::PlaceId;
use onsale_core::query::{Query, View};
use onsale_core::refusal::{Refusal, Thing};
use onsale_core::waitroom::PlaceState;

fn is_inside(world: &World, place: PlaceId) -> bool {
    matches!(world.place_view(place).state, PlaceState::Admitted { .. })
}

fn steer(event: onsale_core::id::EventId, steer: Steer) -> Command {
    Command::SteerWaitroom { event, steer }
}

#[test]
fn who_came_before_the_opening_stands_in_the_order_that_anyone_can_recompute() {
    let (mut world, event) = World::with(with_waitroom(1, club(99)));
    let places: Vec<_> = (0..30).map(|n| world.join(buyer(n), event, 1)).collect();
    let View::Reveal { commitment, reveal: None } = world.query(Query::Reveal(event)) else {
        panic!("nothing is revealed before the draw")
    };
    assert!(places.iter().all(|place| world.place_view(*place).ahead.is_none()));
    world.pass(minutes(1));
    let View::Reveal { reveal: Some(reveal), .. } = world.query(Query::Reveal(event)) else {
        panic!("the draw is over")
    };
    assert_eq!(reveal.commitment, commitment);
    for number in reveal.order() {
        let place = places[number as usize];
        assert!(is_inside(&world, place), "{place} is next by the lottery");
        world.ask(Actor::System, Command::DropPlace(place)).unwrap();
    }
}

#[test]
fn nobody_comes_before_the_doors_and_nobody_gets_in_before_the_opening() {
    let mut draft = with_waitroom(5, club(9));
    draft.waitroom.as_mut().unwrap().doors_at = BEGIN + ms(50);
    let (mut world, event) = World::with(draft);
    let join = Command::JoinWaitroom { event, party: 1 };
    let refusal = world.ask(buyer(1), join);
    assert_eq!(refusal, Err(Refusal::DoorsClosed { doors_at: BEGIN + ms(50) }));
    world.pass(ms(50));
    let place = world.join(buyer(1), event, 1);
    world.until(BEGIN + minutes(1) - ms(1));
    assert!(!is_inside(&world, place));
    world.pass(ms(1));
    assert!(is_inside(&world, place));
}

#[test]
fn stock_is_for_those_who_are_inside() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let inside = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    let waiting = world.join(buyer(2), event, 1);
    let required = Err(Refusal::AdmissionRequired);
    assert_eq!(world.take_in(buyer(2), event, None, &[any(0, 1)]), required);
    assert_eq!(world.take_in(buyer(2), event, Some(waiting), &[any(0, 1)]), required);
    assert_eq!(world.take_in(buyer(2), event, Some(inside), &[any(0, 1)]), required, "not theirs");
    world.take_in(buyer(1), event, Some(inside), &[any(0, 1)]).unwrap();
}

#[test]
fn one_admission_is_for_one_order() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let place = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    let first = world.take_in(buyer(1), event, Some(place), &[any(0, 1)]).unwrap();
    let second = world.take_in(buyer(1), event, Some(place), &[any(0, 1)]).unwrap();
    let order = world.place_order(buyer(1), first.hold).unwrap();
    let already = Refusal::OrderedAlready { order };
    assert_eq!(world.place_order(buyer(1), second.hold), Err(already.clone()));
    assert_eq!(world.take_in(buyer(1), event, Some(place), &[any(0, 1)]), Err(already));
    world.pay(order);
    assert_eq!(world.left(event, 0), 8, "what could not be ordered goes back with the visit's end");
}

/// One admission, one order: nothing is promised to whoever has ordered, whatever else they return.
#[test]
fn whoever_has_ordered_is_promised_nothing_more() {
    let (mut world, event) = World::with(with_waitroom(2, club(3)));
    let place = world.join(buyer(1), event, 2);
    world.pass(minutes(1));
    let first = world.take_in(buyer(1), event, Some(place), &[any(0, 1)]).unwrap();
    let second = world.take_in(buyer(1), event, Some(place), &[any(0, 2)]).unwrap();
    world.place_order(buyer(1), first.hold).unwrap();
    let next = world.join(buyer(2), event, 2);
    assert!(!is_inside(&world, next));
    world.release(buyer(1), second.hold).unwrap();
    assert!(is_inside(&world, next), "two tickets are free and nobody else may take them");
}

#[test]
fn a_visits_end_gives_back_what_was_taken_in_it() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let place = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    world.pass(minutes(12));
    let hold = world.take_in(buyer(1), event, Some(place), &[any(0, 2)]).unwrap();
    assert_eq!(hold.until, world.now() + minutes(3), "a hold is not promised beyond the visit");
    world.pass(minutes(3));
    assert!(!is_inside(&world, place));
    assert_eq!(world.left(event, 0), 9);
    assert_eq!(code(world.place_order(buyer(1), hold.hold)), "hold_gone");
}

#[test]
fn whoever_leaves_gives_back_what_they_hold() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let place = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    let hold = world.take_in(buyer(1), event, Some(place), &[any(0, 2)]).unwrap();
    world.ask(buyer(1), Command::LeaveWaitroom(place)).unwrap();
    assert_eq!(code(world.place_order(buyer(1), hold.hold)), "hold_gone");
    assert_eq!(world.left(event, 0), 9);
    assert_eq!(world.waitroom(event).inside, 0);
}

#[test]
fn no_order_is_placed_after_the_visit_even_if_the_timer_is_late() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let place = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    let hold = world.take_in(buyer(1), event, Some(place), &[any(0, 2)]).unwrap();
    world.oversleep(minutes(15));
    let ordered = world.ask_first(buyer(1), place_order(hold.hold));
    assert_eq!(code(ordered), "hold_gone");
}

#[test]
fn a_slot_is_kept_while_an_order_is_paid_and_free_at_its_end() {
    let ends: [fn(&mut World, onsale_core::id::OrderId); 4] = [
        |world, order| world.pay(order),
        |world, order| world.notify(order, "pay-1", PaymentOutcome::Declined),
        |world, order| drop(world.ask(buyer(1), Command::CancelOrder(order)).unwrap()),
        |world, _| world.pass(minutes(15)),
    ];
    for end in ends {
        let (mut world, event) = World::with(with_waitroom(1, club(9)));
        let place = world.join(buyer(1), event, 1);
        world.pass(minutes(1));
        let next = world.join(buyer(2), event, 1);
        let hold = world.take_in(buyer(1), event, Some(place), &[any(0, 1)]).unwrap();
        world.pass(minutes(9));
        let order = world.place_order(buyer(1), hold.hold).unwrap();
        world.pass(minutes(14));
        world.ask(Actor::System, Command::DropPlace(place)).unwrap();
        assert!(!is_inside(&world, next), "whoever pays is waited for");
        end(&mut world, order);
        assert!(is_inside(&world, next));
    }
}

#[test]
fn nobody_is_let_in_beyond_what_the_stock_can_serve() {
    let (mut world, event) = World::with(with_waitroom(100, club(5)));
    for number in 0..10 {
        world.join(buyer(number), event, 2);
    }
    world.pass(minutes(1));
    assert_eq!(world.waitroom(event).inside, 2, "two parties of two, and one ticket is left");
}

#[test]
fn whoever_waits_is_let_in_when_stock_comes_back() {
    let (mut world, event) = World::with(with_waitroom(100, club(1)));
    let first = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    let second = world.join(buyer(2), event, 1);
    let hold = world.take_in(buyer(1), event, Some(first), &[any(0, 1)]).unwrap();
    assert!(!is_inside(&world, second));
    world.release(buyer(1), hold.hold).unwrap();
    assert!(!is_inside(&world, second), "it is promised to whoever is inside");
    world.ask(buyer(1), Command::LeaveWaitroom(first)).unwrap();
    assert!(is_inside(&world, second));
}

#[test]
fn a_person_has_one_place() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let place = world.join(buyer(1), event, 1);
    let applied = world.partition.applied();
    assert_eq!(world.join(buyer(1), event, 2), place);
    assert_eq!(world.partition.applied(), applied);
    world.ask(buyer(1), Command::LeaveWaitroom(place)).unwrap();
    assert_ne!(world.join(buyer(1), event, 1), place);
}

#[test]
fn admission_can_be_paused_resumed_and_resized_while_it_runs() {
    let (mut world, event) = World::with(with_waitroom(1, club(99)));
    world.pass(minutes(1));
    world.ask(Actor::Operator, steer(event, Steer::Pause)).unwrap();
    let places: Vec<_> = (0..5).map(|n| world.join(buyer(n), event, 1)).collect();
    assert_eq!(world.waitroom(event).inside, 0);
    world.ask(Actor::Operator, steer(event, Steer::Resume)).unwrap();
    assert_eq!(world.waitroom(event).inside, 1);
    let more = Steer::Resize { slots: Some(3), rate_per_minute: None };
    world.ask(Actor::Operator, steer(event, more)).unwrap();
    assert_eq!(world.waitroom(event).inside, 3);
    let fewer = Steer::Resize { slots: Some(1), rate_per_minute: None };
    world.ask(Actor::Operator, steer(event, fewer)).unwrap();
    assert_eq!(world.waitroom(event).inside, 3, "nobody is put out");
    world.ask(Actor::System, Command::DropPlace(places[0])).unwrap();
    assert_eq!(world.waitroom(event).inside, 2);

    let nonsense = Steer::Resize { slots: Some(0), rate_per_minute: None };
    assert_eq!(code(world.ask(Actor::Operator, steer(event, nonsense))), "malformed");
    assert_eq!(code(world.ask(buyer(1), steer(event, Steer::Pause))), "operator_only");
}

#[test]
fn people_are_let_in_no_faster_than_the_rate() {
    let mut draft = with_waitroom(100, club(99));
    draft.waitroom.as_mut().unwrap().rate_per_minute = 60;
    let (mut world, event) = World::with(draft);
    for number in 0..5 {
        world.join(buyer(number), event, 1);
    }
    world.pass(minutes(1));
    for second in 1..=4 {
        assert_eq!(world.waitroom(event).inside, second);
        world.pass(ms(999));
        assert_eq!(world.waitroom(event).inside, second);
        world.pass(ms(1));
    }
}

#[test]
fn what_makes_no_sense_at_the_door_is_refused() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let join = |party| Command::JoinWaitroom { event, party };
    assert_eq!(code(world.ask(buyer(1), join(0))), "malformed");
    assert_eq!(code(world.ask(buyer(1), join(5))), "limit_reached");
    assert_eq!(code(world.ask(Actor::Operator, join(1))), "malformed");
    let place = world.join(buyer(1), event, 1);
    let not_there = Err(Refusal::NotFound(Thing::Place));
    assert_eq!(world.ask(buyer(2), Command::LeaveWaitroom(place)), not_there);
    assert_eq!(code(world.ask(buyer(2), Command::DropPlace(place))), "operator_only");

    let (mut world, open) = World::with(club(9));
    let join = Command::JoinWaitroom { event: open, party: 1 };
    assert_eq!(world.ask(buyer(1), join), Err(Refusal::NoWaitroom));
}
