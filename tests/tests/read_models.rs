//! Read models of a server that is killed under load, again and again: in the end they say what the
//! books say, and what the facts lead to, row by row.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::slice;

use onsale_testbed::Postgres;
use onsale_tests::{Operator, Server, binary, buying_storm, small_house};
use serde_json::Value;

const KILLS: usize = 6;
const BUYERS: usize = 4;
/// So many purchases, and the server is killed.
const ENOUGH: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_every_fact_is_in_the_models_once() {
    survive(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgresql_every_fact_is_in_the_models_once_as_well() {
    let postgres = Postgres::start().unwrap();
    let url = format!("{}/postgres", postgres.url());
    survive(&[("ONSALE_DATABASE__URL", &url)]).await;
}

async fn survive(database: &[(&str, &str)]) {
    let data = tempfile::tempdir().unwrap();
    // A few facts at a time: more moments to be killed in.
    let settings = [database, &[("ONSALE_PROJECTION__BATCH_FACTS_MAX", "8")]].concat();
    let start = || Server::start_with(data.path(), &[], &settings).expect("it starts");
    let mut server = start();
    let operator = Operator::new(&server.base, server.operator_token());
    let event = operator.open(&small_house(200)).await;
    for _ in 0..KILLS {
        buying_storm(server, BUYERS, ENOUGH, slice::from_ref(&event)).await;
        server = start();
    }
    let operator = Operator::new(&server.base, server.operator_token());
    let (books, summary) = agreed(&operator, &event).await;
    let (money, tickets) = (&summary["money"], &summary["tickets"]);
    assert_eq!(money["captured_minor"], books["captured_minor"], "{summary} {books}");
    assert_eq!(tickets["valid_minor"], books["ticket_value_minor"], "{summary} {books}");
    assert!(tickets["issued"].as_u64() >= Some(KILLS as u64), "the load was real: {summary}");
    let path = format!("/api/v1/events/{event}/orders.csv");
    let csv = operator.text(&path).await;
    assert_eq!(csv.matches(",VALID,").count() as u64, tickets["issued"].as_u64().unwrap());
    // Beside the server, and when it has stopped.
    rebuilt(data.path(), &settings, &["--check"]);
    assert!(server.stop().status.success());
    rebuilt(data.path(), &settings, &["--check"]);
    rebuilt(data.path(), &settings, &[]);
    rebuilt(data.path(), &settings, &["--check"]);
}

/// The books, and the models of the same moment: notices of payments go on coming in after the last
/// buyer has left.
async fn agreed(operator: &Operator, event: &str) -> (Value, Value) {
    loop {
        let books = operator.settled(event).await;
        let summary = caught_up(operator, event).await;
        if operator.settled(event).await == books {
            return (books, summary);
        }
    }
}

/// How the event stands, once the models have caught up.
async fn caught_up(operator: &Operator, event: &str) -> Value {
    loop {
        let path = format!("/api/v1/events/{event}/summary?catch_up_ms=5000");
        let summary = operator.get(&path).await;
        if summary.status.is_success() && summary.body["as_of"]["facts_behind"] == 0 {
            return summary.body;
        }
    }
}

fn rebuilt(data: &Path, settings: &[(&str, &str)], arguments: &[&str]) {
    let mut rebuild = Command::new(binary());
    rebuild.args(["rebuild", "--data"]).arg(data).args(arguments);
    let done = rebuild.envs(settings.iter().copied()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}{err}");
}
