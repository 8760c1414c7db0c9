//! Large answers, compressed for whoever wants that.

use std::io::Read;

use flate2::read::GzDecoder;
use onsale_net::gateway::GatewaySettings;
use onsale_net::gateway::compression::CompressionSettings;
use serde_json::{Value, json};

use crate::server::{Answer, Server, call_with, get, seated};

const DOCUMENT: &str = "/api/openapi.json";

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

fn varies(answer: &Answer) -> bool {
    answer.headers.get_all("vary").iter().any(|value| value == "accept-encoding")
}

/// A house with a seat map of some kilobytes.
fn large_house() -> Value {
    let mut house = seated();
    let rows = (0..200).map(|row| {
        json!({
            "label": format!("R{row}"), "seats": 50, "first": {"x_cm": 0, "y_cm": row * 90},
            "step": {"x_cm": 50, "y_cm": 0}, "blocked": [],
        })
    });
    house["plan"]["sections"][0]["rows"] = rows.collect();
    house
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_whoever_wants_it() {
    let server = Server::new();
    let plain = server.send(get(DOCUMENT)).await;
    let packed = server.send(get(DOCUMENT).header("accept-encoding", "br, gzip;q=0.8")).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert_eq!(packed.headers["content-type"], "application/json");
    assert!(!packed.headers.contains_key("content-length"));
    assert_eq!(unpacked(&packed), plain.body);
    assert!(packed.body.len() < plain.body.len() / 4, "{}", packed.body.len());
    assert!(varies(&packed) && varies(&plain), "a cache must tell them apart");
    for wish in ["gzip;q=0", "identity", "br", "gzip;q=what", ""] {
        let answer = server.send(get(DOCUMENT).header("accept-encoding", wish)).await;
        assert_eq!(answer.body, plain.body, "{wish}");
        assert!(!answer.headers.contains_key("content-encoding") && varies(&answer));
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_compressed_or_not() {
    let server = Server::new();
    let event = server.event(&large_house()).await;
    let chart = get(format!("/api/v1/events/{event}/seats/chart"));
    let plain = server.send(chart.clone()).await;
    let packed = server.send(chart.clone().header("accept-encoding", "gzip")).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert_eq!(unpacked(&packed), plain.body);
    let tag = packed.tag();
    assert!(tag.starts_with("W/"), "{tag}");
    assert_eq!(plain.headers["etag"], tag);
    let known = chart.header("if-none-match", tag);
    for call in [known.clone(), known.header("accept-encoding", "gzip")] {
        let answer = server.send(call).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));
        assert!(!answer.headers.contains_key("content-encoding"));
    }
}

#[tokio::test]
async fn a_head_says_what_a_get_would_have_sent() {
    let server = Server::new();
    let head = call_with("HEAD", DOCUMENT).header("accept-encoding", "gzip");
    let answer = server.send(head).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
    assert_eq!(answer.headers["content-encoding"], "gzip");
    assert!(!answer.headers.contains_key("content-length") && varies(&answer));
    let plain = server.send(call_with("HEAD", DOCUMENT)).await;
    let length: usize = plain.headers["content-length"].to_str().unwrap().parse().unwrap();
    assert_eq!(length, server.send(get(DOCUMENT)).await.body.len());
}

#[tokio::test]
async fn small_answers_and_everything_where_it_is_switched_off_go_out_as_they_are() {
    let server = Server::new();
    let small = server.send(get("/healthz").header("accept-encoding", "gzip")).await;
    assert!(!small.headers.contains_key("content-encoding") && !varies(&small));
    let compression = CompressionSettings { at_once: 0, ..CompressionSettings::default() };
    let off = Server::behind(GatewaySettings { compression, ..GatewaySettings::default() });
    let answer = off.send(get(DOCUMENT).header("accept-encoding", "gzip")).await;
    assert!(!answer.headers.contains_key("content-encoding") && !varies(&answer));
}
