//! Heads of requests that are too large, and the headers that protect answers.

use onsale_net::gateway::{GatewaySettings, HeadBounds};

use crate::server::{Call, Server, get, send, standing};

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_with_the_bound_it_passes() {
    let head = HeadBounds { uri_bytes_max: 100, headers_max: 10 };
    let server = Server::behind(GatewaySettings { head, ..GatewaySettings::default() });
    let address = |bytes: usize| get(format!("/api/v1/events?{}", "x".repeat(bytes - 15)));
    assert_eq!(server.send(address(100)).await.code().as_deref(), Some("invalid_parameter"));
    let problem = server.refuse(address(101), 414, "uri_too_long").await;
    assert_eq!(problem["limit"], 100);

    let with_headers = |count: usize| {
        (0..count).fold(get("/healthz"), |call: Call, n| call.and_header("x-filler", n.to_string()))
    };
    assert_eq!(server.send(with_headers(10)).await.status, 200);
    let problem = server.refuse(with_headers(11), 431, "too_many_headers").await;
    assert_eq!(problem["limit"], 10);
}

#[tokio::test]
async fn answers_cannot_be_framed_sniffed_leaked_or_read_by_other_sites() {
    let server = Server::new();
    let event = server.event(&standing()).await;
    for path in [format!("/api/v1/events/{event}"), "/nowhere".to_owned()] {
        let answer = send(&server.router, get(path)).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert_eq!(answer.headers["cross-origin-resource-policy"], "same-origin");
        assert!(!answer.headers.contains_key("strict-transport-security"), "it is not https");
        assert!(!answer.headers.contains_key("permissions-policy"), "it is no page");
    }
    let page = server.send(get("/api/docs/")).await;
    assert!(page.headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
    assert_eq!(page.headers["cross-origin-opener-policy"], "same-origin");
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("'self'"));
}

#[tokio::test]
async fn browsers_stay_with_https_where_buyers_come_by_it() {
    let server = Server::behind(GatewaySettings { is_https: true, ..GatewaySettings::default() });
    let answer = server.send(get("/healthz")).await;
    assert_eq!(answer.headers["strict-transport-security"], "max-age=63072000");
}
