//! Seating plans: kept with their event, and made from files of others.

pub mod pretix;

use onsale_core::id::EventId;
use onsale_core::spec::Plan;
use sqlx::AnyConnection;

use super::edit::Edit;
use super::error::EventError;
use super::record::{self, Event};
use super::selling::check;
use super::status::Step;
use crate::access::Action;
use crate::access::audit::By;
use crate::catalogue::CatalogueError;
use crate::database::{Database, ReadRow, queries};
use crate::version::Version;

/// The plan of an event, if it has one.
///
/// # Errors
/// If the database does not answer.
pub async fn find(database: &Database, id: EventId) -> Result<Option<Plan>, EventError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, id).await
}

/// Gives an event this plan, or none, if it is still as it was `seen`.
///
/// # Errors
/// If the plan is wrong, the event's life forbids it, or the database does not answer.
pub async fn put(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    plan: Option<Plan>,
) -> Result<Event, EventError> {
    let mut edit = Edit::change(database, by, id, seen, Step::ChangeEssence).await?;
    keep(&mut edit, plan.as_ref()).await?;
    edit.finish(Action::ChangeEvent, "plan").await
}

/// What the ticket classes of an event are called, if it is still as it was `seen`: what a file
/// that is imported has to name.
///
/// # Errors
/// If it is not, there is no such event, or the database does not answer.
pub async fn class_names(
    database: &Database,
    id: EventId,
    seen: Version,
) -> Result<Vec<String>, EventError> {
    let Event { version: current, offer, .. } = record::find(database, id).await?;
    if current != seen {
        return Err(CatalogueError::Stale { what: "event", current }.into());
    }
    Ok(offer.classes.into_iter().map(|class| class.name).collect())
}

async fn keep(edit: &mut Edit<'_>, plan: Option<&Plan>) -> Result<(), EventError> {
    check(&edit.event, &edit.event.offer, plan)?;
    let id = edit.event.id;
    let Some(plan) = plan else {
        let remove = sqlx::query(REMOVE).bind(id.to_string());
        remove.execute(&mut *edit.transaction).await?;
        return Ok(());
    };
    put_in(&mut edit.transaction, id, plan).await
}

/// The plan, as a transaction sees it.
pub(super) async fn find_in(
    connection: &mut AnyConnection,
    id: EventId,
) -> Result<Option<Plan>, EventError> {
    let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(connection).await?;
    Ok(row.map(|row| row.json("plan")).transpose()?)
}

/// Keeps a plan that was checked.
pub(super) async fn put_in(
    connection: &mut AnyConnection,
    id: EventId,
    plan: &Plan,
) -> Result<(), EventError> {
    let rows = plan.sections.iter().flat_map(|section| &section.rows);
    let seats: u64 = rows.map(|row| u64::from(row.seats)).sum();
    // As in an offer, there is nothing that JSON cannot say.
    let text = serde_json::to_string(plan).unwrap_or_default();
    let put = sqlx::query(PUT).bind(id.to_string()).bind(text);
    put.bind(i64::try_from(seats).unwrap_or(i64::MAX)).execute(connection).await?;
    Ok(())
}

queries! {
    FIND = "SELECT plan FROM event_plans WHERE event = $1";
    PUT = "INSERT INTO event_plans (event, plan, seats) VALUES ($1, $2, $3)
        ON CONFLICT (event) DO UPDATE SET plan = excluded.plan, seats = excluded.seats";
    REMOVE = "DELETE FROM event_plans WHERE event = $1";
}
