//! Taking stock for a while: all of it or nothing, until exactly its deadline.

mod common;

use common::*;
use onsale_core::command::{Actor, Choice, Command, Wish};
use onsale_core::id::HoldId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::query::Query;
use onsale_core::refusal::{Refusal, Thing};
use onsale_core::spec::{ClassId, Quota};

#[test]
fn a_hold_takes_stock_and_a_release_gives_it_back() {
    let (mut world, event) = World::with(club(5));
    let hold = world.take(buyer(1), event, &[any(0, 3)]).unwrap();
    assert_eq!((hold.total.as_minor(), hold.until), (7_500, world.now() + minutes(10)));
    assert_eq!(world.left(event, 0), 2);
    world.release(buyer(1), hold.hold).unwrap();
    assert_eq!(world.left(event, 0), 5);
    assert_eq!(code(world.release(buyer(1), hold.hold)), "hold_gone");
}

#[test]
fn a_hold_lives_until_its_deadline_and_not_a_moment_longer() {
    let (mut world, event) = World::with(club(1));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    world.until(hold.until - ms(1));
    assert_eq!(code(world.take(buyer(2), event, &[any(0, 1)])), "all_held");
    world.pass(ms(1));
    assert_eq!(code(world.place_order(buyer(1), hold.hold)), "hold_gone");
    world.take(buyer(2), event, &[any(0, 1)]).unwrap();
}

#[test]
fn a_driver_that_is_late_with_the_timers_makes_no_hold_live_longer() {
    let (mut world, event) = World::with(club(1));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    world.oversleep(minutes(10));
    assert_eq!(code(world.ask_first(buyer(1), place_order(hold.hold))), "hold_gone");
    assert_eq!(code(world.ask_first(buyer(1), Command::ReleaseHold(hold.hold))), "hold_gone");
    let seen = world.partition.query(world.now(), buyer(1), Query::Hold(hold.hold));
    assert_eq!(seen, Err(Refusal::HoldGone));
}

#[test]
fn a_hold_can_be_ordered_in_its_last_moment() {
    let (mut world, event) = World::with(club(1));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    world.until(hold.until - ms(1));
    let order = world.place_order(buyer(1), hold.hold).unwrap();
    assert_eq!(world.order_view(order).until, world.now() + minutes(15));
}

#[test]
fn over_several_classes_a_hold_takes_everything_or_nothing() {
    let (mut world, event) = World::with(arena(2));
    world.take(buyer(1), event, &[any(0, 1), seats(1, &[3])]).unwrap();
    let refused = [
        (vec![any(0, 1), seats(1, &[2, 3])], "seats_taken"),
        (vec![seats(1, &[4]), any(0, 2)], "all_held"),
        (vec![any(0, 1), any(7, 1)], "not_found"),
        (vec![any(0, 1), seats(1, &[20])], "unknown_seats"),
        (vec![any(0, 1), seats(1, &[400])], "unknown_seats"),
    ];
    let before = world.partition.to_bytes();
    for (wishes, expected) in refused {
        assert_eq!(code(world.take(buyer(2), event, &wishes)), expected);
        assert_eq!(world.partition.to_bytes(), before, "a refusal changed something: {wishes:?}");
    }
}

#[test]
fn a_taken_seat_is_named() {
    let (mut world, event) = World::with(arena(2));
    world.take(buyer(1), event, &[seats(1, &[3, 4])]).unwrap();
    let refusal = world.take(buyer(2), event, &[seats(1, &[2, 3, 4])]).unwrap_err();
    assert_eq!(refusal, Refusal::SeatsTaken { seats: vec![SeatIndex(3), SeatIndex(4)] });
}

#[test]
fn wishes_that_make_no_sense_are_refused() {
    let (mut world, event) = World::with(arena(9));
    let seat_of_counted = Wish { class: ClassId(0), choice: Choice::Seats(vec![SeatIndex(0)]) };
    let malformed = [
        vec![],
        vec![any(0, 0)],
        vec![any(0, 1), any(0, 1)],
        vec![seats(1, &[])],
        vec![seats(1, &[5, 5])],
        vec![seat_of_counted],
    ];
    for wishes in malformed {
        assert_eq!(code(world.take(buyer(1), event, &wishes)), "malformed", "{wishes:?}");
    }
    let by_operator = world.take(Actor::Operator, event, &[any(0, 1)]);
    assert_eq!(code(by_operator), "malformed");
    assert_eq!(code(world.take(buyer(1), event, &[any(0, u32::MAX)])), "limit_reached");
    assert_eq!(code(world.take(buyer(1), event, &[any(0, 1), any(1, u32::MAX)])), "limit_reached");
}

#[test]
fn what_is_paid_is_sold_out_and_what_is_in_carts_may_come_back() {
    let (mut world, event) = World::with(club(2));
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    let all_held = Refusal::AllHeld { class: ClassId(0), left: 0 };
    assert_eq!(world.take(buyer(2), event, &[any(0, 1)]), Err(all_held));
    world.pay(order);
    let sold_out = Refusal::SoldOut { class: ClassId(0), left: 0 };
    assert_eq!(world.take(buyer(2), event, &[any(0, 1)]), Err(sold_out));
}

