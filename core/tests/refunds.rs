//! Money goes back: of some tickets or all, once, and the tickets are void at once.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, RefundSettlement};
use onsale_core::effect::EffectKind;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::order::{OrderStatus, StepKind};
use onsale_core::payment::{RefundCause, RefundState};
use onsale_core::query::{Query, View};
use onsale_core::refusal::{Refusal, Thing};
use onsale_core::reply::Reply;

#[test]
fn a_refund_of_everything_voids_every_ticket_and_frees_every_seat() {
    let (mut world, event) = World::with(arena(5));
    let order = world.buy(buyer(1), event, &[any(0, 1), seats(1, &[4, 5])]);
    assert_eq!(refund(&mut world, order, None), Ok(20_500));
    assert_eq!(world.status(order), OrderStatus::Refunded);
    assert_eq!(world.valid_tickets(order), 0, "void before the money is back");
    assert_eq!((world.left(event, 0), world.left(event, 1)), (5, 20));
    must_be_settled(&mut world);
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
    must_be_settled(&mut world);

    assert_eq!(refund(&mut world, order, None), Ok(11_500), "the rest");
    assert_eq!(world.status(order), OrderStatus::Refunded);
    must_be_settled(&mut world);
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
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    let applied = world.partition.applied();
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    world.refuse(order, 0);
    assert_eq!(world.partition.applied(), applied);
    let unknown = world.ask(Actor::System, refund_done(order, 1, 0));
    assert_eq!(unknown, Err(Refusal::NotFound(Thing::Refund)));
}

#[test]
fn a_refund_that_the_provider_refuses_is_seen_in_the_books() {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    refund(&mut world, order, None).unwrap();
    world.refuse(order, 0);
    let audit = world.audit(event);
    assert_eq!(audit.refunds_refused, 1);
    assert!(!audit.holds(), "money that nobody has a right to is still here");
    let reason = "card closed".into();
    assert_eq!(world.order_view(order).refunds[0].state, RefundState::Refused { reason });
    assert!(world.partition.effects().is_empty(), "asking again is for somebody to decide");
}

/// A world with an order whose refund of everything, 50.00, was refused.
fn refused() -> (World, OrderId) {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    refund(&mut world, order, None).expect("it is paid");
    world.refuse(order, 0);
    (world, order)
}

fn attempts(world: &World) -> Vec<(u32, u32)> {
    let attempt = |kind: &EffectKind| match kind {
        EffectKind::Refund { refund, attempt, .. } => (*refund, *attempt),
        EffectKind::CreateIntent { .. } => panic!("{kind:?}"),
    };
    world.partition.effects().iter().map(|effect| attempt(&effect.kind)).collect()
}

/// Some providers repeat under one key what they have said before.
#[test]
fn each_attempt_at_a_refund_is_one_of_its_own() {
    let (mut world, order) = refused();
    for attempt in 1..=3 {
        assert_eq!(world.settle_refund(order, 0, RefundSettlement::Again), Ok(Reply::Done));
        assert_eq!(attempts(&world), [(0, attempt)]);
        assert_eq!(world.order_view(order).refunds[0].state, RefundState::Wanted);
        assert_eq!(world.audit(order.event).refunds_refused, 0);
        world.restart();
        assert_eq!(attempts(&world), [(0, attempt)], "nothing but the state remembers it");
        if attempt < 3 {
            world.ask(Actor::System, refund_refused(order, 0, attempt)).unwrap();
            assert_eq!(world.refused(order.event, None, 9)[0].attempt, attempt);
        }
    }
    must_be_settled(&mut world);
}

