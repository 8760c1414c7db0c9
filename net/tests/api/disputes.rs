//! Payments that banks ask back: listed, and their tickets taken back or left.

use onsale_control::access::EventRole;
use onsale_control::accounts::role::Role;
use onsale_core::command::{Command, DisputeNotice, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use serde_json::{Value, json};

use crate::server::{Call, Server, get, post, standing, text};

impl Server {
    /// An order for 50.00 that was paid, and whose payment a bank asks back.
    pub async fn disputed(&self, event: &str, token: &str) -> String {
        let order = self.paid(event, token, 5_000).await;
        self.tell_dispute(&order, None);
        order
    }

    /// What the provider says about the dispute of an order's payment.
    fn tell_dispute(&self, order: &str, end: Option<DisputeEnd>) {
        let id: OrderId = order.parse().unwrap();
        let notice = DisputeNotice {
            provider: Provider("till".to_owned()),
            order: id,
            payment: format!("pay_{order}"),
            dispute: format!("dp_{order}"),
            amount: Amount::from_minor(5_000),
            currency: "EUR".parse().unwrap(),
            reason: "fraudulent".to_owned(),
            end,
        };
        self.memory.tell(id.event.partition(), Command::RecordDispute(Box::new(notice)));
    }

    fn lose(&self, order: &str) {
        let (amount, currency) = (Amount::from_minor(5_000), "EUR".parse().unwrap());
        self.tell_dispute(order, Some(DisputeEnd::Lost { amount, currency }));
    }
}

fn list(event: &str, rest: &str) -> Call {
    get(format!("/api/v1/events/{event}/disputes{rest}"))
}

fn decide(order: &str, number: &str, tickets: &Value) -> Call {
    let decide = post(format!("/api/v1/orders/{order}/disputes/{number}/decide"));
    decide.json(&json!({"tickets": tickets}))
}

async fn orders(server: &Server, event: &str, rest: &str) -> Vec<String> {
    let found = server.accept(list(event, rest).operator(), 200).await;
    let disputes = found["disputes"].as_array().unwrap().clone();
    disputes.iter().map(|dispute| text(&dispute["order"])).collect()
}

#[tokio::test]
async fn a_dispute_is_listed_until_somebody_has_decided() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.disputed(&event, &token).await;
    let mut expected = json!({
        "order": order, "number": 0, "state": "OPEN", "amount_minor": 5_000, "currency": "EUR",
        "tickets": 1, "provider": "till", "dispute": format!("dp_{order}"),
        "payment": format!("pay_{order}"), "reason": "fraudulent",
    });
    let found = server.accept(list(&event, "").operator(), 200).await;
    expected["tickets"] = found["disputes"][0]["tickets"].clone();
    assert!(expected["tickets"].as_u64().unwrap() > 0, "the payment has paid for tickets");
    assert_eq!(found, json!({"disputes": [expected], "next": null}));
    let too_early = decide(&order, "0", &json!("keep")).operator();
    server.refuse(too_early, 409, "not_in_that_state").await;
    let refund = post(format!("/api/v1/orders/{order}/refunds")).operator();
    server.refuse(refund.json(&json!({"tickets": "all"})), 409, "disputed").await;
    server.lose(&order);
    let found = server.accept(list(&event, "").operator(), 200).await;
    assert_eq!(found["disputes"][0]["state"], "LOST");
    server.accept(decide(&order, "0", &json!("keep")).operator(), 204).await;
    assert_eq!(orders(&server, &event, "").await, [""; 0]);
}

#[tokio::test]
async fn what_was_decided_is_seen_in_the_order_its_timeline_and_the_books() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.disputed(&event, &token).await;
    server.lose(&order);
    let books = || get(format!("/api/v1/events/{event}/audit")).operator();
    let before = server.accept(books(), 200).await;
    assert_eq!((&before["holds"], &before["loss_minor"]), (&json!(true), &json!(5_000)));
    server.accept(decide(&order, "0", &json!("void")).operator(), 204).await;
    let seen = server.accept(get(format!("/api/v1/orders/{order}")).token(&token), 200).await;
    let tickets = seen["tickets"].as_array().unwrap();
    assert!(!tickets.is_empty() && tickets.iter().all(|ticket| ticket["valid"] == json!(false)));
    let steps = get(format!("/api/v1/orders/{order}/timeline")).operator();
    let steps = server.accept(steps, 200).await["steps"].as_array().unwrap().clone();
    let [.., opened, lost, voided] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(
        (&opened["what"], &opened["note"]),
        (&json!("DISPUTE_OPENED"), &json!(format!("dp_{order}")))
    );
    assert_eq!((&lost["what"], &lost["amount_minor"]), (&json!("DISPUTE_LOST"), &json!(5_000)));
    assert_eq!(voided["what"], "TICKETS_VOIDED");
    let after = server.accept(books(), 200).await;
    assert_eq!((&after["holds"], &after["loss_minor"]), (&json!(true), &json!(0)));
    assert_eq!(after["charged_back_minor"], 5_000);
}

