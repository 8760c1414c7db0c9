//! What may be asked of whoever drives a partition, beyond a plain command or query, and why there
//! may be no answer. Shared by the edge that asks and the engine that answers.

use alloc::boxed::Box;

use thiserror::Error;

use crate::command::Actor;
use crate::query::{Query, View};
use crate::refusal::Refusal;
use crate::time::Time;

/// A wish to see something.
pub struct Look {
    /// Who looks.
    pub actor: Actor,
    /// At what.
    pub query: Query,
    /// Set to wait for a change of the order or place that is looked at.
    pub wait: Option<Wait>,
}

/// A wish to see something only once it has changed.
pub struct Wait {
    /// Until when to wait at most; then it is shown as it is.
    pub until: Time,
    /// Whether a view is old news: the answer waits while this says so.
    pub old_news: Box<dyn Fn(&View) -> bool + Send>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CallError {
    /// The rules refuse it. Nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such partition.
    #[error("there is no such partition")]
    NoSuchPartition,
    /// Too many requests wait for this partition. Nothing was done.
    #[error("too busy right now: try again in a moment")]
    Overloaded {
        /// When to try again, in seconds.
        retry_after_s: u32,
    },
    /// The server is going down, or cannot write its journal. Whether anything was done is open:
    /// ask again with the same Idempotency-Key.
    #[error("the server stops: ask again with the same Idempotency-Key")]
    Stopped,
}
