//! What drives a partition: commands, completed writes and the time go in; writes to make, replies
//! to release, effects to run and the time to wake come out.
//!
//! What lives here: the sans-IO [`Engine`], [`recover`] (from files to a state) and [`snapshots`]
//! (from a state to a file). Deliberately absent: IO of its own, async, threads, clocks. The async
//! shell of `onsale-runtime` and the simulator drive the very same code, so this crate depends on
//! the rules and the journal only.

mod engine;
mod parked;
mod presences;
pub mod recover;
pub mod snapshots;
mod watches;

#[cfg(test)]
mod tests;

pub use self::engine::{Answer, Bounds, Engine, Output};
