//! Idempotency keys: required where stock or money moves, and good for one request.

use serde_json::json;

use crate::server::{Call, Server, post, queued, standing, text};

/// A request of each route that wants a key, ready to be accepted.
async fn keyed(server: &Server, token: &str) -> Vec<(Call, u16)> {
    let event = server.event(&standing()).await;
    let waiting = server.event(&queued()).await;
    let hold = server.hold(&event, token).await;
    let pending = server.hold(&event, token).await;
    let pending = server.order(&pending, token).await;
    let mut free = standing();
    free["classes"][0]["price_minor"] = json!(0);
    let free = server.event(&free).await;
    let paid = server.hold(&free, token).await;
    let paid = server.order(&paid, token).await;
    let refused = server.refused_refund(&event, token).await;
    let disputed = server.disputed(&event, token).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let buy = json!({"hold": hold, "provider": "till"});
    vec![
        (post("/api/v1/events").operator().json(&standing()), 201),
        (post(format!("/api/v1/events/{waiting}/waitroom")).json(&json!({"party": 1})), 201),
        (post(format!("/api/v1/events/{event}/holds")).json(&wish), 201),
        (post("/api/v1/orders").json(&buy), 201),
        (post(format!("/api/v1/orders/{pending}/cancel")), 204),
        (
            post(format!("/api/v1/orders/{paid}/refunds"))
                .operator()
                .json(&json!({"tickets": "all"})),
            202,
        ),
        (
            post(format!("/api/v1/orders/{refused}/refunds/0/settle"))
                .operator()
                .json(&json!({"how": "again"})),
            204,
        ),
        (
            post(format!("/api/v1/orders/{disputed}/disputes/0/decide"))
                .operator()
                .json(&json!({"tickets": "void"})),
            204,
        ),
    ]
    .into_iter()
    .map(|(call, status)| (call.or_token(token), status))
    .collect()
}

#[tokio::test]
async fn without_a_key_nothing_is_done() {
    let server = Server::new();
    let token = server.guest().await;
    for (call, _) in keyed(&server, &token).await {
        let call = call.without("idempotency-key");
        server.refuse(call, 400, "idempotency_key_required").await;
    }
}

#[tokio::test]
async fn a_malformed_key_is_none() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let call = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    for wrong in ["", "\"\"", "\"half", "two words", &"k".repeat(256)] {
        server.refuse(call.clone().key(wrong), 400, "idempotency_key_invalid").await;
    }
    server.accept(call.key(&"k".repeat(255)), 201).await;
}

#[tokio::test]
async fn a_repeated_request_gets_identical_bytes_and_happens_once() {
    let server = Server::new();
    let token = server.guest().await;
    for (call, status) in keyed(&server, &token).await {
        let first = server.send(call.clone()).await;
        assert_eq!(first.status.as_u16(), status, "{first:?}");
        let after = server.memory.state();
        let again = server.send(call).await;
        assert_eq!(again.status, first.status);
        assert_eq!(again.body, first.body);
        assert_eq!(again.headers.get("location"), first.headers.get("location"));
        assert!(server.memory.state() == after, "{again:?} was done twice");
    }
}

#[tokio::test]
async fn quotes_around_a_key_make_no_difference() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let call = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    let bare = server.accept(call.clone().key("abc"), 201).await;
    assert_eq!(server.accept(call.key("\"abc\""), 201).await, bare);
}

#[tokio::test]
async fn a_key_with_another_body_or_path_is_refused() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let path = format!("/api/v1/events/{event}/holds");
    let hold = |count: u32| {
        let wish = json!({"wishes": [{"class": 0, "count": count}]});
        post(&path).token(&token).key("mine").json(&wish)
    };
    server.accept(hold(1), 201).await;
    server.refuse(hold(2), 422, "key_reused").await;

    let define = |name: &str| {
        let mut definition = standing();
        definition["name"] = json!(name);
        post("/api/v1/events").operator().key("mine").json(&definition)
    };
    server.accept(define("One"), 201).await;
    server.refuse(define("Two"), 422, "key_reused").await;

    let (one, two) = (server.hold(&event, &token).await, server.hold(&event, &token).await);
    let (one, two) = (server.order(&one, &token).await, server.order(&two, &token).await);
    let cancel = |order: &str| post(format!("/api/v1/orders/{order}/cancel")).token(&token);
    server.accept(cancel(&one).key("c"), 204).await;
    server.refuse(cancel(&two).key("c"), 422, "key_reused").await;
}

#[tokio::test]
async fn the_same_key_of_two_people_is_two_keys() {
    let server = Server::new();
    let (ada, bob) = (server.guest().await, server.guest().await);
    let event = server.event(&standing()).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let call = post(format!("/api/v1/events/{event}/holds")).key("k").json(&wish);
    let first = server.accept(call.clone().token(&ada), 201).await;
    let second = server.accept(call.token(&bob), 201).await;
    assert_ne!(text(&first["id"]), text(&second["id"]));
}
