//! Facts for others: what happened in the sale as CloudEvents, and where they are delivered.
//!
//! What lives here: the mapping of a fact to its [`event`], which is pure; the [`sink`]s that take
//! events (a file, Kafka, Redis, a webhook); the [`documents`] about every type, made from code.
//! Deliberately absent: following a journal, bookmarks and when to try again after a failure.
//! Whoever runs sinks does that (`onsale-runtime`).

pub mod documents;
pub mod event;
pub mod sink;
mod topic;

pub use self::topic::{Topic, UnknownTopic};
