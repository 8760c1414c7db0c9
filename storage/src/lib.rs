//! What survives a crash: the journal of a partition, its snapshots, and their recovery.
//!
//! - [`journal`]: the writer (a state machine), recovery (a streaming reader), retention
//! - [`snapshot`]: the state at one fact, so that a restart need not replay everything
//! - [`directory`]: the few file operations recovery needs, on real files and in memory
//! - [`lock`]: one process per data directory
//!
//! Deliberately absent: async, threads, clocks, randomness, and any knowledge of what a payload
//! means. The writer only *asks* for writes; a shell performs them on a real disk, a simulator on
//! a simulated one, and both run the same code here.

pub mod directory;
mod fields;
pub mod journal;
pub mod lock;
pub mod snapshot;
