//! Buying: what is refused and why, and a purchase from its beginning to its refund.

use onsale_core::command::{Command, IntentOutcome, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::time::Span;
use serde_json::{Value, json};

use crate::memory::START;
use crate::server::{Call, Server, at, delete, get, post, seated, standing, text};

fn seats(event: &str, token: &str, seats: &[u32]) -> Call {
    let wish = json!({"wishes": [{"class": 0, "seats": seats}]});
    post(format!("/api/v1/events/{event}/holds")).token(token).json(&wish)
}

fn count(event: &str, token: &str, count: u32) -> Call {
    let wish = json!({"wishes": [{"class": 0, "count": count}]});
    post(format!("/api/v1/events/{event}/holds")).token(token).json(&wish)
}

#[tokio::test]
async fn seats_that_cannot_be_had_are_named() {
    let server = Server::new();
    let (ada, bob) = (server.guest().await, server.guest().await);
    let event = server.event(&seated()).await;
    server.accept(seats(&event, &ada, &[3, 4]), 201).await;
    let taken = server.refuse(seats(&event, &bob, &[4, 5]), 409, "seats_taken").await;
    assert_eq!(taken["seats"], json!([4]));
    let unknown = server.refuse(seats(&event, &bob, &[5, 99]), 400, "unknown_seats").await;
    assert_eq!(unknown["seats"], json!([99]));
    let blocked = server.refuse(seats(&event, &bob, &[18, 19]), 409, "seats_blocked").await;
    assert_eq!(blocked["seats"], json!([19]));
    let orphan = server.refuse(seats(&event, &bob, &[6, 7]), 409, "leaves_orphan").await;
    assert_eq!(orphan["seats"], json!([5]));
    server.refuse(seats(&event, &bob, &[6, 6]), 400, "malformed").await;
}

#[tokio::test]
async fn the_best_seats_are_neighbours_or_none() {
    let server = Server::new();
    let (ada, bob) = (server.guest().await, server.guest().await);
    let event = server.event(&seated()).await;
    let best = |body: Value, token: &str| {
        let wish = json!({"wishes": [{"class": 0, "best": body}]});
        post(format!("/api/v1/events/{event}/holds")).token(token).json(&wish)
    };
    let hold = server.accept(best(json!({"count": 2}), &ada), 201).await;
    assert_eq!(hold["lines"][0]["seats"], json!([4, 5]), "the middle of the first row");
    assert_eq!(hold["total_minor"], 17_800);
    assert_eq!(hold["expires_at"], at(START + Span::from_mins(10)));
    server.refuse(best(json!({"count": 1, "section": 7}), &bob), 409, "no_neighbours").await;
}

#[tokio::test]
async fn one_buyer_may_have_so_many() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    server.accept(count(&event, &token, 5), 201).await;
    let problem = server.refuse(count(&event, &token, 4), 409, "limit_reached").await;
    assert_eq!((&problem["limit"], &problem["has"]), (&json!(8), &json!(5)));
}

#[tokio::test]
async fn sold_out_and_all_held_are_told_apart() {
    let server = Server::new();
    let (ada, bob) = (server.guest().await, server.guest().await);
    let mut definition = standing();
    definition["quotas"][0]["capacity"] = json!(3);
    definition["classes"][0]["price_minor"] = json!(0);
    let event = server.event(&definition).await;
    let hold = server.hold(&event, &ada).await;
    let problem = server.refuse(count(&event, &bob, 2), 409, "all_held").await;
    assert_eq!((&problem["class"], &problem["left"]), (&json!(0), &json!(1)));
    server.order(&hold, &ada).await;
    server.refuse(count(&event, &bob, 2), 409, "sold_out").await;
}

#[tokio::test]
async fn before_and_after_the_sale_nothing_is_sold() {
    let server = Server::new();
    let token = server.guest().await;
    let opens_at = at(START + Span::from_mins(60));
    let closes_at = at(START + Span::from_mins(120));
    let mut definition = standing();
    definition["classes"][0]["window"] = json!({"opens_at": opens_at, "closes_at": closes_at});
    let event = server.event(&definition).await;
    let problem = server.refuse(count(&event, &token, 1), 409, "not_on_sale").await;
    assert_eq!(problem["opens_at"], opens_at);
    assert_eq!(problem["closes_at"], closes_at);
    server.memory.pass(Span::from_mins(60));
    server.accept(count(&event, &token, 1), 201).await;
    server.memory.pass(Span::from_mins(60));
    server.refuse(count(&event, &token, 1), 409, "not_on_sale").await;
}

#[tokio::test]
async fn a_cancelled_event_sells_nothing() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hold = server.hold(&event, &token).await;
    server.accept(post(format!("/api/v1/events/{event}/cancel")).operator(), 204).await;
    server.refuse(count(&event, &token, 1), 409, "event_cancelled").await;
    let order = post("/api/v1/orders").token(&token);
    let order = order.json(&json!({"hold": hold, "provider": "till"}));
    server.refuse(order, 409, "event_cancelled").await;
    let open = post(format!("/api/v1/events/{event}/open")).operator();
    server.refuse(open, 409, "event_cancelled").await;
    let show = server.accept(get(format!("/api/v1/events/{event}")), 200).await;
    assert_eq!(show["phase"], "CANCELLED");
}

