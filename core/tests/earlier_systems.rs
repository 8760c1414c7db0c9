//! What earlier systems got wrong, and this one must not. What belongs to the webhook's answer, to
//! the door and to offline scanning is tested where it lives.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, IdempotencyKey, PaymentOutcome, Request};
use onsale_core::fact::Fact;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::reply::Reply;
use onsale_core::waitroom::PlaceState;

#[test]
fn several_classes_reserved_and_a_partial_failure_leaks_nothing() {
    let (mut world, event) = World::with(arena(3));
    world.take(buyer(1), event, &[seats(2, &[30])]).unwrap();
    for _ in 0..50 {
        let wishes = [any(0, 1), seats(1, &[0, 1]), seats(2, &[30])];
        assert_eq!(code(world.take(buyer(2), event, &wishes)), "seats_taken");
    }
    assert_eq!((world.left(event, 0), world.left(event, 1), world.left(event, 2)), (3, 20, 19));
}

#[test]
fn payment_after_expiry_leaves_nobody_paid_and_without_a_ticket() {
    let (mut world, event) = World::with(club(1));
    let late = world.order(buyer(1), event, &[any(0, 1)]);
    world.settle();
    world.pass(minutes(15));
    assert_eq!(world.status(late), OrderStatus::Expired);
    world.pay(late);
    assert_eq!(world.status(late), OrderStatus::Completed, "the same ticket was still free");
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn payment_after_expiry_mails_no_valid_ticket_for_a_dead_order() {
    let (mut world, event) = World::with(club(1));
    let late = world.order(buyer(1), event, &[any(0, 1)]);
    world.settle();
    world.pass(minutes(15));
    let other = world.buy(buyer(2), event, &[any(0, 1)]);
    world.pay(late);
    assert_eq!(world.status(late), OrderStatus::Expired);
    assert_eq!((world.valid_tickets(late), world.valid_tickets(other)), (0, 1));
    assert_eq!(world.order_view(late).refunds.len(), 1);
    must_be_settled(&mut world);
}

#[test]
fn first_come_first_served_is_finer_than_a_second() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    world.pass(minutes(2));
    let places: Vec<_> = (0..5)
        .map(|number| {
            world.pass(ms(u64::from(number % 2)));
            world.join(buyer(number), event, 1)
        })
        .collect();
    for place in places {
        let state = world.place_view(place).state;
        assert!(matches!(state, PlaceState::Admitted { .. }), "{place} was overtaken: {state:?}");
        let leave = Command::LeaveWaitroom(place);
        world.ask(Actor::Operator, leave).unwrap();
    }
}

#[test]
fn a_waitroom_never_overshoots_its_cap() {
    let (mut world, event) = World::with(with_waitroom(3, club(100)));
    let places: Vec<_> = (0..20).map(|number| world.join(buyer(number), event, 1)).collect();
    world.pass(minutes(1));
    for place in places {
        assert!(world.waitroom(event).inside <= 3);
        world.ask(Actor::System, Command::DropPlace(place)).unwrap();
    }
    assert_eq!(world.books.inside_max[&event], 3);
}

#[test]
fn one_abandoned_browser_blocks_no_slot_and_no_stock() {
    let (mut world, event) = World::with(with_waitroom(1, club(1)));
    let gone = world.join(buyer(1), event, 1);
    world.pass(minutes(1));
    world.take_in(buyer(1), event, Some(gone), &[any(0, 1)]).unwrap();
    let next = world.join(buyer(2), event, 1);
    world.ask(Actor::System, Command::DropPlace(gone)).unwrap();
    let state = world.place_view(next).state;
    assert!(matches!(state, PlaceState::Admitted { .. }), "{state:?}");
    world.take_in(buyer(2), event, Some(next), &[any(0, 1)]).unwrap();
}

#[test]
fn abandoned_browsers_do_not_jam_the_queue() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    world.pass(minutes(2));
    let places: Vec<_> = (0..50).map(|number| world.join(buyer(number), event, 1)).collect();
    for place in &places[..49] {
        world.ask(Actor::System, Command::DropPlace(*place)).unwrap();
    }
    let state = world.place_view(places[49]).state;
    assert!(matches!(state, PlaceState::Admitted { .. }), "{state:?}");
}

