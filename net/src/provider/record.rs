//! Giving an outcome to the partition that owns the order, for as long as that takes.

use std::time::Duration;

use onsale_core::command::{Actor, Command, Request};
use onsale_core::id::OrderId;
use tracing::{debug, error};

use super::backoff::Backoff;
use crate::port::{CallError, Partitions};

/// What became of an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recorded {
    /// It is in the journal, or was of no interest any more.
    Done,
    /// The server is going down. What was to be recorded is asked for again after the start.
    Stopped,
}

/// Has the owner of `order` carry out `command` as the server itself. Waits while the partition is
/// overloaded; a refusal means that the order has moved on, which is no fault.
pub(super) async fn record<P: Partitions>(
    port: &P,
    order: OrderId,
    command: Command,
    backoff: Backoff,
    salt: u64,
) -> Recorded {
    for failures in 0.. {
        let request = Request::new(Actor::System, command.clone());
        match port.execute(order.event.partition(), request).await {
            Ok(_) => break,
            Err(CallError::Refused(refusal)) => {
                debug!(%order, %refusal, "the outcome is of no interest any more");
                break;
            }
            Err(CallError::NoSuchPartition) => {
                error!(%order, "an outcome for an order of a partition that does not exist");
                break;
            }
            Err(CallError::Overloaded { retry_after_s }) => {
                let least = Duration::from_secs(u64::from(retry_after_s));
                tokio::time::sleep(least + backoff.delay(failures, salt)).await;
            }
            Err(CallError::Stopped) => return Recorded::Stopped,
        }
    }
    Recorded::Done
}
