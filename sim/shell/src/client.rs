//! An HTTP client that keeps its connection while it is good, and gives up on an answer after a
//! while: under simulation a packet may take for ever.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use madsim::net::TcpStream;
use madsim::task;
use madsim::time::{Instant, sleep, timeout};
use serde_json::Value;

use crate::stream::SimStream;
use crate::swarm::{chance, up_to_ms};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// How often a request that was answered is sent once more, to see the same answer.
const REPEAT_CHANCE: f64 = 0.1;

/// An answer: its status, and its body as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub bytes: Bytes,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
}

/// What is asked.
pub struct Ask {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Ask {
    /// A wish to see `path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    /// A wish to change something, with this body.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body) }
    }

    /// A wish to remove what is at `path`.
    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: None }
    }
}

/// Somebody who speaks HTTP.
pub struct Client {
    server: SocketAddr,
    name: String,
    token: Option<String>,
    keys: u64,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client of the server at this address; `name` is part of its idempotency keys.
    pub fn new(server: SocketAddr, name: impl Into<String>) -> Self {
        Self { server, name: name.into(), token: None, keys: 0, connection: None }
    }

    /// From now on it speaks for whoever has this token.
    pub fn speak_for(&mut self, token: &str) {
        self.token = Some(token.to_owned());
    }

    /// Asks again and again under one key, until there is an answer or `until` has come. An answer
    /// 503 is none. After a while an answered request may be repeated: what was created is
    /// acknowledged with the same bytes again.
    ///
    /// # Panics
    /// If the server fails, or answers a repeated request differently.
    pub async fn insist(&mut self, ask: &Ask, until: Instant) -> Option<Answer> {
        self.keys += 1;
        let key = format!("{}-{}", self.name, self.keys);
        let answer = self.insist_under(&key, ask, until).await?;
        if answer.status == StatusCode::CREATED && chance(REPEAT_CHANCE) && !is_session(ask) {
            sleep(up_to_ms(2_000)).await;
            let again = self.insist_under(&key, ask, until).await?;
            assert_eq!(again, answer, "{} {}: the same key, another answer", ask.method, ask.path);
        }
        Some(answer)
    }

    async fn insist_under(&mut self, key: &str, ask: &Ask, until: Instant) -> Option<Answer> {
        while Instant::now() < until {
            match self.ask(key, ask).await {
                Some(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => {
                    assert!(!answer.status.is_server_error(), "{}: {answer:?}", ask.path);
                    return Some(answer);
                }
                Some(_) => {}
                // Half a connection may still wait for the answer.
                None => self.connection = None,
            }
            sleep(Duration::from_millis(50) + up_to_ms(500)).await;
        }
        None
    }

    /// Asks once; `None` if no answer came.
    pub async fn ask(&mut self, key: &str, ask: &Ask) -> Option<Answer> {
        let request = self.request(key, ask);
        timeout(PATIENCE, self.send(request)).await.ok().flatten()
    }

    fn request(&self, key: &str, ask: &Ask) -> Request<Full<Bytes>> {
        let body = ask.body.as_ref().map(|body| Bytes::from(body.to_string()));
        let mut request = Request::builder()
            .method(&ask.method)
            .uri(&ask.path)
            .header(HOST, self.server.to_string())
            .header("idempotency-key", key);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(Full::new(body.unwrap_or_default())).expect("paths and tokens are plain text")
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Option<Answer> {
        let mut connection = match self.connection.take().filter(|kept| !kept.is_closed()) {
            Some(kept) => kept,
            None => self.connect().await?,
        };
        connection.ready().await.ok()?;
        let response = connection.send_request(request).await.ok()?;
        let status = response.status();
        let bytes = response.into_body().collect().await.ok()?.to_bytes();
        self.connection = Some(connection);
        Some(Answer { status, bytes })
    }

    async fn connect(&self) -> Option<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.server).await.ok()?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(SimStream::new(stream))).await.ok()?;
        task::spawn(async move {
            // Whoever asked sees that no answer comes.
            let _ = connection.await;
        });
        Some(sender)
    }
}

/// Sessions are no stock and no money: a repeated wish makes another one.
fn is_session(ask: &Ask) -> bool {
    ask.path.ends_with("/sessions")
}
