//! Whole purchases by the real binary at six providers that are not ours, by their own protocols.
//! Whatever the provider does, and however badly it tells, each payment ends as one set of tickets
//! or goes back, and both sides' books say the same.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use futures_util::future::join_all;
use onsale_tests::{Answer, Operator, PATIENT_MS, PROVIDERS, Placed, Shop, Shopper, house};
use reqwest::StatusCode;
use serde_json::{Value, json};

/// So long an order waits whose provider says nothing: then it is asked.
const HASTY_MS: u64 = 4_000;

/// Every way a purchase can go, at one provider.
struct Counter<'a> {
    shop: &'a Shop,
    base: &'a str,
    provider: &'a str,
    patient: String,
    hasty: String,
}

impl Counter<'_> {
    async fn placed(&self, event: &str) -> Placed {
        self.shop.place(self.base, event, self.provider).await.expect("it is placed")
    }

    async fn act(&self, placed: &Placed, act: &str) -> StatusCode {
        self.shop.act(placed, act).await
    }

    async fn buys(&self, manner: &str) {
        let placed = self.placed(&self.patient).await;
        let done = self.act(&placed, &format!("pay?notices={manner}")).await;
        assert!(done.is_success(), "{} {done}", placed.page);
        placed.ends_as("COMPLETED").await;
    }

    /// Nobody tells: the server asks.
    async fn is_found_by_asking(&self) {
        let placed = self.placed(&self.hasty).await;
        self.act(&placed, "pay?notices=never").await;
        // Its time may be over first; the seats are free, so it gets them again.
        let is_completed = |shown: &Answer| (shown.body["status"] == "COMPLETED").then_some(());
        placed.buyer.until(&placed.order, is_completed).await.expect("the server is there");
    }

    /// Also if it was left and somebody else says that it was paid.
    async fn is_declined_or_left(&self, act: &str) {
        let placed = self.placed(&self.hasty).await;
        self.act(&placed, act).await;
        let ended = placed.end().await;
        let status = ended.text("status").unwrap();
        assert!(["FAILED", "EXPIRED", "CANCELLED"].contains(&status), "{act}: {ended:?}");
        assert_eq!(ended.body["captured_minor"].as_u64().unwrap_or(0), 0, "{act}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_provider_sells_whatever_it_tells() {
    let (shop, server) = Shop::open(&[]).await;
    let operator = Operator::new(&server.base, server.operator_token());
    let events = PROVIDERS.map(|(provider, currency)| {
        let operator = &operator;
        async move {
            let patient = operator.open(&house(currency, PATIENT_MS)).await;
            let hasty = operator.open(&house(currency, HASTY_MS)).await;
            (provider, currency, patient, hasty)
        }
    });
    let events = join_all(events).await;
    join_all(events.iter().map(|(provider, _, patient, hasty)| {
        let (patient, hasty) = (patient.clone(), hasty.clone());
        let counter = Counter { shop: &shop, base: &server.base, provider, patient, hasty };
        async move {
            for manner in ["once", "twice", "late"] {
                counter.buys(manner).await;
            }
            counter.is_found_by_asking().await;
            for act in ["decline", "cancel", "pay?notices=forged"] {
                counter.is_declined_or_left(act).await;
            }
        }
    }))
    .await;
    let bank = shop.bank.books().await;
    for (provider, currency, patient, hasty) in &events {
        let books = [operator.settled(patient).await, operator.settled(hasty).await];
        let sum = |name: &str| books.iter().map(|books| books[name].as_u64().unwrap()).sum::<u64>();
        assert_eq!(sum("tickets"), 4, "{provider}: {books:?}");
        let theirs = &bank[*provider]["sums"][*currency];
        assert_eq!(theirs["captured"], sum("captured_minor"), "{provider}: {books:?}");
        assert!(books.iter().all(|books| books["holds"] == true), "{provider}: {books:?}");
    }
    assert!(server.stop().status.success());
}

/// Two servers with one account at each provider, which tells the first of everything: their orders
/// have the same ids and prices, and each gets its own money.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_accounts_and_each_gets_its_own_money() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("onsale.toml");
    fs::write(&config, "partitions = 1\n").unwrap();
    let (shop, first) = Shop::open(&["--config", config.to_str().unwrap()]).await;
    let second = shop.serve_another(&folder.path().join("data"));
    let desks = [&first, &second].map(|one| Operator::new(&one.base, one.operator_token()));
    let mut events = Vec::new();
    for (provider, currency) in PROVIDERS {
        let here = desks[0].open(&house(currency, PATIENT_MS)).await;
        let there = desks[1].open(&house(currency, HASTY_MS)).await;
        let mine = shop.place(&first.base, &here, provider).await.unwrap();
        let theirs = shop.place(&second.base, &there, provider).await.unwrap();
        assert_eq!((&here, &mine.order), (&there, &theirs.order), "they are called the same");
        assert_ne!(mine.page, theirs.page, "{provider}");
        // The second is told of nothing, and asks; the first is told of what is none of its own.
        assert!(shop.act(&theirs, "pay").await.is_success());
        theirs.ends_as("COMPLETED").await;
        let seen = desks[0].order(&mine.order).await;
        assert_eq!(seen.text("status"), Some("PENDING"), "{provider}: {seen:?}");
        assert!(shop.act(&mine, "pay").await.is_success());
        mine.ends_as("COMPLETED").await;
        events.push((provider, currency, here));
    }
    let bank = loop {
        let bank = shop.bank.books().await;
        if PROVIDERS.iter().all(|(provider, _)| bank[*provider]["notices"]["waiting"] == 0) {
            break bank;
        }
    };
    for (provider, currency, event) in &events {
        let theirs = &bank[*provider]["sums"][*currency];
        let mut captured = 0;
        for desk in &desks {
            let books = desk.settled(event).await;
            assert_eq!((&books["tickets"], &books["holds"]), (&json!(1), &json!(true)), "{books}");
            captured += books["captured_minor"].as_u64().unwrap();
        }
        assert_eq!(theirs["captured"], captured, "{provider}: {theirs}");
        assert_eq!(theirs["refunded"].as_u64().unwrap_or(0), 0, "{provider}: {theirs}");
        assert_eq!(bank[*provider]["notices"]["refused"], 0, "{provider} repeated itself");
    }
    assert!(first.stop().status.success() && second.stop().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_goes_back_by_the_provider_it_came_from() {
    let (shop, server) = Shop::open(&[]).await;
    let operator = Operator::new(&server.base, server.operator_token());
    for (provider, currency) in PROVIDERS {
        let event = operator.open(&house(currency, PATIENT_MS)).await;
        let placed = shop.place(&server.base, &event, provider).await.unwrap();
        assert!(shop.act(&placed, "pay").await.is_success());
        placed.ends_as("COMPLETED").await;
        let refunds = format!("/api/v1/orders/{}/refunds", placed.order);
        let asked = operator.post(&refunds, &json!({ "tickets": "all" })).await;
        assert_eq!(asked.status, StatusCode::ACCEPTED, "{provider}: {asked:?}");
        let is_settled = |shown: &Answer| {
            let state = shown.body["refunds"][0]["state"].as_str()?.to_owned();
            (state != "WANTED").then_some(state)
        };
        let state = placed.buyer.until(&placed.order, is_settled).await.unwrap();
        let theirs = &shop.bank.books().await[provider]["sums"][currency];
        if provider == "payos" {
            // It has no way to: somebody must send the money, and is told.
            assert_eq!(state, "REFUSED");
            assert_eq!(theirs["refunded"].as_u64().unwrap_or(0), 0, "{theirs}");
        } else {
            assert_eq!(theirs["refunded"], theirs["captured"], "{provider} {state} {theirs}");
        }
    }
    assert!(server.stop().status.success());
}

/// Banks ask payments back; the tickets are what an operator says, and both books say the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_takes_money_back_and_an_operator_the_tickets() {
    let (shop, server) = Shop::open(&[]).await;
    let operator = Operator::new(&server.base, server.operator_token());
    for (provider, currency) in [("stripe", "EUR"), ("razorpay", "INR")] {
        let event = operator.open(&house(currency, PATIENT_MS)).await;
        let placed = shop.place(&server.base, &event, provider).await.unwrap();
        assert!(shop.act(&placed, "pay").await.is_success());
        placed.ends_as("COMPLETED").await;
        let asks = |status: &'static str| bank_says(&shop, &placed, status);
        assert!(asks("open").await.is_success());
        let open = disputed(&operator, &event, "OPEN").await;
        assert_eq!((&open["order"], &open["tickets"]), (&json!(placed.order), &json!(1)));
        let refunds = format!("/api/v1/orders/{}/refunds", placed.order);
        let refused = operator.post(&refunds, &json!({ "tickets": "all" })).await;
        assert_eq!(refused.text("code"), Some("disputed"), "{provider}: {refused:?}");

        assert!(asks("lost").await.is_success());
        disputed(&operator, &event, "LOST").await;
        let books = operator.audit(&event).await;
        assert_eq!(
            (&books["tickets"], &books["loss_minor"]),
            (&json!(1), &books["captured_minor"])
        );
        voids(&operator, &placed).await;
        let books = agreed(&shop, &operator, &event, (provider, currency)).await;
        let state = (&books["holds"], &books["tickets"], &books["loss_minor"]);
        assert_eq!(state, (&json!(true), &json!(0), &json!(0)), "{provider}: {books}");
    }
    assert!(server.stop().status.success());
}

/// No end is for ever: what was won is taken up again and lost, and given back after all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bank_that_has_decided_may_decide_otherwise() {
    let (shop, server) = Shop::open(&[]).await;
    let operator = Operator::new(&server.base, server.operator_token());
    for (provider, currency) in [("stripe", "EUR"), ("paypal", "EUR"), ("razorpay", "INR")] {
        let event = operator.open(&house(currency, PATIENT_MS)).await;
        let placed = shop.place(&server.base, &event, provider).await.unwrap();
        assert!(shop.act(&placed, "pay").await.is_success());
        placed.ends_as("COMPLETED").await;
        let theirs = (provider, currency);
        let asks = |status: &'static str| bank_says(&shop, &placed, status);
        assert!(asks("open").await.is_success());
        disputed(&operator, &event, "OPEN").await;
        assert!(asks("won").await.is_success());
        undisputed(&operator, &event).await;
        let books = agreed(&shop, &operator, &event, theirs).await;
        let state = (&books["holds"], &books["tickets"], &books["charged_back_minor"]);
        assert_eq!(state, (&json!(true), &json!(1), &json!(0)), "{provider}: {books}");

        assert!(asks("open").await.is_success());
        disputed(&operator, &event, "OPEN").await;
        assert!(asks("lost").await.is_success());
        disputed(&operator, &event, "LOST").await;
        voids(&operator, &placed).await;
        let books = agreed(&shop, &operator, &event, theirs).await;
        assert_eq!(books["charged_back_minor"], books["captured_minor"], "{provider}: {books}");
        let state = (&books["holds"], &books["tickets"], &books["loss_minor"]);
        assert_eq!(state, (&json!(true), &json!(0), &json!(0)), "{provider}: {books}");

        assert!(asks("won").await.is_success());
        let is_back = |shown: &Answer| (shown.body["refunds"][0]["state"] == "DONE").then_some(());
        placed.buyer.until(&placed.order, is_back).await.unwrap();
        let books = agreed(&shop, &operator, &event, theirs).await;
        assert_eq!(books["refunded_minor"], books["captured_minor"], "{provider}: {books}");
        let state = (&books["holds"], &books["charged_back_minor"], &books["loss_minor"]);
        assert_eq!(state, (&json!(true), &json!(0), &json!(0)), "{provider}: {books}");
    }
    assert!(server.stop().status.success());
}

