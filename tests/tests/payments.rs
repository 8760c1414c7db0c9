//! Whole purchases by the real binary at six providers that are not ours, by their own protocols.
//! Whatever the provider does, and however badly it tells, each payment ends as one set of tickets
//! or goes back, and both sides' books say the same.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use onsale_tests::{Answer, Bank, Operator, PROVIDERS, Server, Shopper, small_house};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Long enough to do anything in.
const PATIENT_MS: u64 = 600_000;

/// So long an order waits whose provider says nothing: then it is asked.
const HASTY_MS: u64 = 4_000;

const KILLS: usize = 20;
const BUYERS: usize = 6;

/// A server whose buyers pay at the six.
struct Shop {
    bank: Bank,
    data: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Shop {
    async fn open() -> (Self, Server) {
        let bank = Bank::open().await;
        let (data, settings) = (tempfile::tempdir().unwrap(), bank.settings());
        let shop = Self { bank, data, settings };
        let server = shop.serve();
        (shop, server)
    }

    fn serve(&self) -> Server {
        let pairs = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings: Vec<_> = pairs.collect();
        let server = Server::start_with(self.data.path(), &[], &settings).expect("it starts");
        self.bank.serves(&server.base);
        server
    }
}

/// A house in which an order waits so long for its money.
fn house(currency: &str, order_ms: u64) -> Value {
    let mut house = small_house(50);
    house["currency"] = json!(currency);
    house["terms"] =
        json!({ "hold_ms": PATIENT_MS, "order_ms": order_ms, "payment_grace_ms": 60_000 });
    house
}

/// An order of one ticket, and the page to pay it on.
struct Placed {
    buyer: Shopper,
    order: String,
    page: String,
}

async fn place(bank: &Bank, base: &str, event: &str, provider: &str) -> Option<Placed> {
    let buyer = Shopper::new(base).await?;
    let hold = buyer.hold(event, 0, 1).await?;
    let placed = buyer.order_by(hold.text("id")?, provider).await?;
    let order = placed.text("id")?.to_owned();
    let url = buyer.page(&order).await?;
    Some(Placed { buyer, page: bank.visit(&url).await, order })
}

impl Placed {
    /// The order once it is over.
    async fn end(&self) -> Answer {
        let is_over = |shown: &Answer| {
            let status = shown.text("status").filter(|status| *status != "PENDING");
            status.map(|_| Answer { status: shown.status, body: shown.body.clone() })
        };
        self.buyer.until(&self.order, is_over).await.expect("the server is there")
    }

    async fn ends_as(&self, expected: &str) {
        let ended = self.end().await;
        assert_eq!(ended.text("status"), Some(expected), "{} {ended:?}", self.page);
    }
}

/// Every way a purchase can go, at one provider.
struct Counter<'a> {
    bank: &'a Bank,
    base: &'a str,
    provider: &'a str,
    patient: String,
    hasty: String,
}

