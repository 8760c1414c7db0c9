//! A webhook endpoint of an organiser, from its making to its end: it gets the facts of its own
//! events and of no others, signed; with a new secret, again from the beginning, and nothing any
//! more once it is gone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use onsale_tests::{Desk, Operator, Server, Shopper, club, webhook_signature};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::yield_now;

const SETTINGS: &str = "[webhooks]\nprivate_addresses = true\nretry_s = [0]\n";

/// Somebody who receives webhooks.
#[derive(Clone, Default)]
struct Hook(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    requests: Vec<Received>,
    is_gone: bool,
}

/// A request as it came.
#[derive(Clone)]
struct Received {
    id: String,
    timestamp: String,
    signatures: Vec<String>,
    body: Bytes,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organiser_gets_the_facts_of_its_own_events_signed_and_again_if_it_wants_to() {
    let place = tempfile::tempdir().unwrap();
    let config = place.path().join("onsale.toml");
    fs::write(&config, SETTINGS).unwrap();
    let arguments = ["--config", config.to_str().unwrap()];
    let server = Server::start(&place.path().join("data"), &arguments).expect("it starts");
    let desk = Desk::of(&server);
    let (hook, organiser) = (Hook::default(), desk.organiser("The Lanterns").await);

    // It is there before the event is for sale, so it gets all about it.
    let wish = json!({"url": hook.listen().await});
    let made = desk.accept(Method::POST, &format!("{organiser}/webhook-endpoints"), wish).await;
    let first_secret = made["secret"].as_str().unwrap().to_owned();
    let endpoint = format!("/api/v1/webhook-endpoints/{}", text(&made["endpoint"]["id"]));
    let own = published(&desk, &organiser).await;
    let foreign = Operator::new(&server.base, server.operator_token()).open(&club(100)).await;
    let shopper = Shopper::new(&server.base).await.unwrap();
    for event in [&foreign, &own] {
        let bought = shopper.buy(event, 0, 2).await.unwrap();
        assert_eq!(bought.text("status"), Some("COMPLETED"), "{bought:?}");
    }
    hook.until(|seen| seen.has("onsale.order.completed.v1")).await;
    let received = hook.received();
    for one in &received {
        assert_eq!(one.json()["partitionkey"], own.as_str(), "nobody else's");
        assert_eq!(one.signatures, [one.signed_with(&first_secret)]);
        assert_eq!(one.json()["id"], one.id.as_str());
    }
    let kinds: BTreeSet<_> = received.iter().map(|one| text(&one.json()["type"])).collect();
    for kind in ["event.defined", "event.opened", "hold.taken", "order.placed"] {
        assert!(kinds.contains(&format!("onsale.{kind}.v1")), "{kinds:?}");
    }

    // While the secret is changed both sign.
    let rotated = desk.accept(Method::POST, &format!("{endpoint}/secret"), Value::Null).await;
    let second_secret = text(&rotated["secret"]);
    shopper.buy(&own, 0, 1).await.unwrap();
    hook.until(|seen| seen.requests.iter().any(|one| one.signatures.len() == 2)).await;
    let newest = hook.received().pop().unwrap();
    let both = [newest.signed_with(&second_secret), newest.signed_with(&first_secret)];
    assert_eq!(newest.signatures, both);
    until_noted(&desk, &endpoint, &received[0].id).await;

    // Everything comes again, under the same ids.
    let before = hook.received().len();
    let wish = json!({"from": "beginning"});
    desk.accept(Method::POST, &format!("{endpoint}/replay"), wish).await;
    let first: BTreeSet<_> = received.iter().map(|one| one.id.clone()).collect();
    let ids = |some: &[Received]| some.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>();
    hook.until(|seen| ids(&seen.requests[before..]).is_superset(&first)).await;

    // Until it wants nothing any more.
    hook.0.lock().unwrap().is_gone = true;
    shopper.buy(&own, 0, 1).await.unwrap();
    until_gone(&desk, &endpoint).await;
    assert!(server.stop().status.success());
}

impl Hook {
    /// Answers where it listens.
    async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/onsale", listener.local_addr().unwrap());
        let router = Router::new().route("/onsale", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    fn received(&self) -> Vec<Received> {
        self.0.lock().unwrap().requests.clone()
    }

    async fn until(&self, is_so: impl Fn(&Seen) -> bool) {
        while !is_so(&self.0.lock().unwrap()) {
            yield_now().await;
        }
    }
}

impl Seen {
    fn has(&self, kind: &str) -> bool {
        self.requests.iter().any(|one| one.json()["type"] == kind)
    }
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What its signature is, with a secret as its receiver was told it.
    fn signed_with(&self, secret: &str) -> String {
        webhook_signature(secret, &self.id, &self.timestamp, &self.body)
    }
}

async fn receive(State(hook): State<Hook>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut seen = hook.0.lock().unwrap();
    if seen.is_gone {
        return StatusCode::GONE;
    }
    seen.requests.push(Received {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signatures: text("webhook-signature").split(' ').map(str::to_owned).collect(),
        body,
    });
    StatusCode::NO_CONTENT
}

/// An event of an organiser that is for sale.
async fn published(desk: &Desk, organiser: &str) -> String {
    let event = desk.draft(organiser).await;
    desk.configure(&event).await;
    desk.publish(&event).await.unwrap();
    desk.until_settled(&event).await;
    event
}

/// Waits until an attempt to send something is listed.
async fn until_noted(desk: &Desk, endpoint: &str, id: &str) {
    let path = format!("{endpoint}/deliveries?limit=100");
    loop {
        let listed = desk.accept(Method::GET, &path, Value::Null).await;
        let deliveries = listed["deliveries"].as_array().unwrap();
        if deliveries.iter().any(|one| one["event"] == id && one["delivered"] == true) {
            return;
        }
        yield_now().await;
    }
}

async fn until_gone(desk: &Desk, endpoint: &str) {
    while desk.accept(Method::GET, endpoint, Value::Null).await["state"] != "gone" {
        yield_now().await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
