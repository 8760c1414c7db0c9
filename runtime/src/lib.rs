//! What drives: engines on pinned cores, and the composition of everything into one server.
//!
//! What lives here: the async [`shell`] around an engine, the hosts it runs on, the thread that
//! makes snapshots, the way of those who follow the [`facts`] ([`projection`], [`bus`]),
//! configuration, and the binary `onsale`. Deliberately absent: the engine itself, the rules of a
//! sale, the formats on disk, the JSON on the wire.

pub mod bus;
pub mod cli;
pub mod config;
pub mod data_directory;
pub mod demo;
pub mod facts;
pub mod gauges;
pub mod host;
pub mod mailbox;
mod priority;
pub mod projection;
#[cfg(test)]
mod selling;
pub mod server;
pub mod shell;
pub mod snapshots;
