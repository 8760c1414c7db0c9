//! What is read from a request: ids in the path, parameters, JSON bodies, idempotency keys.
//! Whatever is wrong with them is answered as a problem that names the place.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;
use std::{io, iter};

use axum::body::{Bytes, HttpBody};
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use onsale_core::command::{Actor, IdempotencyKey};
use onsale_core::id::{EventId, OrderId, PersonId};
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::task::spawn_blocking;

use crate::api::edge::Edge;
use crate::dto::id::IdKind;
use crate::idempotency::{self, ClientKey};
use crate::oidc::ProviderName;
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

/// The provider in the path, which need not be there.
pub struct ProviderNamed(pub ProviderName);

impl FromRequestParts<Edge> for ProviderNamed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let [name] = parts_of_path(parts, edge).await?;
        name.parse().map(Self)
    }
}

/// Somebody in a crew, such as `/events/{id}/roles/{person}`.
pub struct MemberOf<T>(pub T, pub PersonId);

impl<T: IdKind> FromRequestParts<Edge> for MemberOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let [id, person] = parts_of_path(parts, edge).await?;
        Ok(Self(id.parse()?, person.parse()?))
    }
}

/// The event in the path, if its partition has room for a new arrival. For routes that crowds come
/// to, before anything else is read or verified: in a crowd most are refused.
pub struct Arrived(pub EventId);

impl FromRequestParts<Edge> for Arrived {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let Named(event) = Named::from_request_parts(parts, edge).await?;
        edge.check_room(event)?;
        Ok(Self(event))
    }
}

/// An event and the position of a part of it, such as `/events/{id}/quotas/{quota}`.
pub struct PartOf(pub EventId, pub u16);

impl FromRequestParts<Edge> for PartOf {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let [event, position] = parts_of_path(parts, edge).await?;
        let wrong = || position.wrong("must be a position, from 0".to_owned());
        Ok(Self(event.parse()?, position.text.parse().map_err(|_| wrong())?))
    }
}

/// An order and the number of something that it has, such as `/orders/{id}/refunds/{number}`.
pub struct OrderPart(pub OrderId, pub u32);

impl FromRequestParts<Edge> for OrderPart {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, edge: &Edge) -> Result<Self, Problem> {
        let [order, number] = parts_of_path(parts, edge).await?;
        let wrong = || number.wrong("must be a number, from 0".to_owned());
        Ok(Self(order.parse()?, number.text.parse().map_err(|_| wrong())?))
    }
}

/// A part of the path.
pub(crate) struct PathPart {
    name: String,
    text: String,
}

impl PathPart {
    /// What it says.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, Problem> {
        self.text.parse().map_err(|error: T::Err| self.wrong(error.to_string()))
    }

    fn wrong(&self, problem: String) -> Problem {
        Problem::at(&catalog::INVALID_PARAMETER, format!("path.{}", self.name), problem)
    }
}

/// The parameters of a path that has `N` of them, in their order.
pub(crate) async fn parts_of_path<const N: usize>(
    parts: &mut Parts,
    edge: &Edge,
) -> Result<[PathPart; N], Problem> {
    let params = Path::<Vec<(String, String)>>::from_request_parts(parts, edge).await;
    let Path(params) = params.map_err(|rejection| no_text(&rejection))?;
    let params: Vec<_> = params.into_iter().map(|(name, text)| PathPart { name, text }).collect();
    params.try_into().map_err(|_| Problem::internal(format!("a path that has not {N} parameters")))
}

/// A path of which a part is no UTF-8.
fn no_text(rejection: &PathRejection) -> Problem {
    let name = match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.kind() {
            ErrorKind::InvalidUtf8InPathParam { key } => key.as_str(),
            _ => "id",
        },
        _ => "id",
    };
    Problem::at(&catalog::INVALID_PARAMETER, format!("path.{name}"), rejection.body_text())
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

/// The largest body, in bytes, unless a handler says otherwise.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A JSON body of at most `MAX` bytes.
pub struct Body<T, const MAX: usize = BODY_BYTES_MAX>(pub T);

impl<T: DeserializeOwned, const MAX: usize> FromRequest<Edge> for Body<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Edge) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, MAX).await?;
        parse(&parts.headers, &bytes).map(Self)
    }
}

/// A JSON body of at most `MAX` bytes that is so large that it is understood elsewhere than on a
/// core.
pub struct Unread<const MAX: usize>(HeaderMap, Bytes);

impl<const MAX: usize> FromRequest<Edge> for Unread<MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Edge) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Ok(Self(parts.headers, read(body, MAX).await?))
    }
}

