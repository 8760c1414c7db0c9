//! How requests reach the core that owns their partition: one bounded mailbox per partition, with a
//! lane for completions and compensations that goes ahead of new arrivals.
//!
//! A full mailbox answers at once, before any work. On the owning core itself a request takes the
//! same way: it is a queue in memory, and nobody is woken who is awake.

use std::sync::Arc;

use onsale_core::command::{Actor, Request};
use onsale_core::id::PartitionId;
use onsale_core::query::View;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_engine::Answer;
use onsale_net::port::{CallError, Look, Partitions};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::host::Clock;

/// A mailbox is emptied within milliseconds.
const FULL: CallError = CallError::Overloaded { retry_after_s: 1 };

/// Where an answer goes.
pub type ReplyTo = oneshot::Sender<Result<Answer, CallError>>;

/// What is sent to a partition.
pub enum Message {
    /// A request to decide on.
    Execute(Request, ReplyTo),
    /// A wish to see something.
    Look(Look, ReplyTo),
    /// Make everything durable, answer whoever can be answered, and end.
    Stop,
}

/// The receiving ends of one partition's mailbox.
pub struct Mailbox {
    /// Completions and compensations.
    pub urgent: mpsc::Receiver<Message>,
    /// New arrivals.
    pub arrivals: mpsc::Receiver<Message>,
}

#[derive(Clone)]
struct Lanes {
    urgent: mpsc::Sender<Message>,
    arrivals: mpsc::Sender<Message>,
}

/// A cheap handle to all partitions, on whichever cores they are.
#[derive(Clone)]
pub struct Mailboxes {
    lanes: Arc<[Lanes]>,
    clock: Clock,
}

impl Mailboxes {
    /// Mailboxes for `partitions` partitions, each lane with room for `room` messages.
    pub fn new(partitions: u16, room: usize, clock: Clock) -> (Self, Vec<Mailbox>) {
        let pairs = (0..partitions).map(|_| {
            let (urgent, urgent_end) = mpsc::channel(room);
            let (arrivals, arrivals_end) = mpsc::channel(room);
            (Lanes { urgent, arrivals }, Mailbox { urgent: urgent_end, arrivals: arrivals_end })
        });
        let (lanes, mailboxes): (Vec<_>, Vec<_>) = pairs.unzip();
        (Self { lanes: lanes.into(), clock }, mailboxes)
    }

    /// What says what time it is.
    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Has every partition make everything durable and end.
    pub async fn stop(&self) {
        for lanes in self.lanes.iter() {
            // A partition that has ended already has nothing left to stop.
            let _ = lanes.urgent.send(Message::Stop).await;
        }
    }

    /// How many messages wait in each partition's lanes together.
    pub fn depths(&self) -> impl Iterator<Item = usize> {
        let depth = |lane: &mpsc::Sender<Message>| lane.max_capacity() - lane.capacity();
        self.lanes.iter().map(move |lanes| depth(&lanes.urgent) + depth(&lanes.arrivals))
    }

    async fn call(
        &self,
        partition: PartitionId,
        is_urgent: bool,
        message: impl FnOnce(ReplyTo) -> Message,
    ) -> Result<Answer, CallError> {
        let lanes = self.lanes.get(usize::from(partition.number()));
        let lanes = lanes.ok_or(CallError::NoSuchPartition)?;
        let lane = if is_urgent { &lanes.urgent } else { &lanes.arrivals };
        let (reply_to, reply) = oneshot::channel();
        lane.try_send(message(reply_to)).map_err(|error| match error {
            TrySendError::Full(_) => FULL,
            TrySendError::Closed(_) => CallError::Stopped,
        })?;
        reply.await.unwrap_or(Err(CallError::Stopped))
    }
}

impl Partitions for Mailboxes {
    fn now(&self) -> Time {
        Time::from_ms(self.clock.now_ms())
    }

    fn count(&self) -> u16 {
        self.lanes.len() as u16
    }

    fn check_room(&self, partition: PartitionId) -> Result<(), CallError> {
        let lanes = self.lanes.get(usize::from(partition.number()));
        if lanes.is_some_and(|lanes| lanes.arrivals.capacity() == 0) { Err(FULL) } else { Ok(()) }
    }

    async fn execute(&self, partition: PartitionId, request: Request) -> Result<Reply, CallError> {
        let is_urgent = request.actor == Actor::System;
        let answer =
            self.call(partition, is_urgent, |reply_to| Message::Execute(request, reply_to)).await?;
        match answer {
            Answer::Reply(reply) => Ok(reply),
            Answer::View(_) => unreachable!("a request is answered by a reply"),
        }
    }

    async fn look(&self, partition: PartitionId, look: Look) -> Result<View, CallError> {
        let answer = self.call(partition, false, |reply_to| Message::Look(look, reply_to)).await?;
        match answer {
            Answer::View(view) => Ok(view),
            Answer::Reply(_) => unreachable!("a look is answered by a view"),
        }
    }
}
