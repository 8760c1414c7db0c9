//! A provider's API as its adapter calls it: JSON or forms over HTTP, and which failures pass.
//!
//! Deliberately absent: what is asked, and limits of time (whoever calls an adapter sets one).

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::AskError;
use crate::outgoing::{Answer, HttpClient, safe_uri};

/// Where a provider's API is, without a last slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl(String);

/// A text that is no address of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "must be https://host[/path] without ? and last slash; http:// only for a host of this machine"
)]
pub struct NotAnApiUrl;

impl ApiUrl {
    /// The address in `text`.
    ///
    /// # Errors
    /// If somebody on the way could read what is said there, or something hangs on its end.
    pub fn parse(text: &str) -> Result<Self, NotAnApiUrl> {
        let uri = safe_uri(text, true).ok_or(NotAnApiUrl)?;
        let is_bare = uri.query().is_none() && !text.ends_with('/');
        if is_bare { Ok(Self(text.to_owned())) } else { Err(NotAnApiUrl) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A provider's API.
pub(super) struct Api {
    http: HttpClient,
    base: ApiUrl,
}

/// Headers of one call, by name.
pub(super) type Headers<'a> = &'a [(&'static str, &'a str)];

impl Api {
    pub(super) fn new(base: ApiUrl) -> Self {
        Self { http: HttpClient::new(), base }
    }

    /// Reads what is at `path`, which begins with a slash and may have a query.
    pub(super) async fn get(&self, path: &str, headers: Headers<'_>) -> Result<Said, AskError> {
        self.send(Method::GET, path, headers, None).await
    }

    /// Sends JSON.
    pub(super) async fn post_json(
        &self,
        path: &str,
        headers: Headers<'_>,
        body: &impl Serialize,
    ) -> Result<Said, AskError> {
        // What adapters send are objects with texts for names.
        let body = serde_json::to_vec(body).expect("an adapter sends what JSON can say");
        self.send(Method::POST, path, headers, Some(("application/json", body.into()))).await
    }

    /// Sends a form, encoded already.
    pub(super) async fn post_form(
        &self,
        path: &str,
        headers: Headers<'_>,
        form: String,
    ) -> Result<Said, AskError> {
        let body = ("application/x-www-form-urlencoded", form.into());
        self.send(Method::POST, path, headers, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: Headers<'_>,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<Said, AskError> {
        let uri = format!("{}{path}", self.base.0);
        let uri: Uri = uri.parse().map_err(|_| refused("a name that no address can have"))?;
        let mut map = HeaderMap::new();
        map.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value);
            map.insert(*name, value.map_err(|_| refused("a name that no header can have"))?);
        }
        let (kind, bytes) = body.unzip();
        map.extend(kind.map(|kind| (header::CONTENT_TYPE, HeaderValue::from_static(kind))));
        let mut request = Request::new(Full::from(bytes.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = map;
        let answer = self.http.send(request).await;
        answer.map(Said).map_err(|away| AskError::Temporary(away.to_string()))
    }
}

/// What a provider answered.
#[derive(Debug)]
pub(super) struct Said(Answer);

impl Said {
    pub(super) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The body of whatever status. One that cannot be read may be another the next time.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, AskError> {
        let read = serde_json::from_slice(&self.0.body);
        read.map_err(|fault| AskError::Temporary(format!("{}: {fault}", self.0.status)))
    }

    /// The body, if the status is one of success.
    pub(super) fn success<T: DeserializeOwned>(&self) -> Result<T, AskError> {
        if self.0.status.is_success() { self.json() } else { Err(self.failure()) }
    }

    /// Why it was not done. What a wrong key or the provider's own trouble led to is tried again:
    /// somebody mends it, and neither the order nor the refund is to blame.
    pub(super) fn failure(&self) -> AskError {
        let Answer { status, body } = &self.0;
        let words: String = String::from_utf8_lossy(body).chars().take(500).collect();
        let what = format!("{status}: {words}");
        let passes = status.is_server_error()
            || matches!(
                *status,
                StatusCode::UNAUTHORIZED
                    | StatusCode::FORBIDDEN
                    | StatusCode::REQUEST_TIMEOUT
                    | StatusCode::CONFLICT
                    | StatusCode::TOO_EARLY
                    | StatusCode::TOO_MANY_REQUESTS
            );
        if passes { AskError::Temporary(what) } else { AskError::Refused(what) }
    }
}

/// What will not be done, however often one asks.
pub(super) fn refused(why: impl Into<String>) -> AskError {
    AskError::Refused(why.into())
}

/// What may be done the next time.
pub(super) fn temporary(why: impl Into<String>) -> AskError {
    AskError::Temporary(why.into())
}
