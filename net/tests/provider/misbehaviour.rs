//! However the provider misbehaves, the buyer has one set of tickets or their money.

use std::sync::atomic::Ordering;

use onsale_core::command::{Actor, Command};
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::payment::{RefundCause, RefundState};
use onsale_core::query::OrderView;

use crate::world::{World, place_order};

/// A price that behaves, and one for each misbehaviour.
fn price(ending: u64) -> u64 {
    5_000 + ending
}

/// Buys one ticket at this price, paying as `behaviour` says, and waits for the dust to settle.
async fn buy(price_minor: u64, behaviour: &str) -> (World, OrderView) {
    let world = World::new().await;
    let order = place_order(&world.port, world.event(price_minor), 1, 1);
    let page = world.page_of(order).await;
    world.pay(&page, behaviour).await;
    world.settled_books(order).await;
    let view = world.order(order).await;
    (world, view)
}

fn assert_one_ticket(view: &OrderView) {
    assert_eq!(view.status, OrderStatus::Completed);
    assert_eq!(view.tickets.iter().filter(|ticket| ticket.valid).count(), 1);
}

fn assert_one_refund(view: &OrderView, cause: RefundCause) {
    assert_eq!(view.refunds.len(), 1, "{view:#?}");
    assert_eq!(view.refunds[0].cause, cause);
    assert!(matches!(view.refunds[0].state, RefundState::Done { .. }));
}

#[tokio::test(start_paused = true)]
async fn an_ordinary_payment_is_one_ticket() {
    let (world, view) = buy(price(0), "").await;
    assert_one_ticket(&view);
    assert_eq!(view.captured, Amount::from_minor(5_000));
    assert_eq!(world.port.notices.load(Ordering::SeqCst), 1);
    assert_eq!(world.metrics.retries.get(), 0);
    assert_eq!(world.metrics.outstanding.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_decline_ends_the_order_and_takes_nothing() {
    for (price, behaviour) in [(price(1), ""), (price(0), "decline")] {
        let (_, view) = buy(price, behaviour).await;
        assert_eq!(view.status, OrderStatus::Failed);
        assert_eq!((view.captured, view.refunds.len()), (Amount::ZERO, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_slow_in_coming_comes_once() {
    for ending in [2, 3] {
        let (world, view) = buy(price(ending), "").await;
        assert_one_ticket(&view);
        assert_eq!(world.metrics.retries.get(), 2, "both failures were tried again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_webhook_that_comes_twice_counts_once() {
    for (price, behaviour) in [(price(4), ""), (price(0), "duplicate")] {
        let (world, view) = buy(price, behaviour).await;
        assert_one_ticket(&view);
        assert!(view.refunds.is_empty());
        assert_eq!(world.port.notices.load(Ordering::SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn money_that_is_taken_twice_goes_back_once() {
    for (price, behaviour) in [(price(6), ""), (price(0), "duplicate_capture")] {
        let (_, view) = buy(price, behaviour).await;
        assert_one_ticket(&view);
        assert_one_refund(&view, RefundCause::Duplicate);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_payment_gets_its_tickets_if_they_are_free() {
    for (price, behaviour) in [(price(7), ""), (price(0), "late")] {
        let world = World::new().await;
        let order = place_order(&world.port, world.event(price), 1, 1);
        world.pay(&world.page_of(order).await, behaviour).await;
        world.wait_for(order, |view| view.status == OrderStatus::Expired).await;
        world.settled_books(order).await;
        assert_one_ticket(&world.order(order).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_payment_goes_back_if_the_tickets_are_gone() {
    let world = World::new().await;
    let event = world.event(price(0));
    let late = place_order(&world.port, event, 1, 2);
    world.pay(&world.page_of(late).await, "late").await;
    world.wait_for(late, |view| view.status == OrderStatus::Expired).await;
    let other = place_order(&world.port, event, 2, 2);
    world.pay(&world.page_of(other).await, "pay").await;
    world.let_it_settle().await;
    let view = world.order(late).await;
    assert_eq!(view.status, OrderStatus::Expired);
    assert_one_refund(&view, RefundCause::Late);
    assert_eq!(world.order(other).await.status, OrderStatus::Completed);
    assert!(world.books(event).await.holds());
}

#[tokio::test(start_paused = true)]
async fn webhooks_in_the_wrong_order_change_nothing() {
    for (price, behaviour) in [(price(8), ""), (price(0), "reordered")] {
        let (world, view) = buy(price, behaviour).await;
        assert_one_ticket(&view);
        assert_eq!(world.port.notices.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_payment_without_a_webhook_is_found_by_asking_in_time() {
    for (price, behaviour) in [(price(9), ""), (price(0), "never")] {
        let (world, view) = buy(price, behaviour).await;
        assert_one_ticket(&view);
        assert_eq!(world.metrics.reconciled.get(), 1);
        assert_eq!(world.metrics.polls.get(), 1, "asked before the time was over, and not again");
        assert_eq!(world.metrics.watched.get(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn another_amount_than_asked_for_goes_back() {
    for (price, behaviour) in [(price(11), ""), (price(0), "wrong_amount")] {
        let (_, view) = buy(price, behaviour).await;
        assert_eq!(view.status, OrderStatus::Failed);
        assert_one_refund(&view, RefundCause::Mismatch);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_that_fails_at_first_is_made_in_the_end() {
    for (price, behaviour) in [(price(12), ""), (price(0), "refund_fails")] {
        let (world, view) = buy(price, behaviour).await;
        assert_one_ticket(&view);
        let refund = Command::RefundOrder { order: view.order, tickets: None };
        world.port.apply(Actor::Operator, refund);
        world.settled_books(view.order).await;
        let view = world.order(view.order).await;
        assert_eq!(view.status, OrderStatus::Refunded);
        assert_one_refund(&view, RefundCause::Asked);
        assert_eq!(world.metrics.retries.get(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_killed_when_goes_on_after_the_restart() {
    for (ending, behaviour) in [(0, ""), (2, ""), (3, ""), (9, ""), (0, "duplicate_capture")] {
        let world = World::new().await;
        let order = place_order(&world.port, world.event(price(ending)), 1, 1);
        let world = world.restarted().await;
        let page = world.page_of(order).await;
        let world = world.restarted().await;
        let intent = page.rsplit('/').next().unwrap();
        world.pay(&format!("{}/sandbox/pay/{intent}", world.url), behaviour).await;
        let world = world.restarted().await;
        world.settled_books(order).await;
        assert_one_ticket(&world.order(order).await);
    }
}
