//! The partition that owns an order: giving an outcome to it, for as long as that takes, and seeing
//! how the order stands.

use std::time::Duration;

use onsale_core::command::{Actor, Command, Request};
use onsale_core::id::OrderId;
use onsale_core::query::{OrderView, Query, View};
use tracing::{debug, error};

use super::backoff::Backoff;
use crate::port::{CallError, Look, Partitions};

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

/// How an order stands, as the server itself sees it; `None` if there is no such order.
///
/// # Errors
/// If its partition does not answer.
pub(super) async fn seen<P: Partitions>(
    port: &P,
    order: OrderId,
) -> Result<Option<OrderView>, CallError> {
    let look = Look { actor: Actor::System, query: Query::Order(order), wait: None };
    match port.look(order.event.partition(), look).await {
        Ok(View::Order(view)) => Ok(Some(view)),
        Ok(_) | Err(CallError::Refused(_) | CallError::NoSuchPartition) => Ok(None),
        Err(silent @ (CallError::Overloaded { .. } | CallError::Stopped)) => Err(silent),
    }
}
