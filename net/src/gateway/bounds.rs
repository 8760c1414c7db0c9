//! How large the head of a request may be. The host has its own, wider bounds, at which it can only
//! hang up; within those a client hears what was wrong.

use axum::http::{HeaderMap, Uri};
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, catalog};

/// The bounds of a request's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadBounds {
    /// Bytes of the address, parameters included.
    pub uri_bytes_max: usize,
    /// Headers, each line for itself.
    pub headers_max: usize,
}

impl Default for HeadBounds {
    fn default() -> Self {
        Self { uri_bytes_max: 4_096, headers_max: 64 }
    }
}

impl HeadBounds {
    /// Whether a head keeps within the bounds.
    pub(crate) fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let uri_bytes = uri.path_and_query().map_or(0, |text| text.as_str().len());
        if uri_bytes > self.uri_bytes_max {
            let problem = Problem::new(&catalog::URI_TOO_LONG, "the address is too long");
            return Err(problem.member("limit", self.uri_bytes_max));
        }
        if headers.len() > self.headers_max {
            let problem = Problem::new(&catalog::TOO_MANY_HEADERS, "there are too many headers");
            return Err(problem.member("limit", self.headers_max));
        }
        Ok(())
    }
}
