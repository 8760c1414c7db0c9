//! Cross-origin requests: which pages of others may ask from a browser.
//!
//! Tokens travel in headers that a page sets itself, so no answer ever allows a browser to add
//! credentials of its own (cookies), and `"*"` is as safe as a list. Deliberately absent: whatever
//! would keep programs out; they do not ask the browser.

use std::fmt;
use std::str::FromStr;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN,
    VARY,
};
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::problem::{Problem, catalog};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, checkout-token, content-type, idempotency-key, if-match, if-none-match, \
     last-event-id, traceparent, tracestate, x-request-id",
);
/// What a page may read besides the few headers that every page may.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "deprecation, etag, link, location, ratelimit, ratelimit-policy, retry-after, sunset, \
     traceresponse, x-request-id",
);
/// Two hours: browsers keep an answer to a preflight no longer.
const MAX_AGE_S: HeaderValue = HeaderValue::from_static("7200");
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const VARY_PREFLIGHT: HeaderValue =
    HeaderValue::from_static("access-control-request-headers, access-control-request-method");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Which pages of other origins may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorsSettings {
    /// Those origins; none without any.
    pub origins: Vec<Origin>,
}

/// The origin of a page, or all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Origin {
    /// Whatever there is.
    Any,
    /// This one, as browsers write it.
    One(HeaderValue),
}

/// A text that names no origin.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0:?} is no origin: write it as \"https://tickets.example.org\", without a path, or \"*\""
)]
pub struct NotAnOrigin(String);

/// What a request is to be told about its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It has none, or one that may not ask.
    Nothing,
    /// Every origin may ask.
    Any,
    /// This one may.
    One(HeaderValue),
}

impl CorsSettings {
    /// What a request with these headers is to be told.
    pub(crate) fn told(&self, headers: &HeaderMap) -> Told {
        if self.origins.is_empty() {
            return Told::Nothing;
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        // A browser sends one.
        let (Some(origin), None) = (origins.next(), origins.next()) else { return Told::Nothing };
        if self.origins.contains(&Origin::Any) {
            return Told::Any;
        }
        let is_it = |known: &&Origin| matches!(known, Origin::One(known) if known == origin);
        self.origins.iter().find(is_it).map_or(Told::Nothing, |_| Told::One(origin.clone()))
    }

    /// The answer to a preflight, if it is one: no handler hears of it.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let is_preflight = *method == Method::OPTIONS
            && headers.contains_key(ORIGIN)
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if self.origins.is_empty() || !is_preflight {
            return None;
        }
        if self.told(headers) == Told::Nothing {
            let detail = "pages of this origin may not ask here: see [cors] in the configuration";
            return Some(Problem::new(&catalog::ORIGIN_NOT_ALLOWED, detail).into_response());
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let answer = response.headers_mut();
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        answer.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE_S);
        answer.append(VARY, VARY_PREFLIGHT);
        Some(response)
    }

    /// Lets the page read an answer, and caches know that other pages may not.
    pub(crate) fn allow(&self, told: Told, headers: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        if !self.origins.contains(&Origin::Any) {
            headers.append(VARY, VARY_ORIGIN);
        }
        let allowed = match told {
            Told::Nothing => return,
            Told::Any => ANY,
            Told::One(origin) => origin,
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
    }
}

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let no = || NotAnOrigin(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| no())?;
        let scheme = uri.scheme().filter(|s| [&Scheme::HTTP, &Scheme::HTTPS].contains(s));
        let (scheme, authority) = scheme.zip(uri.authority()).ok_or_else(no)?;
        // As browsers do: lowercase, and nothing else. A default port they would leave out.
        let written = format!("{scheme}://{authority}").to_ascii_lowercase();
        let default = if *scheme == Scheme::HTTPS { 443 } else { 80 };
        let is_plain = written == text && !written.contains('@');
        if !is_plain || authority.port_u16() == Some(default) {
            return Err(no());
        }
        HeaderValue::from_str(text).map(Self::One).map_err(|_| no())
    }
}

impl TryFrom<String> for Origin {
    type Error = NotAnOrigin;

    fn try_from(text: String) -> Result<Self, NotAnOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            // It was text.
            Self::One(origin) => f.write_str(origin.to_str().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_only_as_browsers_write_them() {
        for right in ["*", "https://tickets.example.org", "http://localhost:3000"] {
            assert_eq!(right.parse::<Origin>().unwrap().to_string(), right);
        }
        for wrong in [
            "",
            "null",
            "tickets.example.org",
            "https://",
            "https://tickets.example.org/",
            "https://Tickets.example.org",
            "https://tickets.example.org:443",
            "https://ada@tickets.example.org",
            "ftp://tickets.example.org",
            "https://*.example.org/path",
        ] {
            assert!(wrong.parse::<Origin>().is_err(), "{wrong}");
        }
    }
}
