//! What roles allow a partition to be asked for: shown as whoever runs the event sees it, or done
//! as they do it, and written into the audit log before and after.

use onsale_control::Control;
use onsale_control::access::Action;
use onsale_control::access::audit::{self, By, Deed, Outcome};
use onsale_control::id::AuditEntryId;
use onsale_core::command::{Actor, Command, IdempotencyKey};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;

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
        let deed = deed(self.caller().action, &command);
        let work = edge.execute(partition, Actor::Operator, key, command);
        let of_event = |deed: Deed, reply: &Reply| match reply {
            Reply::EventDefined { event, .. } => deed.of_event(*event),
            _ => deed,
        };
        self.recorded(edge, deed, work, of_event).await
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
            Err(_) if self.caller().principal == Some(Principal::Operator) => {
                note(by, deed, Outcome::Begun);
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }
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
