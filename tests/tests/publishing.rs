//! What is published in the catalogue is for sale, once, whatever dies on the way: the server is
//! killed while it tells the sale, before and after; so is its PostgreSQL, and the sale goes on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use onsale_testbed::Postgres;
use onsale_tests::{Server, Shopper, binary};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How many are published at once: while some are told, others are not.
const EVENTS: usize = 12;

/// When a server is killed.
#[derive(Clone, Copy, Debug)]
enum Kill {
    /// While it is asked to publish: some are, and some are not.
    Asked,
    /// As soon as it has said that all are published.
    Answered,
    /// As soon as one of them is in the sale.
    Told,
}

/// Somebody who runs the catalogue of a server.
#[derive(Clone)]
struct Desk {
    base: String,
    token: String,
    http: Client,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_server_is_killed_what_is_published_is_for_sale_once() {
    let data = tempfile::tempdir().unwrap();
    let mut untold = 0;
    for kill in [Kill::Asked, Kill::Answered, Kill::Told, Kill::Told] {
        let server = Server::start(data.path(), &[]).expect("it starts");
        let desk = Desk::of(&server);
        let drafts = desk.configured(EVENTS).await;
        publish_and_kill(server, &desk, &drafts, kill).await;
        let facts = facts(data.path());
        untold += drafts.iter().filter(|draft| count(&facts, "EventOpened", draft) == 0).count();

        let server = Server::start(data.path(), &[]).expect("it starts again");
        let desk = Desk::of(&server);
        for draft in &drafts {
            desk.publish(draft).await.expect("the server is there");
            desk.until_settled(draft).await;
            let sold = desk.ask(Method::GET, &in_sale(draft), Value::Null).await.unwrap().1;
            assert_eq!(sold["phase"], "OPEN", "{kill:?}: {sold}");
        }
        assert!(server.stop().status.success());
        assert_each_is_there_once(data.path(), &drafts);
    }
    assert!(untold > 0, "somebody was killed before everything was told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgres_killed_what_was_told_is_sold_and_the_rest_is_told_when_it_is_back() {
    let mut postgres = Postgres::start().unwrap();
    let url = format!("{}/postgres", postgres.url());
    let environment =
        [("ONSALE_DATABASE__URL", url.as_str()), ("ONSALE_DATABASE__ACQUIRE_TIMEOUT_MS", "500")];
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), &[], &environment).expect("it starts");
    let desk = Desk::of(&server);
    let drafts = desk.configured(EVENTS).await;
    for draft in &drafts {
        desk.publish(draft).await.expect("the server is there");
    }
    let told = desk.until_one_is(&["OPEN"], &drafts).await;
    postgres.kill();
    buy(&server, &told).await;
    // Nor does the server outlive it, and it comes back first.
    server.kill();
    let server = Server::start_with(data.path(), &[], &environment).expect("it starts again");
    buy(&server, &told).await;
    let desk = Desk::of(&server);
    let (status, problem) =
        desk.ask(Method::GET, &draft_path(&told, ""), Value::Null).await.unwrap();
    assert_eq!((status.as_u16(), &problem["code"]), (503, &json!("control_unavailable")));

    postgres.start_again().unwrap();
    for draft in &drafts {
        desk.until_settled(draft).await;
    }
    assert!(server.stop().status.success());
    assert_each_is_there_once(data.path(), &drafts);
}

async fn publish_and_kill(server: Server, desk: &Desk, drafts: &[String], kill: Kill) {
    let mut asked = JoinSet::new();
    for draft in drafts {
        let (desk, draft) = (desk.clone(), draft.clone());
        asked.spawn(async move { desk.publish(&draft).await });
    }
    match kill {
        // One was answered, or none will be.
        Kill::Asked => drop(asked.join_next().await),
        Kill::Answered => {
            for answer in asked.join_all().await {
                answer.expect("the server is there");
            }
        }
        Kill::Told => drop(desk.until_one_is(&["DEFINED", "OPEN"], drafts).await),
    }
    server.kill();
}

/// A guest buys two tickets: it works without any catalogue.
async fn buy(server: &Server, event: &str) {
    let shopper = Shopper::new(&server.base).await.expect("the server is there");
    let bought = shopper.buy(event, 0, 2).await.expect("the server is there");
    assert_eq!(bought.text("status"), Some("COMPLETED"), "{bought:?}");
}

/// What has happened, by the journals of a server that does not run.
fn facts(data: &Path) -> String {
    let replay = Command::new(binary()).args(["journal", "replay", "--data"]).arg(data).output();
    let replay = replay.expect("the binary can be run");
    assert!(replay.status.success(), "{replay:?}");
    String::from_utf8(replay.stdout).unwrap()
}

fn count(facts: &str, kind: &str, event: &str) -> usize {
    // Its number, when it was, what it is, of what.
    let is_it = |fact: &&str| fact.split(' ').nth(2) == Some(kind) && fact.contains(event);
    facts.lines().filter(is_it).count()
}

