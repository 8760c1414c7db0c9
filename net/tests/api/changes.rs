//! Changing an event while it is sold.

use serde_json::{Value, json};

use crate::memory::START;
use crate::server::{Call, Server, at, get, patch, post, queued, standing, text};

fn quota(event: &str, number: &str, capacity: impl Into<Value>) -> Call {
    let body = json!({"capacity": capacity.into()});
    patch(format!("/api/v1/events/{event}/quotas/{number}")).operator().json(&body)
}

fn class(event: &str, number: &str, body: &Value) -> Call {
    patch(format!("/api/v1/events/{event}/classes/{number}")).operator().json(body)
}

fn take(event: &str, token: &str, count: u32) -> Call {
    let body = json!({"wishes": [{"class": 0, "count": count}]});
    post(format!("/api/v1/events/{event}/holds")).token(token).json(&body)
}

async fn left(server: &Server, event: &str) -> Value {
    let shown = server.accept(get(format!("/api/v1/events/{event}/availability")), 200).await;
    shown["classes"][0]["left"].clone()
}

#[tokio::test]
async fn there_can_be_more_or_less_but_never_less_than_is_had() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    server.accept(take(&event, &token, 8), 201).await;
    let problem = server.refuse(quota(&event, "0", 7), 409, "below_sold").await;
    assert_eq!((&problem["quota"], &problem["least"]), (&json!(0), &json!(8)));
    server.accept(quota(&event, "0", 8), 204).await;
    let other = server.guest().await;
    server.refuse(take(&event, &other, 1), 409, "all_held").await;
    server.accept(quota(&event, "0", 200), 204).await;
    assert_eq!(left(&server, &event).await, 192);
    let shown = server.accept(get(format!("/api/v1/events/{event}")), 200).await;
    assert_eq!(shown["quotas"][0]["capacity"], 200);
}

#[tokio::test]
async fn more_stock_lets_in_whoever_waits() {
    let server = Server::new();
    let mut definition = queued();
    definition["quotas"][0]["capacity"] = json!(0);
    let event = server.event(&definition).await;
    let token = server.guest().await;
    let join = post(format!("/api/v1/events/{event}/waitroom")).token(&token);
    let place = server.accept(join.json(&json!({"party": 2})), 201).await;
    let show = || get(format!("/api/v1/places/{}", text(&place["id"]))).token(&token);
    assert_eq!(server.accept(show(), 200).await["state"], "QUEUED");
    server.accept(quota(&event, "0", 5), 204).await;
    assert_eq!(server.accept(show(), 200).await["state"], "ADMITTED");
}

#[tokio::test]
async fn another_price_is_for_whoever_has_nothing_yet() {
    let server = Server::new();
    let (ada, bob) = (server.guest().await, server.guest().await);
    let event = server.event(&standing()).await;
    let before = server.accept(take(&event, &ada, 2), 201).await;
    server.accept(class(&event, "0", &json!({"price_minor": 3_000})), 204).await;
    let after = server.accept(take(&event, &bob, 2), 201).await;
    assert_eq!((&before["total_minor"], &after["total_minor"]), (&json!(5_000), &json!(6_000)));
    let order = server.order(&text(&before["id"]), &ada).await;
    let shown = server.accept(get(format!("/api/v1/orders/{order}")).token(&ada), 200).await;
    assert_eq!(shown["total_minor"], 5_000);
}

#[tokio::test]
async fn a_sale_is_closed_and_opened_again() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hour = |hours: u64| at(onsale_core::time::Time::from_ms(START.as_ms() + hours * 3_600_000));
    let later = json!({"window": {"opens_at": hour(1), "closes_at": hour(2)}, "price_minor": 100});
    server.accept(class(&event, "0", &later), 204).await;
    let problem = server.refuse(take(&event, &token, 1), 409, "not_on_sale").await;
    assert_eq!(text(&problem["opens_at"]), hour(1));
    let now = json!({"window": {"opens_at": hour(0), "closes_at": hour(2)}});
    server.accept(class(&event, "0", &now), 204).await;
    assert_eq!(server.accept(take(&event, &token, 1), 201).await["total_minor"], 100);
}

#[tokio::test]
async fn what_cannot_be_is_refused_whole() {
    let server = Server::new();
    let event = server.event(&standing()).await;
    let window = |opens: &str, closes: &str| json!({"opens_at": opens, "closes_at": closes});
    let (day, next) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    for (body, place) in [
        (json!({}), "body"),
        (json!({"price_minor": 1_000_000_000_001_u64}), "price_minor"),
        (json!({"price_minor": -1}), "price_minor"),
        (json!({"price_minor": 1, "window": window(next, day)}), "window"),
        (json!({"window": window(day, day)}), "window"),
        (json!({"window": window(day, "never")}), "window.closes_at"),
        (json!({"price_minor": 1, "name": "Standing"}), "name"),
    ] {
        let problem = server.refuse(class(&event, "0", &body), 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], place, "{problem}");
    }
    for wrong in [json!(-1), json!(4_294_967_296_u64), json!(1.5), json!("5"), json!(null)] {
        let problem = server.refuse(quota(&event, "0", wrong), 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "capacity", "{problem}");
    }
    let shown = server.accept(get(format!("/api/v1/events/{event}")), 200).await;
    assert_eq!(shown["classes"][0]["price_minor"], 2_500, "half of a change was made");
}

#[tokio::test]
async fn what_there_is_not_cannot_be_changed() {
    let server = Server::new();
    let event = server.event(&standing()).await;
    let cheap = json!({"price_minor": 1});
    server.refuse(quota(&event, "1", 5), 404, "not_found").await;
    server.refuse(class(&event, "1", &cheap), 404, "not_found").await;
    server.refuse(quota("evt_zzzzzzz", "0", 5), 400, "invalid_parameter").await;
    for wrong in ["-1", "65536", "first", "%FF"] {
        server.refuse(quota(&event, wrong, 5), 400, "invalid_parameter").await;
    }
    let problem = server.refuse(class(&event, "x", &cheap), 400, "invalid_parameter").await;
    assert_eq!(problem["errors"][0]["at"], "path.class");
    let problem = server.refuse(class("ord_1", "0", &cheap), 400, "invalid_parameter").await;
    assert_eq!(problem["errors"][0]["at"], "path.id");
    server.accept(post(format!("/api/v1/events/{event}/cancel")).operator(), 204).await;
    server.refuse(quota(&event, "0", 500), 409, "event_cancelled").await;
    server.refuse(class(&event, "0", &cheap), 409, "event_cancelled").await;
}

#[tokio::test]
async fn only_operators_change_an_event() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    for path in ["quotas/0", "classes/0"] {
        let call = || patch(format!("/api/v1/events/{event}/{path}")).json(&json!({}));
        server.refuse(call(), 401, "token_required").await;
        server.refuse(call().token(&token), 403, "forbidden").await;
    }
}
