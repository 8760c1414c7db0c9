//! Money goes back: of some tickets or all, once, and the tickets are void at once.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, RefundOutcome};
use onsale_core::effect::EffectKind;
use onsale_core::id::{OrderId, TicketId};
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::payment::{RefundCause, RefundState};
use onsale_core::refusal::{Refusal, Thing};
use onsale_core::reply::Reply;

fn refund(world: &mut World, order: OrderId, tickets: Option<&[u32]>) -> Result<u64, Refusal> {
    let ids = |numbers: &[u32]| numbers.iter().map(|n| TicketId::new(order.event, *n)).collect();
    let tickets = tickets.map(ids);
    match world.ask(Actor::Operator, Command::RefundOrder { order, tickets })? {
        Reply::Refunding { amount, .. } => Ok(amount.as_minor()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refund_of_everything_voids_every_ticket_and_frees_every_seat() {
    let (mut world, event) = World::with(arena(5));
    let order = world.buy(buyer(1), event, &[any(0, 1), seats(1, &[4, 5])]);
    assert_eq!(refund(&mut world, order, None), Ok(20_500));
    assert_eq!(world.status(order), OrderStatus::Refunded);
    assert_eq!(world.valid_tickets(order), 0, "void before the money is back");
    assert_eq!((world.left(event, 0), world.left(event, 1)), (5, 20));
    world.settle();
    world.books.check_settled(&world.partition, world.now());
    world.buy(buyer(2), event, &[seats(1, &[4, 5])]);
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn a_refund_of_some_tickets_leaves_the_others() {
    let (mut world, event) = World::with(arena(5));
    let order = world.buy(buyer(1), event, &[any(0, 1), seats(1, &[4, 5])]);
    assert_eq!(refund(&mut world, order, Some(&[1])), Ok(9_000));
    assert_eq!(world.status(order), OrderStatus::PartiallyRefunded);
    let valid = |world: &World| -> Vec<_> {
        world.order_view(order).tickets.iter().map(|ticket| ticket.valid).collect()
    };
    assert_eq!(valid(&world), [true, false, true]);
    assert_eq!(world.left(event, 1), 19, "seat 4 is for sale again, seat 5 is not");
    assert_eq!(code(world.take(buyer(2), event, &[seats(1, &[5])])), "seats_taken");
    world.settle();
    world.books.check_settled(&world.partition, world.now());

    assert_eq!(refund(&mut world, order, None), Ok(11_500), "the rest");
    assert_eq!(world.status(order), OrderStatus::Refunded);
    world.settle();
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn no_ticket_is_given_back_twice() {
    let (mut world, event) = World::with(club(5));
    let order = world.buy(buyer(1), event, &[any(0, 3)]);
    assert_eq!(refund(&mut world, order, Some(&[1, 1])), Ok(2_500), "named twice, given back once");
    assert_eq!(refund(&mut world, order, Some(&[1])).unwrap_err().code(), "not_in_that_state");
    assert_eq!(refund(&mut world, order, Some(&[0, 1])).unwrap_err().code(), "not_in_that_state");
    assert_eq!(refund(&mut world, order, Some(&[])).unwrap_err().code(), "not_in_that_state");
    refund(&mut world, order, None).unwrap();
    assert_eq!(refund(&mut world, order, None).unwrap_err().code(), "not_in_that_state");
}

#[test]
fn a_ticket_of_another_order_is_not_given_back() {
    let (mut world, event) = World::with(club(9));
    let first = world.buy(buyer(1), event, &[any(0, 2)]);
    let second = world.buy(buyer(2), event, &[any(0, 2)]);
    let not_there = Err(Refusal::NotFound(Thing::Ticket));
    assert_eq!(refund(&mut world, first, Some(&[2])), not_there);
    assert_eq!(refund(&mut world, second, Some(&[1])), not_there);
}

#[test]
fn only_an_operator_refunds_and_only_what_is_paid() {
    let (mut world, event) = World::with(club(9));
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    assert_eq!(refund(&mut world, order, None).unwrap_err().code(), "not_in_that_state");
    world.pay(order);
    let by_buyer = Command::RefundOrder { order, tickets: None };
    assert_eq!(code(world.ask(buyer(1), by_buyer)), "operator_only");
}

#[test]
fn what_a_provider_says_to_a_refund_counts_once() {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    refund(&mut world, order, None).unwrap();
    let refused = RefundOutcome::Refused { reason: "card closed".into() };
    world.ask(Actor::System, refund_done(order, 0)).unwrap();
    let applied = world.partition.applied();
    world.ask(Actor::System, refund_done(order, 0)).unwrap();
    let command = Command::RecordRefund { order, refund: 0, outcome: refused };
    world.ask(Actor::System, command).unwrap();
    assert_eq!(world.partition.applied(), applied);
    let unknown = world.ask(Actor::System, refund_done(order, 1));
    assert_eq!(unknown, Err(Refusal::NotFound(Thing::Refund)));
}

#[test]
fn a_refund_that_the_provider_refuses_is_seen_in_the_books() {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    refund(&mut world, order, None).unwrap();
    let outcome = RefundOutcome::Refused { reason: "card closed".into() };
    world.ask(Actor::System, Command::RecordRefund { order, refund: 0, outcome }).unwrap();
    let audit = world.audit(event);
    assert_eq!(audit.refunds_refused, 1);
    assert!(!audit.holds(), "money that nobody has a right to is still here");
    let reason = "card closed".into();
    assert_eq!(world.order_view(order).refunds[0].state, RefundState::Refused { reason });
    assert!(world.partition.effects().is_empty(), "asking again is for somebody to decide");
}

#[test]
fn free_tickets_are_taken_back_without_money() {
    let mut draft = club(5);
    draft.classes[0].price = Amount::ZERO;
    let (mut world, event) = World::with(draft);
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    assert_eq!(refund(&mut world, order, Some(&[0])), Ok(0));
    assert_eq!(world.status(order), OrderStatus::PartiallyRefunded);
    assert!(world.partition.effects().is_empty());
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn a_revived_order_is_refunded_from_the_payment_that_revived_it() {
    let (mut world, event) = World::with(club(5));
    let order = world.order(buyer(1), event, &[any(0, 2)]);
    world.settle();
    world.notify(order, "wrong", captured(Amount::from_minor(1)));
    assert_eq!(world.status(order), OrderStatus::Failed);
    world.notify(order, "right", captured(Amount::from_minor(5_000)));
    assert_eq!(world.status(order), OrderStatus::Completed);
    world.settle();
    refund(&mut world, order, Some(&[0])).unwrap();
    let effects = world.partition.effects();
    let EffectKind::Refund { payment, amount, .. } = &effects[0].kind else { panic!() };
    assert_eq!((payment.as_str(), amount.as_minor()), ("right", 2_500));
    let causes: Vec<_> = world.order_view(order).refunds.iter().map(|r| r.cause).collect();
    assert_eq!(causes, [RefundCause::Mismatch, RefundCause::Asked]);
    world.settle();
    world.books.check_settled(&world.partition, world.now());
}
