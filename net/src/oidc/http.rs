//! Asking a provider over HTTP.

use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use serde::de::DeserializeOwned;

use super::ProviderError;
use crate::outgoing::{Answer, Away, HttpClient};

/// An HTTP client. A cheap handle.
#[derive(Clone)]
pub(super) struct Http(HttpClient);

impl From<Away> for ProviderError {
    fn from(away: Away) -> Self {
        Self::Away(away.to_string())
    }
}

impl Http {
    pub(super) fn new() -> Self {
        Self(HttpClient::new())
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
        json(&answer, uri)
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
        Ok(self.0.send(request).await?)
    }
}

/// What an answer says.
pub(super) fn json<T: DeserializeOwned>(answer: &Answer, uri: &Uri) -> Result<T, ProviderError> {
    serde_json::from_slice(&answer.body).map_err(|error| away(uri, error))
}

/// That `uri` is of no use now.
pub(super) fn away(uri: &Uri, why: impl std::fmt::Display) -> ProviderError {
    Away::new(uri, why).into()
}