fn assert_each_is_there_once(data: &Path, events: &[String]) {
    let facts = facts(data);
    for event in events {
        for kind in ["EventReserved", "EventDefined", "EventOpened"] {
            assert_eq!(count(&facts, kind, event), 1, "{kind} of {event}");
        }
    }
}

fn draft_path(event: &str, below: &str) -> String {
    format!("/api/v1/catalogue/events/{event}{below}")
}

fn in_sale(event: &str) -> String {
    format!("/api/v1/events/{event}")
}

impl Desk {
    fn of(server: &Server) -> Self {
        let (base, token) = (server.base.clone(), server.operator_token());
        Self { base, token, http: Client::new() }
    }

    /// What the server answers to whoever has seen the latest version; `None` if it is not there.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Option<(StatusCode, Value)> {
        let event = path.split('/').find(|part| part.starts_with("evt_"));
        let tag = match event.filter(|_| method != Method::GET) {
            Some(event) => self.tag(event).await?,
            None => String::new(),
        };
        let request = self.request(method, path).header("if-match", tag);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.ok()?;
        let (status, body) = (answer.status(), answer.bytes().await.ok()?);
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The same, of a server that is there and does it.
    async fn accept(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await.expect("the server is there");
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    async fn tag(&self, event: &str) -> Option<String> {
        let answer = self.request(Method::GET, &draft_path(event, "")).send().await.ok()?;
        Some(answer.headers().get("etag")?.to_str().ok()?.to_owned())
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.bearer_auth(&self.token).timeout(Duration::from_secs(60))
    }

    /// So many events that have all they need.
    async fn configured(&self, count: usize) -> Vec<String> {
        let first = self.offered().await;
        let mut drafts = vec![first.clone()];
        while drafts.len() < count {
            let path = draft_path(&first, "/copy");
            let request = self.request(Method::POST, &path).json(&json!({}));
            let key = format!("{first}-{}", drafts.len());
            let copied = request.header("idempotency-key", key).send().await.unwrap();
            let copied: Value = serde_json::from_slice(&copied.bytes().await.unwrap()).unwrap();
            drafts.push(copied["id"].as_str().expect("a copy").to_owned());
        }
        for draft in &drafts {
            self.accept(Method::POST, &draft_path(draft, "/configure"), Value::Null).await;
        }
        drafts
    }

    /// A draft with a class of tickets that are on sale.
    async fn offered(&self) -> String {
        let listed = self.accept(Method::GET, "/api/v1/organisers", Value::Null).await;
        let name = format!("Organiser {}", listed["organisers"].as_array().unwrap().len());
        let made = self.accept(Method::POST, "/api/v1/organisers", json!({"name": name})).await;
        let organiser = format!("/api/v1/organisers/{}", made["id"].as_str().unwrap());
        let venue = json!({
            "name": "Kulturhaus", "time_zone": "Europe/Berlin",
            "address": {"street": "Am Markt 1", "city": "Köln", "country": "DE"},
        });
        let venue = self.accept(Method::POST, &format!("{organiser}/venues"), venue).await;
        let details = json!({
            "title": "The Lanterns", "venue": venue["id"], "starts_local": "2099-12-01T20:00",
        });
        let create = self.request(Method::POST, &format!("{organiser}/events")).json(&details);
        let draft = create.header("idempotency-key", &organiser).send().await.unwrap();
        let draft: Value = serde_json::from_slice(&draft.bytes().await.unwrap()).unwrap();
        let draft = draft["id"].as_str().expect("a draft").to_owned();
        let configuration = json!({"currency": "EUR", "sale": {"opens_local": "2020-01-01T10:00"}});
        let class = json!({"name": "Standing", "price_minor": 2_500});
        let quota = json!({"name": "Hall", "capacity": 100, "classes": [0]});
        for (method, below, body) in [
            (Method::PUT, "/configuration", configuration),
            (Method::POST, "/classes", class),
            (Method::POST, "/quotas", quota),
        ] {
            self.accept(method, &draft_path(&draft, below), body).await;
        }
        draft
    }

    /// Publishes an event, if it is not; `None` if no answer came.
    async fn publish(&self, event: &str) -> Option<()> {
        let publish = draft_path(event, "/publish");
        let (status, answer) = self.ask(Method::POST, &publish, Value::Null).await?;
        assert!(status.is_success(), "{answer}");
        Some(())
    }

    /// Waits until one of them is in the sale, in one of these phases.
    async fn until_one_is(&self, phases: &[&str], events: &[String]) -> String {
        loop {
            for event in events {
                let asked = self.ask(Method::GET, &in_sale(event), Value::Null).await;
                let (_, seen) = asked.expect("the server is there");
                if phases.iter().any(|phase| seen["phase"] == *phase) {
                    return event.clone();
                }
            }
        }
    }

    /// Waits until nothing is to be told of an event any more.
    async fn until_settled(&self, event: &str) {
        loop {
            let asked = self.ask(Method::GET, &draft_path(event, ""), Value::Null).await;
            let (_, event) = asked.expect("the server is there");
            if event["work"]["is_settled"] == true {
                return assert_eq!(event["status"], "PUBLISHED", "{event}");
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
}
