//! An event is called off: everything that was taken is given back and everything paid refunded.

mod common;

use common::*;
use onsale_core::command::{Actor, Command};
use onsale_core::order::OrderStatus;
use onsale_core::query::{Phase, Query, View};
use onsale_core::refusal::Refusal;

#[test]
fn a_cancelled_event_refunds_every_order_and_frees_every_hold() {
    let (mut world, event) = World::with(arena(400));
    let paid: Vec<_> = (0..70).map(|n| world.buy(buyer(n), event, &[any(0, 2)])).collect();
    let pending: Vec<_> = (70..110).map(|n| world.order(buyer(n), event, &[any(0, 2)])).collect();
    (110..150).for_each(|n| drop(world.take(buyer(n), event, &[any(0, 1)]).unwrap()));
    world.buy(buyer(200), event, &[seats(1, &[1, 2])]);
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();

    assert!(paid.iter().all(|order| world.status(*order) == OrderStatus::Refunded));
    assert!(pending.iter().all(|order| world.status(*order) == OrderStatus::Cancelled));
    assert_eq!((world.left(event, 0), world.left(event, 1)), (400, 20));
    must_be_settled(&mut world);
    assert_eq!(world.audit(event).refunded.as_minor(), 70 * 5_000 + 18_000);
}

#[test]
fn nothing_can_be_done_with_a_cancelled_event_but_give_back() {
    let (mut world, event) = World::with(with_waitroom(5, club(9)));
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    let join = Command::JoinWaitroom { event, party: 1 };
    let take = Command::TakeHold { event, place: None, wishes: vec![any(0, 1)] };
    for (actor, command) in
        [(buyer(1), join), (buyer(1), take), (Actor::Operator, Command::OpenEvent(event))]
    {
        assert_eq!(world.ask(actor, command), Err(Refusal::EventCancelled));
    }
    let applied = world.partition.applied();
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    assert_eq!(world.partition.applied(), applied, "calling it off again changes nothing");
    let View::Event(view) = world.query(Query::Event(event)) else { panic!() };
    assert_eq!(view.phase, Phase::Cancelled);
}

#[test]
fn only_an_operator_calls_an_event_off() {
    let (mut world, event) = World::with(club(9));
    assert_eq!(code(world.ask(buyer(1), Command::CancelEvent(event))), "operator_only");
}

#[test]
fn a_hold_cannot_be_ordered_after_the_event_was_called_off() {
    let (mut world, event) = World::with(club(9));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap();
    let cancel = Command::CancelEvent(event);
    world.ask_first(Actor::Operator, cancel).unwrap();
    let ordered = world.ask_first(buyer(1), place_order(hold.hold));
    assert_eq!(ordered, Err(Refusal::EventCancelled), "though the hold is not given back yet");
}

#[test]
fn what_was_refunded_in_part_gets_the_rest() {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 3)]);
    let ticket = world.order_view(order).tickets[0].ticket;
    let some = Command::RefundOrder { order, tickets: Some(vec![ticket]) };
    world.ask(Actor::Operator, some).unwrap();
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    let amounts: Vec<_> =
        world.order_view(order).refunds.iter().map(|refund| refund.amount.as_minor()).collect();
    assert_eq!(amounts, [2_500, 5_000]);
    must_be_settled(&mut world);
}

#[test]
fn money_that_comes_after_the_cancellation_goes_back() {
    let (mut world, event) = World::with(club(9));
    let order = world.order(buyer(1), event, &[any(0, 3)]);
    world.settle();
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    world.pay(order);
    assert_eq!(world.status(order), OrderStatus::Cancelled);
    must_be_settled(&mut world);
}

#[test]
fn money_that_comes_in_the_middle_of_the_cancellation_goes_back() {
    let (mut world, event) = World::with(club(9));
    let order = world.order(buyer(1), event, &[any(0, 3)]);
    world.settle();
    world.ask_first(Actor::Operator, Command::CancelEvent(event)).unwrap();
    world.restart();
    let total = world.order_view(order).total;
    let notice = onsale_core::command::PaymentNotice {
        provider: sandbox(),
        order,
        payment: "pay-1".into(),
        outcome: captured(total),
    };
    world.ask_first(Actor::System, Command::RecordPayment(notice)).unwrap();
    world.pass(ms(0));
    must_be_settled(&mut world);
}

/// The rest is refunded all the same, and what the provider will not do is not asked for ever.
#[test]
fn a_refused_refund_does_not_hold_up_the_others() {
    let (mut world, event) = World::with(club(9));
    let first = world.buy(buyer(1), event, &[any(0, 3)]);
    let second = world.buy(buyer(2), event, &[any(0, 3)]);
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    world.refuse(first, 0);
    world.settle();
    assert_eq!(world.partition.next_due(), None);
    assert_eq!(world.audit(event).refunds_refused, 1);
    assert_eq!(world.audit(event).refunded.as_minor(), 7_500);
    assert_eq!((world.valid_tickets(first), world.valid_tickets(second)), (0, 0));
}

#[test]
fn an_event_that_was_never_opened_can_be_called_off() {
    let mut world = World::new();
    let event = world.define(club(9));
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    assert_eq!(code(world.ask(Actor::Operator, Command::OpenEvent(event))), "event_cancelled");
}

#[test]
fn whoever_waits_is_told_that_the_event_was_called_off() {
    let (mut world, event) = World::with(with_waitroom(1, club(9)));
    let place = world.join(buyer(1), event, 1);
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    let seen = world.partition.query(world.now(), buyer(1), Query::Place(place));
    assert_eq!(seen, Err(Refusal::EventCancelled));
}
