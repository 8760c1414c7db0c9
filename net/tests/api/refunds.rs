//! Refunds that their providers will not make: listed, asked for again, settled by hand.

use onsale_control::access::EventRole;
use onsale_control::accounts::role::Role;
use onsale_core::command::{Command, RefundOutcome};
use onsale_core::id::OrderId;
use serde_json::{Value, json};

use crate::server::{Call, Server, get, post, standing, text};

impl Server {
    /// An order for 50.00 that was paid and given back, and whose provider gives nothing back.
    pub async fn refused_refund(&self, event: &str, token: &str) -> String {
        let order = self.paid(event, token, 5_000).await;
        let refund = post(format!("/api/v1/orders/{order}/refunds")).operator();
        self.accept(refund.json(&json!({"tickets": "all"})), 202).await;
        self.refuse_refund(&order, 0);
        order
    }

    /// The provider refuses an attempt at an order's first refund.
    fn refuse_refund(&self, order: &str, attempt: u32) {
        let order: OrderId = order.parse().unwrap();
        let outcome = RefundOutcome::Refused { reason: "insufficient balance".to_owned() };
        let record = Command::RecordRefund { order, refund: 0, attempt, outcome };
        self.memory.tell(order.event.partition(), record);
    }
}

fn list(event: &str, rest: &str) -> Call {
    get(format!("/api/v1/events/{event}/refused-refunds{rest}"))
}

fn settle(order: &str, number: &str, how: &Value) -> Call {
    post(format!("/api/v1/orders/{order}/refunds/{number}/settle")).json(how)
}

fn again() -> Value {
    json!({"how": "again"})
}

async fn orders(server: &Server, event: &str, rest: &str) -> Vec<String> {
    let found = server.accept(list(event, rest).operator(), 200).await;
    let refunds = found["refunds"].as_array().unwrap().clone();
    refunds.iter().map(|refund| text(&refund["order"])).collect()
}

#[tokio::test]
async fn a_refund_that_was_refused_is_listed_until_the_provider_makes_it() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.refused_refund(&event, &token).await;
    let found = server.accept(list(&event, "").operator(), 200).await;
    let expected = json!({
        "order": order, "number": 0, "attempts": 1, "amount_minor": 5_000, "currency": "EUR",
        "cause": "ASKED", "provider": "till", "payment": format!("pay_{order}"),
        "reason": "insufficient balance",
    });
    assert_eq!(found, json!({"refunds": [expected], "next": null}));
    server.accept(settle(&order, "0", &again()).operator(), 204).await;
    assert_eq!(orders(&server, &event, "").await, [""; 0]);
    let once_more = settle(&order, "0", &again()).operator();
    server.refuse(once_more, 409, "refund_under_way").await;
    server.refuse_refund(&order, 1);
    let found = server.accept(list(&event, "").operator(), 200).await;
    assert_eq!(found["refunds"][0]["attempts"], 2);
}

#[tokio::test]
async fn what_was_settled_by_hand_is_done_and_says_how() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.refused_refund(&event, &token).await;
    let by_hand = json!({"how": "by_hand", "reference": "transfer 7"});
    server.accept(settle(&order, "0", &by_hand).operator(), 204).await;
    assert_eq!(orders(&server, &event, "").await, [""; 0]);
    let seen = server.accept(get(format!("/api/v1/orders/{order}")).token(&token), 200).await;
    let refund = &seen["refunds"][0];
    let reference = &by_hand["reference"];
    assert_eq!((&refund["state"], &refund["note"]), (&json!("DONE"), reference));
    let steps = get(format!("/api/v1/orders/{order}/timeline")).operator();
    let steps = server.accept(steps, 200).await["steps"].as_array().unwrap().clone();
    let [.., refused, settled] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(refused["what"], "REFUND_REFUSED");
    assert_eq!((&settled["what"], &settled["note"]), (&"REFUND_SETTLED".into(), reference));
    let books = get(format!("/api/v1/events/{event}/audit")).operator();
    let books = server.accept(books, 200).await;
    assert_eq!((&books["holds"], &books["refunds_refused"]), (&json!(true), &json!(0)));
}

#[tokio::test]
async fn the_audit_log_says_who_settled_what_and_not_what_they_typed() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let ada = server.account(Role::Buyer).await;
    let order = server.refused_refund(&event, &token).await;
    let by_hand = json!({"how": "by_hand", "reference": "transfer 7"});
    let settle = || settle(&order, "0", &by_hand).token(&ada.token);
    server.refuse(settle(), 404, "not_found").await;
    server.engage(&ada, &event, EventRole::Viewer).await;
    let problem = server.refuse(settle(), 403, "forbidden").await;
    assert_eq!(problem["action"], "order.settle_refund");
    server.refuse(list(&event, "").token(&ada.token), 403, "forbidden").await;
    server.engage(&ada, &event, EventRole::Editor).await;
    server.accept(list(&event, "").token(&ada.token), 200).await;
    server.accept(settle(), 204).await;
    let log = get("/api/v1/audit-log?action=order.settle_refund").operator();
    let log = server.accept(log, 200).await;
    let [done, begun] = &log["entries"].as_array().unwrap()[..] else { panic!("{log}") };
    assert_eq!((&begun["outcome"], &done["outcome"]), (&json!("begun"), &json!("done")));
    assert_eq!((&done["who"], &done["object"]), (&json!(ada.id.to_string()), &json!(order)));
    assert_eq!(done["detail"], "refund 0 by hand");
}

#[tokio::test]
async fn the_list_comes_in_pages_of_orders() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let mut refused = Vec::new();
    for _ in 0..3 {
        refused.push(server.refused_refund(&event, &token).await);
    }
    let answer = server.send(list(&event, "?limit=2").operator()).await;
    assert_eq!(answer.json()["next"], refused[1]);
    let link = answer.headers["link"].to_str().unwrap();
    assert!(link.contains(&format!("limit=2&after={}>; rel=\"next\"", refused[1])), "{link}");
    assert_eq!(orders(&server, &event, "?limit=2").await, refused[..2]);
    let rest = format!("?limit=2&after={}", refused[1]);
    assert_eq!(orders(&server, &event, &rest).await, refused[2..]);
    let last = server.accept(list(&event, &rest).operator(), 200).await;
    assert_eq!(last["next"], Value::Null);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_the_place_that_is_wrong() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.refused_refund(&event, &token).await;
    let elsewhere = server.event(&standing()).await;
    for rest in ["?limit=0", "?limit=101", "?after=x", "?state=REFUSED"] {
        server.refuse(list(&event, rest).operator(), 400, "invalid_parameter").await;
    }
    let foreign = list(&elsewhere, &format!("?after={order}")).operator();
    let problem = server.refuse(foreign, 400, "invalid_parameter").await;
    assert_eq!(problem["errors"][0]["at"], "query.after");
    for number in ["-1", "x", "4294967296"] {
        let wrong = settle(&order, number, &again()).operator();
        let problem = server.refuse(wrong, 400, "invalid_parameter").await;
        assert_eq!(problem["errors"][0]["at"], "path.number");
    }
    server.refuse(settle(&order, "1", &again()).operator(), 404, "not_found").await;
    for wrong in [
        json!({}),
        json!({"how": "never"}),
        json!({"how": "again", "reference": "transfer 7"}),
        json!({"how": "by_hand"}),
        json!({"how": "by_hand", "reference": ""}),
        json!({"how": "by_hand", "reference": "a\nb"}),
        json!({"how": "by_hand", "reference": "ü".repeat(201)}),
    ] {
        server.refuse(settle(&order, "0", &wrong).operator(), 400, "invalid_body").await;
    }
}
