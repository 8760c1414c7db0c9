//! One person's connection to the server: HTTP/1.1, keep-alive, one request at a time.

use std::time::Duration;

/// A request, as a persona means it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// With its query: `/api/v1/places/pl_1?wait_ms=10000`.
    pub path: String,
    /// Besides Host, Content-Type and Content-Length.
    pub headers: Vec<(&'static str, String)>,
    /// JSON; empty for none.
    pub body: Vec<u8>,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 200, 503, ...
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// Whole.
    pub body: Vec<u8>,
}

/// Why there is no answer that could be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// The connection was cut while it was in use.
    Reset,
    /// The server closed before the whole answer was there.
    Closed,
    /// The answer did not come in time.
    TimedOut,
    /// What came is not HTTP, or is larger than any answer of ours.
    Garbage,
    /// 3xx to another place: the API does not redirect.
    Redirected,
    /// No local address, port or descriptor is left: the generator's own limit.
    Exhausted,
}

impl Failure {
    /// As in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::TimedOut => "timed_out",
            Self::Garbage => "garbage",
            Self::Redirected => "redirected",
            Self::Exhausted => "exhausted",
        }
    }
}
