//! What is read from a request: ids in the path, parameters, JSON bodies, idempotency keys.
//! Whatever is wrong with them is answered as a problem that names the place.

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use onsale_core::command::{Actor, IdempotencyKey};
use serde::de::DeserializeOwned;

use crate::api::edge::{BodyLimit, Edge};
use crate::dto::id::IdKind;
use crate::idempotency::{self, ClientKey};
use crate::problem::{Problem, catalog};

/// The id in the path.
pub struct Named<T>(pub T);

impl<T: IdKind> FromRequestParts<Edge> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let wrong = |problem: String| Problem::at(&catalog::INVALID_PARAMETER, "path.id", problem);
        let text = Path::<String>::from_request_parts(parts, edge).await;
        let Path(text) = text.map_err(|rejection| wrong(rejection.body_text()))?;
        text.parse().map(Self).map_err(|error| wrong(format!("{error}")))
    }
}

/// What stands behind the `?`.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Edge> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, edge).await;
        query.map(|Query(params)| Self(params)).map_err(|rejection| {
            Problem::at(&catalog::INVALID_PARAMETER, "query", rejection.body_text())
        })
    }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Edge> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Edge) -> Result<Self, Problem> {
        let headers = request.headers().clone();
        let bytes = read(request).await?;
        parse(&headers, &bytes).map(Self)
    }
}

/// A JSON body that takes effect once, under the Idempotency-Key that came with it.
pub struct Once<T> {
    /// The body.
    pub body: T,
    client_key: ClientKey,
    route: String,
    fingerprint: u128,
}

impl<T> Once<T> {
    /// The key under which the answer is kept for this actor.
    pub fn key(&self, actor: Actor) -> IdempotencyKey {
        let key = idempotency::digest(actor, &self.route, &self.client_key);
        IdempotencyKey { key, fingerprint: self.fingerprint }
    }
}

impl<T: DeserializeOwned> FromRequest<Edge> for Once<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, _: &Edge) -> Result<Self, Problem> {
        let client_key = idempotency::client_key(request.headers())?;
        let matched = request.extract_parts::<MatchedPath>().await;
        let matched = matched.map_err(|_| Problem::internal("a keyed request without a route"))?;
        let route = format!("{} {}", request.method(), matched.as_str());
        let path = request.uri().path().to_owned();
        let headers = request.headers().clone();
        let bytes = read(request).await?;
        let fingerprint = idempotency::fingerprint(&path, &bytes);
        let body = parse(&headers, &bytes)?;
        Ok(Self { body, client_key, route, fingerprint })
    }
}

/// Nothing: for requests that say everything in their path.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

async fn read(request: Request) -> Result<Bytes, Problem> {
    let limit = request.extensions().get::<BodyLimit>().map(|limit| limit.0);
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let problem = Problem::new(&catalog::BODY_TOO_LARGE, "the body is too large");
            limit.into_iter().fold(problem, |problem, limit| problem.member("limit", limit))
        } else {
            Problem::new(&catalog::MALFORMED_JSON, rejection.body_text())
        }
    })
}

/// An empty body is `{}`, whatever its type.
fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if !bytes.is_empty() && !is_json(headers) {
        let detail = "the body must be application/json";
        return Err(Problem::new(&catalog::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => {
                let at = if path == "." { "body" } else { path.as_str() };
                Problem::at(&catalog::INVALID_BODY, at, inner.to_string())
            }
            _ => Problem::new(&catalog::MALFORMED_JSON, inner.to_string()),
        }
    })?;
    let end = reader.end();
    end.map_err(|error| Problem::new(&catalog::MALFORMED_JSON, error.to_string()))?;
    Ok(body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
