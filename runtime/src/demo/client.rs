//! The demo's HTTP client: JSON in and out, one number for how long each answer took.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::server::Startup;

/// The longest answer time that is told apart, in microseconds.
const SLOWEST_US: u64 = 60_000_000;

/// Requests under way at once. Server and crowd are one process here and share its descriptors; a
/// buyer beyond that waits for a turn, as on a slow line.
const AT_ONCE: usize = 4_000;

/// A client of the API. A cheap handle.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    turns: Arc<Semaphore>,
    base: String,
    operator: String,
    /// How long answers took since the last look, in microseconds.
    latencies: Arc<Mutex<Histogram<u64>>>,
}

/// Why there is no usable answer.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The connection failed, or what came was not HTTP or JSON.
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    /// The server refused what the demo relies on.
    #[error("{method} {path} was answered {status}: {body}")]
    Unexpected {
        /// What was asked.
        method: Method,
        /// Of what.
        path: String,
        /// The answer's status.
        status: StatusCode,
        /// The answer.
        body: Value,
    },
}

/// An answer: its status and its JSON.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) retry_after: Option<Duration>,
}

impl Answer {
    /// A text member of the answer.
    pub(super) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }
}

/// What goes with a request.
#[derive(Clone, Copy, Default)]
pub(super) struct With<'a> {
    pub(super) bearer: Option<&'a str>,
    pub(super) checkout: Option<&'a str>,
    pub(super) key: Option<&'a str>,
    pub(super) body: Option<&'a Value>,
}

impl Client {
    pub(super) fn new(startup: &Startup) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(AT_ONCE)
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let latencies = Histogram::new_with_max(SLOWEST_US, 3);
        Ok(Self {
            http,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            base: format!("http://{}", startup.address),
            operator: startup.operator_token.expose().to_owned(),
            latencies: Arc::new(Mutex::new(latencies.expect("three digits of a minute fit"))),
        })
    }

    /// Sends a request to a path of this server, or to a whole address.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        with: With<'_>,
    ) -> Result<Answer, ClientError> {
        let whole = if path.starts_with("http") { path.to_owned() } else { self.url(path) };
        let mut request = self.http.request(method, whole).headers(headers(with));
        if let Some(body) = with.body {
            request = request.json(body);
        }
        // Never closed, so a turn always comes.
        let _turn = self.turns.acquire().await;
        let begun = Instant::now();
        let response = request.send().await?;
        let status = response.status();
        let after = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
        let retry_after = after.and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let bytes = response.bytes().await?;
        self.note(begun.elapsed());
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, body, retry_after })
    }

    /// Sends a request as the operator; anything but success is an error.
    pub(super) async fn operate(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, ClientError> {
        let bearer = Some(self.operator.as_str());
        let with = With { bearer, key, body, checkout: None };
        let answer = self.send(method.clone(), path, with).await?;
        if answer.status.is_success() {
            Ok(answer.body)
        } else {
            let (status, body) = (answer.status, answer.body);
            Err(ClientError::Unexpected { method, path: path.to_owned(), status, body })
        }
    }

    /// How long answers took since the last look, in microseconds; they are counted anew.
    pub(super) fn take_latencies(&self) -> Histogram<u64> {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = latencies.clone();
        latencies.reset();
        taken
    }

    fn note(&self, took: Duration) {
        let took_us = (took.as_micros() as u64).clamp(1, SLOWEST_US);
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(took_us);
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn headers(with: With<'_>) -> HeaderMap {
    let bearer = with.bearer.map(|token| format!("Bearer {token}"));
    let all = [
        ("authorization", bearer.as_deref()),
        ("checkout-token", with.checkout),
        ("idempotency-key", with.key),
        ("accept", Some("application/json")),
    ];
    let header = |(name, value): (&'static str, Option<&str>)| {
        let value = HeaderValue::from_str(value?).ok()?;
        Some((HeaderName::from_static(name), value))
    };
    all.into_iter().filter_map(header).collect()
}
