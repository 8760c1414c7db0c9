//! Around every request: its id, its metrics, the headers of every response, and problems written
//! out. A panic in a handler ends the request, not the core.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use super::edge::Edge;
use crate::conditional::Keep;
use crate::problem::Problem;

/// The header of the request's id, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over.
const REQUEST_ID_BYTES_MAX: usize = 64;

pub(super) async fn frame(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    // Only for the histogram: what is decided goes by the port's clock.
    let started = Instant::now();
    let id = sane_id(request.headers()).unwrap_or_else(|| edge.counters().next_request_id());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response =
        outcome.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response());
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.render(&mut response, &id);
    }
    dress(response.headers_mut(), &id);
    let route = route.as_ref().map(MatchedPath::as_str);
    edge.counters().count(&method, route, response.status(), started.elapsed());
    response
}

/// The caller's id, if it can stand in a log line and a header as it is.
fn sane_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_sane = (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_sane.then(|| id.to_owned())
}

/// What every response has, unless its handler has said it better.
fn dress(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let defaults = [
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, Keep::Never.header()),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        ),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(value);
    }
}
