//! The waitroom: places, long polls, steering, the lottery.

use onsale_core::time::Span;
use serde_json::{Value, json};

use crate::memory::START;
use crate::server::{Server, at, delete, get, patch, post, queued, standing, text};

/// Doors in a minute, opening in ten.
fn later() -> Value {
    let mut definition = standing();
    let doors_at = at(START + Span::from_mins(1));
    let opens_at = at(START + Span::from_mins(10));
    definition["waitroom"] = json!({"doors_at": doors_at, "opens_at": opens_at, "slots": 1});
    definition
}

async fn join(server: &Server, event: &str, token: &str) -> String {
    let call = post(format!("/api/v1/events/{event}/waitroom")).token(token);
    text(&server.accept(call.json(&json!({"party": 2})), 201).await["id"])
}

#[tokio::test]
async fn the_doors_open_at_their_time() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&later()).await;
    let call = post(format!("/api/v1/events/{event}/waitroom")).token(&token);
    let call = call.json(&json!({"party": 2}));
    let problem = server.refuse(call.clone(), 409, "doors_closed").await;
    assert_eq!(problem["doors_at"], at(START + Span::from_mins(1)));
    server.memory.pass(Span::from_mins(1));
    server.accept(call, 201).await;
    let no_waitroom = server.event(&standing()).await;
    let call = post(format!("/api/v1/events/{no_waitroom}/waitroom")).token(&token);
    server.refuse(call.json(&json!({"party": 2})), 409, "no_waitroom").await;
}

#[tokio::test]
async fn a_person_has_one_place_and_can_give_it_up() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&later()).await;
    server.memory.pass(Span::from_mins(1));
    let place = join(&server, &event, &token).await;
    assert_eq!(join(&server, &event, &token).await, place);
    server.accept(delete(format!("/api/v1/places/{place}")).token(&token), 204).await;
    let show = get(format!("/api/v1/places/{place}")).token(&token);
    let left = server.accept(show, 200).await;
    assert_eq!((text(&left["state"]), left["poll_after_ms"].clone()), ("LEFT".into(), Value::Null));
    assert_ne!(join(&server, &event, &token).await, place);
}

#[tokio::test]
async fn a_place_says_how_far_it_is_and_then_has_the_token() {
    let server = Server::new();
    let event = server.event(&later()).await;
    server.memory.pass(Span::from_mins(1));
    let (ada, bob) = (server.guest().await, server.guest().await);
    let places =
        [(join(&server, &event, &ada).await, ada), (join(&server, &event, &bob).await, bob)];
    for (place, token) in &places {
        let show = get(format!("/api/v1/places/{place}")).token(token);
        let queued = server.accept(show, 200).await;
        assert_eq!((text(&queued["state"]), &queued["ahead"]), ("QUEUED".into(), &Value::Null));
        assert_eq!(queued["waiting"], 2);
        assert!(queued["poll_after_ms"].as_u64().unwrap() >= 1_600, "{queued}");
    }
    server.memory.pass(Span::from_mins(9));
    let mut states = Vec::new();
    for (place, token) in &places {
        let show = get(format!("/api/v1/places/{place}")).token(token);
        let place = server.accept(show, 200).await;
        let is_inside = place["state"] == "ADMITTED";
        assert_eq!(place["checkout_token"].is_string(), is_inside);
        assert_eq!(place["ahead"].is_u64(), !is_inside);
        assert_eq!(place["admitted_until_at"] == at(START + Span::from_mins(25)), is_inside);
        states.push(text(&place["state"]));
        let operator = get(format!("/api/v1/places/{}", text(&place["id"]))).operator();
        let seen = server.accept(operator, 200).await;
        assert_eq!(seen["checkout_token"], Value::Null, "nobody else can use it");
    }
    states.sort();
    assert_eq!(states, ["ADMITTED", "QUEUED"], "one slot");
}

