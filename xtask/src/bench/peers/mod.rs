//! The programs ours is compared with, doing the same reservation: one hot event, a key by which a
//! repetition is known, durable before the answer. Each is private: its own port and folder, ended
//! with the measure.

mod postgres;
mod redis;

pub use self::postgres::{Postgres, Script};
pub use self::redis::Redis;

/// How many tickets a peer's hot event has: never the limit.
const TICKETS: u64 = 2_000_000_000;
