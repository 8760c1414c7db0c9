//! Conditions (RFC 9110): answers that a client may keep and ask for again with `If-None-Match`,
//! and changes that are made only to the version that a client has seen, with `If-Match`.

use axum::extract::FromRequestParts;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_MATCH, IF_NONE_MATCH, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use onsale_control::version::Version;
use serde::Serialize;
use utoipa::IntoParams;

use crate::api::edge::Edge;
use crate::json::Json;
use crate::problem::{Problem, catalog};

/// For whom an answer may be kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// For everybody, a second: many ask, and it changes all the time.
    Briefly,
    /// For everybody, for ever: it never changes.
    Forever,
    /// For everybody, five minutes: it changes seldom.
    Minutes,
    /// For nobody.
    Never,
}

impl Keep {
    /// As the header says it.
    pub const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Briefly => "public, max-age=1",
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Minutes => "public, max-age=300",
            Self::Never => "no-store",
        })
    }
}

/// The body, or 304 if the client has this version of it. `tag` has no quotes. It goes out as a
/// weak one: the same stands for the content compressed and not.
pub fn respond(request: &HeaderMap, tag: &str, keep: Keep, body: &impl Serialize) -> Response {
    let mut response = if is_known(request, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(body).into_response()
    };
    mark(&mut response, keep, &format!("W/\"{tag}\""));
    // Operators see events that are not open yet.
    response.headers_mut().insert(VARY, HeaderValue::from_static("authorization"));
    response
}

/// Says for how long an answer may be kept, and its tag as the header has it. A 304 says the same
/// as the whole answer does (RFC 9110, section 15.4.5).
pub fn mark(response: &mut Response, keep: Keep, tag: &str) {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, keep.header());
    headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (ETAG, tag)));
}

/// The tag of a version, as in the header `ETag`.
pub fn tag(version: Version) -> String {
    format!("\"{version}\"")
}

/// Something that can be changed, with the tag of its version.
pub fn versioned(version: Version, body: &impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("authorization"));
    headers.extend(HeaderValue::try_from(tag(version)).ok().map(|tag| (ETAG, tag)));
    response
}

/// The version that a client has seen and wants to change: the header `If-Match`.
pub struct Seen(pub Version);

/// For the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described: the value is read by `Seen`")]
pub struct IfMatchHeader {
    /// The `ETag` of what is changed, as it was read: a change is refused if somebody else has
    /// changed it since.
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: String,
}

impl FromRequestParts<Edge> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Edge) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else {
            let detail = "send the header If-Match with the ETag of what you have read";
            return Err(Problem::new(&catalog::IF_MATCH_REQUIRED, detail));
        };
        let seen = value.to_str().ok().and_then(seen).filter(|_| values.next().is_none());
        seen.map(Self).ok_or_else(|| {
            let problem = "must be one ETag, as it was read: the version that is to be changed";
            Problem::at(&catalog::INVALID_PARAMETER, "header.If-Match", problem)
        })
    }
}

/// A tag stands for a version whether or not its answer was compressed on the way.
fn seen(tag: &str) -> Option<Version> {
    let strong = tag.trim();
    let strong = strong.strip_prefix("W/").unwrap_or(strong);
    let number = strong.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| number.parse().ok().map(Version::from_number)).flatten()
}

/// Whether the client has what this tag stands for.
pub fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|candidate| {
        let strong = candidate.strip_prefix("W/").unwrap_or(candidate);
        candidate == "*" || strong.strip_prefix('"').and_then(|s| s.strip_suffix('"')) == Some(tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_version_is_seen_by_its_tag() {
        let version = Version::from_number(7);
        assert_eq!(seen(&tag(version)), Some(version));
        assert_eq!(seen("W/\"7\""), Some(version), "compressed on the way");
        for wrong in ["7", "*", "\"\"", "\"+7\"", "\"7\", \"8\"", "\"99999999999999999999\"", ""] {
            assert_eq!(seen(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_client_has_what_it_names() {
        for value in ["\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"] {
            assert!(is_known(&asks(value), "7"), "{value}");
        }
        for value in ["7", "\"77\"", "\"\"", ""] {
            assert!(!is_known(&asks(value), "7"), "{value}");
        }
    }
}
