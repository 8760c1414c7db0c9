//! What is read from the read models, over HTTP.

use std::collections::BTreeSet;

use onsale_control::access::EventRole;
use onsale_control::accounts::role::Role;
use onsale_control::page::Limit;
use onsale_core::command::{Command, IntentOutcome, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::time::Span;
use serde_json::{Value, json};

use crate::access::people::Person;
use crate::server::{Call, Server, get, post, seated, standing, text};

impl Server {
    /// An order that somebody has paid for.
    pub async fn paid(&self, event: &str, token: &str, minor: u64) -> String {
        let order = self.order(&self.hold(event, token).await, token).await;
        let id: OrderId = order.parse().unwrap();
        let (reference, url) = (format!("ref_{order}"), "https://pay.example".to_owned());
        let outcome = IntentOutcome::Ready { reference, url };
        let partition = id.event.partition();
        self.memory.tell(partition, Command::RecordIntent { order: id, outcome });
        let outcome = PaymentOutcome::Captured {
            amount: Amount::from_minor(minor),
            currency: "EUR".parse().unwrap(),
        };
        let notice = PaymentNotice {
            provider: Provider("till".to_owned()),
            order: id,
            payment: format!("pay_{order}"),
            outcome,
        };
        self.memory.tell(partition, Command::RecordPayment(notice));
        order
    }

    /// Somebody with an account and an address, who has bought.
    async fn known_buyer(&self, email: &str, given_name: &str) -> Person {
        let person = self.account(Role::Buyer).await;
        let name = sqlx::query(
            "UPDATE accounts SET email = $2, email_key = $3, given_name = $4 WHERE person = $1",
        );
        let name = name.bind(person.id.to_string()).bind(email.to_owned());
        let name = name.bind(email.to_lowercase()).bind(given_name.to_owned());
        let mut transaction = self.database().begin().await.unwrap();
        name.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        person
    }
}

fn ids(page: &Value) -> Vec<String> {
    page["orders"].as_array().unwrap().iter().map(|order| text(&order["id"])).collect()
}

fn of_event(event: &str, rest: &str) -> Call {
    get(format!("/api/v1/events/{event}/{rest}"))
}

#[tokio::test]
async fn everything_that_somebody_has_bought_is_taken_along() {
    let server = Server::with_control().await;
    let ada = server.known_buyer("ada@example.org", "Ada").await;
    let mut bought = Vec::new();
    // More than are read at once.
    for _ in 0..=Limit::MAX {
        let event = server.event(&standing()).await;
        bought.push(server.order(&server.hold(&event, &ada.token).await, &ada.token).await);
    }
    server.project().await;
    let export = server.accept(get("/api/v1/me/export").token(&ada.token), 200).await;
    assert_eq!(export["orders_as_of"]["facts_behind"], 0);
    let taken: BTreeSet<_> = ids(&export).into_iter().collect();
    assert_eq!(export["orders"].as_array().unwrap().len(), bought.len());
    assert_eq!(taken, bought.into_iter().collect());
}

#[tokio::test]
async fn a_buyer_finds_what_they_have_bought_and_nobody_elses() {
    let server = Server::with_control().await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    let (here, there) = (server.event(&standing()).await, server.event(&standing()).await);
    let mut bought = Vec::new();
    for event in [&here, &there, &here] {
        bought.push(server.order(&server.hold(event, &ada).await, &ada).await);
        server.memory.pass(Span::from_secs(1));
    }
    server.order(&server.hold(&here, &eve).await, &eve).await;
    server.project().await;
    bought.reverse();
    let history = |rest: &str| get(format!("/api/v1/me/orders{rest}")).token(&ada);
    let all = server.accept(history(""), 200).await;
    assert_eq!((ids(&all), &all["next"]), (bought.clone(), &Value::Null));
    let order = &all["orders"][0];
    assert_eq!(
        (&order["event_name"], &order["status"]),
        (&"The Lanterns".into(), &"PENDING".into())
    );
    assert_eq!((&order["total_minor"], &order["buyer"]), (&5_000.into(), &Value::Null));
    assert_eq!(order["tickets"][1]["class_name"], "Standing");
    assert_eq!((&all["as_of"]["facts_behind"], &all["as_of"]["fact"]), (&0.into(), &Value::Null));
    let some = server.accept(history(&format!("?event={there}&status=PENDING")), 200).await;
    assert_eq!(ids(&some), bought[1..2]);
    let none = server.accept(history("?status=COMPLETED"), 200).await;
    assert_eq!(ids(&none), Vec::<String>::new());
    let (mut path, mut seen) = ("?limit=2".to_owned(), Vec::new());
    loop {
        let page = server.send(history(&path)).await;
        seen.extend(ids(&page.json()));
        let Some(link) = page.headers.get("link") else { break };
        let link = link.to_str().unwrap();
        path =
            link.strip_prefix("</api/v1/me/orders").unwrap().split('>').next().unwrap().to_owned();
    }
    assert_eq!(seen, bought);
}

#[tokio::test]
async fn bad_questions_are_refused_by_the_place_that_is_wrong() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let cases = [
        ("orders?limit=0", "query.limit"),
        ("orders?limit=101", "query.limit"),
        ("orders?after=x", "query.after"),
        ("orders?after=%27%20OR%201%3D1", "query.after"),
        ("orders?status=PAID", "query"),
        ("orders?class=-1", "query"),
        ("orders?placed_from=yesterday", "query"),
        ("orders?order_by=1", "query"),
        ("orders?catch_up_ms=5001", "query.catch_up_ms"),
        ("orders.csv?catch_up_ms=70000", "query"),
        ("orders.csv?status=1;DROP", "query"),
        ("sales?zone=Mars/Olympus_Mons", "query.zone"),
        ("sales?by=minute", "query"),
        ("sales?from=2026-10-02T00:00:00Z&until=2026-10-01T00:00:00Z", "query.until"),
        ("sales?by=hour&from=2026-01-01T00:00:00Z&until=2026-10-01T00:00:00Z", "query.until"),
        ("seat-status?limit=1001", "query.limit"),
        ("seat-status?after=-1", "query"),
        ("seat-status?state=FREE", "query"),
        ("summary?catch_up_ms=9999", "query.catch_up_ms"),
    ];
    for (rest, place) in cases {
        let problem = server.refuse(of_event(&event, rest).operator(), 400, "invalid_parameter");
        assert_eq!(problem.await["errors"][0]["at"], place, "{rest}");
    }
    let wrong = get("/api/v1/me/orders?event=ord_1").token(&token);
    server.refuse(wrong, 400, "invalid_parameter").await;
    server.refuse(get("/api/v1/me/orders"), 401, "token_required").await;
    // A cursor is of the list that it comes from: here there is nothing behind it.
    let filter = of_event(&event, "orders?provider=%27%20OR%20%271%27%3D%271").operator();
    assert_eq!(ids(&server.accept(filter, 200).await), Vec::<String>::new());
    let nowhere = format!("{}00zz", &event[..event.len() - 4]);
    for rest in ["orders", "orders.csv", "sales", "seat-status", "summary"] {
        server.refuse(of_event(&nowhere, rest).operator(), 404, "not_found").await;
    }
}