/// A bank takes the payment of an order up, or decides; the provider tells it twice.
async fn bank_says(shop: &Shop, placed: &Placed, status: &str) -> StatusCode {
    let (provider, reference) = placed.page.split_once('/').unwrap();
    shop.bank.command(&format!("{provider}/disputes/{reference}/{status}?notices=twice")).await
}

/// An operator takes the tickets of a disputed payment.
async fn voids(operator: &Operator, placed: &Placed) {
    let decide = format!("/api/v1/orders/{}/disputes/0/decide", placed.order);
    let decided = operator.post(&decide, &json!({ "tickets": "void" })).await;
    assert_eq!(decided.status, StatusCode::NO_CONTENT, "{decided:?}");
}

/// The books of an event, the only one that was paid for with this provider: theirs say the same.
async fn agreed(
    shop: &Shop,
    operator: &Operator,
    event: &str,
    (provider, currency): (&str, &str),
) -> Value {
    let books = operator.audit(event).await;
    let theirs = &shop.bank.books().await[provider]["sums"][currency];
    for sum in ["captured", "charged_back", "refunded"] {
        assert_eq!(books[format!("{sum}_minor")], theirs[sum], "{provider}: {books}");
    }
    books
}

/// Waits until no bank asks for anything of an event.
async fn undisputed(operator: &Operator, event: &str) {
    loop {
        let list = operator.get(&format!("/api/v1/events/{event}/disputes")).await;
        if list.body["disputes"].as_array().unwrap_or_else(|| panic!("{list:?}")).is_empty() {
            return;
        }
    }
}

