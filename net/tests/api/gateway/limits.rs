//! Limits by address and by person: who is counted, what they hear, and what it leaves alone.

use onsale_core::time::Span;
use onsale_net::gateway::GatewaySettings;
use onsale_net::gateway::limit::{ClassLimits, LimitSettings};
use serde_json::json;

use crate::server::{Answer, Call, Server, get, post, send, standing};

const STRANGER: &str = "198.51.100.7";
const PROXY: &str = "127.0.0.1";

/// Ten a minute for an address, four for a person, all at once; only on buying and on sessions.
fn strict() -> Server {
    let limits = ClassLimits {
        address_per_minute: 10,
        address_burst: 10,
        person_per_minute: 4,
        person_burst: 4,
    };
    let limits = LimitSettings {
        trusted_proxies: vec![PROXY.parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
        entries_per_core: 1_024,
        buy: limits,
        session: limits,
        ..LimitSettings::none()
    };
    Server::behind(GatewaySettings { limits, ..GatewaySettings::default() })
}

fn open_session() -> Call {
    post("/api/v1/sessions").json(&json!({"email": "ada@example.org"}))
}

/// How many of these are let through before one is refused.
async fn granted(server: &Server, call: impl Fn(usize) -> Call) -> usize {
    for count in 0..1_000 {
        let answer = server.send(call(count)).await;
        if answer.code().as_deref() == Some("rate_limited") {
            return count;
        }
    }
    1_000
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn an_address_hears_how_much_is_left_and_when_to_come_back() {
    let server = strict();
    let first = server.send(open_session().from(STRANGER)).await;
    assert_eq!(first.status, 201);
    assert_eq!(header(&first, "ratelimit-policy"), "\"session-address\";q=10;w=60");
    assert_eq!(header(&first, "ratelimit"), "\"session-address\";r=9;t=6");
    assert_eq!(granted(&server, |_| open_session().from(STRANGER)).await, 9);

    let problem = server.refuse(open_session().from(STRANGER), 429, "rate_limited").await;
    assert_eq!(problem["violated_policies"], json!(["session-address"]));
    assert_eq!(problem["retry_after_s"], 6);
    let refused = server.send(open_session().from(STRANGER)).await;
    assert_eq!(header(&refused, "ratelimit"), "\"session-address\";r=0;t=6");
    assert_eq!(header(&refused, "retry-after"), "6", "not earlier than t");

    server.memory.pass(Span::from_secs(6));
    assert_eq!(granted(&server, |_| open_session().from(STRANGER)).await, 1, "as it was told");
}

#[tokio::test]
async fn one_address_does_not_slow_down_another_nor_another_class() {
    let server = strict();
    assert_eq!(granted(&server, |_| open_session().from(STRANGER)).await, 10);
    assert_eq!(granted(&server, |_| open_session().from("198.51.100.8")).await, 10);
    let events = server.send(get("/api/v1/events").from(STRANGER)).await;
    assert_eq!(events.status, 200);
    assert!(!events.headers.contains_key("ratelimit"), "without a limit there is nothing to say");
}

#[tokio::test]
async fn a_person_is_counted_wherever_they_come_from_and_by_whichever_token() {
    let server = strict();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hold = server.hold(&event, &token).await;
    let show = |count: usize, token: &str| {
        get(format!("/api/v1/holds/{hold}")).token(token).from(&format!("203.0.113.{count}"))
    };
    let first = server.send(show(0, &token)).await;
    let policies = "\"buy-address\";q=10;w=60, \"buy-person\";q=4;w=60";
    assert_eq!(header(&first, "ratelimit-policy"), policies);
    assert_eq!(header(&first, "ratelimit"), "\"buy-person\";r=3;t=15", "the one with least left");
    assert_eq!(granted(&server, |count| show(count, &token)).await, 3);
    let problem = server.refuse(show(99, &token), 429, "rate_limited").await;
    assert_eq!(problem["violated_policies"], json!(["buy-person"]));
    assert_eq!(problem["retry_after_s"], 15);

    let other = server.guest().await;
    let answer = server.send(show(0, &other)).await;
    assert_eq!(answer.code().as_deref(), Some("not_found"), "another person is not limited");
}

#[tokio::test]
async fn what_clients_claim_of_themselves_is_not_believed() {
    let server = strict();
    let spoof = |count: usize| {
        let claim = format!("203.0.113.{count}");
        let call = open_session().header("x-forwarded-for", claim.clone());
        call.header("forwarded", format!("for={claim}")).header("x-real-ip", claim)
    };
    assert_eq!(granted(&server, |count| spoof(count).from(STRANGER)).await, 10);
    // Through a proxy, which adds the address it sees to whatever the client has sent.
    let through = |count: usize| {
        let claim = format!("203.0.113.{count}, 127.0.0.1, 198.51.100.9, 10.0.0.1");
        spoof(count).header("x-forwarded-for", claim).from(PROXY)
    };
    assert_eq!(granted(&server, through).await, 10);
    // The same in lines of its own.
    let in_lines = |count: usize| {
        let call = open_session().header("x-forwarded-for", format!("203.0.113.{count}"));
        call.and_header("x-forwarded-for", "198.51.100.10").from(PROXY)
    };
    assert_eq!(granted(&server, in_lines).await, 10);
}

#[tokio::test]
async fn people_behind_a_proxy_are_counted_apart() {
    let server = strict();
    for client in ["203.0.113.1", "203.0.113.2", "2001:db8:1:2::1"] {
        let call = || open_session().header("x-forwarded-for", client).from(PROXY);
        assert_eq!(granted(&server, |_| call()).await, 10, "{client}");
    }
    let neighbour = open_session().header("x-forwarded-for", "2001:db8:1:2:ffff::2").from(PROXY);
    server.refuse(neighbour, 429, "rate_limited").await;
    let garbled = |_| open_session().header("x-forwarded-for", "203.0.113.3, what?").from(PROXY);
    assert_eq!(granted(&server, garbled).await, 10, "counted as the proxy that said it");
}

#[tokio::test]
async fn a_program_of_ours_is_not_limited_and_is_counted_as_such() {
    let server = strict();
    assert_eq!(granted(&server, |_| open_session().from(PROXY)).await, 1_000);
    assert_eq!(granted(&server, |_| open_session()).await, 1_000, "without a socket");
    let metrics = server.send(get("/metrics")).await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(text.contains("\nrate_limit_exempt_total 1000\n"), "{text}");
}

#[tokio::test]
async fn distinct_addresses_without_end_take_no_memory_and_refusals_are_counted() {
    let server = strict();
    for count in 0..5_000_u32 {
        let address = std::net::Ipv4Addr::from(0x0B00_0000 + count).to_string();
        let answer = send(&server.router, get("/api/v1/holds/hld_0").from(&address)).await;
        assert_ne!(answer.status, 429);
    }
    assert_eq!(granted(&server, |_| open_session().from(STRANGER)).await, 10);
    let metrics = server.send(get("/metrics")).await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    let refused = "rate_limited_total{class=\"session\",counts=\"address\"} 1";
    for line in ["rate_limit_entries 1024", refused] {
        assert!(text.lines().any(|each| each == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn even_what_leads_nowhere_is_limited() {
    let read = ClassLimits { address_per_minute: 5, address_burst: 5, ..ClassLimits::default() };
    let limits = LimitSettings { read, entries_per_core: 64, ..LimitSettings::none() };
    let server = Server::behind(GatewaySettings { limits, ..GatewaySettings::default() });
    let call = |count| get(format!("/wp-admin/{count}")).from(STRANGER);
    let mut statuses = Vec::new();
    for count in 0..6 {
        statuses.push(send(&server.router, call(count)).await.status.as_u16());
    }
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429]);
}
