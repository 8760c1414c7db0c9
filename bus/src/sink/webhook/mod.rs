//! Signed webhooks: a POST for each event, one after the other, as Standard Webhooks 1.0.0 has it.
//!
//! A receiver answers with any 2xx once it has the event for good. 410 ends it: nothing more is
//! sent. Everything else is a failure, redirects too, and the event is sent again later with the
//! same `webhook-id`. `Retry-After` is heeded.

mod address;
mod retry_after;
mod signature;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::uri::Scheme;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;
use tokio::time::timeout;

use self::address::{Resolver, is_public, literal};
use self::signature::signatures;
use super::{Sink, SinkError};
use crate::event::Event;

pub use self::signature::{NotASecret, SigningSecret};

/// How long a receiver may take, by the specification 15 to 30 seconds.
pub const TIMEOUT_S: u64 = 20;

/// How long is waited before the second attempt, the third, and so on: the specification's.
pub const RETRY_S: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// What of an answer is read, so that its connection can be used again.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Where webhooks are sent, and how.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    url: Uri,
    secrets: Arc<[SigningSecret]>,
    timeout: Duration,
    private_addresses: bool,
}

/// Webhooks cannot be sent so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAWebhook {
    /// The URL is no place for them.
    #[error("url must be https://host/path, of a host with a public address")]
    Url,
    /// There is nothing to sign with.
    #[error("secrets must be 1 to 8 of them: the new one first, while one is being changed")]
    Secrets,
    /// One of them is no secret.
    #[error("each of secrets {0}")]
    Secret(#[from] NotASecret),
}

/// What came of sending something once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was not taken.
    Failed {
        /// What the receiver answered, if it did.
        status: Option<StatusCode>,
        /// What is the matter.
        why: String,
        /// How long it wants to be left alone at least.
        retry_after: Option<Duration>,
    },
    /// Nothing more is wanted, ever.
    Gone,
    /// The receiver has it.
    Taken(StatusCode),
}

/// Webhooks to one endpoint. A cheap handle: when it is gone for one of its clones, it is for all.
#[derive(Clone)]
pub struct Webhook {
    settings: WebhookSettings,
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    is_gone: Arc<AtomicBool>,
}

impl WebhookSettings {
    /// To a host of the world over TLS; with `private_addresses` to any, over plain HTTP too.
    pub fn new(
        url: &str,
        secrets: &[impl AsRef<str>],
        timeout: Duration,
        private_addresses: bool,
    ) -> Result<Self, NotAWebhook> {
        let url = Self::check_url(url, private_addresses)?;
        if !(1..=8).contains(&secrets.len()) {
            return Err(NotAWebhook::Secrets);
        }
        let secrets = secrets.iter().map(|secret| SigningSecret::parse(secret.as_ref()));
        let secrets = secrets.collect::<Result<_, _>>()?;
        Ok(Self { url, secrets, timeout, private_addresses })
    }

    /// Whether something may be sent there, as far as the URL says. What its name resolves to is
    /// looked at each time that something is sent.
    pub fn check_url(url: &str, private_addresses: bool) -> Result<Uri, NotAWebhook> {
        let url = url.parse().ok().filter(|url| is_fit(url, private_addresses));
        url.ok_or(NotAWebhook::Url)
    }
}

fn is_fit(url: &Uri, private_addresses: bool) -> bool {
    let is_secure = url.scheme() == Some(&Scheme::HTTPS);
    let is_plain = url.scheme() == Some(&Scheme::HTTP);
    let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    let Some(host) = url.host().filter(|host| !host.is_empty() && !has_user) else { return false };
    if private_addresses {
        return is_secure || is_plain;
    }
    is_secure && literal(host).is_none_or(is_public)
}

impl Webhook {
    /// Sends there.
    pub fn new(settings: WebhookSettings) -> Self {
        let resolver = Resolver { private_too: settings.private_addresses };
        let mut connector = HttpConnector::new_with_resolver(resolver);
        connector.enforce_http(false);
        connector.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { settings, client, is_gone: Arc::default() }
    }

    /// Sends something once, `json` under this id; nothing, if the receiver is gone.
    pub async fn attempt(&self, id: &str, json: &str) -> Attempt {
        if self.is_gone() {
            return Attempt::Gone;
        }
        let asked = self.client.request(self.request(id, json, SystemTime::now()));
        let answered = async {
            let (head, body) = asked.await?.into_parts();
            drain(body).await;
            Ok::<_, hyper_util::client::legacy::Error>(head)
        };
        let failed = |why| Attempt::Failed { status: None, why, retry_after: None };
        let head = match timeout(self.settings.timeout, answered).await {
            Ok(Ok(head)) => head,
            Ok(Err(error)) => return failed(causes(&error)),
            Err(_) => return failed("it does not answer in time".to_owned()),
        };
        match head.status {
            status if status.is_success() => Attempt::Taken(status),
            StatusCode::GONE => {
                self.is_gone.store(true, Ordering::Relaxed);
                Attempt::Gone
            }
            status => Attempt::Failed {
                status: Some(status),
                why: format!("it answers {status}"),
                retry_after: retry_after::read(&head.headers, SystemTime::now()),
            },
        }
    }

    /// Whether it has said that it wants nothing more.
    pub fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Relaxed)
    }

    fn request(&self, id: &str, json: &str, now: SystemTime) -> Request<Full<Bytes>> {
        let timestamp_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let signature = signatures(&self.settings.secrets, id, timestamp_s, json.as_bytes());
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.settings.url)
            .header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8")
            .header(USER_AGENT, concat!("onsale/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp_s)
            .header("webhook-signature", signature)
            .body(Full::from(json.to_owned()));
        request.expect("all of it is printable ASCII")
    }
}

impl Attempt {
    /// What it means for a delivery, of which so many events were taken before.
    pub fn into_result(self, delivered: usize) -> Result<(), SinkError> {
        match self {
            Self::Failed { why, retry_after, .. } => {
                Err(SinkError::Temporary { delivered, why, retry_after })
            }
            Self::Gone => {
                let why = "it answers 410 Gone: nothing more is sent there";
                Err(SinkError::Permanent { delivered, why: why.to_owned() })
            }
            Self::Taken(_) => Ok(()),
        }
    }
}

impl Sink for Webhook {
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        async move {
            for (number, event) in events.iter().enumerate() {
                self.attempt(&event.id, &event.json).await.into_result(number)?;
            }
            Ok(())
        }
        .boxed()
    }
}

/// Reads what is left, so that the connection can be used again. What is too long is cut off with
/// the connection.
async fn drain(body: Incoming) {
    let _ = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
}

/// An error with what led to it: the outermost one alone says nothing.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
