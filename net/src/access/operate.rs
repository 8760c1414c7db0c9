//! What roles allow a partition to be asked for: shown as whoever runs the event sees it, or done
//! as they do it, and written into the audit log before and after.

use onsale_control::Control;
use onsale_control::access::Action;
use onsale_control::access::audit::{self, By, Deed, Outcome};
use onsale_control::catalogue::event::publication;
use onsale_control::id::AuditEntryId;
use onsale_core::command::{Actor, Command, DisputeDecision, IdempotencyKey, RefundSettlement};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use onsale_core::time::{Span, Time};

use super::permit::Grant;
use crate::api::edge::Edge;
use crate::auth::Principal;
use crate::problem::{Problem, catalog};

impl Grant {
    /// Shows something as whoever runs the event sees it.
    pub(crate) async fn look(
        &self,
        edge: &Edge,
        event: EventId,
        query: Query,
    ) -> Result<View, Problem> {
        edge.look(event, Actor::Operator, query, None).await
    }

    /// Has a partition do it.
    pub(crate) async fn operate(
        &self,
        edge: &Edge,
        partition: PartitionId,
        key: Option<IdempotencyKey>,
        command: Command,
    ) -> Result<Reply, Problem> {
        let (deed, followed) = (deed(self.caller().action, &command), followed(&command));
        if let Some(event) = followed {
            // Before it is done, so that it is not forgotten should the server die meanwhile.
            self.unless_operator(follow(edge, event, edge.now() + FOLLOWED_WITHIN).await)?;
        }
        let work = edge.execute(partition, Actor::Operator, key, command);
        let of_event = |deed: Deed, reply: &Reply| match reply {
            Reply::EventDefined { event, .. } => deed.of_event(*event),
            _ => deed,
        };
        let reply = self.recorded(edge, deed, work, of_event).await;
        if let Some(event) = followed {
            // If that cannot be said, the catalogue looks later.
            let _ = follow(edge, event, edge.now()).await;
        }
        reply
    }

    /// Has something done outside of the database that the audit log is to tell of; what came of it
    /// may say more about it.
    pub(crate) async fn recorded<T>(
        &self,
        edge: &Edge,
        deed: Deed,
        work: impl Future<Output = Result<T, Problem>>,
        more: impl FnOnce(Deed, &T) -> Deed,
    ) -> Result<T, Problem> {
        let by = self.by(edge);
        let begun = self.begin(edge, &by, &deed).await?;
        let done = work.await;
        let (deed, outcome) = match &done {
            Ok(done) => (more(deed, done), Outcome::Done),
            Err(problem) => (deed, outcome_of(problem)),
        };
        let by = By { at: edge.now(), ..by };
        end(edge, begun, by, deed, outcome).await;
        done
    }

    /// Nothing is done that nobody could read of later; but the operator must be able to stop a
    /// sale while the database is away.
    async fn begin(
        &self,
        edge: &Edge,
        by: &By,
        deed: &Deed,
    ) -> Result<Option<AuditEntryId>, Problem> {
        let (entry_by, entry_deed) = (by.clone(), deed.clone());
        let begin = async move |control: Control| {
            audit::begin(&control.database, &entry_by, &entry_deed).await
        };
        match edge.backstage(begin).await {
            Ok(begun) => Ok(Some(begun)),
            Err(problem) => {
                self.unless_operator(Err(problem))?;
                note(by, deed, Outcome::Begun);
                Ok(None)
            }
        }
    }

    /// What does not hinder the operator.
    fn unless_operator(&self, outcome: Result<(), Problem>) -> Result<(), Problem> {
        let is_operator = self.caller().principal == Some(Principal::Operator);
        if is_operator { Ok(()) } else { outcome }
    }
}

/// By then a partition has done what it was asked for: if nobody says so, the catalogue looks.
const FOLLOWED_WITHIN: Span = Span::from_secs(30);

/// Has the catalogue look at an event when that is `due`.
async fn follow(edge: &Edge, event: EventId, due: Time) -> Result<(), Problem> {
    let follow = async move |control: Control| {
        publication::wish_to_follow(&control.database, event, due).await
    };
    edge.backstage(follow).await?;
    edge.call_publisher();
    Ok(())
}

async fn end(
    edge: &Edge,
    begun: Option<AuditEntryId>,
    by: By,
    deed: Deed,
    outcome: Outcome<'static>,
) {
    let Some(begun) = begun else { return note(&by, &deed, outcome) };
    let (entry_by, entry_deed) = (by.clone(), deed.clone());
    let end = async move |control: Control| {
        audit::end(&control.database, begun, &entry_by, &entry_deed, outcome).await
    };
    if edge.backstage(end).await.is_err() {
        note(&by, &deed, outcome);
    }
}

/// The event of which the catalogue has to follow what comes of a command.
const fn followed(command: &Command) -> Option<EventId> {
    match command {
        Command::CancelEvent(event) | Command::ChangeEvent { event, .. } => Some(*event),
        _ => None,
    }
}

/// What the audit log says of a command.
fn deed(action: Action, command: &Command) -> Deed {
    let deed = Deed::new(action);
    match command {
        Command::OpenEvent(event) | Command::CancelEvent(event) => deed.of_event(*event),
        Command::ChangeEvent { event, change } => {
            deed.of_event(*event).saying(format!("{change:?}"))
        }
        Command::SteerWaitroom { event, steer } => {
            deed.of_event(*event).saying(format!("{steer:?}"))
        }
        Command::BlockSeats { event, seats, block } => {
            let goal = if *block { "blocked" } else { "free" };
            deed.of_event(*event).saying(format!("{} seats {goal}", seats.len()))
        }
        Command::CancelOrder(order) => deed.of_event(order.event).to(order),
        Command::RefundOrder { order, tickets } => {
            let deed = deed.of_event(order.event).to(order);
            let count = |tickets: &Vec<_>| format!("{} tickets", tickets.len());
            deed.saying(tickets.as_ref().map_or("all tickets".to_owned(), count))
        }
        Command::SettleRefund { order, refund, how } => {
            let how = match how {
                RefundSettlement::Again => "again",
                RefundSettlement::ByHand { .. } => "by hand",
            };
            deed.of_event(order.event).to(order).saying(format!("refund {refund} {how}"))
        }
        Command::DecideDispute { order, dispute, decision } => {
            let tickets = match decision {
                DisputeDecision::KeepTickets => "keeps its tickets",
                DisputeDecision::VoidTickets => "voids its tickets",
            };
            deed.of_event(order.event).to(order).saying(format!("dispute {dispute} {tickets}"))
        }
        _ => deed,
    }
}

/// What came of it, if it was not done.
fn outcome_of(problem: &Problem) -> Outcome<'static> {
    let is_open = [&catalog::STOPPING, &catalog::INTERNAL_ERROR];
    if is_open.iter().any(|kind| kind.code == problem.code()) {
        Outcome::Unknown(problem.code())
    } else {
        Outcome::Refused(problem.code())
    }
}

/// An entry that the audit log does not have.
fn note(by: &By, deed: &Deed, outcome: Outcome<'_>) {
    tracing::warn!(target: "audit", ?by, ?deed, ?outcome, "not in the audit log");
}
