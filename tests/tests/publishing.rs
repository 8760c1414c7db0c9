//! What is published in the catalogue is for sale, once, whatever dies on the way: the server is
//! killed while it tells the sale, before and after; so is its PostgreSQL, and the sale goes on.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use onsale_testbed::Postgres;
use onsale_tests::{Desk, Server, Shopper, draft_path, facts};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_server_is_killed_what_is_published_is_for_sale_once() {
    let data = tempfile::tempdir().unwrap();
    let mut untold = 0;
    for kill in [Kill::Asked, Kill::Answered, Kill::Told, Kill::Told] {
        let server = Server::start(data.path(), &[]).expect("it starts");
        let desk = Desk::of(&server);
        let drafts = configured(&desk, EVENTS).await;
        publish_and_kill(server, &desk, &drafts, kill).await;
        let facts = facts::replay(data.path());
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
    let drafts = configured(&desk, EVENTS).await;
    for draft in &drafts {
        desk.publish(draft).await.expect("the server is there");
    }
    let told = until_one_is(&desk, &["OPEN"], &drafts).await;
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
        Kill::Told => drop(until_one_is(desk, &["DEFINED", "OPEN"], drafts).await),
    }
    server.kill();
}

/// A guest buys two tickets: it works without any catalogue.
async fn buy(server: &Server, event: &str) {
    let shopper = Shopper::new(&server.base).await.expect("the server is there");
    let bought = shopper.buy(event, 0, 2).await.expect("the server is there");
    assert_eq!(bought.text("status"), Some("COMPLETED"), "{bought:?}");
}

fn count(facts: &str, kind: &str, event: &str) -> usize {
    // Its number, when it was, what it is, of what.
    let is_it = |fact: &&str| fact.split(' ').nth(2) == Some(kind) && fact.contains(event);
    facts.lines().filter(is_it).count()
}

fn assert_each_is_there_once(data: &Path, events: &[String]) {
    let facts = facts::replay(data);
    for event in events {
        for kind in ["EventReserved", "EventDefined", "EventOpened"] {
            assert_eq!(count(&facts, kind, event), 1, "{kind} of {event}");
        }
    }
}

fn in_sale(event: &str) -> String {
    format!("/api/v1/events/{event}")
}

/// So many events that have all they need.
async fn configured(desk: &Desk, count: usize) -> Vec<String> {
    let listed = desk.accept(Method::GET, "/api/v1/organisers", Value::Null).await;
    let name = format!("Organiser {}", listed["organisers"].as_array().unwrap().len());
    let first = desk.draft(&desk.organiser(&name).await).await;
    let mut drafts = vec![first.clone()];
    while drafts.len() < count {
        let copied = desk.accept(Method::POST, &draft_path(&first, "/copy"), json!({})).await;
        drafts.push(copied["id"].as_str().expect("a copy").to_owned());
    }
    for draft in &drafts {
        desk.configure(draft).await;
    }
    drafts
}

/// Waits until one of them is in the sale, in one of these phases.
async fn until_one_is(desk: &Desk, phases: &[&str], events: &[String]) -> String {
    loop {
        for event in events {
            let asked = desk.ask(Method::GET, &in_sale(event), Value::Null).await;
            let (_, seen) = asked.expect("the server is there");
            if phases.iter().any(|phase| seen["phase"] == *phase) {
                return event.clone();
            }
        }
    }
}