#[tokio::test]
async fn names_and_addresses_are_for_those_who_may_know_them() {
    let server = Server::with_control().await;
    let (event, other) = (server.event(&standing()).await, server.event(&standing()).await);
    let ada = server.known_buyer("Ada@Example.org", "Ada").await;
    let order = server.order(&server.hold(&event, &ada.token).await, &ada.token).await;
    let elsewhere = server.order(&server.hold(&other, &ada.token).await, &ada.token).await;
    let guest = server.guest().await;
    server.order(&server.hold(&event, &guest).await, &guest).await;
    server.project().await;
    let (editor, viewer) = (server.account(Role::Buyer).await, server.account(Role::Buyer).await);
    server.engage(&editor, &event, EventRole::Editor).await;
    server.engage(&viewer, &event, EventRole::Viewer).await;
    let by_email = || of_event(&event, "orders?buyer_email=ADA%40example.org");
    let seen = server.accept(by_email().token(&editor.token), 200).await;
    assert_eq!(ids(&seen), std::slice::from_ref(&order));
    assert_eq!(seen["orders"][0]["buyer"]["email"], "Ada@Example.org");
    let seen = server.accept(of_event(&event, "orders").token(&viewer.token), 200).await;
    assert!(ids(&seen).contains(&order) && !ids(&seen).contains(&elsewhere), "{seen}");
    assert!(!seen.to_string().contains("xample.org"), "{seen}");
    let problem = server.refuse(by_email().token(&viewer.token), 403, "forbidden").await;
    assert_eq!(problem["action"], "event.buyers");
    let csv = server.send(of_event(&event, "orders.csv").token(&viewer.token)).await;
    let csv = String::from_utf8(csv.body.to_vec()).unwrap();
    assert!(csv.contains(&order) && !csv.contains("xample.org"), "{csv}");
}

