//! A copy of an event: all of it but its life, which begins anew.

use onsale_core::id::EventId;
use sqlx::{Any, Transaction};

use super::details::{self, Details};
use super::error::EventError;
use super::local_time::{LocalTime, Moment};
use super::record::{self, Event};
use super::text::{Description, Title};
use super::wrong::Wrong;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{Database, queries};

/// How a copy differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyWish {
    /// What it is called; as the event is, without it.
    pub title: Option<Title>,
    /// How many days later all of its times are, at the same time of the day; negative for earlier.
    pub days_later: i32,
}

/// Makes a draft that is a copy, with an id that was reserved for it. Asked again with the same id
/// it is the draft that there is.
///
/// # Errors
/// If there is no such event, one of its times does not exist on that day, or the database does not
/// answer.
pub async fn copy(
    database: &Database,
    by: &By,
    source: EventId,
    id: EventId,
    wish: &CopyWish,
) -> Result<Event, EventError> {
    let mut transaction = database.begin().await?;
    let event = record::find_in(&mut transaction, source).await?;
    let mut offer = event.offer.clone();
    if wish.days_later != 0 {
        offer.shift(wish.days_later).map_err(EventError::Wrong)?;
    }
    offer.resolve(&event.zone).map_err(EventError::Wrong)?;
    let details = details_of(&event, wish)?;
    let organiser = event.organiser;
    if details::insert(&mut transaction, by, id, organiser, &details, &offer).await? {
        take_over(&mut transaction, &event, id).await?;
        let deed = Deed::new(Action::CopyEvent).of_event(id).of_organiser(organiser).to(source);
        audit::write(&mut transaction, by, &deed, Outcome::Done).await?;
    }
    let copy = record::find_in(&mut transaction, id).await?;
    transaction.commit().await?;
    Ok(copy)
}

fn details_of(event: &Event, wish: &CopyWish) -> Result<Details, EventError> {
    let shifted = |at: &str, moment: Option<Moment>| -> Result<Option<LocalTime>, Wrong> {
        let Some(Moment { local, .. }) = moment else { return Ok(None) };
        if wish.days_later == 0 {
            return Ok(Some(local));
        }
        let shifted = local.plus_days(wish.days_later);
        shifted.map(Some).ok_or_else(|| Wrong::new(at, "would be too far away"))
    };
    let description = Description::parse(&event.description);
    Ok(Details {
        title: wish.title.clone().map_or_else(|| Title::parse(&event.title), Ok)?,
        description: description.map_err(|error| Wrong::new("description", error.to_string()))?,
        venue: event.venue.as_ref().map(|place| place.venue),
        zone: Some(event.zone.clone()),
        starts: shifted("starts_local", event.starts)?,
        ends: shifted("ends_local", event.ends)?,
        categories: event.categories.iter().map(|category| category.id).collect(),
        is_public: event.is_public,
    })
}

/// The seats, the pictures, and that somebody has to agree, if so.
async fn take_over(
    transaction: &mut Transaction<'_, Any>,
    event: &Event,
    id: EventId,
) -> Result<(), EventError> {
    for text in [PLAN, IMAGES, APPROVAL] {
        let take_over = sqlx::query(text).bind(id.to_string()).bind(event.id.to_string());
        take_over.execute(&mut **transaction).await?;
    }
    Ok(())
}

queries! {
    PLAN = "INSERT INTO event_plans (event, plan, seats)
        SELECT $1, plan, seats FROM event_plans WHERE event = $2";
    IMAGES = "INSERT INTO event_images (event, position, image)
        SELECT $1, position, image FROM event_images WHERE event = $2";
    APPROVAL = "UPDATE events SET requires_approval =
            (SELECT requires_approval FROM events WHERE event = $2)
        WHERE event = $1";
}
