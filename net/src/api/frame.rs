//! Around every request: what the gateway has to say to it, its id, its metrics, the headers of
//! every response, and problems written out. A panic in a handler ends the request, not the core.

mod stage;

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use self::stage::Stage;
use super::edge::Edge;
use crate::gateway::address::Peer;
use crate::gateway::compression::Compression;
use crate::gateway::cors;
use crate::gateway::current::Current;
use crate::gateway::limit::{Applied, Bucket, Verdict};
use crate::gateway::log::Outcome;
use crate::gateway::trace::{TRACEPARENT, TRACERESPONSE};
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
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Framed<S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Framed<S> {
        let about = About::of(&request, &self.edge);
        let mut current = about.begin(&request);
        let stage = match admit(&self.edge, &request, &mut current) {
            Admission::Now => Stage::running(self.route.call(request)),
            Admission::Asked(bucket) => {
                let (edge, now) = (self.edge.clone(), self.edge.now());
                let verdict = async move { edge.gateway().spend_strictly(bucket, now).await };
                let then = Some(Box::new((self.route.clone(), request)));
                Stage::Asking { verdict: verdict.boxed(), then }
            }
            Admission::Never(response) => Stage::Answered { response: Some(response) },
        };
        Framed { stage, current: Some(current), about }
    }
}

/// Whether a request may go to its route.
enum Admission {
    Now,
    /// Others are asked first.
    Asked(Bucket),
    Never(Response),
}

/// Refuses before anything else is done what the head alone speaks against.
fn admit(edge: &Edge, request: &Request, current: &mut Current) -> Admission {
    let (gateway, headers) = (edge.gateway(), request.headers());
    if let Err(problem) = gateway.head.check(request.uri(), headers) {
        return Admission::Never(problem.into_response());
    }
    if let Some(answer) = gateway.cors.preflight(request.method(), headers) {
        return Admission::Never(answer);
    }
    let peer = request.extensions().get::<Peer>();
    let Some(subject) = gateway.client(peer, headers) else { return Admission::Now };
    current.is_limited = true;
    let bucket = Bucket { class: current.class, subject };
    if bucket.is_asked_for() {
        return Admission::Asked(bucket);
    }
    match judged(gateway.spend(bucket, edge.now()), &mut current.limits) {
        Ok(()) => Admission::Now,
        Err(problem) => Admission::Never(problem.into_response()),
    }
}

/// Remembers a verdict, if there is one, and says what follows from it.
fn judged(verdict: Option<Verdict>, limits: &mut Applied) -> Result<(), Problem> {
    let Some(verdict) = verdict else { return Ok(()) };
    limits.add(verdict);
    verdict.into_result()
}

pin_project! {
    /// The answer of a route, on its way through the frame.
    pub(super) struct Framed<S: Service<Request>> {
        #[pin]
        stage: Stage<S>,
        current: Option<Current>,
        about: About,
    }
}

impl<S> Future for Framed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(Current::during(this.current, || this.stage.poll(context)));
        let Some(current) = this.current.take() else {
            unreachable!("a future that has completed is not polled again")
        };
        Poll::Ready(Ok(this.about.finish(&current, outcome)))
    }
}

/// What is remembered of a request until it is answered, beside what others may ask for.
struct About {
    started: Instant,
    /// The number of its route.
    route: usize,
    takes_gzip: bool,
    is_traced: bool,
    origin: cors::Told,
    edge: Edge,
}

impl About {
    fn of(request: &Request, edge: &Edge) -> Self {
        let (gateway, headers) = (edge.gateway(), request.headers());
        let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        Self {
            // Only for the histogram: what is decided goes by the port's clock.
            started: Instant::now(),
            route: gateway.routes.find(request.method(), path),
            takes_gzip: Compression::is_wanted(headers),
            is_traced: headers.contains_key(TRACEPARENT),
            origin: gateway.cors.told(headers),
            edge: edge.clone(),
        }
    }

    fn begin(&self, request: &Request) -> Current {
        let (gateway, headers) = (self.edge.gateway(), request.headers());
        let route = gateway.routes.get(self.route);
        Current {
            id: sane_id(headers).unwrap_or_else(|| self.edge.counters().next_request_id()),
            trace: gateway.traces.place(headers),
            class: route.class,
            action: route.action,
            is_limited: false,
            limits: Applied::default(),
            person: None,
            waits: false,
        }
    }

    fn finish(
        &mut self,
        current: &Current,
        outcome: Result<Response, Box<dyn Any + Send>>,
    ) -> Response {
        let mut response =
            outcome.unwrap_or_else(|_| Problem::internal("a handler panicked").into_response());
        let problem = response.extensions_mut().remove::<Problem>();
        let code = problem.as_ref().map(Problem::code);
        if let Some(problem) = problem {
            problem.render(&mut response, &current.id);
        }
        let gateway = self.edge.gateway();
        let route = gateway.routes.get(self.route);
        gateway.compression.apply(self.takes_gzip, &mut response);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&current.id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(trace) = self.is_traced.then(|| current.trace.to_string()) {
            headers.extend(HeaderValue::try_from(trace).ok().map(|trace| (TRACERESPONSE, trace)));
        }
        if let Some(retirement) = &route.retirement {
            retirement.announce(headers);
        }
        gateway.cors.allow(mem::replace(&mut self.origin, cors::Told::Nothing), headers);
        gateway.dress(&current.limits, headers);
        let (status, took) = (response.status(), self.started.elapsed());
        self.edge.counters().count(self.route, status, took);
        gateway.log.note(current, &Outcome { route, status, code, took });
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

#[cfg(test)]
mod tests;
