//! HTTP/1.1 as clients speak it over the simulated network: every wait has an end, because a lost
//! segment is never sent again there.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use turmoil::net::TcpStream;

/// The port that everybody listens on.
pub const PORT: u16 = 80;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(2);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(4);

/// A request, before it is sent.
#[derive(Clone, Debug)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where, with the query.
    pub path: String,
    /// With which headers.
    pub headers: Vec<(&'static str, String)>,
    /// With which bytes; empty for none.
    pub body: Vec<u8>,
    /// How long the answer may take.
    pub patience: Duration,
}

impl Call {
    /// Asks for something.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Sends something.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        let call = Self::new(Method::POST, path).header("content-type", "application/json");
        Self { body: body.to_string().into_bytes(), ..call }
    }

    fn new(method: Method, path: impl Into<String>) -> Self {
        let headers = vec![("accept", "application/json".to_owned())];
        Self { method, path: path.into(), headers, body: Vec::new(), patience: ANSWER }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As whoever has this token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Under an idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With so much more patience for the answer.
    #[must_use]
    pub fn patient(mut self, more: Duration) -> Self {
        self.patience += more;
        self
    }

    /// The very bytes that go over the wire.
    pub fn wire(&self) -> Vec<u8> {
        let given = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = [
            format!("{} {} HTTP/1.1\r\nhost: server\r\n", self.method, self.path),
            given.collect(),
            format!("content-length: {}\r\n\r\n", self.body.len()),
        ];
        [head.concat().as_bytes(), &self.body].concat()
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::builder().method(&self.method).uri(&self.path);
        request = request.header("host", "server");
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = Full::new(Bytes::from(self.body.clone()));
        request.body(body).expect("calls are written in this crate, and well")
    }
}

/// An answer that came whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its bytes.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A text member of the body, or nothing.
    pub fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_default().to_owned()
    }

    /// The code of a problem: what `application/problem+json` carries.
    pub fn code(&self) -> Option<String> {
        let kind = self.headers.get("content-type")?;
        (kind == "application/problem+json").then(|| self.text("code"))
    }
}

/// A connection that is kept for the next request.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: AbortHandle,
}

impl Line {
    /// Connects; `None` if nobody answers.
    pub async fn open(host: &str) -> Option<Self> {
        let stream = connect(host).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        let connection = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        Some(Self { sender, connection })
    }

    /// Sends a request; `None` if no whole answer came, and the connection is of no more use.
    pub async fn send(&mut self, call: &Call) -> Option<Answer> {
        let exchange = async {
            self.sender.ready().await.ok()?;
            let response = self.sender.send_request(call.request()).await.ok()?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.ok()?.to_bytes();
            Some(Answer { status: head.status, headers: head.headers, body })
        };
        timeout(call.patience, exchange).await.ok().flatten()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

/// A bare connection; `None` if nobody answers.
pub async fn connect(host: &str) -> Option<TcpStream> {
    timeout(CONNECT, TcpStream::connect((host, PORT))).await.ok()?.ok()
}

/// Sends one request over a connection of its own; `None` if no whole answer came.
pub async fn send(host: &str, call: &Call) -> Option<Answer> {
    Line::open(host).await?.send(call).await
}
