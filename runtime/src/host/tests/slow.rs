//! Clients that are slow, silent or too loud: a connection is a place that others need.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Extension;
use axum::routing::{get, post};
use futures_util::stream::repeat;
use onsale_net::gateway::address::Peer;

use super::server::{ROOMY, Server};
use super::{TestHost, on_both_hosts};
use crate::host::serve::{Drained, Limits};

on_both_hosts!(
    a_client_that_does_not_read_its_answer_is_cut,
    a_client_that_stops_in_its_body_is_cut,
    a_head_beyond_all_bounds_is_refused_and_the_next_connection_served,
    handlers_know_the_address_of_the_peer,
);

/// For tests in which somebody is to lose patience.
const SOON: Duration = Duration::from_millis(50);

fn a_client_that_does_not_read_its_answer_is_cut<H: TestHost>() {
    let endless = || async {
        let piece = Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 16 << 10]));
        Body::from_stream(repeat(piece))
    };
    let router = Router::new().route("/", get(endless));
    let server = Server::start::<H>(router, Limits { write_timeout: SOON, ..ROOMY });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
    while !client.has_answer() {
        std::thread::yield_now();
    }
    // The buffers of both ends fill up; then nothing moves any more.
    while server.counts.open() > 0 {
        std::thread::yield_now();
    }
    assert!(client.rest().is_ok_and(|rest| rest.starts_with("HTTP/1.1 200")));
    assert_eq!(server.stop(), Drained::Clean);
}

fn a_client_that_stops_in_its_body_is_cut<H: TestHost>() {
    let read = |body: String| async move { body };
    let router = Router::new().route("/", post(read));
    let server = Server::start::<H>(router, Limits { header_read_timeout: SOON, ..ROOMY });
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhalf");
    let answer = client.answer().unwrap();
    assert_eq!(answer.status, 400, "what axum makes of a body that fails");
    assert_eq!(client.rest().unwrap(), "");
    assert_eq!(server.stop(), Drained::Clean);
}

fn a_head_beyond_all_bounds_is_refused_and_the_next_connection_served<H: TestHost>() {
    let router = Router::new().route("/", get(|| async { "hello" }));
    let server = Server::start::<H>(router, ROOMY);
    let ask = |head: &str| {
        let mut client = server.connect();
        client.send(&format!("GET {head}\r\nhost: test\r\n\r\n"));
        client.answer().unwrap().status
    };
    let large = "x".repeat(ROOMY.head_bytes_max);
    assert_eq!(ask(&format!("/ HTTP/1.1\r\nfiller: {large}")), 431);
    let many = "\r\nfiller: x".repeat(101);
    assert_eq!(ask(&format!("/ HTTP/1.1{many}")), 431);
    let long = "x".repeat(70_000);
    assert_eq!(ask(&format!("/{long} HTTP/1.1")), 431, "longer than any head");
    assert_eq!(ask("/ HTTP/1.1"), 200);
    assert_eq!(server.stop(), Drained::Clean);
}

fn handlers_know_the_address_of_the_peer<H: TestHost>() {
    let say = |Extension(Peer(address)): Extension<Peer>| async move { address.to_string() };
    let server = Server::start::<H>(Router::new().route("/", get(say)), ROOMY);
    assert_eq!(server.connect().get("/").unwrap().body, "127.0.0.1");
    assert_eq!(server.stop(), Drained::Clean);
}
