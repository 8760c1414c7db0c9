//! The way from the edge to the partitions. The edge knows this port and not the runtime behind it;
//! tests put a partition in memory there.

use std::future::Future;

use onsale_core::command::{Actor, Request};
use onsale_core::id::PartitionId;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use thiserror::Error;

/// A cheap handle to all partitions, wherever they live. Every answer is durable: whatever it shows
/// or acknowledges is on disk.
pub trait Partitions: Clone + Send + Sync + 'static {
    /// What time it is by the server's clock: never goes back.
    fn now(&self) -> Time;

    /// How many partitions there are, numbered from 0.
    fn count(&self) -> u16;

    /// Has `partition` decide on a request.
    fn execute(
        &self,
        partition: PartitionId,
        request: Request,
    ) -> impl Future<Output = Result<Reply, CallError>> + Send;

    /// Has `partition` show something, at once or when it has changed.
    fn look(
        &self,
        partition: PartitionId,
        look: Look,
    ) -> impl Future<Output = Result<View, CallError>> + Send;
}

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