#[tokio::test]
async fn an_export_has_every_ticket_and_nothing_that_a_spreadsheet_would_run() {
    const ORDERS: usize = 9;
    let server = Server::with_control().await;
    let mut house = seated();
    house["classes"][0]["name"] = json!("=HYPERLINK(\"https://evil.example\",\"Stalls\")");
    let event = server.event(&house).await;
    for number in 0..ORDERS {
        let buyer = server.known_buyer(&format!("b{number}@example.org"), "@SUM(1+1)").await;
        server.paid(&event, &buyer.token, 17_800).await;
    }
    server.project().await;
    let answer = server.send(of_event(&event, "orders.csv").operator()).await;
    assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let disposition = format!("attachment; filename=\"orders-{event}.csv\"");
    assert_eq!(answer.headers["content-disposition"], disposition.as_str());
    assert_eq!(answer.headers["as-of"], "2026-10-01T10:00:00.000Z");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let csv = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 1 + 2 * ORDERS + 1, "{csv}");
    let row = lines[1];
    assert!(row.contains(",COMPLETED,2026-10-01T10:00:00.000Z,2026-10-01T10:00:00.000Z,till,EUR,"));
    let formula = ",\"'=HYPERLINK(\"\"https://evil.example\"\",\"\"Stalls\"\")\",Stalls,";
    assert!(row.contains(formula), "{row}");
    assert!(row.contains(",17800,17800,0,0,tkt_") && row.contains(",VALID,"), "{row}");
    assert!(row.contains(",8900,per_") && row.contains(",'@SUM(1+1),Lovelace,b"), "{row}");
}

#[tokio::test]
async fn so_many_exports_at_one_time_and_no_more() {
    // More than are read at one time.
    const ORDERS: usize = 105;
    let server = Server::with_control().await;
    let mut hall = standing();
    hall["quotas"][0]["capacity"] = json!(2 * ORDERS);
    let event = server.event(&hall).await;
    for _ in 0..ORDERS {
        let token = server.guest().await;
        server.order(&server.hold(&event, &token).await, &token).await;
    }
    server.project().await;
    let taken = server.open(of_event(&event, "orders.csv").operator()).await;
    let refused = server.refuse(of_event(&event, "orders.csv").operator(), 503, "overloaded").await;
    assert_eq!(refused["retry_after_s"], 10);
    // Whoever goes away gives their place free.
    drop(taken);
    let whole = loop {
        let answer = server.send(of_event(&event, "orders.csv").operator()).await;
        if answer.status == 200 {
            break String::from_utf8(answer.body.to_vec()).unwrap();
        }
        tokio::task::yield_now().await;
    };
    let orders: BTreeSet<_> =
        whole.lines().skip(1).map(|line| &line[.."ord_".len() + 13]).collect();
    assert_eq!((orders.len(), whole.lines().count()), (ORDERS, 1 + 2 * ORDERS));
}

#[tokio::test]
async fn how_an_event_stands_is_summed_up() {
    let server = Server::with_control().await;
    let event = server.event(&standing()).await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    let paid = server.paid(&event, &ada, 5_000).await;
    server.order(&server.hold(&event, &eve).await, &eve).await;
    server.hold(&event, &eve).await;
    let refund = post(format!("/api/v1/orders/{paid}/refunds")).operator();
    server.accept(refund.json(&json!({"tickets": "all"})), 202).await;
    server.project().await;
    let found = server.accept(of_event(&event, "summary").operator(), 200).await;
    assert_eq!((&found["name"], &found["phase"]), (&"The Lanterns".into(), &"OPEN".into()));
    let quota = json!({"quota": 0, "name": "Hall", "capacity": 100, "held": 4, "sold": 0});
    assert_eq!(found["quotas"], json!([quota]));
    assert_eq!((&found["orders"]["placed"], &found["orders"]["pending"]), (&2.into(), &1.into()));
    assert_eq!(found["tickets"], json!({"issued": 2, "voided": 2, "valid_minor": 0}));
    assert_eq!(found["money"]["captured_minor"], 5_000);
    assert_eq!(found["money"]["refunding_minor"], 5_000);
    assert_eq!(found["funnel"]["holds_taken"], 3);
    let books = server.accept(of_event(&event, "audit").operator(), 200).await;
    assert_eq!(books["captured_minor"], found["money"]["captured_minor"]);
    let sales = of_event(&event, "sales?by=hour&zone=Asia/Kathmandu").operator();
    let sales = server.accept(sales, 200).await;
    let bucket = json!({
        "starts_at": "2026-10-01T15:00:00+05:45",
        "issued": 2, "issued_minor": 5_000, "voided": 2, "voided_minor": 5_000,
    });
    assert_eq!(sales["classes"], json!([{"class": 0, "name": "Standing", "buckets": [bucket]}]));
    assert_eq!((&sales["zone"], &sales["by"]), (&"Asia/Kathmandu".into(), &"hour".into()));
}