#[tokio::test]
async fn a_hold_ends_by_its_buyer_or_by_time() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let (given, expired) = (server.hold(&event, &token).await, server.hold(&event, &token).await);
    let show = |hold: &str| get(format!("/api/v1/holds/{hold}")).token(&token);
    assert_eq!(server.accept(show(&given), 200).await["id"], given);
    server.accept(delete(format!("/api/v1/holds/{given}")).token(&token), 204).await;
    server.refuse(show(&given), 410, "hold_gone").await;
    server.memory.pass(Span::from_mins(10));
    let order = json!({"hold": expired, "provider": "till"});
    server.refuse(post("/api/v1/orders").token(&token).json(&order), 410, "hold_gone").await;
}

#[tokio::test]
async fn an_unknown_provider_takes_no_money() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hold = server.hold(&event, &token).await;
    let order = json!({"hold": hold, "provider": "acme"});
    let call = post("/api/v1/orders").token(&token).json(&order);
    let problem = server.refuse(call, 400, "unknown_provider").await;
    assert_eq!(problem["providers"], json!(["till"]));
}

#[tokio::test]
async fn seats_are_blocked_by_their_operator() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&seated()).await;
    server.accept(seats(&event, &token, &[0, 1]), 201).await;
    let block = |seats: Value, block: bool| {
        let body = json!({"seats": seats, "block": block});
        post(format!("/api/v1/events/{event}/seats/block")).operator().json(&body)
    };
    let problem = server.refuse(block(json!([1, 2]), true), 409, "seats_taken").await;
    assert_eq!(problem["seats"], json!([1]));
    server.accept(block(json!([2, 3]), true), 204).await;
    server.refuse(seats(&event, &token, &[2, 3]), 409, "seats_blocked").await;
    server.accept(block(json!([2, 3, 19]), false), 204).await;
    server.accept(seats(&event, &token, &[2, 3]), 201).await;
}

#[tokio::test]
async fn a_purchase_from_its_hold_to_its_refund() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&seated()).await;
    let hold = server.accept(seats(&event, &token, &[4, 5]), 201).await;
    let order = server.order(&text(&hold["id"]), &token).await;
    let show = || get(format!("/api/v1/orders/{order}")).token(&token);
    let pending = server.accept(show(), 200).await;
    assert_eq!(
        (text(&pending["status"]), text(&pending["payment"]["status"])),
        ("PENDING".into(), "PREPARING".into())
    );

    let id: OrderId = order.parse().unwrap();
    let ready =
        IntentOutcome::Ready { reference: "i1".into(), url: "https://pay.example/i1".into() };
    server.memory.tell(id.event.partition(), Command::RecordIntent { order: id, outcome: ready });
    let payable = server.accept(show(), 200).await;
    assert_eq!(payable["payment"], json!({"status": "READY", "url": "https://pay.example/i1"}));

    let outcome = PaymentOutcome::Captured {
        amount: Amount::from_minor(17_800),
        currency: "EUR".parse().unwrap(),
    };
    let provider = Provider("till".into());
    let notice = PaymentNotice { provider, order: id, payment: "p1".into(), outcome };
    server.memory.tell(id.event.partition(), Command::RecordPayment(notice));
    let paid = server.accept(show(), 200).await;
    assert_eq!(paid["status"], "COMPLETED");
    assert_eq!(paid["captured_minor"], 17_800);
    let seat = json!({"index": 4, "section": "Stalls", "row": "A", "seat": "5"});
    assert_eq!(paid["tickets"][0]["seat"], seat);
    let cancel = post(format!("/api/v1/orders/{order}/cancel")).token(&token);
    let problem = server.refuse(cancel, 409, "not_in_that_state").await;
    assert_eq!(problem["order_status"], "COMPLETED");

    let one = json!({"tickets": [paid["tickets"][0]["id"]]});
    let refund = post(format!("/api/v1/orders/{order}/refunds")).operator();
    let refunding = server.accept(refund.json(&one), 202).await;
    assert_eq!(refunding["amount_minor"], 8_900);
    let refund = post(format!("/api/v1/orders/{order}/refunds")).operator().json(&one);
    server.refuse(refund, 409, "not_in_that_state").await;
    assert_eq!(server.accept(show(), 200).await["status"], "PARTIALLY_REFUNDED");

    let timeline = get(format!("/api/v1/orders/{order}/timeline")).token(&token);
    let timeline = server.accept(timeline, 200).await;
    let what: Vec<_> =
        timeline["steps"].as_array().unwrap().iter().map(|s| text(&s["what"])).collect();
    let expected = ["PLACED", "PAYMENT_READY", "PAYMENT_CAPTURED", "COMPLETED", "REFUND_WANTED"];
    assert_eq!(what, expected);

    let audit = server.accept(get(format!("/api/v1/events/{event}/audit")).operator(), 200).await;
    assert_eq!(audit["tickets"], 1);
    assert_eq!(audit["refunding_minor"], 8_900);
    assert_eq!(audit["holds"], false, "money is still on its way back");
}

#[tokio::test]
async fn a_free_order_is_complete_at_once() {
    let server = Server::new();
    let token = server.guest().await;
    let mut free = standing();
    free["classes"][0]["price_minor"] = json!(0);
    let event = server.event(&free).await;
    let hold = server.hold(&event, &token).await;
    let order = json!({"hold": hold, "provider": "till"});
    let placed = server.accept(post("/api/v1/orders").token(&token).json(&order), 201).await;
    assert_eq!(placed["status"], "COMPLETED");
    assert_eq!(placed["event"], event);
}
