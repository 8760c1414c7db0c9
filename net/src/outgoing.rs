//! Asking others over HTTP. An answer is bounded, and a redirect is not followed: it is no answer
//! to anything that is asked here. Nobody can read on the way what is said, but on this machine.
//!
//! Deliberately absent: what an answer means, and any limit of time.

use axum::body::Bytes;
use axum::http::uri::Scheme;
use axum::http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;

/// The largest answer, in bytes: some publish the certificates of all their keys.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// An HTTP client. A cheap handle; it keeps connections.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Nothing was answered, or nothing that can be used.
#[derive(Debug, Error)]
#[error("{uri}: {why}")]
pub(crate) struct Away {
    uri: Uri,
    why: String,
}

impl Away {
    pub(crate) fn new(uri: &Uri, why: impl std::fmt::Display) -> Self {
        Self { uri: uri.clone(), why: why.to_string() }
    }
}

impl HttpClient {
    /// One that trusts whom Mozilla trusts.
    pub(crate) fn new() -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
        Self(Client::builder(TokioExecutor::new()).build(connector.build()))
    }

    /// Sends a request and reads the whole answer. Its URI is absolute.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, Away> {
        let uri = request.uri().clone();
        let response = self.0.request(request).await.map_err(|error| Away::new(&uri, error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Away::new(&uri, error))?.to_bytes();
        Ok(Answer { status, body })
    }
}

/// The address in `text`, if nobody on the way can read or change what is said there.
/// `may_be_local` lets one of this machine do without TLS.
pub(crate) fn safe_uri(text: &str, may_be_local: bool) -> Option<Uri> {
    let uri: Uri = text.parse().ok()?;
    let is_safe = uri.scheme() == Some(&Scheme::HTTPS)
        || (may_be_local && uri.scheme() == Some(&Scheme::HTTP) && is_loopback(&uri));
    // A name and password before the host, or a fragment, have no meaning there.
    let is_plain = !text.contains(['@', '#']) && uri.host().is_some_and(|host| !host.is_empty());
    (is_safe && is_plain).then_some(uri)
}

/// Whether it is a program of this machine, such as that of a test.
pub(crate) fn is_loopback(uri: &Uri) -> bool {
    ["127.0.0.1", "[::1]", "localhost"].contains(&uri.host().unwrap_or_default())
}
