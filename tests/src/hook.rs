//! A receiver of webhooks that checks their signatures, by a second reading of the specification,
//! and has trouble of its own now and then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const SECRET: [u8; 32] = *b"thirty-two bytes of some secrecy";

/// It refuses every so many-th.
const TROUBLE_EVERY: u64 = 11;

/// The receiver. Dropped, it is away.
pub struct Hook {
    url: String,
    taken: Shared,
    _task: JoinSet<()>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Taken>>);

#[derive(Default)]
struct Taken {
    asked: u64,
    events: Vec<Value>,
    /// What was not signed as it should be, or was no event.
    wrong: Vec<String>,
}

impl Hook {
    /// One that has taken nothing yet.
    ///
    /// # Panics
    /// If there is no port to be had.
    pub async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
        let address = listener.local_addr().expect("it has an address");
        let (url, taken) = (format!("http://{address}/onsale"), Shared::default());
        let router = Router::new().route("/onsale", post(receive)).with_state(taken.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.expect("it is served") });
        Self { url, taken, _task: task }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What must be signed with, as it is written in a configuration.
    pub fn secret() -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(SECRET))
    }

    /// All that it took, in order.
    ///
    /// # Panics
    /// If something came that it could not believe.
    pub fn taken(&self) -> Vec<Value> {
        let taken = self.taken.lock();
        assert!(taken.wrong.is_empty(), "not to be believed: {:?}", taken.wrong);
        taken.events.clone()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn receive(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut taken = shared.lock();
    taken.asked += 1;
    if taken.asked.is_multiple_of(TROUBLE_EVERY) {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    match believed(&headers, &body) {
        Some(event) => taken.events.push(event),
        None => taken.wrong.push(format!("{headers:?} {}", String::from_utf8_lossy(&body))),
    }
    StatusCode::NO_CONTENT
}

/// The event, if it is the server's.
fn believed(headers: &HeaderMap, body: &[u8]) -> Option<Value> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let (id, timestamp) = (text("webhook-id")?, text("webhook-timestamp")?);
    let signature = webhook_signature(&Hook::secret(), id, timestamp, body);
    let event: Value = serde_json::from_slice(body).ok()?;
    let is_ours = text("webhook-signature")? == signature && event["id"] == id;
    is_ours.then_some(event)
}

/// What a webhook must be signed with, by a secret as its receiver is told it.
///
/// # Panics
/// If it is no secret.
pub fn webhook_signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let digits = secret.strip_prefix("whsec_").expect("a secret begins so");
    let key = BASE64_STANDARD.decode(digits).expect("a secret is base64");
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of every length");
    let mac = mac.chain_update(id).chain_update(".").chain_update(timestamp).chain_update(".");
    format!("v1,{}", BASE64_STANDARD.encode(mac.chain_update(body).finalize().into_bytes()))
}
