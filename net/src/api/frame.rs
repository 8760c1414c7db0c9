//! Around every request: its id, its metrics, the headers of every response, and problems written
//! out. A panic in a handler ends the request, not the core.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::CatchUnwind;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::edge::Edge;
use crate::conditional::Keep;
use crate::problem::Problem;

/// The header of the request's id, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Puts the frame around every route. A service of its own rather than a function: a function's
/// future would be boxed once more for every request.
#[derive(Clone)]
pub(super) struct FrameLayer(pub(super) Edge);

impl<S> Layer<S> for FrameLayer {
    type Service = Frame<S>;

    fn layer(&self, route: S) -> Frame<S> {
        Frame { edge: self.0.clone(), route }
    }
}

/// A route in its frame.
#[derive(Clone)]
pub(super) struct Frame<S> {
    edge: Edge,
    route: S,
}

impl<S> Service<Request> for Frame<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Framed<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Framed<S::Future> {
        let counters = self.edge.counters();
        let about = About {
            // Only for the histogram: what is decided goes by the port's clock.
            started: Instant::now(),
            id: sane_id(request.headers()).unwrap_or_else(|| counters.next_request_id()),
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            edge: self.edge.clone(),
        };
        let answer = AssertUnwindSafe(self.route.call(request)).catch_unwind();
        Framed { answer, about }
    }
}

pin_project! {
    /// The answer of a route, on its way through the frame.
    pub(super) struct Framed<F> {
        #[pin]
        answer: CatchUnwind<AssertUnwindSafe<F>>,
        about: About,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Framed<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.answer.poll(context));
        Poll::Ready(Ok(this.about.finish(outcome)))
    }
}

/// What is remembered of a request until it is answered.
struct About {
    started: Instant,
    id: String,
    method: Method,
    route: Option<MatchedPath>,
    edge: Edge,
}

impl About {
    fn finish(
        &self,
        outcome: Result<Result<Response, Infallible>, Box<dyn Any + Send>>,
    ) -> Response {
        let mut response = match outcome {
            Ok(Ok(response)) => response,
            Err(_) => Problem::internal("a handler panicked").into_response(),
        };
        if let Some(problem) = response.extensions_mut().remove::<Problem>() {
            problem.render(&mut response, &self.id);
        }
        dress(response.headers_mut(), &self.id);
        let route = self.route.as_ref().map(MatchedPath::as_str);
        let took = self.started.elapsed();
        self.edge.counters().count(&self.method, route, response.status(), took);
        response
    }
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