#[tokio::test]
async fn the_audit_log_says_who_decided_what() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let ada = server.account(Role::Buyer).await;
    let order = server.disputed(&event, &token).await;
    let void = || decide(&order, "0", &json!("void")).token(&ada.token);
    server.refuse(void(), 404, "not_found").await;
    server.engage(&ada, &event, EventRole::Viewer).await;
    let problem = server.refuse(void(), 403, "forbidden").await;
    assert_eq!(problem["action"], "order.decide_dispute");
    server.refuse(list(&event, "").token(&ada.token), 403, "forbidden").await;
    server.engage(&ada, &event, EventRole::Editor).await;
    server.accept(list(&event, "").token(&ada.token), 200).await;
    server.accept(void(), 204).await;
    let log = get("/api/v1/audit-log?action=order.decide_dispute").operator();
    let log = server.accept(log, 200).await;
    let [done, begun] = &log["entries"].as_array().unwrap()[..] else { panic!("{log}") };
    assert_eq!((&begun["outcome"], &done["outcome"]), (&json!("begun"), &json!("done")));
    assert_eq!((&done["who"], &done["object"]), (&json!(ada.id.to_string()), &json!(order)));
    assert_eq!(done["detail"], "dispute 0 voids its tickets");
}

#[tokio::test]
async fn the_list_comes_in_pages_of_orders() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let mut disputed = Vec::new();
    for _ in 0..3 {
        disputed.push(server.disputed(&event, &token).await);
    }
    let answer = server.send(list(&event, "?limit=2").operator()).await;
    assert_eq!(answer.json()["next"], disputed[1]);
    let link = answer.headers["link"].to_str().unwrap();
    assert!(link.contains(&format!("limit=2&after={}>; rel=\"next\"", disputed[1])), "{link}");
    let rest = format!("?limit=2&after={}", disputed[1]);
    assert_eq!(orders(&server, &event, &rest).await, disputed[2..]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_the_place_that_is_wrong() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.disputed(&event, &token).await;
    for rest in ["?limit=0", "?limit=101", "?after=x", "?state=OPEN"] {
        server.refuse(list(&event, rest).operator(), 400, "invalid_parameter").await;
    }
    let void = json!("void");
    for number in ["-1", "x", "4294967296"] {
        let problem =
            server.refuse(decide(&order, number, &void).operator(), 400, "invalid_parameter").await;
        assert_eq!(problem["errors"][0]["at"], "path.number");
    }
    server.refuse(decide(&order, "1", &void).operator(), 404, "not_found").await;
    for wrong in [json!(null), json!("burn"), json!(true), json!(["void"])] {
        let call = decide(&order, "0", &wrong).operator();
        let problem = server.refuse(call, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "tickets", "{problem}");
    }
}

#[tokio::test]
async fn the_numbers_of_an_event_say_what_banks_took() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let order = server.disputed(&event, &token).await;
    let charged_back = async || {
        server.project().await;
        let summary = get(format!("/api/v1/events/{event}/summary")).operator();
        let summary = server.accept(summary, 200).await;
        let listed = get(format!("/api/v1/events/{event}/orders")).operator();
        let listed = server.accept(listed, 200).await;
        let of_order = listed["orders"][0]["charged_back_minor"].clone();
        (summary["money"]["charged_back_minor"].clone(), of_order)
    };
    assert_eq!(charged_back().await, (json!(0), json!(0)), "nobody knows whose it is");
    server.lose(&order);
    assert_eq!(charged_back().await, (json!(5_000), json!(5_000)));
    let books = get(format!("/api/v1/events/{event}/audit")).operator();
    assert_eq!(server.accept(books, 200).await["charged_back_minor"], 5_000);
}
