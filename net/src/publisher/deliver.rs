//! One decision, step by step. Every step may have been taken before.

use onsale_control::catalogue::event::publication::{self, Publication, Wish};
use onsale_control::database::Database;
use onsale_core::command::{Actor, Command, Request};
use onsale_core::query::{EventView, Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::waitroom::LotterySeed;
use tracing::error;

use crate::entropy::{Entropy, OsEntropy};
use crate::port::{CallError, Look, Partitions};

/// Tells a partition of one decision, and takes it off the list.
///
/// # Errors
/// Why that has to be tried again.
pub(super) async fn deliver<P: Partitions>(
    port: &P,
    database: &Database,
    publication: &Publication,
) -> Result<(), String> {
    let delivery = Delivery { port, database, publication };
    match publication.wish {
        Wish::Publish => delivery.publish().await,
        Wish::Cancel => delivery.cancel().await,
        Wish::Follow => delivery.follow().await,
    }
}

struct Delivery<'a, P> {
    port: &'a P,
    database: &'a Database,
    publication: &'a Publication,
}

/// What a partition answers that does answer.
enum Answer {
    Done,
    Refused(Refusal),
    /// It is not here.
    NoPartition,
}

impl<P: Partitions> Delivery<'_, P> {
    async fn publish(&self) -> Result<(), String> {
        match self.define().await? {
            Answer::Done => {}
            Answer::Refused(refusal) => return self.send_back(&refusal).await,
            Answer::NoPartition => return self.send_back_from_nowhere().await,
        }
        match self.execute(Command::OpenEvent(self.publication.event)).await? {
            Answer::Done | Answer::Refused(Refusal::OpenAlready) => self.settle().await,
            // Whoever runs the sale was faster.
            Answer::Refused(Refusal::EventCancelled) => self.follow().await,
            Answer::Refused(refusal) => self.send_back(&refusal).await,
            Answer::NoPartition => self.send_back_from_nowhere().await,
        }
    }

    /// Defined first, though it will not be sold: somebody who publishes at this moment and is slow
    /// finds it called off.
    async fn cancel(&self) -> Result<(), String> {
        self.define().await?;
        let cancel = Command::CancelEvent(self.publication.event);
        if let Answer::Refused(refusal) = self.execute(cancel).await? {
            error!(event = %self.publication.event, %refusal, "nothing is there to call off");
        }
        self.settle().await
    }

    async fn follow(&self) -> Result<(), String> {
        let Some(seen) = self.look().await? else { return self.settle().await };
        let (database, publication) = (self.database, self.publication);
        let followed = publication::follow(database, publication, &seen, self.port.now()).await;
        followed.map_err(|error| error.to_string())
    }

    /// The lottery is drawn with the seed that comes first.
    async fn define(&self) -> Result<Answer, String> {
        let mut seed = [0; 32];
        OsEntropy.fill(&mut seed).map_err(|error| error.to_string())?;
        let Publication { event, spec, .. } = self.publication;
        let (event, spec) = (Some(*event), Box::new(spec.clone()));
        self.execute(Command::DefineEvent { event, spec, seed: LotterySeed(seed) }).await
    }

    async fn execute(&self, command: Command) -> Result<Answer, String> {
        let request = Request::new(Actor::System, command);
        match self.port.execute(self.publication.event.partition(), request).await {
            Ok(_) => Ok(Answer::Done),
            Err(CallError::Refused(refusal)) => Ok(Answer::Refused(refusal)),
            Err(CallError::NoSuchPartition) => Ok(Answer::NoPartition),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The event as its partition has it; `None` if it has none.
    async fn look(&self) -> Result<Option<EventView>, String> {
        let event = self.publication.event;
        let look = Look { actor: Actor::System, query: Query::Event(event), wait: None };
        match self.port.look(event.partition(), look).await {
            Ok(View::Event(seen)) => Ok(Some(seen)),
            Ok(_) => Err("the answer was to another question".to_owned()),
            Err(CallError::Refused(_) | CallError::NoSuchPartition) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn settle(&self) -> Result<(), String> {
        let settled = publication::settle(self.database, self.publication, self.port.now()).await;
        settled.map_err(|error| error.to_string())
    }

    async fn send_back(&self, refusal: &Refusal) -> Result<(), String> {
        let reason = format!("the sale refuses this event: {refusal}");
        self.refuse(refusal.code(), &reason).await
    }

    async fn send_back_from_nowhere(&self) -> Result<(), String> {
        self.refuse("not_found", "the partition of this event is not here: copy the event").await
    }

    async fn refuse(&self, code: &str, reason: &str) -> Result<(), String> {
        error!(event = %self.publication.event, reason, "an event goes back to the catalogue");
        let (database, publication) = (self.database, self.publication);
        let refused = publication::refuse(database, publication, code, reason, self.port.now());
        refused.await.map_err(|error| error.to_string())
    }
}
