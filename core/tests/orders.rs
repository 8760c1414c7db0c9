//! From a hold to an order and on to its end, and the timeline that says why.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, IntentOutcome, PaymentOutcome};
use onsale_core::effect::EffectKind;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::order::{OrderEnd, OrderStatus, PaymentStatus, StepKind};
use onsale_core::query::{Query, View};
use onsale_core::refusal::{Refusal, Thing};

type Ending = fn(OrderId) -> (Actor, Command);

fn timeline(world: &World, order: OrderId) -> Vec<StepKind> {
    let View::Timeline(steps) = world.query(Query::Timeline(order)) else { panic!() };
    let numbers: Vec<_> = steps.iter().map(|step| step.fact).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "every step is a fact of its own");
    steps.into_iter().map(|step| step.kind).collect()
}

#[test]
fn an_order_is_asked_for_paid_and_completed() {
    let (mut world, event) = World::with(club(5));
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    assert_eq!(world.order_view(order).payment, PaymentStatus::Preparing);
    let effects = world.partition.effects();
    let [effect] = &effects[..] else { panic!("one page is wanted: {effects:?}") };
    let until = world.now() + minutes(15);
    let amount = Amount::from_minor(5_000);
    assert_eq!(effect.kind, EffectKind::CreateIntent { amount, currency: euro(), until });
    world.settle();
    assert!(matches!(world.order_view(order).payment, PaymentStatus::Ready(_)));
    world.notify(order, "pay-1", PaymentOutcome::Started);
    assert_eq!(world.order_view(order).payment, PaymentStatus::Processing);
    world.notify(order, "pay-1", captured(amount));
    let view = world.order_view(order);
    assert_eq!((view.status, view.payment), (OrderStatus::Completed, PaymentStatus::Paid));
    assert_eq!(view.tickets.len(), 2);
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn an_order_expires_at_its_deadline_exactly() {
    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.pass(minutes(15));
    assert_eq!(world.status(order), OrderStatus::Expired);
    let View::Timeline(steps) = world.query(Query::Timeline(order)) else { panic!() };
    assert_eq!(steps.last().unwrap().at, world.order_view(order).until);

    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.until(world.order_view(order).until - ms(1));
    assert_eq!(world.status(order), OrderStatus::Pending);
    world.pay(order);
    assert_eq!(world.status(order), OrderStatus::Completed);
}

#[test]
fn a_free_order_is_complete_at_once_and_asks_nobody_for_money() {
    let mut draft = club(5);
    draft.classes[0].price = Amount::ZERO;
    let (mut world, event) = World::with(draft);
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    let view = world.order_view(order);
    assert_eq!((view.status, view.payment), (OrderStatus::Completed, PaymentStatus::Free));
    assert_eq!(view.tickets.len(), 2);
    assert!(world.partition.effects().is_empty());
    assert_eq!(timeline(&world, order), [StepKind::Placed, StepKind::Completed]);
}

#[test]
fn every_end_of_an_order_gives_its_stock_back_and_has_its_name() {
    let refused = |order| {
        let outcome = IntentOutcome::Refused { reason: "no such merchant".into() };
        (Actor::System, Command::RecordIntent { order, outcome })
    };
    let cancelled = |order| (buyer(1), Command::CancelOrder(order));
    let endings: [(Ending, OrderStatus, OrderEnd); 2] = [
        (refused, OrderStatus::Failed, OrderEnd::IntentRefused),
        (cancelled, OrderStatus::Cancelled, OrderEnd::Cancelled),
    ];
    for (ending, status, end) in endings {
        let (mut world, event) = World::with(arena(5));
        let order = world.order(buyer(1), event, &[any(0, 2), seats(1, &[4, 5])]);
        let (actor, command) = ending(order);
        world.ask(actor, command.clone()).unwrap();
        assert_eq!(world.status(order), status);
        assert_eq!(timeline(&world, order), [StepKind::Placed, StepKind::Ended(end)]);
        assert_eq!((world.left(event, 0), world.left(event, 1)), (5, 20));
        let applied = world.partition.applied();
        world.ask(actor, command).unwrap();
        assert_eq!(world.partition.applied(), applied, "ending it again changes nothing");
        assert!(world.partition.effects().is_empty(), "nothing is asked for a dead order");
    }
}

#[test]
fn a_declined_payment_ends_the_order() {
    let (mut world, event) = World::with(club(5));
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    world.settle();
    world.notify(order, "pay-1", PaymentOutcome::Declined);
    assert_eq!(world.status(order), OrderStatus::Failed);
    assert_eq!(world.left(event, 0), 5);
    assert_eq!(timeline(&world, order).last(), Some(&StepKind::Ended(OrderEnd::Declined)));
}

#[test]
fn the_price_is_the_one_that_was_asked_when_the_hold_was_taken() {
    let (mut world, event) = World::with(arena(5));
    let hold = world.take(buyer(1), event, &[any(0, 2), any(1, 2)]).unwrap();
    assert_eq!(hold.total.as_minor(), 2 * 2_500 + 2 * 9_000);
    let order = world.place_order(buyer(1), hold.hold).unwrap();
    let view = world.order_view(order);
    assert_eq!((view.total, view.lines), (hold.total, hold.lines));
}

#[test]
fn tickets_are_numbered_once_over_all_orders() {
    let (mut world, event) = World::with(arena(9));
    let first = world.buy(buyer(1), event, &[any(0, 2), seats(1, &[7])]);
    let second = world.buy(buyer(2), event, &[seats(1, &[8, 9])]);
    let tickets = |order| world.order_view(order).tickets;
    let numbers: Vec<_> =
        [first, second].into_iter().flat_map(tickets).map(|ticket| ticket.ticket.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let (_, label) = tickets(second)[1].seat.clone().unwrap();
    assert_eq!(
        (label.section.as_str(), label.row.as_str(), label.seat.as_str()),
        ("section 0", "0", "10")
    );
}

#[test]
fn a_paid_order_cannot_be_cancelled_by_its_buyer() {
    let (mut world, event) = World::with(club(5));
    let order = world.buy(buyer(1), event, &[any(0, 1)]);
    assert_eq!(code(world.ask(buyer(1), Command::CancelOrder(order))), "not_in_that_state");
}

#[test]
fn somebody_elses_order_does_not_exist() {
    let (mut world, event) = World::with(club(5));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    let not_there = Refusal::NotFound(Thing::Order);
    assert_eq!(world.ask(buyer(2), Command::CancelOrder(order)), Err(not_there.clone()));
    for query in [Query::Order(order), Query::Timeline(order)] {
        let seen = world.partition.query(world.now(), buyer(2), query);
        assert_eq!(seen, Err(not_there.clone()));
    }
}

#[test]
fn a_buyer_who_says_that_they_paid_is_not_believed() {
    let (mut world, event) = World::with(club(5));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    let notice = onsale_core::command::PaymentNotice {
        provider: sandbox(),
        order,
        payment: "pay-1".into(),
        outcome: captured(Amount::from_minor(2_500)),
    };
    for command in [Command::RecordPayment(notice), intent_ready(order), refund_done(order, 0, 0)] {
        assert_eq!(code(world.ask(buyer(1), command)), "operator_only");
    }
    assert_eq!(world.status(order), OrderStatus::Pending);
}
