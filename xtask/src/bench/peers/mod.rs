//! The programs ours is compared with, doing the same reservation: one hot event, a key by which a
//! repetition is known, durable before the answer. Each is private: its own port and folder, ended
//! with the measure.

mod packages;
mod postgres;
mod redis;

pub use self::packages::{PgPrograms, find_postgres, find_redis};
pub use self::postgres::{Postgres, Script};
pub use self::redis::Redis;

use std::net::{Ipv4Addr, TcpListener};

use crate::process::{Failure, Outcome};

/// How many tickets a peer's hot event has: never the limit.
const TICKETS: u64 = 2_000_000_000;

/// A port that nobody listens at. Should somebody take it before the peer does, the peer says so.
fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| Failure(format!("no port can be had: {error}")))
}
