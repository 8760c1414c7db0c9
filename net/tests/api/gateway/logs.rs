//! The log lines of requests: what is in them, and what never is.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use onsale_net::gateway::GatewaySettings;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, with_default};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::memory::Memory;
use crate::server::{Server, get, post, router_behind, send, standing};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Keeps lines as `LEVEL field=value ...`.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn of_requests(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Lines {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // Asked anew each time: tests run side by side.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "onsale::request" && *metadata.level() <= Level::DEBUG
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = event.metadata().level().to_string();
        event.record(&mut Line(&mut line));
        self.0.lock().unwrap().push(line);
    }
}

/// What is logged while `work` is done.
fn lines_of<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    let lines = Lines::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let done = with_default(lines.clone(), || runtime.block_on(work));
    (done, lines.of_requests())
}

#[test]
fn a_line_says_what_was_done_and_nothing_personal() {
    let server = Server::new();
    let (token, lines) = lines_of(async {
        let token = server.guest().await;
        let event = server.event(&standing()).await;
        let path = format!("/api/v1/events/{event}/availability?email=ada@example.org");
        let call = get(path).token(&token).header("traceparent", PARENT);
        server.send(call.header("x-request-id", "mine-1")).await;
        token
    });
    let line = lines.last().unwrap();
    for part in [
        "DEBUG",
        "request_id=\"mine-1\"",
        "trace_id=0af7651916cd43dd8448eb211c80319c",
        "method=\"GET\"",
        "route=\"/api/v1/events/{id}/availability\"",
        "status=200",
        "took_us=",
        "class=\"read\"",
        "person=per_",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(lines[0].contains("/api/v1/sessions") && !lines[0].contains("person="), "{}", lines[0]);
    for secret in ["ada@", "email=", &token] {
        assert!(!lines.iter().any(|line| line.contains(secret)), "{secret} is in {lines:?}");
    }
}

#[test]
fn refusals_are_no_faults_and_slow_requests_are_told() {
    let server = Server::new();
    let (_, lines) = lines_of(server.send(get("/api/v1/events/evt_0000000")));
    assert!(lines[0].starts_with("DEBUG") && lines[0].contains("code=\"not_found\""), "{lines:?}");

    let settings = GatewaySettings { slow_request: Duration::ZERO, ..GatewaySettings::default() };
    let (_, router) = router_behind(Memory::new(), settings);
    let (_, lines) = lines_of(send(&router, get("/healthz")));
    assert!(lines[0].starts_with("WARN"), "{lines:?}");
}

#[test]
fn whoever_waits_for_news_is_not_slow() {
    let settings = GatewaySettings { slow_request: Duration::ZERO, ..GatewaySettings::default() };
    let server = Server::behind(settings);
    let ((), lines) = lines_of(async {
        let token = server.guest().await;
        let event = server.event(&crate::server::queued()).await;
        let join = post(format!("/api/v1/events/{event}/waitroom")).token(&token);
        let place = server.accept(join.json(&json!({"party": 1})), 201).await;
        let id = crate::server::text(&place["id"]);
        let path = format!("/api/v1/places/{id}?wait_ms=25000&seen=nothing");
        server.accept(get(path).token(&token), 200).await;
    });
    assert!(lines.last().unwrap().starts_with("DEBUG"), "{lines:?}");
}

#[test]
fn a_flood_of_slow_requests_is_summed_up() {
    let settings = GatewaySettings { slow_request: Duration::ZERO, ..GatewaySettings::default() };
    let (_, router) = router_behind(Memory::new(), settings);
    let ((), lines) = lines_of(async {
        for _ in 0..500 {
            send(&router, get("/healthz")).await;
        }
    });
    assert!((100..400).contains(&lines.len()), "{}", lines.len());
}