#[test]
fn what_is_said_of_an_earlier_attempt_does_not_undo_the_one_under_way() {
    let (mut world, order) = refused();
    world.settle_refund(order, 0, RefundSettlement::Again).unwrap();
    let applied = world.partition.applied();
    world.refuse(order, 0);
    assert_eq!(world.partition.applied(), applied);
    assert_eq!(attempts(&world), [(0, 1)]);
    // The money went back after all: nothing must be asked for any more.
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    assert_eq!(attempts(&world), []);
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn money_that_went_back_another_way_went_back() {
    let (mut world, order) = refused();
    assert_eq!(world.settle_refund(order, 0, by_hand("transfer 7")), Ok(Reply::Done));
    assert_eq!(attempts(&world), []);
    world.restart();
    assert_eq!(world.order_view(order).refunds[0].state, settled(None));
    assert_eq!(world.audit(order.event).refunded.as_minor(), 5_000);
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn who_gave_money_back_is_told_apart_afterwards() {
    let (mut world, order) = refused();
    world.settle_refund(order, 0, RefundSettlement::Again).unwrap();
    world.ask(Actor::System, refund_refused(order, 0, 1)).unwrap();
    world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
    let View::Timeline(steps) = world.query(Query::Timeline(order)) else { panic!() };
    let kinds: Vec<_> = steps[steps.len() - 4..].iter().map(|step| step.kind.clone()).collect();
    let no = || StepKind::RefundRefused { reason: "card closed".into() };
    let reference = "transfer 7".into();
    let again = StepKind::RefundRetried { attempt: 1 };
    assert_eq!(kinds, [no(), again, no(), StepKind::RefundSettled { reference }]);
}

#[test]
fn only_an_operator_settles_and_only_what_is_refused() {
    let (mut world, order) = refused();
    let settle = |order, refund, how| Command::SettleRefund { order, refund, how };
    let by_buyer = world.ask(buyer(1), settle(order, 0, by_hand("mine")));
    assert_eq!(code(by_buyer), "operator_only");
    let missing = world.settle_refund(order, 1, RefundSettlement::Again);
    assert_eq!(missing, Err(Refusal::NotFound(Thing::Refund)));
    let nowhere = OrderId::new(order.event, 9);
    let missing = world.settle_refund(nowhere, 0, RefundSettlement::Again);
    assert_eq!(missing, Err(Refusal::NotFound(Thing::Order)));
    let settled = world.ask(Actor::System, settle(order, 0, RefundSettlement::Again));
    assert_eq!(settled, Ok(Reply::Done));
    for how in [RefundSettlement::Again, by_hand("transfer 7")] {
        let (mut world, order) = refused();
        world.settle_refund(order, 0, how.clone()).unwrap();
        world.settle();
        let done = world.settle_refund(order, 0, how);
        assert_eq!(done, Err(Refusal::NotInThatState { status: "REFUNDED" }));
    }
}

/// A world with an order whose refund of everything, 50.00, is wanted.
fn wanted() -> (World, OrderId) {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    refund(&mut world, order, None).expect("it is paid");
    (world, order)
}

/// Settled by hand with this reference, and made by the provider as well.
fn settled(twice: Option<&str>) -> RefundState {
    let twice = twice.map(str::to_owned);
    RefundState::Settled { reference: "transfer 7".into(), twice }
}

/// Captured, refunded, going back, and lost, in minor units.
fn money(world: &World, order: OrderId) -> [u64; 4] {
    let audit = world.audit(order.event);
    [audit.captured, audit.refunded, audit.refunding, audit.loss].map(Amount::as_minor)
}

#[test]
fn a_refund_that_its_provider_does_not_come_to_make_can_go_back_another_way() {
    let (mut world, order) = wanted();
    let again = world.settle_refund(order, 0, RefundSettlement::Again);
    assert_eq!(again, Err(Refusal::RefundUnderWay));
    assert_eq!(attempts(&world), [(0, 0)]);
    assert_eq!(world.settle_refund(order, 0, by_hand("transfer 7")), Ok(Reply::Done));
    assert_eq!(attempts(&world), []);
    world.restart();
    assert_eq!(attempts(&world), [], "nor after a restart");
    assert_eq!(world.order_view(order).refunds[0].state, settled(None));
    // What the provider says no to now was given back all the same.
    world.refuse(order, 0);
    assert_eq!(world.order_view(order).refunds[0].state, settled(None));
    assert_eq!(money(&world, order), [5_000, 5_000, 0, 0]);
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn money_that_the_provider_gives_back_as_well_is_gone_twice_and_counts_once() {
    let (mut world, order) = wanted();
    world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    let gone = world.order_view(order).refunds[0].state.clone();
    assert!(matches!(&gone, RefundState::Settled { twice: Some(_), .. }), "{gone:?}");
    assert_eq!(money(&world, order), [5_000, 10_000, 0, 5_000]);
    let applied = world.partition.applied();
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    world.refuse(order, 0);
    assert_eq!(world.partition.applied(), applied);
    world.restart();
    assert_eq!(world.order_view(order).refunds[0].state, gone);
    let View::Timeline(steps) = world.query(Query::Timeline(order)) else { panic!() };
    let [.., by_hand, done] = &steps[..] else { panic!("{steps:?}") };
    assert!(matches!(by_hand.kind, StepKind::RefundSettled { .. }), "{by_hand:?}");
    assert!(matches!(done.kind, StepKind::RefundDone { .. }), "{done:?}");
    assert_eq!(code(world.settle_refund(order, 0, RefundSettlement::Again)), "not_in_that_state");
    world.books.check_settled(&world.partition, world.now());
}

/// An answer to an attempt that nobody waits for any more.
#[test]
fn what_an_earlier_attempt_gave_back_is_gone_twice_too() {
    let (mut world, order) = refused();
    world.settle_refund(order, 0, RefundSettlement::Again).unwrap();
    world.ask(Actor::System, refund_refused(order, 0, 1)).unwrap();
    world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    assert_eq!(money(&world, order), [5_000, 10_000, 0, 5_000]);
    world.books.check_settled(&world.partition, world.now());
}

/// What is gone twice is the organiser's loss: the buyer of the other ticket is owed its price.
#[test]
fn money_that_is_gone_twice_takes_nothing_from_what_is_left() {
    let (mut world, event) = World::with(club(9));
    let order = world.buy(buyer(1), event, &[any(0, 2)]);
    refund(&mut world, order, Some(&[0])).unwrap();
    world.settle_refund(order, 0, by_hand("transfer 7")).unwrap();
    world.ask(Actor::System, refund_done(order, 0, 0)).unwrap();
    assert_eq!(money(&world, order), [5_000, 5_000, 0, 2_500]);
    assert!(world.audit(event).holds());
    assert_eq!(refund(&mut world, order, None), Ok(2_500));
    world.settle();
    assert_eq!(money(&world, order), [5_000, 7_500, 0, 2_500]);
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn a_reference_is_a_short_line_of_text() {
    let (mut world, order) = refused();
    let longest = "ü".repeat(RefundSettlement::REFERENCE_CHARS_MAX);
    for wrong in ["", "  ", "a\nb", &format!("{longest}x")] {
        assert_eq!(code(world.settle_refund(order, 0, by_hand(wrong))), "malformed", "{wrong:?}");
    }
    world.settle_refund(order, 0, by_hand(&longest)).unwrap();
}

#[test]
fn refused_refunds_are_listed_by_order_until_they_are_settled() {
    let (mut world, event) = World::with(club(20));
    let orders: Vec<_> =
        (1..=4).map(|number| world.buy(buyer(number), event, &[any(0, 2)])).collect();
    for order in &orders {
        refund(&mut world, *order, Some(&[order.number * 2])).unwrap();
        refund(&mut world, *order, None).unwrap();
    }
    for order in &orders[1..] {
        world.refuse(*order, 1);
    }
    world.refuse(orders[2], 0);
    let all = |world: &World| -> Vec<_> {
        let refused = world.refused(event, None, u16::MAX);
        refused.iter().map(|refused| (refused.order.number, refused.refund)).collect()
    };
    assert_eq!(all(&world), [(1, 1), (2, 0), (2, 1), (3, 1)]);
    let page = world.refused(event, Some(1), 1);
    assert_eq!(page.iter().map(|refused| refused.refund).collect::<Vec<_>>(), [0, 1]);
    let first = &page[0];
    assert_eq!((first.order, first.amount.as_minor(), first.attempt), (orders[2], 2_500, 0));
    assert_eq!((first.provider.as_str(), first.reason.as_str()), ("sandbox", "card closed"));
    assert_eq!((first.payment.as_str(), first.cause), ("pay-3", RefundCause::Asked));
    assert_eq!(world.refused(event, Some(3), 9), []);
    world.settle_refund(orders[1], 1, RefundSettlement::Again).unwrap();
    world.settle_refund(orders[2], 0, by_hand("transfer 7")).unwrap();
    world.restart();
    assert_eq!(all(&world), [(2, 1), (3, 1)]);
    let query = Query::RefusedRefunds { event, after: None, orders_max: 9 };
    let seen = world.partition.query(world.now(), buyer(3), query);
    assert_eq!(seen, Err(Refusal::OperatorOnly));
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
    must_be_settled(&mut world);
}
