//! One person's connection to the server: HTTP/1.1, keep-alive, one request at a time.
//!
//! A client of our own, on tokio's `TcpStream` and httparse, because the generator must not be what
//! is measured: a general client spends more on a request than the server does. Here a request is
//! one write, an answer is read into a buffer that all connections of a thread share and judged
//! where it lies, and a connection that waits holds no buffer at all.
//!
//! Deliberately absent: TLS, proxies, cookies, following redirects, HTTP/2, requests in flight at
//! once on one connection.

mod connection;
mod counts;
mod deadline;
mod encode;
mod head;
mod intake;

use std::fmt;
use std::time::Duration;

pub use self::connection::{Client, Connection};
pub use self::counts::Counts;
pub use self::encode::{Encoded, encode};
pub use self::intake::Reply;

/// The longest head of an answer, in bytes.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The longest body of an answer, in bytes.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

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
    /// As reports call it: `refused`, `timed_out`, ...
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "nobody listens there: start the server, or name its address",
            Self::Reset => "the server cut the connection while it was in use",
            Self::Closed => "the server closed before the whole answer was there",
            Self::TimedOut => "the answer did not come in time",
            Self::Garbage => "what came is not HTTP, or is larger than any answer of ours",
            Self::Redirected => "the answer sends us to another server: name that one",
            Self::Exhausted => "no local port or descriptor is left: use fewer connections",
        })
    }
}

impl std::error::Error for Failure {}
