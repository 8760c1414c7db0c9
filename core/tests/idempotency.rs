//! The same request under the same key has one effect and one answer, for a day, across restarts.

mod common;

use common::*;
use onsale_core::command::{
    Actor, Command, DisputeDecision, IdempotencyKey, RefundSettlement, Request,
};
use onsale_core::id::EventId;
use onsale_core::money::Amount;
use onsale_core::refusal::Refusal;
use onsale_core::time::Span;

fn take(number: u32, event: EventId, count: u32, key: u128) -> Request {
    let key = IdempotencyKey { key, fingerprint: u128::from(count) };
    let command = Command::TakeHold { event, place: None, wishes: vec![any(0, count)] };
    Request { key: Some(key), ..Request::new(buyer(number), command) }
}

#[test]
fn the_same_key_gets_the_same_answer_and_moves_nothing_again() {
    let (mut world, event) = World::with(club(9));
    let first = world.request(&take(1, event, 2, 77)).unwrap();
    for _ in 0..3 {
        assert_eq!(world.request(&take(1, event, 2, 77)), Ok(first.clone()));
    }
    assert_eq!(world.left(event, 0), 7);
    world.request(&take(1, event, 2, 78)).unwrap();
    assert_eq!(world.left(event, 0), 5, "another key is another request");
}

#[test]
fn a_restart_forgets_no_answer() {
    let (mut world, event) = World::with(club(9));
    let first = world.request(&take(1, event, 2, 77)).unwrap();
    world.restart();
    assert_eq!(world.request(&take(1, event, 2, 77)), Ok(first));
    assert_eq!(world.left(event, 0), 7);
}

#[test]
fn the_same_key_with_another_content_is_refused() {
    let (mut world, event) = World::with(club(9));
    world.request(&take(1, event, 2, 77)).unwrap();
    assert_eq!(world.request(&take(1, event, 1, 77)), Err(Refusal::KeyReused));
}

#[test]
fn an_answer_is_kept_for_a_day_and_not_a_moment_longer() {
    let (mut world, event) = World::with(club(9));
    let first = world.request(&take(1, event, 2, 77)).unwrap();
    world.pass(Span::from_mins(24 * 60));
    let again = world.request(&take(1, event, 2, 77)).unwrap();
    assert_ne!(again, first, "the day is over: it is a new request");

    let (mut world, event) = World::with(club(9));
    let first = world.request(&take(1, event, 2, 77)).unwrap();
    world.pass(Span::from_ms(24 * 3_600_000 - 1));
    assert_eq!(world.request(&take(1, event, 2, 77)), Ok(first));
}

#[test]
fn a_refusal_is_not_kept_so_the_same_request_may_succeed_later() {
    let (mut world, event) = World::with(club(2));
    let other = world.take(buyer(2), event, &[any(0, 2)]).unwrap();
    assert_eq!(code(world.request(&take(1, event, 2, 77))), "all_held");
    world.release(buyer(2), other.hold).unwrap();
    world.request(&take(1, event, 2, 77)).unwrap();
}

#[test]
fn every_command_that_moves_stock_or_money_keeps_its_answer() {
    let (mut world, event) = World::with(arena(9));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap().hold;
    let spare = world.take(buyer(1), event, &[any(0, 1)]).unwrap().hold;
    let order = world.buy(buyer(2), event, &[any(0, 2)]);
    let refused = world.buy(buyer(4), event, &[any(0, 1)]);
    let refund = Command::RefundOrder { order: refused, tickets: None };
    world.ask(Actor::Operator, refund).unwrap();
    world.refuse(refused, 0);
    let how = RefundSettlement::Again;
    let disputed = world.buy(buyer(5), event, &[any(0, 1)]);
    world.dispute(disputed, "pay-3", "dp-1", Amount::from_minor(2_500), None);
    let decision = DisputeDecision::VoidTickets;
    let given_up = world.order(buyer(3), event, &[any(0, 1)]);
    let commands = [
        (buyer(1), place_order(hold)),
        (buyer(1), Command::ReleaseHold(spare)),
        (buyer(3), Command::CancelOrder(given_up)),
        (Actor::Operator, Command::RefundOrder { order, tickets: None }),
        (Actor::Operator, Command::SettleRefund { order: refused, refund: 0, how }),
        (Actor::Operator, Command::DecideDispute { order: disputed, dispute: 0, decision }),
        (Actor::Operator, Command::CancelEvent(event)),
    ];
    for (number, (actor, command)) in (1..).zip(commands) {
        let key = Some(IdempotencyKey { key: number, fingerprint: number });
        let request = Request { key, ..Request::new(actor, command) };
        let first = world.request(&request).unwrap();
        let applied = world.partition.applied();
        world.restart();
        assert_eq!(world.request(&request), Ok(first));
        assert_eq!(world.partition.applied(), applied, "{request:?} took effect twice");
    }
}

#[test]
fn answers_do_not_pile_up() {
    let (mut world, event) = World::with(club(9));
    let mut sizes = vec![];
    for day in 0..4u128 {
        for number in 0..50u128 {
            let request = take(1, event, 1, day * 1_000 + number);
            if world.request(&request).is_ok() {
                world.pass(minutes(10));
            }
        }
        world.pass(Span::from_mins(24 * 60));
        world.take(buyer(2), event, &[any(0, 1)]).unwrap();
        world.pass(minutes(10));
        sizes.push(world.partition.to_bytes().len());
    }
    assert!(sizes[3] < sizes[0] + 100, "the state grows from day to day: {sizes:?}");
}
