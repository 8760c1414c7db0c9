//! Answers that a client may keep and ask for again with `If-None-Match` (RFC 9110).

use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::json::Json;

/// For whom an answer may be kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// For everybody, a second: many ask, and it changes all the time.
    Briefly,
    /// For everybody, for ever: it never changes.
    Forever,
    /// For nobody.
    Never,
}

impl Keep {
    /// As the header says it.
    pub const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Briefly => "public, max-age=1",
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Never => "no-store",
        })
    }
}

/// The body, or 304 if the client has this version of it. `tag` has no quotes. It goes out as a
/// weak one: the same stands for the content compressed and not.
pub fn respond(request: &HeaderMap, tag: &str, keep: Keep, body: &impl Serialize) -> Response {
    let mut response = if has(request, tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Json(body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, keep.header());
    // Operators see events that are not open yet.
    headers.insert(VARY, HeaderValue::from_static("authorization"));
    if let Ok(tag) = HeaderValue::try_from(format!("W/\"{tag}\"")) {
        headers.insert(ETAG, tag);
    }
    response
}

fn has(request: &HeaderMap, tag: &str) -> bool {
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
    fn a_client_has_what_it_names() {
        for value in ["\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"] {
            assert!(has(&asks(value), "7"), "{value}");
        }
        for value in ["7", "\"77\"", "\"\"", ""] {
            assert!(!has(&asks(value), "7"), "{value}");
        }
    }
}
