//! The way from the edge to the partitions. The edge knows this port and not the runtime behind it;
//! tests put a partition in memory there.

use std::future::Future;

pub use onsale_core::call::{CallError, Look, Wait};
use onsale_core::command::Request;
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::reply::Reply;
use onsale_core::time::Time;

/// A cheap handle to all partitions, wherever they live. Every answer is durable: whatever it shows
/// or acknowledges is on disk.
pub trait Partitions: Clone + Send + Sync + 'static {
    /// What time it is by the server's clock: never goes back.
    fn now(&self) -> Time;

    /// How many partitions there are, numbered from 0.
    fn count(&self) -> u16;

    /// Whether `partition` would take a new arrival now. Only a hint, free of charge: whoever is
    /// refused here costs hardly anything, and whoever is not may be refused all the same.
    fn check_room(&self, _partition: PartitionId) -> Result<(), CallError> {
        Ok(())
    }

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
