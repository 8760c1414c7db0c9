//! What everybody asks all the time: conditional requests, the chart, orders that change, pages.

use onsale_core::time::Span;
use serde_json::json;

use crate::server::{Server, get, post, seated, standing, text};

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&seated()).await;
    for what in ["availability", "seats"] {
        let call = get(format!("/api/v1/events/{event}/{what}"));
        let first = server.send(call.clone()).await;
        assert_eq!(first.headers["cache-control"], "public, max-age=1");
        let tag = first.tag().to_owned();
        assert_eq!(tag, format!("W/\"{}\"", first.json()["version"]));
        let call = call.header("if-none-match", tag.clone());
        let same = server.send(call.clone()).await;
        assert_eq!((same.status.as_u16(), same.body.len()), (304, 0));
        assert_eq!(same.headers["etag"], tag.as_str());
        let wish = json!({"wishes": [{"class": 0, "count": 2}]});
        let hold = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
        server.accept(hold, 201).await;
        let news = server.send(call).await;
        assert_eq!(news.status, 200);
        assert!(news.json()["version"].as_u64() > first.json()["version"].as_u64());
    }
}

#[tokio::test]
async fn availability_and_seats_follow_the_stock() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&seated()).await;
    let wish = json!({"wishes": [{"class": 0, "seats": [0, 1]}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    server.accept(hold, 201).await;
    let availability = get(format!("/api/v1/events/{event}/availability"));
    let availability = server.accept(availability, 200).await;
    let class = json!({"class": 0, "left": 17, "may_come_back": true, "held": 2, "sold": 0});
    assert_eq!(availability["classes"], json!([class]));
    let seats = server.accept(get(format!("/api/v1/events/{event}/seats")), 200).await;
    assert_eq!(seats["held"], json!([0, 1]));
    assert_eq!((&seats["sold"], &seats["blocked"]), (&json!([]), &json!([19])));
}

#[tokio::test]
async fn the_chart_never_changes() {
    let server = Server::new();
    let event = server.event(&seated()).await;
    let call = get(format!("/api/v1/events/{event}/seats/chart"));
    let first = server.send(call.clone()).await;
    assert_eq!(first.headers["cache-control"], "public, max-age=31536000, immutable");
    let row = &first.json()["sections"][0]["rows"][1];
    assert_eq!(
        (&row["label"], &row["first_seat"], &row["seats"]),
        (&json!("B"), &json!(10), &json!(10))
    );
    assert_eq!(row["numbering"], json!({"first": 1, "step": 1}));
    let tag = first.tag();
    assert_eq!(server.send(call.header("if-none-match", tag)).await.status, 304);
    let without = server.event(&standing()).await;
    let call = get(format!("/api/v1/events/{without}/seats/chart"));
    server.refuse(call, 404, "not_found").await;
}

#[tokio::test]
async fn a_long_poll_of_an_order_answers_at_the_change() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hold = server.hold(&event, &token).await;
    let order = server.order(&hold, &token).await;
    let show = |query: &str| get(format!("/api/v1/orders/{order}{query}")).token(&token);
    let version = text(&server.accept(show(""), 200).await["version"]);
    server.memory.pass(Span::from_mins(14));
    let waiting = server.send(show(&format!("?wait_ms=20000&seen={version}")));
    let mut waiting = std::pin::pin!(waiting);
    assert!(futures_util::poll!(&mut waiting).is_pending());
    let cancel = post(format!("/api/v1/orders/{order}/cancel")).token(&token);
    server.accept(cancel, 204).await;
    let news = waiting.await.json();
    assert_eq!(news["status"], "CANCELLED");
    assert_ne!(news["version"], version);
}

#[tokio::test]
async fn events_come_in_pages() {
    let server = Server::new();
    let mut defined = Vec::new();
    for _ in 0..5 {
        defined.push(server.event(&standing()).await);
    }
    defined.sort();
    let (mut seen, mut path) = (Vec::new(), Some("/api/v1/events?limit=2".to_owned()));
    while let Some(next) = path {
        let answer = server.send(get(next)).await;
        let page = answer.json();
        seen.extend(page["events"].as_array().unwrap().iter().map(|event| text(&event["id"])));
        assert_eq!(answer.headers.contains_key("link"), !page["next"].is_null());
        path = page["next"].as_str().map(|after| format!("/api/v1/events?limit=2&after={after}"));
    }
    assert_eq!(seen, defined);
    for wrong in ["limit=0", "limit=101", "after=ord_0000000000000", "page=2"] {
        let call = get(format!("/api/v1/events?{wrong}"));
        server.refuse(call, 400, "invalid_parameter").await;
    }
}
