//! W3C Trace Context over HTTP: what a caller who traces hears.

use crate::server::{Server, get};

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
