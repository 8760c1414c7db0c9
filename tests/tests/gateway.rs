//! What stands before the handlers of the real binary: limits over real sockets and between two
//! servers, a Redis that dies and comes back, log lines that name their request.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use onsale_testbed::Redis;
use onsale_tests::{Operator, Server, Shopper, club};
use reqwest::{Client, Response};
use serde_json::{Value, json};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Opens a guest's session for a client behind a proxy.
async fn open_session(client: &Client, base: &str, address: &str) -> Response {
    let body = json!({ "email": "ada@example.org" }).to_string();
    let request = client.post(format!("{base}/api/v1/sessions")).body(body);
    let request = request.header("content-type", "application/json");
    request.header("x-forwarded-for", address).send().await.expect("the server is there")
}

async fn metric(client: &Client, base: &str, name: &str) -> u64 {
    let answer = client.get(format!("{base}/metrics")).send().await.expect("the server is there");
    let text = answer.text().await.expect("it is text");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().expect("a number")
}

async fn until_redis_is(up: u64, client: &Client, base: &str) {
    while metric(client, base, "redis_up").await != up {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_stranger_is_limited_on_either_host_and_a_program_of_ours_is_not() {
    for host in ["glommio", "tokio"] {
        let data = tempfile::tempdir().unwrap();
        let limits = [
            ("ONSALE_LIMITS__TRUSTED_PROXIES", ""),
            ("ONSALE_LIMITS__SESSION__ADDRESS_PER_MINUTE", "1"),
            ("ONSALE_LIMITS__SESSION__ADDRESS_BURST", "3"),
        ];
        for (environment, granted) in [(&limits[..], 3), (&limits[1..], 10)] {
            let arguments = ["--host", host, "--cores", "1"];
            let server = Server::start_with(data.path(), &arguments, environment).unwrap();
            let client = Client::new();
            let mut statuses = Vec::new();
            for _ in 0..10 {
                let url = format!("{}/api/v1/sessions", server.base);
                let request = client.post(url).header("content-type", "application/json");
                let body = json!({ "email": "ada@example.org" }).to_string();
                statuses.push(request.body(body).send().await.unwrap().status().as_u16());
            }
            let expected: Vec<_> = (0..10).map(|n| if n < granted { 201 } else { 429 }).collect();
            assert_eq!(statuses, expected, "{host}");
            assert!(server.stop().status.success());
        }
    }
}

#[tokio::test]
async fn two_servers_share_a_limit_and_sell_on_when_their_redis_is_killed() {
    const BURST: usize = 2_000;
    let mut redis = Redis::start().unwrap();
    let url = redis.url();
    let burst = BURST.to_string();
    let environment = [
        ("ONSALE_REDIS__URL", url.as_str()),
        ("ONSALE_REDIS__TIMEOUT_MS", "2000"),
        ("ONSALE_LIMITS__SESSION__ADDRESS_PER_MINUTE", "1"),
        ("ONSALE_LIMITS__SESSION__ADDRESS_BURST", burst.as_str()),
    ];
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let servers = folders.each_ref().map(|folder| {
        Server::start_with(folder.path(), &["--cores", "1"], &environment).expect("it starts")
    });
    let [one, other] = servers.each_ref().map(|server| server.base.as_str());
    let client = Client::new();
    until_redis_is(1, &client, one).await;
    until_redis_is(1, &client, other).await;

    let mut here = 0;
    while open_session(&client, one, "203.0.113.9").await.status() == 201 {
        here += 1;
    }
    assert_eq!(here, BURST);
    let mut there = 0;
    while open_session(&client, other, "203.0.113.9").await.status() == 201 {
        there += 1;
        // Others go on meanwhile, here and there.
        open_session(&client, one, "203.0.113.10").await;
    }
    assert!(there < BURST, "the other server never heard of it");

    redis.kill();
    until_redis_is(0, &client, one).await;
    until_redis_is(0, &client, other).await;
    let operator = Operator::new(one, servers[0].operator_token());
    let event = operator.open(&club(10)).await;
    let shopper = Shopper::new(one).await.unwrap();
    let bought = shopper.buy(&event, 0, 2).await.expect("the server is there");
    assert_eq!(bought.text("status"), Some("COMPLETED"), "{bought:?}");
    let limited = open_session(&client, one, "203.0.113.9").await.status();
    assert_eq!(limited, 429, "what a core knows it still knows");

    redis.start_again().unwrap();
    until_redis_is(1, &client, one).await;
    assert!(metric(&client, one, "redis_errors_total").await > 0);
    for server in servers {
        let ended = server.stop();
        assert!(ended.status.success(), "{ended:?}");
        let lines = ended.errors.matches("redis is gone").count();
        assert_eq!(lines, 1, "said once: {}", ended.errors);
    }
}

#[test]
fn a_body_that_stops_is_a_problem_that_says_so() {
    for host in ["glommio", "tokio"] {
        let data = tempfile::tempdir().unwrap();
        let environment = [("ONSALE_BOUNDS__HEADER_TIMEOUT_S", "1")];
        let server = Server::start_with(data.path(), &["--host", host], &environment).unwrap();
        let mut stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
        let head = "POST /api/v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-length: 30\r\n\r\n";
        stream.write_all(format!("{head}{{\"email\":").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{host}: {answer}");
        assert!(answer.contains("\"code\":\"body_too_slow\""), "{host}: {answer}");
    }
}

#[tokio::test]
async fn a_log_line_names_the_request_that_it_was_written_for() {
    for format in ["json", "text"] {
        let data = tempfile::tempdir().unwrap();
        let environment = [("ONSALE_LOG__FORMAT", format)];
        let server = Server::start_with(data.path(), &[], &environment).expect("it starts");
        let request = Client::new().post(format!("{}/api/v1/webhooks/sandbox", server.base));
        let request = request.header("x-request-id", "mine-1").header("traceparent", PARENT);
        assert_eq!(request.body("{}").send().await.unwrap().status(), 400);
        let ended = server.stop();
        let line = ended.errors.lines().find(|line| line.contains("not believed"));
        let line = line.unwrap_or_else(|| panic!("{}", ended.errors));
        if format == "json" {
            let line: Value = serde_json::from_str(line).expect("it is JSON");
            assert_eq!(line["request_id"], "mine-1");
            assert_eq!(line["trace_id"], "0af7651916cd43dd8448eb211c80319c");
            assert_eq!(line["level"], "WARN");
        } else {
            let request = "request_id=mine-1 trace_id=0af7651916cd43dd8448eb211c80319c";
            assert!(line.ends_with(request), "{line}");
        }
    }
}