impl<const MAX: usize> Unread<MAX> {
    /// What it says, as far as `understand` makes something of it.
    pub async fn understood<T, U>(
        self,
        understand: impl FnOnce(T) -> Result<U, Problem> + Send + 'static,
    ) -> Result<U, Problem>
    where
        T: DeserializeOwned,
        U: Send + 'static,
    {
        let Self(headers, bytes) = self;
        let understood = spawn_blocking(move || understand(parse(&headers, &bytes)?)).await;
        understood.unwrap_or_else(|_| Err(Problem::internal("the body could not be read")))
    }
}

/// What is in a body that is no JSON, whatever it says that it is.
pub async fn content(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    read(request.into_body(), bytes_max).await
}

/// A JSON body of at most `MAX` bytes that takes effect once, under the Idempotency-Key that came
/// with it.
pub struct Once<T, const MAX: usize = BODY_BYTES_MAX> {
    /// The body.
    pub body: T,
    client_key: ClientKey,
    method: Method,
    route: MatchedPath,
    fingerprint: u128,
}

impl<T, const MAX: usize> Once<T, MAX> {
    /// The key under which the answer is kept for this actor.
    pub fn key(&self, actor: Actor) -> IdempotencyKey {
        let (method, route) = (self.method.as_str(), self.route.as_str());
        let key = idempotency::digest(actor, method, route, &self.client_key);
        IdempotencyKey { key, fingerprint: self.fingerprint }
    }
}

impl<T: DeserializeOwned, const MAX: usize> FromRequest<Edge> for Once<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Edge) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let client_key = idempotency::client_key(&parts.headers)?;
        let route = parts.extensions.remove::<MatchedPath>();
        let route = route.ok_or_else(|| Problem::internal("a keyed request without a route"))?;
        let bytes = read(body, MAX).await?;
        let fingerprint = idempotency::fingerprint(parts.uri.path(), &bytes);
        let body = parse(&parts.headers, &bytes)?;
        Ok(Self { body, client_key, method: parts.method, route, fingerprint })
    }
}

/// Nothing: for requests that say everything in their path.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Most bodies come in one piece, which is taken as it is.
async fn read(body: axum::body::Body, max: usize) -> Result<Bytes, Problem> {
    let mut body = Limited::new(body, max);
    let first = body.frame().await.transpose().map_err(|error| unread(&*error, max))?;
    let first = first.and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    if body.is_end_stream() {
        return Ok(first);
    }
    let rest = body.collect().await.map_err(|error| unread(&*error, max))?.to_bytes();
    Ok(if rest.is_empty() { first } else { [first, rest].concat().into() })
}

fn unread(error: &(dyn Error + 'static), max: usize) -> Problem {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    if error.is::<LengthLimitError>() {
        Problem::new(&catalog::BODY_TOO_LARGE, "the body is too large").member("limit", max)
    } else if causes.any(|error| error.downcast_ref().is_some_and(timed_out)) {
        Problem::new(&catalog::BODY_TOO_SLOW, "the rest of the body did not come in time")
    } else {
        Problem::new(&catalog::MALFORMED_JSON, format!("the body cannot be read: {error}"))
    }
}

/// An empty body is `{}`, whatever its type.
fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, Problem> {
    if !bytes.is_empty() && !is_json(headers) {
        let detail = "the body must be application/json";
        return Err(Problem::new(&catalog::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    serde_json::from_slice(bytes).or_else(|_| explain(bytes))
}

/// Reads again what could not be read, this time with an eye on where: that costs more, and is
/// rarely needed.
fn explain<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if inner.is_data() || is_json_at_all(bytes) {
            let at = if path == "." { "body" } else { path.as_str() };
            Problem::at(&catalog::INVALID_BODY, at, inner.to_string())
        } else {
            Problem::new(&catalog::MALFORMED_JSON, inner.to_string())
        }
    })?;
    let end = reader.end();
    end.map_err(|error| Problem::new(&catalog::MALFORMED_JSON, error.to_string()))?;
    Ok(body)
}

/// Whatever it should say: a number where one of a few words is wanted counts as bad syntax
/// otherwise.
fn is_json_at_all(bytes: &[u8]) -> bool {
    let text = str::from_utf8(bytes);
    text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let is_other_json = |essence: &str| {
        let essence = essence.to_ascii_lowercase();
        essence.starts_with("application/") && essence.ends_with("+json")
    };
    essence.eq_ignore_ascii_case("application/json") || is_other_json(essence)
}