#[test]
fn a_retried_webhook_changes_nothing_and_is_accepted_every_time() {
    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.settle();
    let total = world.order_view(order).total;
    world.notify(order, "pay-1", captured(total));
    let before = world.partition.to_bytes();
    for _ in 0..10 {
        world.notify(order, "pay-1", captured(total));
        world.notify(order, "pay-1", PaymentOutcome::Started);
        world.notify(order, "pay-1", PaymentOutcome::Declined);
    }
    assert_eq!(world.partition.to_bytes(), before);
    assert_eq!(world.status(order), OrderStatus::Completed);
}

#[test]
fn no_sweep_lets_a_hold_live_longer_than_its_deadline() {
    for (since, expected) in [(0, "all_held"), (1, "free"), (2, "free")] {
        let (mut world, event) = World::with(club(1));
        let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
        world.until(hold.until - ms(1));
        world.pass(ms(since));
        let found = world.take(buyer(2), event, &[any(0, 1)]).map_or_else(|r| r.code(), |_| "free");
        assert_eq!(found, expected, "{since} ms after the last moment");
    }
}

#[test]
fn a_slow_page_and_an_active_pay_button_charge_once() {
    let (mut world, event) = World::with(club(9));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    let key = Some(IdempotencyKey { key: 1, fingerprint: 1 });
    let press = Request { key, ..Request::new(buyer(1), place_order(hold.hold)) };
    let answers: Vec<_> = (0..4).map(|_| world.request(&press).unwrap()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "one answer for all presses");
    assert_eq!(code(world.place_order(buyer(1), hold.hold)), "hold_gone", "nor without a key");
    assert_eq!(world.partition.effects().len(), 1, "one payment is asked for");
    let Reply::OrderPlaced { order, .. } = answers[0] else { panic!() };
    world.settle();

    (0..4).for_each(|_| world.pay(order));
    let view = world.order_view(order);
    assert_eq!(view.refunds.len(), 3, "what was charged four times goes back three times");
    must_be_settled(&mut world);
}

#[test]
fn the_cart_timer_cannot_be_reset_by_pressing_plus() {
    let (mut world, event) = World::with(club(9));
    let first = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    world.pass(minutes(9));
    let second = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    assert_eq!(second.until, first.until);
    world.release(buyer(1), first.hold).unwrap();
    world.release(buyer(1), second.hold).unwrap();
    let third = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    assert_eq!(third.until, first.until, "nor by emptying the cart and filling it again");
    world.until(first.until);
    assert_eq!(world.left(event, 0), 9);
}

#[test]
fn the_cart_timer_cannot_be_reset_by_buying_something_else() {
    let mut draft = arena(9);
    draft.classes[0].price = Amount::ZERO;
    let (mut world, event) = World::with(draft);
    let cart = world.take(buyer(1), event, &[seats(1, &[5])]).unwrap();
    world.pass(minutes(9));
    world.order(buyer(1), event, &[any(0, 1)]);
    world.release(buyer(1), cart.hold).unwrap();
    let again = world.take(buyer(1), event, &[seats(1, &[5])]).unwrap();
    assert_eq!(again.until, cart.until);
}

/// Nothing of an order's payment may move the deadline for ever either.
#[test]
fn a_payment_in_flight_extends_an_order_once() {
    let (mut world, event) = World::with(club(9));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    let placed = world.now();
    for minute in 14..19 {
        world.until(placed + minutes(minute));
        world.notify(order, "pay-1", PaymentOutcome::Started);
        assert_eq!(world.order_view(order).until, placed + minutes(19));
    }
    let extended = |fact: &Fact| matches!(fact, Fact::PaymentStarted(_));
    assert_eq!(world.facts().iter().filter(|(_, fact)| extended(fact)).count(), 1);
    world.pass(ms(59_999));
    assert_eq!(world.status(order), OrderStatus::Pending);
    world.pass(ms(1));
    assert_eq!(world.status(order), OrderStatus::Expired);
}