#[tokio::test]
async fn an_organiser_sees_who_has_which_seat() {
    let server = Server::with_control().await;
    let event = server.event(&seated()).await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    let paid = server.paid(&event, &ada, 17_800).await;
    let hold = server.hold(&event, &eve).await;
    server.project().await;
    let (mut after, mut seats) = (String::new(), Vec::new());
    loop {
        let page = of_event(&event, &format!("seat-status?limit=2{after}")).operator();
        let page = server.accept(page, 200).await;
        seats.extend(page["seats"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seats.len(), 5, "{seats:#?}");
    let of_state = |state: &'static str| seats.iter().filter(move |seat| seat["state"] == state);
    assert!(of_state("SOLD").all(|seat| seat["order"] == paid.as_str() && seat["until"].is_null()));
    assert_eq!(of_state("SOLD").count(), 2);
    assert!(
        of_state("HELD").all(|seat| seat["hold"] == hold.as_str() && seat["until"].is_string())
    );
    let blocked = of_state("BLOCKED").next().unwrap();
    assert_eq!((&blocked["seat"]["row"], &blocked["seat"]["seat"]), (&"B".into(), &"10".into()));
    assert_eq!(blocked["person"], Value::Null);
    let held = of_event(&event, "seat-status?state=HELD&class=0").operator();
    assert_eq!(server.accept(held, 200).await["seats"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_answer_says_how_old_it_is_and_waits_for_whoever_asks_it_to() {
    let server = Server::with_control().await;
    let (event, token) = (server.event(&standing()).await, server.guest().await);
    let summary = || of_event(&event, "summary").operator();
    // The partition knows of it, the models do not yet.
    let behind = server.refuse(summary(), 503, "models_behind").await;
    assert!(behind["retry_after_s"].is_number());
    server.project().await;
    let fresh = server.accept(summary(), 200).await;
    let fact = fresh["as_of"]["fact"].as_u64().unwrap();
    server.memory.pass(Span::from_secs(5));
    let order = server.order(&server.hold(&event, &token).await, &token).await;
    let stale = server.accept(summary(), 200).await;
    assert_eq!(stale["as_of"]["fact"], fact);
    assert_eq!(stale["as_of"]["at"], "2026-10-01T10:00:00.000Z");
    assert!(stale["as_of"]["facts_behind"].as_u64().unwrap() >= 2, "{stale}");
    // Nobody takes it in: an answer comes all the same, and says what is missing.
    let history = |ms: u16| get(format!("/api/v1/me/orders?catch_up_ms={ms}")).token(&token);
    let stale = server.accept(history(1), 200).await;
    assert_eq!(ids(&stale), Vec::<String>::new());
    assert!(stale["as_of"]["facts_behind"].as_u64().unwrap() >= 2, "{stale}");
    let (fresh, ()) = tokio::join!(server.accept(history(5_000), 200), server.project());
    assert_eq!((ids(&fresh), &fresh["as_of"]["facts_behind"]), (vec![order], &0.into()));
}

#[tokio::test]
async fn readiness_says_when_the_models_are_further_behind_than_they_should_be() {
    let server = Server::with_control().await;
    let control = async || text(&server.accept(get("/readyz"), 200).await["control"]);
    let event = server.event(&standing()).await;
    let partition = event.parse::<onsale_core::id::EventId>().unwrap().partition();
    let began = crate::memory::START;
    server.progress().fell_behind(partition, began);
    assert_eq!(control().await, "ready");
    server.memory.pass(Span::from_mins(1));
    assert_eq!(control().await, "behind");
    server.project().await;
    assert_eq!(control().await, "ready");
    server.progress().stopped(partition, began);
    assert_eq!(control().await, "behind");
}
