//! Pages of others: which may ask, and how a browser is told.

use onsale_net::gateway::GatewaySettings;
use onsale_net::gateway::cors::CorsSettings;

use crate::server::{Answer, Call, Server, call_with, get, standing};

const SHOP: &str = "https://shop.example.org";

fn server(origins: &[&str]) -> Server {
    let origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    Server::behind(GatewaySettings { cors: CorsSettings { origins }, ..GatewaySettings::default() })
}

fn preflight(path: &str, origin: &str) -> Call {
    let call = call_with("OPTIONS", path).header("origin", origin);
    call.header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,idempotency-key")
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

fn vary(answer: &Answer) -> String {
    let lines = answer.headers.get_all("vary").iter().map(|line| line.to_str().unwrap());
    lines.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_ask_and_read_what_it_needs() {
    let server = server(&["https://other.example.org", SHOP]);
    let event = server.event(&standing()).await;
    let path = format!("/api/v1/events/{event}/holds");
    let answer = server.send(preflight(&path, SHOP)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    assert_eq!(allowed(&answer), Some(SHOP));
    let headers = answer.headers["access-control-allow-headers"].to_str().unwrap();
    for header in ["authorization", "idempotency-key", "checkout-token", "content-type"] {
        assert!(headers.contains(header), "{headers}");
    }
    assert!(answer.headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    assert!(vary(&answer).contains("origin"), "{}", vary(&answer));

    let answer = server.send(get(format!("/api/v1/events/{event}")).header("origin", SHOP)).await;
    assert_eq!((answer.status.as_u16(), allowed(&answer)), (200, Some(SHOP)));
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    for header in ["ratelimit", "retry-after", "x-request-id", "location", "link", "etag"] {
        assert!(exposed.contains(header), "{exposed}");
    }
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_and_caches_know() {
    let server = server(&[SHOP]);
    for origin in [
        "https://evil.example.org",
        "http://shop.example.org",
        "https://shop.example.org.evil.org",
        "https://shop.example.org:8443",
        "null",
        "*",
        "",
        "\u{ff}",
    ] {
        let answer = server.send(get("/api/v1/events").header("origin", origin)).await;
        assert_eq!((answer.status.as_u16(), allowed(&answer)), (200, None), "{origin}");
        assert!(vary(&answer).contains("origin"), "{origin}");
        let answer = crate::server::send(&server.router, preflight("/api/v1/orders", origin)).await;
        assert_eq!(answer.code().as_deref(), Some("origin_not_allowed"), "{origin}");
        assert_eq!(allowed(&answer), None);
    }
    let twice = get("/api/v1/events").header("origin", SHOP).and_header("origin", SHOP);
    assert_eq!(allowed(&server.send(twice).await), None);
    let none = server.send(get("/api/v1/events")).await;
    assert!(vary(&none).contains("origin") && vary(&none).contains("authorization"));
}

#[tokio::test]
async fn all_pages_may_ask_where_that_is_said_and_then_caches_need_not_tell_them_apart() {
    let server = server(&["*"]);
    for origin in [SHOP, "null"] {
        let answer = server.send(get("/api/v1/events").header("origin", origin)).await;
        assert_eq!(allowed(&answer), Some("*"));
        assert!(!vary(&answer).contains("origin"));
        assert_eq!(server.send(preflight("/api/v1/orders", origin)).await.status, 204);
    }
}

#[tokio::test]
async fn without_configuration_no_page_may_ask() {
    let server = server(&[]);
    let answer = server.send(get("/api/v1/events").header("origin", SHOP)).await;
    assert_eq!((allowed(&answer), vary(&answer).contains("origin")), (None, false));
    let answer = server.send(preflight("/api/v1/orders", SHOP)).await;
    assert_eq!(answer.code().as_deref(), Some("method_not_allowed"));
}

#[tokio::test]
async fn problems_can_be_read_by_an_allowed_page_too() {
    let server = server(&[SHOP]);
    let answer = server.send(get("/api/v1/holds/hld_0").header("origin", SHOP)).await;
    assert_eq!((answer.status.as_u16(), allowed(&answer)), (401, Some(SHOP)));
    let options = call_with("OPTIONS", "/api/v1/events").header("origin", SHOP);
    assert_eq!(server.send(options).await.code().as_deref(), Some("method_not_allowed"));
}
