//! Asking a provider over HTTP. An answer is bounded, and a redirect is not followed: it is no
//! answer to any of this.

use axum::body::Bytes;
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

use super::ProviderError;

/// The largest answer, in bytes: some providers publish the certificates of all their keys.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// An HTTP client. A cheap handle.
#[derive(Clone)]
pub(super) struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Http {
    /// One that trusts whom Mozilla trusts.
    pub(super) fn new() -> Self {
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1();
        Self(Client::builder(TokioExecutor::new()).build(connector.build()))
    }

    /// Reads a document of JSON.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        uri: &Uri,
        authorization: Option<HeaderValue>,
    ) -> Result<T, ProviderError> {
        let answer = self.send(Method::GET, uri, authorization, None).await?;
        if answer.status != StatusCode::OK {
            return Err(away(uri, format!("it answers {}", answer.status)));
        }
        answer.json(uri)
    }

    /// Sends a form.
    pub(super) async fn post(
        &self,
        uri: &Uri,
        authorization: Option<HeaderValue>,
        form: String,
    ) -> Result<Answer, ProviderError> {
        self.send(Method::POST, uri, authorization, Some(form)).await
    }

    async fn send(
        &self,
        method: Method,
        uri: &Uri,
        authorization: Option<HeaderValue>,
        form: Option<String>,
    ) -> Result<Answer, ProviderError> {
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let content_type = form.is_some().then_some(form_type);
        let mut request = Request::new(Full::from(form.unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(content_type.map(|value| (CONTENT_TYPE, value)));
        headers.extend(authorization.map(|value| (AUTHORIZATION, value)));
        let response = self.0.request(request).await.map_err(|error| away(uri, error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| away(uri, error))?.to_bytes();
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// What it says.
    pub(super) fn json<T: DeserializeOwned>(&self, uri: &Uri) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| away(uri, error))
    }
}

/// That `uri` is of no use now.
pub(super) fn away(uri: &Uri, why: impl std::fmt::Display) -> ProviderError {
    ProviderError::Away(format!("{uri}: {why}"))
}
