//! Black-box tests of the real binary: what they share.
//!
//! A [`Server`] is a process with a data directory of its own, on a port that the system chose; a
//! [`Shopper`] is a buyer with an HTTP client. Deliberately absent: any look into the server. The
//! tests themselves are in `tests/`, one subject a file.

mod server;
mod shopper;

pub use self::server::{Ended, Server, binary};
pub use self::shopper::{Answer, Operator, Shopper, club, small_house};
