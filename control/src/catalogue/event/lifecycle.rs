//! Moving an event on in its life: configured, approved, published; sent back, called off, thrown
//! away. What may happen when, [`super::status`] decides.

use onsale_core::id::EventId;
use onsale_core::spec::EventSpec;

use super::complete::complete;
use super::edit::Edit;
use super::error::EventError;
use super::publication;
use super::record::Event;
use super::selling::parts;
use super::status::{Approval, Status, Step, StepError};
use super::wrong::Wrong;
use super::{image, seating};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::access::crew;
use crate::database::{Database, millis, queries};
use crate::text::Prose;
use crate::version::Version;

/// Why an event is sent back, for whoever works on it.
pub type Reason = Prose<1_000>;

/// Says that an event has all it needs.
///
/// # Errors
/// Everything that is missing.
pub async fn configure(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
) -> Result<Event, EventError> {
    let mut edit = Edit::change(database, by, id, seen, Step::Configure).await?;
    spec(&mut edit).await?;
    send_back(&mut edit, None).await?;
    edit.finish(Action::ConfigureEvent, "configured").await
}

/// Agrees to an event.
///
/// # Errors
/// If it is not configured, or the database does not answer.
pub async fn approve(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
) -> Result<Event, EventError> {
    let edit = Edit::change(database, by, id, seen, Step::Approve).await?;
    edit.finish(Action::ApproveEvent, "approved").await
}

/// Sends an event back to be worked on.
///
/// # Errors
/// If it is published, or the database does not answer.
pub async fn revise(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    reason: &Reason,
) -> Result<Event, EventError> {
    let mut edit = Edit::change(database, by, id, seen, Step::Revise).await?;
    let reason = Some(reason.as_str()).filter(|reason| !reason.is_empty());
    send_back(&mut edit, reason).await?;
    edit.finish(Action::ConfigureEvent, "sent back").await
}

/// Puts an event up for sale: its partition is told in time, whatever happens. `approval` is the
/// platform's rule.
///
/// # Errors
/// If it is not approved where it has to be, is not complete any more, or has begun.
pub async fn publish(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    approval: Approval,
) -> Result<Event, EventError> {
    let mut edit = Edit::begin(database, by, id, seen).await?;
    edit.step(Step::Publish, approval)?;
    if edit.event.status != Status::Published {
        if edit.event.starts.is_some_and(|starts| starts.at <= by.at) {
            let problem = "has passed: say when the event begins";
            return Err(EventError::Incomplete(vec![Wrong::new("starts_local", problem)]));
        }
        let spec = spec(&mut edit).await?;
        publication::wish_to_publish(&mut edit.transaction, id, &spec, by.at).await?;
        let publish = sqlx::query(PUBLISH).bind(id.to_string()).bind(millis(by.at));
        publish.execute(&mut *edit.transaction).await?;
        send_back(&mut edit, None).await?;
    }
    edit.finish(Action::PublishEvent, "published").await
}

/// Calls an event off. If it was published its partition is told in time, whatever happens, and
/// refunds everybody.
///
/// # Errors
/// If somebody else was faster, or the database does not answer.
pub async fn cancel(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
) -> Result<Event, EventError> {
    let mut edit = Edit::change(database, by, id, seen, Step::Cancel).await?;
    if edit.event.status != Status::Cancelled {
        publication::wish_to_cancel(&mut edit.transaction, id, by.at).await?;
        let cancel = sqlx::query(CANCEL).bind(id.to_string()).bind(millis(by.at));
        cancel.execute(&mut *edit.transaction).await?;
    }
    edit.finish(Action::CancelEvent, "cancelled").await
}

/// Throws a draft away. Its id is not given again.
///
/// # Errors
/// If it is more than a draft.
pub async fn remove(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
) -> Result<(), EventError> {
    let Edit { mut transaction, event, .. } = Edit::begin(database, by, id, seen).await?;
    match event.status {
        Status::Draft => {}
        Status::Cancelled => return Err(StepError::Cancelled.into()),
        status => return Err(StepError::NoDraft(status).into()),
    }
    sqlx::query(REMOVE).bind(id.to_string()).execute(&mut *transaction).await?;
    crew::disband(&mut transaction, id).await?;
    let deed = Deed::new(Action::RemoveEvent).of_event(id).of_organiser(event.organiser);
    audit::write(&mut transaction, by, &deed, Outcome::Done).await?;
    transaction.commit().await?;
    image::forget_unused(database, event.images.into_iter().map(|image| image.id)).await;
    Ok(())
}

/// What the platform says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curation {
    /// Whether the platform recommends it.
    pub is_trending: bool,
    /// Whether an admin has to agree to it, whatever the platform's rule is.
    pub approval: Approval,
}

/// Has the platform say something else of an event.
///
/// # Errors
/// If somebody else was faster, or the database does not answer.
pub async fn curate(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    curation: Curation,
) -> Result<Event, EventError> {
    let mut edit = Edit::change(database, by, id, seen, Step::ChangeTexts).await?;
    sqlx::query(CURATE)
        .bind(id.to_string())
        .bind(i64::from(curation.is_trending))
        .bind(i64::from(curation.approval == Approval::Needed))
        .execute(&mut *edit.transaction)
        .await?;
    edit.finish(Action::CurateEvent, "curated").await
}

/// What its partition is told of an event that has all it needs.
async fn spec(edit: &mut Edit<'_>) -> Result<EventSpec, EventError> {
    let plan = seating::find_in(&mut edit.transaction, edit.event.id).await?;
    let offer = &edit.event.offer;
    complete(parts(&edit.event, offer, plan.as_ref())).map_err(EventError::Incomplete)
}

async fn send_back(edit: &mut Edit<'_>, reason: Option<&str>) -> Result<(), EventError> {
    let because = sqlx::query(BECAUSE).bind(edit.event.id.to_string());
    let because = because.bind(reason.map(str::to_owned));
    because.execute(&mut *edit.transaction).await?;
    Ok(())
}

queries! {
    PUBLISH = "UPDATE events SET published_at = $2 WHERE event = $1";
    CANCEL = "UPDATE events SET cancelled_at = $2 WHERE event = $1";
    REMOVE = "DELETE FROM events WHERE event = $1";
    CURATE = "UPDATE events SET is_trending = $2, requires_approval = $3 WHERE event = $1";
    BECAUSE = "UPDATE events SET returned_because = $2 WHERE event = $1";
}
