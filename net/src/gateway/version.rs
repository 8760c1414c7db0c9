//! Versions of the API, and how a route is retired.
//!
//! The version is in the path. A route that is to go says so in its description, by
//! `x-deprecated-at` and, once it is decided, `x-sunset-at` (RFC 3339) and `x-successor` (a path);
//! every answer of it then has the headers of RFC 9745 and RFC 8594.

use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::Value;

use crate::problem::{Problem, catalog};

/// The versions there are.
const VERSIONS: [&str; 1] = ["v1"];

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// That a route is to go, as its answers say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retirement(Vec<(HeaderName, HeaderValue)>);

impl Retirement {
    /// What the description of an operation says; `None` if it stays.
    pub(crate) fn of(operation: &Value) -> Option<Self> {
        let since: Timestamp = operation["x-deprecated-at"].as_str()?.parse().ok()?;
        let mut headers = vec![(DEPRECATION, format!("@{}", since.as_second()))];
        let sunset = operation["x-sunset-at"].as_str().and_then(|text| text.parse().ok());
        let sunset =
            sunset.and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok());
        headers.extend(sunset.map(|date| (SUNSET, date)));
        let successor = operation["x-successor"].as_str();
        headers
            .extend(successor.map(|path| (LINK, format!("<{path}>; rel=\"successor-version\""))));
        let headers = headers.into_iter();
        Some(Self(headers.filter_map(|(name, text)| Some((name, text.parse().ok()?))).collect()))
    }

    /// Says so in an answer.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.append(name, value.clone());
        }
    }
}

/// What is wrong with an address that leads nowhere.
pub(crate) fn no_such_route(path: &str) -> Problem {
    let rest = path.strip_prefix("/api/").unwrap_or_default();
    let version = rest.split('/').next().unwrap_or_default();
    let number = version.strip_prefix('v').unwrap_or_default();
    let is_version = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if is_version && !VERSIONS.contains(&version) {
        let detail = format!("the API has no version {number:.8}");
        return Problem::new(&catalog::UNKNOWN_VERSION, detail)
            .member("versions", serde_json::json!(VERSIONS));
    }
    Problem::new(&catalog::NO_SUCH_ROUTE, "there is nothing at this address")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_that_is_to_go_says_since_when_until_when_and_what_comes_instead() {
        let operation = json!({
            "x-deprecated-at": "2027-01-01T00:00:00Z",
            "x-sunset-at": "2027-07-01T00:00:00Z",
            "x-successor": "/api/v2/events",
        });
        let mut headers = HeaderMap::new();
        Retirement::of(&operation).unwrap().announce(&mut headers);
        assert_eq!(headers[DEPRECATION], "@1798761600");
        assert_eq!(headers[SUNSET], "Thu, 01 Jul 2027 00:00:00 GMT");
        assert_eq!(headers[LINK], "</api/v2/events>; rel=\"successor-version\"");
        assert_eq!(Retirement::of(&json!({})), None);
    }

    #[test]
    fn a_version_that_is_not_there_is_told_from_a_wrong_address() {
        for path in ["/api/v2/events", "/api/v0", "/api/v99999999999999999999/x"] {
            assert_eq!(no_such_route(path).code(), "unknown_version", "{path}");
        }
        for path in ["/", "/api", "/api/v", "/api/vx/events", "/api/v1/nothing", "/v2/events"] {
            assert_eq!(no_such_route(path).code(), "no_such_route", "{path}");
        }
    }
}
