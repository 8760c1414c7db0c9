//! What drives: engines on pinned cores, and the composition of everything into one server.
//!
//! What lives here: the sans-IO [`engine`], the async [`shell`] around it, the hosts it runs on,
//! recovery and snapshots, configuration, and the binary `onsale`. Deliberately absent: the rules
//! of a sale, the formats on disk, the JSON on the wire.

pub mod cli;
pub mod config;
pub mod data_directory;
pub mod demo;
pub mod engine;
pub mod gauges;
pub mod host;
pub mod mailbox;
pub mod recover;
pub mod server;
pub mod shell;
pub mod snapshots;