#[test]
fn more_than_could_ever_come_back_is_sold_out() {
    let (mut world, event) = World::with(club(3));
    world.buy(buyer(1), event, &[any(0, 1)]);
    world.take(buyer(2), event, &[any(0, 1)]).unwrap();
    assert_eq!(code(world.take(buyer(3), event, &[any(0, 2)])), "all_held");
    let sold_out = Refusal::SoldOut { class: ClassId(0), left: 1 };
    assert_eq!(world.take(buyer(3), event, &[any(0, 3)]), Err(sold_out));
}

/// Two classes under one quota: what is asked of both together can never be had.
#[test]
fn wishes_that_share_a_quota_are_judged_together() {
    let mut draft = club(3);
    draft.classes.push(class("balcony", 4_000));
    draft.quotas[0].classes.push(ClassId(1));
    let (mut world, event) = World::with(draft);
    world.buy(buyer(1), event, &[any(0, 2)]);
    world.take(buyer(2), event, &[any(0, 1)]).unwrap();
    assert_eq!(code(world.take(buyer(3), event, &[any(1, 1)])), "all_held");
    assert_eq!(code(world.take(buyer(3), event, &[any(0, 1), any(1, 1)])), "sold_out");
}

/// One quota is in a cart, the other is gone: waiting would be in vain.
#[test]
fn a_class_under_several_quotas_is_sold_out_with_the_first_that_is() {
    let mut draft = club(1);
    draft.classes.push(class("balcony", 4_000));
    draft.classes.push(class("box", 9_000));
    draft.quotas[0].classes = vec![ClassId(0), ClassId(2)];
    let gallery =
        Quota { name: "gallery".into(), capacity: 1, classes: vec![ClassId(1), ClassId(2)] };
    draft.quotas.push(gallery);
    let (mut world, event) = World::with(draft);
    world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    assert_eq!(code(world.take(buyer(3), event, &[any(2, 1)])), "all_held");
    assert!(world.availability(event, 2).room.may_come_back);
    world.buy(buyer(2), event, &[any(1, 1)]);
    assert_eq!(code(world.take(buyer(3), event, &[any(2, 1)])), "sold_out");
    assert!(!world.availability(event, 2).room.may_come_back);
}

#[test]
fn a_class_is_sold_in_its_window_only() {
    let mut draft = club(5);
    draft.classes[0].window.opens_at = BEGIN + ms(100);
    draft.classes[0].window.closes_at = BEGIN + ms(200);
    let (mut world, event) = World::with(draft);
    for (at, expected) in [(99, false), (100, true), (199, true), (200, false)] {
        world.until(BEGIN + ms(at));
        let taken = world.take(buyer(at as u32), event, &[any(0, 1)]);
        assert_eq!(taken.is_ok(), expected, "at {at} ms");
        assert!(expected || code(taken) == "not_on_sale");
    }
}

#[test]
fn what_was_held_in_the_window_can_be_ordered_after_it() {
    let mut draft = club(5);
    draft.classes[0].window.closes_at = BEGIN + minutes(1);
    let (mut world, event) = World::with(draft);
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    world.pass(minutes(5));
    world.place_order(buyer(1), hold.hold).unwrap();
}

#[test]
fn somebody_elses_hold_does_not_exist() {
    let (mut world, event) = World::with(club(5));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    let not_there = Err(Refusal::NotFound(Thing::Hold));
    assert_eq!(world.release(buyer(2), hold.hold), not_there);
    assert_eq!(world.ask(buyer(2), place_order(hold.hold)), not_there);
    assert_eq!(world.release(buyer(1), HoldId::new(event, 99)), not_there);
    world.release(Actor::Operator, hold.hold).unwrap();
}

#[test]
fn an_event_that_is_not_open_sells_nothing_and_cannot_be_seen() {
    let mut world = World::new();
    let event = world.define(club(5));
    let not_there = Refusal::NotFound(Thing::Event);
    assert_eq!(world.take(buyer(1), event, &[any(0, 1)]), Err(not_there.clone()));
    let seen = world.partition.query(world.now(), buyer(1), Query::Event(event));
    assert_eq!(seen, Err(not_there));
    assert_eq!(code(world.ask(buyer(1), Command::OpenEvent(event))), "operator_only");
}

#[test]
fn seats_that_the_organiser_blocked_are_not_sold_until_they_are_freed() {
    let (mut world, event) = World::with(arena(5));
    let block = |seats: &[u32], block| Command::BlockSeats {
        event,
        seats: seats.iter().copied().map(SeatIndex).collect(),
        block,
    };
    world.ask(Actor::Operator, block(&[1, 2], true)).unwrap();
    assert_eq!(code(world.take(buyer(1), event, &[seats(1, &[0, 1])])), "seats_blocked");
    world.ask(Actor::Operator, block(&[2], false)).unwrap();
    world.take(buyer(1), event, &[seats(1, &[2])]).unwrap();
    assert_eq!(code(world.ask(Actor::Operator, block(&[1, 2, 3], true))), "seats_taken");
    assert_eq!(code(world.ask(Actor::Operator, block(&[2], false))), "seats_taken");
    assert_eq!(code(world.ask(buyer(1), block(&[5], true))), "operator_only");
}

#[test]
fn a_house_that_is_blocked_is_sold_out() {
    let (mut world, event) = World::with(arena(5));
    let all = (0..20).map(SeatIndex).collect();
    let block = Command::BlockSeats { event, seats: all, block: true };
    world.ask(Actor::Operator, block).unwrap();
    assert_eq!(code(world.take(buyer(1), event, &[any(1, 1)])), "sold_out");
}
