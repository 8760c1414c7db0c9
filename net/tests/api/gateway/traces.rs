//! W3C Trace Context over HTTP: what a caller who traces hears.

use std::sync::{Arc, Mutex};

use onsale_core::command::Request;
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_core::trace::TraceId;
use onsale_net::port::{CallError, Look, Partitions};

use crate::memory::START;
use crate::server::{Server, get, post, router_to, send};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn response_to(server: &Server, parent: &str) -> String {
    let answer = server.send(get("/healthz").header("traceparent", parent)).await;
    answer.headers["traceresponse"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_callers_trace_is_continued_under_a_span_of_its_own() {
    let server = Server::new();
    let (one, other) = (response_to(&server, PARENT).await, response_to(&server, PARENT).await);
    for response in [&one, &other] {
        let parts: Vec<_> = response.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"), "{response}");
        assert_ne!(parts[2], "b7ad6b7169203331");
    }
    assert_ne!(one, other);
}

#[tokio::test]
async fn an_invalid_trace_is_not_continued_and_the_caller_hears_of_the_new_one() {
    let server = Server::new();
    for wrong in ["", "nonsense", &PARENT.to_uppercase(), &PARENT.replace(TRACE, &"0".repeat(32))] {
        let response = response_to(&server, wrong).await;
        assert_eq!(response.len(), PARENT.len(), "{response}");
        assert!(!response.contains(TRACE) && response.ends_with("-02"), "{response}");
    }
    let twice = get("/healthz").header("traceparent", PARENT).and_header("traceparent", PARENT);
    let answer = server.send(twice).await;
    assert!(!answer.headers["traceresponse"].to_str().unwrap().contains(TRACE));
}

#[tokio::test]
async fn whoever_does_not_trace_hears_of_no_trace() {
    let server = Server::new();
    let answer = server.send(get("/healthz").header("tracestate", "congo=t61")).await;
    assert!(!answer.headers.contains_key("traceresponse"));
    assert!(answer.headers.contains_key("x-request-id"));
}

#[tokio::test]
async fn what_is_decided_is_written_down_under_the_callers_trace_and_no_other() {
    let heard = Listening::default();
    let (_, router) = router_to(heard.clone());
    let open = || post("/api/v1/events/evt_0000000/open").operator();
    for parent in [PARENT, "nonsense"] {
        send(&router, open().header("traceparent", parent)).await;
    }
    send(&router, open()).await;
    let callers = TraceId::new(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    assert_eq!(*heard.0.lock().unwrap(), [callers, None, None]);
}

/// Partitions that remember under which traces they were asked.
#[derive(Clone, Default)]
struct Listening(Arc<Mutex<Vec<Option<TraceId>>>>);

impl Partitions for Listening {
    fn now(&self) -> Time {
        START
    }

    fn count(&self) -> u16 {
        1
    }

    async fn execute(&self, _: PartitionId, request: Request) -> Result<Reply, CallError> {
        self.0.lock().unwrap().push(request.trace);
        Ok(Reply::Done)
    }

    async fn look(&self, _: PartitionId, _: Look) -> Result<View, CallError> {
        Err(CallError::Stopped)
    }
}
