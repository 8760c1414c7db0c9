//! How much one buyer may have, over everything they hold, ordered and bought.

mod common;

use common::*;
use onsale_core::command::{Actor, Command};
use onsale_core::order::OrderStatus;
use onsale_core::payment::RefundCause;
use onsale_core::refusal::Refusal;

#[test]
fn a_buyer_has_no_more_than_the_limit_however_it_is_come_by() {
    let (mut world, event) = World::with(club(50));
    world.buy(buyer(1), event, &[any(0, 1)]);
    world.order(buyer(1), event, &[any(0, 1)]);
    world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    let refusal = world.take(buyer(1), event, &[any(0, 2)]);
    assert_eq!(refusal, Err(Refusal::LimitReached { limit: 4, has: 3 }));
    world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    assert_eq!(code(world.take(buyer(1), event, &[any(0, 1)])), "limit_reached");
    world.take(buyer(2), event, &[any(0, 4)]).unwrap();
}

#[test]
fn what_is_given_back_does_not_count_any_more() {
    type GiveBack = fn(&mut World, onsale_core::id::EventId);
    let ways: [GiveBack; 4] = [
        |world, event| {
            let hold = world.take(buyer(1), event, &[any(0, 4)]).unwrap();
            world.release(buyer(1), hold.hold).unwrap();
        },
        |world, event| {
            world.take(buyer(1), event, &[any(0, 4)]).unwrap();
            world.pass(minutes(10));
        },
        |world, event| {
            let order = world.order(buyer(1), event, &[any(0, 4)]);
            world.ask(buyer(1), Command::CancelOrder(order)).unwrap();
        },
        |world, event| {
            let order = world.buy(buyer(1), event, &[any(0, 4)]);
            let refund = Command::RefundOrder { order, tickets: None };
            world.ask(Actor::Operator, refund).unwrap();
        },
    ];
    for give_back in ways {
        let (mut world, event) = World::with(club(50));
        give_back(&mut world, event);
        world.take(buyer(1), event, &[any(0, 4)]).unwrap();
    }
}

#[test]
fn a_class_may_have_a_limit_of_its_own() {
    let mut draft = arena(50);
    draft.classes[0].per_buyer = Some(1);
    let (mut world, event) = World::with(draft);
    let refusal = world.take(buyer(1), event, &[any(0, 2)]);
    assert_eq!(refusal, Err(Refusal::LimitReached { limit: 1, has: 0 }));
    world.take(buyer(1), event, &[any(0, 1), any(1, 2)]).unwrap();
    let refusal = world.take(buyer(1), event, &[any(0, 1)]);
    assert_eq!(refusal, Err(Refusal::LimitReached { limit: 1, has: 1 }));
    world.take(buyer(1), event, &[any(2, 1)]).unwrap();
}

#[test]
fn one_hold_has_a_limit_of_its_own() {
    let mut draft = club(50);
    draft.limits.per_buyer = 10;
    let (mut world, event) = World::with(draft);
    let refusal = world.take(buyer(1), event, &[any(0, 5)]);
    assert_eq!(refusal, Err(Refusal::LimitReached { limit: 4, has: 0 }));
    world.take(buyer(1), event, &[any(0, 4)]).unwrap();
    world.take(buyer(1), event, &[any(0, 4)]).unwrap();
}

#[test]
fn the_limit_holds_for_an_order_that_is_paid_late() {
    let (mut world, event) = World::with(club(50));
    let late = world.order(buyer(1), event, &[any(0, 3)]);
    world.settle();
    world.pass(minutes(15));
    world.take(buyer(1), event, &[any(0, 2)]).unwrap();
    world.pay(late);
    assert_eq!(world.status(late), OrderStatus::Expired);
    assert_eq!(world.order_view(late).refunds[0].cause, RefundCause::Late);
    world.settle();
    world.pass(minutes(15));
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn limits_are_of_one_event_each() {
    let (mut world, first) = World::with(club(50));
    let second = world.define(club(50));
    world.ask(Actor::Operator, Command::OpenEvent(second)).unwrap();
    world.take(buyer(1), first, &[any(0, 4)]).unwrap();
    world.take(buyer(1), second, &[any(0, 4)]).unwrap();
}
