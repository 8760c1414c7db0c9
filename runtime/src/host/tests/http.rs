//! HTTP over each host: routing, keep-alive, slow clients, refusal, drain.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio::sync::Notify;

use super::server::{Client, ROOMY, Server};
use super::{TestHost, on_both_hosts};
use crate::host::serve::{Drained, Limits};

on_both_hosts!(
    a_connection_over_the_limit_hears_503,
    a_panicking_handler_costs_only_its_own_connection,
    a_request_head_that_does_not_come_cuts_the_connection,
    draining_closes_idle_connections,
    draining_finishes_the_running_request_and_refuses_new_connections,
    draining_stops_at_its_deadline,
    large_bodies_pass_both_ways,
    requests_follow_each_other_on_one_connection,
);

fn echo() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: String| async { body }))
}

fn requests_follow_each_other_on_one_connection<H: TestHost>() {
    let server = Server::start::<H>(echo(), ROOMY);
    let mut client = server.connect();
    for round in 0..50 {
        assert_eq!(client.get("/").unwrap().body, "hello");
        let sent = format!("round {round}");
        assert_eq!(client.post("/echo", &sent).unwrap().body, sent);
    }
    assert_eq!(client.get("/nowhere").unwrap().status, 404);
    assert_eq!((server.counts.accepted(), server.counts.open()), (1, 1));
    drop(client);
    assert_eq!(server.stop(), Drained::Clean);
}

fn large_bodies_pass_both_ways<H: TestHost>() {
    let server = Server::start::<H>(echo(), ROOMY);
    let sent = "0123456789abcdef".repeat(100_000);
    assert!(server.connect().post("/echo", &sent).unwrap().body == sent);
    assert_eq!(server.stop(), Drained::Clean);
}

fn a_request_head_that_does_not_come_cuts_the_connection<H: TestHost>() {
    let limits = Limits { header_read_timeout: Duration::from_millis(50), ..ROOMY };
    let server = Server::start::<H>(echo(), limits);
    let mut slow = server.connect();
    slow.send("GET / HTTP/1.1\r\nhost: te");
    assert_eq!(slow.rest().unwrap(), "");
    let mut idle = server.connect();
    assert_eq!(idle.get("/").unwrap().status, 200);
    assert_eq!(idle.rest().unwrap(), "");
    assert_eq!(server.stop(), Drained::Clean);
}

fn a_connection_over_the_limit_hears_503<H: TestHost>() {
    let server = Server::start::<H>(echo(), Limits { connections_max: 1, ..ROOMY });
    let mut first = server.connect();
    assert_eq!(first.get("/").unwrap().status, 200);
    let mut second = server.connect();
    let answer = second.get("/").unwrap();
    assert_eq!(answer.status, 503);
    assert!(answer.head.contains("retry-after: "));
    assert_eq!(second.rest().unwrap(), "");
    assert_eq!((server.counts.accepted(), server.counts.refused()), (1, 1));
    drop(first);
    while server.connect().get("/").unwrap().status != 200 {}
    assert_eq!(server.stop(), Drained::Clean);
}

fn a_panicking_handler_costs_only_its_own_connection<H: TestHost>() {
    let explode = || async { assert!(std::hint::black_box(false), "planted") };
    let server = Server::start::<H>(echo().route("/panic", get(explode)), ROOMY);
    let mut bystander = server.connect();
    assert_eq!(bystander.get("/").unwrap().status, 200);
    assert!(server.connect().get("/panic").is_err());
    assert_eq!(bystander.get("/").unwrap().status, 200);
    drop(bystander);
    assert_eq!(server.stop(), Drained::Clean);
}

fn draining_closes_idle_connections<H: TestHost>() {
    let server = Server::start::<H>(echo(), ROOMY);
    let mut idle = server.connect();
    assert_eq!(idle.get("/").unwrap().status, 200);
    assert_eq!(server.stop(), Drained::Clean);
    assert_eq!(idle.rest().unwrap(), "");
}

/// A route that says when it was entered and waits to be released.
fn held() -> (Router, mpsc::Receiver<()>, Arc<Notify>) {
    let (enter, entered) = mpsc::channel();
    let release = Arc::new(Notify::new());
    let released = Arc::clone(&release);
    let hold = move || async move {
        enter.send(()).unwrap();
        released.notified().await;
        "released"
    };
    (Router::new().route("/hold", get(hold)), entered, release)
}

fn draining_finishes_the_running_request_and_refuses_new_connections<H: TestHost>() {
    let (router, entered, release) = held();
    let server = Server::start::<H>(router, ROOMY);
    let address = server.address;
    let mut running = server.connect();
    running.send("GET /hold HTTP/1.1\r\nhost: test\r\n\r\n");
    entered.recv().unwrap();
    let draining = server.drain();
    // The listener closes a moment after the signal; until then a connection may still get in.
    while let Ok(mut late) = Client::connect(address) {
        let _ = late.get("/");
    }
    release.notify_one();
    let answer = running.answer().unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "released"));
    assert!(answer.head.contains("connection: close"));
    assert_eq!(running.rest().unwrap(), "");
    assert_eq!(draining.join().unwrap().unwrap(), [Drained::Clean]);
}

fn draining_stops_at_its_deadline<H: TestHost>() {
    let (router, entered, _never_released) = held();
    let limits = Limits { drain_timeout: Duration::from_millis(50), ..ROOMY };
    let server = Server::start::<H>(router, limits);
    let mut running = server.connect();
    running.send("GET /hold HTTP/1.1\r\nhost: test\r\n\r\n");
    entered.recv().unwrap();
    assert_eq!(server.stop(), Drained::TimedOut { open: 1 });
}