impl Counter<'_> {
    async fn placed(&self, event: &str) -> Placed {
        place(self.bank, self.base, event, self.provider).await.expect("it is placed")
    }

    async fn act(&self, placed: &Placed, act: &str) -> StatusCode {
        self.bank.act(&placed.page, act).await
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
    let (shop, server) = Shop::open().await;
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
        let counter = Counter { bank: &shop.bank, base: &server.base, provider, patient, hasty };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_goes_back_by_the_provider_it_came_from() {
    let (shop, server) = Shop::open().await;
    let operator = Operator::new(&server.base, server.operator_token());
    for (provider, currency) in PROVIDERS {
        let event = operator.open(&house(currency, PATIENT_MS)).await;
        let placed = place(&shop.bank, &server.base, &event, provider).await.unwrap();
        assert!(shop.bank.act(&placed.page, "pay").await.is_success());
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

#[tokio::test]
async fn a_provider_that_fails_is_left_alone_and_others_are_offered() {
    let (shop, server) = Shop::open().await;
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

/// Providers tell twice, late, or nothing; buyers pay, are declined, or go away; and the server
/// dies under them, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_books_agree_after_twenty_kills() {
    let (shop, server) = Shop::open().await;
    let operator = Operator::new(&server.base, server.operator_token());
    let mut events = Vec::new();
    for currency in ["EUR", "INR", "VND"] {
        events.push((currency, operator.open(&house(currency, 15_000)).await));
    }
    let (shop, events) = (Arc::new(shop), Arc::new(events));
    let mut server = server;
    for kill in 0..KILLS {
        storm(&shop, server, &events, kill).await;
        server = shop.serve();
    }
    let operator = Operator::new(&server.base, server.operator_token());
    for (currency, event) in events.iter() {
        let books = nothing_is_open(&operator, event).await;
        let theirs = shop.bank.books().await;
        let of = PROVIDERS.iter().filter(|(_, taken)| taken == currency);
        let sums: Vec<_> = of.map(|(name, _)| theirs[*name]["sums"][*currency].clone()).collect();
        let sum =
            |name: &str| sums.iter().map(|sums| sums[name].as_u64().unwrap_or(0)).sum::<u64>();
        let ours = |name: &str| books[name].as_u64().unwrap();
        assert_eq!(ours("captured_minor"), sum("captured"), "{currency} {books} {sums:?}");
        assert_eq!(ours("refunded_minor"), sum("refunded"), "{currency} {books} {sums:?}");
        let kept =
            ours("captured_minor") - ours("refunded_minor") - refused(&operator, event).await;
        assert_eq!(kept, ours("ticket_value_minor"), "{currency} {books}");
        assert!(books["holds"] == true && ours("tickets") > 0, "{currency} {books}");
    }
    assert!(server.stop().status.success());
}

async fn storm(
    shop: &Arc<Shop>,
    server: Server,
    events: &Arc<Vec<(&'static str, String)>>,
    kill: usize,
) {
    let (acted, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let mut buyers = JoinSet::new();
    for buyer in 0..BUYERS {
        let (shop, events, base) = (Arc::clone(shop), Arc::clone(events), server.base.clone());
        let (acted, is_over) = (Arc::clone(&acted), Arc::clone(&is_over));
        buyers.spawn(async move {
            for turn in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let (provider, currency) = PROVIDERS[(buyer + turn) % PROVIDERS.len()];
                let event = &events.iter().find(|(taken, _)| *taken == currency).unwrap().1;
                let act = ACTS[(kill * 3 + buyer * 5 + turn) % ACTS.len()];
                if let Some(placed) = place(&shop.bank, &base, event, provider).await {
                    shop.bank.act(&placed.page, act).await;
                    acted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    while acted.load(Ordering::Relaxed) < 6 + kill % 5 {
        tokio::task::yield_now().await;
    }
    server.kill();
    is_over.store(true, Ordering::Relaxed);
    buyers.join_all().await;
}

const ACTS: [&str; 8] = [
    "pay",
    "pay?notices=twice",
    "pay?notices=never",
    "decline",
    "pay?notices=late",
    "cancel",
    "pay?notices=forged",
    "start",
];

/// The books of an event, once no order and no refund waits for anything.
async fn nothing_is_open(operator: &Operator, event: &str) -> Value {
    loop {
        let books = operator.audit(event).await;
        if books["pending"] == 0 && books["refunding_minor"] == 0 {
            return books;
        }
    }
}

/// What must go back by hand: payOS has no refunds.
async fn refused(operator: &Operator, event: &str) -> u64 {
    let list = operator.get(&format!("/api/v1/events/{event}/refused-refunds")).await;
    let refunds = list.body["refunds"].as_array().unwrap_or_else(|| panic!("{list:?}"));
    assert!(refunds.iter().all(|refund| refund["provider"] == "payos"), "{list:?}");
    refunds.iter().map(|refund| refund["amount_minor"].as_u64().unwrap()).sum()
}
