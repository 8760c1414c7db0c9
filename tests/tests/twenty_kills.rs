//! Everything at once: a crowd that pays at six providers which tell twice, late, falsely or
//! nothing, facts that go to sinks of every kind, and a server that dies under them, again and
//! again.
//!
//! In the end no unit of money is where it should not be, by both sides' books, and no consumer
//! lacks a fact.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use onsale_tests::{
    Operator, PROVIDERS, Server, Shop, Sinks, books, club, facts, house, selling, storm,
};

const KILLS: usize = 20;
const BUYERS: usize = 6;

/// So long an order waits whose provider says nothing: then it is asked.
const ORDER_MS: u64 = 15_000;

/// What buyers do on the page, and how they are told of.
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

/// For each currency what is sold for it.
type Events = [(&'static str, String); 3];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_twenty_kills_the_books_agree_and_every_consumer_holds_every_fact() {
    let sinks = Sinks::open().await;
    let config = sinks.config();
    let (shop, mut server) = Shop::open(&["--config", config.to_str().unwrap()]).await;
    let (shop, events) = (Arc::new(shop), Arc::new(open_events(&server).await));
    for kill in 0..KILLS {
        act_and_kill(&shop, server, &events, kill).await;
        server = shop.serve();
    }
    let operator = Operator::new(&server.base, server.operator_token());
    for (currency, event) in events.iter() {
        books::agree(&shop.bank, &operator, currency, event).await;
    }
    let metrics = operator.text("/metrics").await;
    for sink in Sinks::metrics() {
        assert!(metrics.contains(&sink), "{sink} is not in {metrics}");
    }
    server.kill();
    let expected = facts::published(shop.data());
    assert!(expected.len() > KILLS * 20, "the load was real: {}", expected.len());
    let server = shop.serve();
    sinks.until_all_hold(&expected).await;
    assert!(server.stop().status.success());
}

/// Seats and counted tickets.
async fn open_events(server: &Server) -> Events {
    let operator = Operator::new(&server.base, server.operator_token());
    [
        ("EUR", operator.open(&house("EUR", ORDER_MS)).await),
        ("INR", operator.open(&selling(club(2_000), "INR", ORDER_MS)).await),
        ("VND", operator.open(&house("VND", ORDER_MS)).await),
    ]
}

/// Buyers act until some have come to a page; then the server is killed.
async fn act_and_kill(shop: &Arc<Shop>, server: Server, events: &Arc<Events>, kill: usize) {
    let (shop, events, base) = (Arc::clone(shop), Arc::clone(events), server.base.clone());
    let act = move |buyer: usize, turn: usize| {
        let (shop, events, base) = (Arc::clone(&shop), Arc::clone(&events), base.clone());
        async move {
            let (provider, currency) = PROVIDERS[(buyer + turn) % PROVIDERS.len()];
            let event = &events.iter().find(|(taken, _)| *taken == currency).unwrap().1;
            let act = ACTS[(kill * 3 + buyer * 5 + turn) % ACTS.len()];
            let Some(placed) = shop.place(&base, event, provider).await else { return false };
            shop.act(&placed, act).await;
            true
        }
    };
    storm(server, BUYERS, 6 + kill as u64 % 5, act).await;
}
