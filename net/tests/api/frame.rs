//! What surrounds every request: ids, headers, wrong addresses and methods, faults, metrics.

use onsale_core::command::Request;
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_net::port::{CallError, Look, Partitions};
use serde_json::json;

use crate::memory::{Memory, START};
use crate::server::{Server, call_with, get, post, router_to, send, standing};

#[tokio::test]
async fn every_answer_has_the_id_of_its_request() {
    let server = Server::new();
    let answer = server.send(get("/healthz").header("x-request-id", "trace-1.a_B")).await;
    assert_eq!(answer.headers["x-request-id"], "trace-1.a_B");
    let mut own = Vec::new();
    for odd in ["", "a b", "a\"b", &"x".repeat(65)] {
        let answer = server.send(get("/healthz").header("x-request-id", odd)).await;
        own.push(answer.headers["x-request-id"].to_str().unwrap().to_owned());
    }
    own.sort();
    own.dedup();
    assert_eq!(own.len(), 4, "each its own");
}

#[tokio::test]
async fn wrong_addresses_and_methods_are_problems_too() {
    let server = Server::new();
    for path in ["/", "/api/v1/nothing", "/api/vague"] {
        server.refuse(get(path), 404, "no_such_route").await;
    }
    let problem = server.refuse(get("/api/v2/events"), 404, "unknown_version").await;
    assert_eq!(problem["versions"], json!(["v1"]));
    let answer = server.send(call_with("PUT", "/api/v1/events")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (405, Some("method_not_allowed".into())));
    let mut allowed: Vec<_> = answer.headers["allow"].to_str().unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn answers_are_safe_to_show_and_personal_ones_not_kept() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hold = server.hold(&event, &token).await;
    let answer = server.send(get(format!("/api/v1/holds/{hold}")).token(&token)).await;
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    assert!(answer.headers.contains_key("content-security-policy"));
}

#[tokio::test]
async fn faults_behind_the_port_become_problems() {
    let show = || get("/api/v1/events/evt_0000000");
    let (_, router) = router_to(Faulty(Fault::Overloaded));
    let answer = send(&router, show()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, Some("overloaded".into())));
    assert_eq!(answer.headers["retry-after"], "7");
    assert_eq!(answer.json()["retry_after_s"], 7);

    let (_, router) = router_to(Faulty(Fault::Stopped));
    for path in ["/api/v1/events/evt_0000000", "/readyz"] {
        let answer = send(&router, get(path)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, Some("stopping".into())));
        assert!(answer.headers.contains_key("retry-after"));
    }

    let (_, router) = router_to(Faulty(Fault::Panic));
    let answer = send(&router, show()).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (500, Some("internal_error".into())));
    assert!(!answer.json()["detail"].as_str().unwrap().contains("the disk"), "no insides shown");
    assert_eq!(send(&router, get("/healthz")).await.status, 200, "and the next is answered");
}

#[tokio::test]
async fn a_crowd_before_a_full_partition_is_refused_unread() {
    let (_, router) = router_to(Faulty(Fault::Overloaded));
    for path in ["/api/v1/events/evt_0000000/holds", "/api/v1/events/evt_0000000/waitroom"] {
        let answer = send(&router, post(path).token("of nobody").raw("nonsense")).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, Some("overloaded".into())));
        assert_eq!(answer.headers["retry-after"], "7");
    }
}

#[tokio::test]
async fn a_server_that_stops_is_not_ready_but_alive() {
    let (api, router) = router_to(Memory::new());
    assert_eq!(send(&router, get("/readyz")).await.status, 200);
    api.stop();
    let answer = send(&router, get("/readyz")).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (503, Some("stopping".into())));
    assert_eq!(send(&router, get("/healthz")).await.status, 200);
}

#[tokio::test]
async fn requests_are_counted_by_route_over_all_cores() {
    let (api, first) = router_to(Memory::new());
    let second = onsale_net::api::router(api);
    for router in [&first, &second] {
        send(router, get("/api/v1/events/evt_0000000")).await;
        send(router, post("/api/v1/sessions").raw("{}")).await;
        send(router, get("/no/such/thing")).await;
    }
    let text = String::from_utf8(send(&first, get("/metrics")).await.body.to_vec()).unwrap();
    for line in [
        r#"http_requests_total{method="GET",route="/api/v1/events/{id}",status="404"} 2"#,
        r#"http_requests_total{method="POST",route="/api/v1/sessions",status="400"} 2"#,
        r#"http_requests_total{method="OTHER",route="other",status="404"} 2"#,
    ] {
        assert!(text.lines().any(|each| each == line), "{line} is not in\n{text}");
    }
}

/// Partitions that never answer properly.
#[derive(Clone)]
struct Faulty(Fault);

#[derive(Clone, Copy)]
enum Fault {
    Overloaded,
    Panic,
    Stopped,
}

impl Faulty {
    fn fail<T>(&self) -> Result<T, CallError> {
        match self.0 {
            Fault::Overloaded => Err(CallError::Overloaded { retry_after_s: 7 }),
            Fault::Panic => panic!("the disk is on fire (this test wants it)"),
            Fault::Stopped => Err(CallError::Stopped),
        }
    }
}

impl Partitions for Faulty {
    fn now(&self) -> Time {
        START
    }

    fn count(&self) -> u16 {
        1
    }

    fn check_room(&self, _: PartitionId) -> Result<(), CallError> {
        if matches!(self.0, Fault::Overloaded) { self.fail() } else { Ok(()) }
    }

    async fn execute(&self, _: PartitionId, _: Request) -> Result<Reply, CallError> {
        self.fail()
    }

    async fn look(&self, _: PartitionId, _: Look) -> Result<View, CallError> {
        self.fail()
    }
}