/// The only dispute of an event, once it is so.
async fn disputed(operator: &Operator, event: &str, state: &str) -> Value {
    loop {
        let list = operator.get(&format!("/api/v1/events/{event}/disputes")).await;
        let disputes = list.body["disputes"].as_array().unwrap_or_else(|| panic!("{list:?}"));
        if let Some(found) = disputes.iter().find(|dispute| dispute["state"] == state) {
            assert_eq!(disputes.len(), 1, "{list:?}");
            return found.clone();
        }
    }
}

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_and_others_are_offered() {
    let (shop, server) = Shop::open(&[]).await;
    let operator = Operator::new(&server.base, server.operator_token());
    let event = operator.open(&house("EUR", PATIENT_MS)).await;
    shop.bank.command("stripe/faults/error?count=1000").await;
    let mut buyers = Vec::new();
    let refused = loop {
        let buyer = Shopper::new(&server.base).await.unwrap();
        let hold = buyer.hold(&event, 0, 1).await.unwrap();
        let hold = hold.text("id").unwrap().to_owned();
        let answer = buyer.order_by(&hold, "stripe").await.unwrap();
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            break (buyer, hold, answer);
        }
        buyers.push(buyer);
    };
    let (buyer, hold, answer) = refused;
    assert_eq!(answer.text("code"), Some("provider_unavailable"), "{answer:?}");
    let others = answer.body["providers"].as_array().unwrap();
    assert!(others.contains(&json!("paypal")) && !others.contains(&json!("stripe")), "{answer:?}");
    // The hold is still theirs.
    let placed = buyer.order_by(&hold, "paypal").await.unwrap();
    assert_eq!(placed.status, StatusCode::CREATED, "{placed:?}");
    assert!(server.stop().status.success());
}
