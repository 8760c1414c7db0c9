//! The end of every simulation: the server's books, the bank's books and the buyers' orders are
//! laid side by side.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::bank::Books;
use crate::http::Call;
use crate::stage::Scene;

/// How often to look whether everything is over, and how often that may be in vain.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const LOOKS: u32 = 200;

/// Waits until no order waits, no refund is owed and no webhook is under way; then everything must
/// add up: no seat twice, and every captured payment a ticket or a refund, in both books.
///
/// # Panics
/// If it does not, or is never over.
pub(crate) async fn audit(scene: &Scene) {
    let event = scene.event().await;
    let mut looks = 0;
    let (books, orders) = loop {
        let books = scene.operate(Call::get(format!("/api/v1/events/{event}/audit"))).await.json();
        let bank = scene.bank.books();
        let orders = orders(scene, &bank).await;
        if is_over(&books, &bank) {
            break (books, orders);
        }
        looks += 1;
        assert!(looks < LOOKS, "it is never over: {books}, {bank:?}, {orders:?}");
        sleep(LOOK_EVERY).await;
    };
    let bank = scene.bank.books();
    assert!(books["holds"] == true, "the server's books do not add up: {books}");
    assert_eq!(books["seats_sold_twice"], 0, "{books}");
    assert_eq!(number(&books, "refunds_refused"), 0, "{books}");
    let refunded: u64 = bank.refunds.iter().map(|refund| refund.amount_minor).sum();
    assert_eq!(refunded, number(&books, "refunded_minor"), "{books}, {bank:?}");
    let mut seats = BTreeSet::new();
    for order in &orders {
        check(order, &bank);
        for seat in valid(order).filter_map(|ticket| ticket["seat"]["index"].as_u64()) {
            assert!(seats.insert(seat), "seat {seat} is on two tickets: {orders:?}");
        }
    }
    let tickets = number(&books, "tickets");
    assert_eq!(seats.len() as u64, tickets, "there are tickets of orders nobody knows: {books}");
}

fn is_over(books: &Value, bank: &Books) -> bool {
    let captured: u64 = bank.captures.iter().map(|capture| capture.amount_minor).sum();
    bank.under_way == 0
        && number(books, "pending") == 0
        && number(books, "refunding_minor") == 0
        && number(books, "captured_minor") == captured
}

/// Every order that its buyer or the bank knows of.
async fn orders(scene: &Scene, bank: &Books) -> Vec<Value> {
    let asked_for = bank.intents.values().map(|intent| intent.order.to_string());
    let known: BTreeSet<_> = scene.orders().into_iter().chain(asked_for).collect();
    let mut orders = Vec::new();
    for order in known {
        let shown = scene.operate(Call::get(format!("/api/v1/orders/{order}"))).await;
        assert_eq!(shown.status, 200, "an acknowledged order is gone: {order}");
        orders.push(shown.json());
    }
    orders
}

/// What was paid for an order is its tickets or went back.
fn check(order: &Value, bank: &Books) {
    let id = order["id"].as_str().unwrap_or_default();
    let captures = bank.captures.iter().filter(|capture| capture.order.to_string() == id);
    let (mut captured, mut returned) = (0, 0);
    for capture in captures {
        captured += capture.amount_minor;
        let of_it = bank.refunds.iter().filter(|refund| refund.payment == capture.payment);
        returned += of_it.map(|refund| refund.amount_minor).sum::<u64>();
    }
    let tickets: u64 = valid(order).map(|ticket| number(ticket, "price_minor")).sum();
    assert_eq!(captured, number(order, "captured_minor"), "the bank took {captured}: {order}");
    assert_eq!(captured, tickets + returned, "{returned} went back: {order}");
}

fn valid(order: &Value) -> impl Iterator<Item = &Value> {
    order["tickets"].as_array().into_iter().flatten().filter(|ticket| ticket["valid"] == true)
}

fn number(of: &Value, member: &str) -> u64 {
    of[member].as_u64().unwrap_or_default()
}