#[tokio::test]
async fn a_long_poll_answers_at_the_change() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&later()).await;
    server.memory.pass(Span::from_mins(1));
    let place = join(&server, &event, &token).await;
    let show = |query: &str| get(format!("/api/v1/places/{place}{query}")).token(&token);
    let news = server.send(show("?wait_ms=25000&seen=ADMITTED")).await;
    assert_eq!(news.json()["version"], "QUEUED", "that is news already");

    let mut waiting = std::pin::pin!(server.send(show("?wait_ms=25000&seen=QUEUED")));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    server.memory.pass(Span::from_secs(24));
    assert!(futures_util::poll!(&mut waiting).is_pending(), "nothing has changed");
    server.memory.pass(Span::from_secs(1));
    assert_eq!(waiting.await.json()["state"], "QUEUED", "its patience is over");

    // A second before the opening: 1 min and 25 s have passed.
    server.memory.pass(Span::from_secs(514));
    let mut waiting = std::pin::pin!(server.send(show("?wait_ms=25000&seen=QUEUED")));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    server.memory.pass(Span::from_secs(1));
    assert_eq!(waiting.await.json()["state"], "ADMITTED");
}

#[tokio::test]
async fn patience_has_a_limit() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&queued()).await;
    let place = join(&server, &event, &token).await;
    for (query, at) in
        [("?wait_ms=25001", "query.wait_ms"), ("?wait_ms=-1", "query"), ("?patience=3", "query")]
    {
        let call = get(format!("/api/v1/places/{place}{query}")).token(&token);
        let problem = server.refuse(call, 400, "invalid_parameter").await;
        assert_eq!(problem["errors"][0]["at"], at);
    }
}

#[tokio::test]
async fn a_waitroom_is_steered_while_people_wait() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&queued()).await;
    let path = format!("/api/v1/events/{event}/waitroom");
    let steer = |body: Value| patch(&path).operator().json(&body);
    server.accept(steer(json!({"action": "pause"})), 204).await;
    let place = join(&server, &event, &token).await;
    let show = || get(format!("/api/v1/places/{place}")).token(&token);
    let paused = server.accept(show(), 200).await;
    assert_eq!((&paused["state"], &paused["paused"]), (&json!("QUEUED"), &json!(true)));
    server.accept(steer(json!({"action": "resize", "slots": 7})), 204).await;
    let seen = server.accept(get(format!("/api/v1/events/{event}")), 200).await;
    assert_eq!(seen["waitroom"]["slots"], 7);
    assert_eq!(seen["waitroom"]["rate_per_minute"], 600);
    server.accept(steer(json!({"action": "resume"})), 204).await;
    assert_eq!(server.accept(show(), 200).await["state"], "ADMITTED");
}

#[tokio::test]
async fn the_lottery_is_committed_to_before_and_revealed_after() {
    use sha2::{Digest, Sha256};

    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&later()).await;
    server.memory.pass(Span::from_mins(1));
    join(&server, &event, &token).await;
    let show = || get(format!("/api/v1/events/{event}/waitroom/lottery"));
    let before = server.accept(show(), 200).await;
    assert_eq!(before["reveal"], Value::Null);
    server.memory.pass(Span::from_mins(9));
    let after = server.accept(show(), 200).await;
    assert_eq!(after["commitment"], before["commitment"]);
    assert_eq!(after["reveal"]["participants"], 1);
    let hex = text(&after["reveal"]["seed"]);
    let byte = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
    let seed: Vec<u8> = (0..32).map(byte).collect();
    let commitment = text(&before["commitment"]);
    let byte = |i: usize| u8::from_str_radix(&commitment[2 * i..2 * i + 2], 16).unwrap();
    let promised: Vec<u8> = (0..32).map(byte).collect();
    assert_eq!(Sha256::digest(seed).as_slice(), promised);
    let without = server.event(&standing()).await;
    let call = get(format!("/api/v1/events/{without}/waitroom/lottery"));
    server.refuse(call, 409, "no_waitroom").await;
}
