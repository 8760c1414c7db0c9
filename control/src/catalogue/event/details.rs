//! What people read about an event: what, where, when. Making a draft, and changing it.

use std::collections::BTreeSet;

use onsale_core::id::EventId;
use sqlx::{Any, Transaction};

use super::edit::Edit;
use super::error::EventError;
use super::local_time::{LocalTime, Moment};
use super::offer::Offer;
use super::record::{self, Event};
use super::selling::store;
use super::status::{Approval, Status, Step};
use super::text::{Description, Title};
use super::words;
use super::wrong::Wrong;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome, Who};
use crate::access::crew;
use crate::catalogue::place::Zone;
use crate::database::{Database, ReadRow, Statement, StoreError, millis, queries};
use crate::id::{CategoryId, OrganiserId, VenueId};
use crate::version::Version;

/// What people read about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What it is called.
    pub title: Title,
    /// What is said about it.
    pub description: Description,
    /// Where it is.
    pub venue: Option<VenueId>,
    /// Where its clocks are; the venue's zone without it.
    pub zone: Option<Zone>,
    /// When it begins.
    pub starts: Option<LocalTime>,
    /// When it ends.
    pub ends: Option<LocalTime>,
    /// What kind of event it is, at most [`Details::CATEGORIES_MAX`].
    pub categories: BTreeSet<CategoryId>,
    /// Whether the world finds it.
    pub is_public: bool,
}

impl Details {
    /// The most kinds that one event may be of.
    pub const CATEGORIES_MAX: usize = 10;
}

/// When an event is, in its zone.
struct When {
    zone: Zone,
    starts: Option<Moment>,
    ends: Option<Moment>,
}

/// Makes a draft with an id that was reserved for it. Asked again with the same id it is the draft
/// that there is.
///
/// # Errors
/// If the details are wrong, the organiser is not there, or the database does not answer.
pub async fn create(
    database: &Database,
    by: &By,
    id: EventId,
    organiser: OrganiserId,
    details: &Details,
) -> Result<Event, EventError> {
    let mut transaction = database.begin().await?;
    if insert(&mut transaction, by, id, organiser, details, &Offer::default()).await? {
        let deed = Deed::new(Action::CreateEvent).of_event(id).of_organiser(organiser);
        audit::write(&mut transaction, by, &deed, Outcome::Done).await?;
    }
    let event = record::find_in(&mut transaction, id).await?;
    transaction.commit().await?;
    Ok(event)
}

/// Changes what people read about an event, if it is still as it was `seen`.
///
/// # Errors
/// If the details are wrong, the event's life forbids it, or the database does not answer.
pub async fn change(
    database: &Database,
    by: &By,
    id: EventId,
    seen: Version,
    details: &Details,
) -> Result<Event, EventError> {
    let mut edit = Edit::begin(database, by, id, seen).await?;
    let when = when(&mut edit.transaction, details).await?;
    edit.step(step(&edit.event, details, &when), Approval::Needed)?;
    let is_elsewhere = when.zone != edit.event.zone;
    let offer = is_elsewhere.then(|| offer_in(&when.zone, &edit.event.offer)).transpose()?;
    let update = bind(sqlx::query(UPDATE).bind(id.to_string()), details, &when);
    let updated = update.execute(&mut *edit.transaction).await;
    updated.map_err(|error| unknown(error, "venue", "is no venue"))?;
    // The words that it is found by are rows, too: they are written anew only if they differ.
    let (title, description) = (details.title.as_str(), details.description.as_str());
    if title != edit.event.title || description != edit.event.description {
        put_texts(&mut edit.transaction, id, details).await?;
    }
    if let Some(offer) = &offer {
        store(&mut edit.transaction, id, offer).await?;
    }
    sqlx::query(CLEAR_CATEGORIES).bind(id.to_string()).execute(&mut *edit.transaction).await?;
    categorise(&mut edit.transaction, id, details).await?;
    edit.finish(Action::ChangeEvent, "details").await
}

/// An offer whose times are what the clocks of another zone show.
fn offer_in(zone: &Zone, offer: &Offer) -> Result<Offer, EventError> {
    let mut offer = offer.clone();
    offer.shift(0).and_then(|()| offer.resolve(zone)).map_err(EventError::Wrong)?;
    Ok(offer)
}

/// How far a change goes.
fn step(event: &Event, details: &Details, when: &When) -> Step {
    if details.title.as_str() != event.title || when.zone != event.zone {
        return Step::ChangeEssence;
    }
    let venue = event.venue.as_ref().map(|place| place.venue);
    let is_as_it_was = details.venue == venue
        && when.starts == event.starts
        && when.ends == event.ends
        && details.is_public == event.is_public;
    if is_as_it_was { Step::ChangeTexts } else { Step::Reschedule }
}

/// Whether the draft is new.
pub(super) async fn insert(
    transaction: &mut Transaction<'_, Any>,
    by: &By,
    id: EventId,
    organiser: OrganiserId,
    details: &Details,
    offer: &Offer,
) -> Result<bool, EventError> {
    let when = when(transaction, details).await?;
    let creator = match by.who {
        Who::Person(person) => Some(person),
        _ => None,
    };
    let founded = crew::found(transaction, id, Some(organiser), creator, by.at).await;
    founded.map_err(|error| unknown(error, "organiser", "is no organiser"))?;
    let insert = sqlx::query(INSERT).bind(id.to_string());
    let insert = bind(insert, details, &when).bind(organiser.to_string());
    let inserted = insert.bind(Status::Draft.name()).bind(millis(by.at));
    let inserted = inserted.execute(&mut **transaction).await;
    let inserted = inserted.map_err(|error| unknown(error, "venue", "is no venue"))?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    put_texts(transaction, id, details).await?;
    store(transaction, id, offer).await?;
    categorise(transaction, id, details).await?;
    Ok(true)
}

async fn put_texts(
    transaction: &mut Transaction<'_, Any>,
    id: EventId,
    details: &Details,
) -> Result<(), EventError> {
    let (title, description) = (details.title.as_str(), details.description.as_str());
    let put = sqlx::query(PUT_TEXTS).bind(id.to_string()).bind(description.to_owned());
    put.execute(&mut **transaction).await?;
    words::put(transaction, id, title, description).await
}

async fn categorise(
    transaction: &mut Transaction<'_, Any>,
    id: EventId,
    details: &Details,
) -> Result<(), EventError> {
    if details.categories.len() > Details::CATEGORIES_MAX {
        let problem = format!("must be at most {}", Details::CATEGORIES_MAX);
        return Err(EventError::wrong("categories", problem));
    }
    for (position, category) in details.categories.iter().enumerate() {
        let put = sqlx::query(PUT_CATEGORY).bind(id.to_string()).bind(category.to_string());
        let at = format!("categories[{position}]");
        let put = put.execute(&mut **transaction).await;
        put.map_err(|error| unknown(error, &at, "is no category"))?;
    }
    Ok(())
}

/// What it means that a row cannot be written which names others.
fn unknown(error: impl Into<StoreError>, at: &str, problem: &str) -> EventError {
    let error = error.into();
    if error.is_reference() { EventError::wrong(at, problem) } else { error.into() }
}

/// When it is, in the zone that was said or the venue's.
async fn when(
    transaction: &mut Transaction<'_, Any>,
    details: &Details,
) -> Result<When, EventError> {
    let zone = match (&details.zone, details.venue) {
        (Some(zone), _) => zone.clone(),
        (None, Some(venue)) => {
            let row = sqlx::query(ZONE_OF_VENUE).bind(venue.to_string());
            let row = row.fetch_optional(&mut **transaction).await?;
            let row = row.ok_or_else(|| EventError::wrong("venue", "is no venue"))?;
            row.parsed("time_zone")?
        }
        (None, None) => {
            return Err(EventError::wrong("time_zone", "give one, or a venue, which has one"));
        }
    };
    let resolve = |at: &str, local: Option<LocalTime>| {
        let moment = local.map(|local| local.resolve(&zone)).transpose();
        moment.map_err(|error| Wrong::new(at, error.to_string()))
    };
    let starts = resolve("starts_local", details.starts)?;
    let ends = resolve("ends_local", details.ends)?;
    let ends_first = |starts: Moment| ends.is_some_and(|ends| ends.at <= starts.at);
    if starts.is_some_and(ends_first) {
        return Err(EventError::wrong("ends_local", "must be after starts_local"));
    }
    Ok(When { zone, starts, ends })
}

/// As `$2` to `$9`.
fn bind<'a>(query: Statement<'a>, details: &Details, when: &When) -> Statement<'a> {
    let local = |moment: Option<Moment>| moment.map(|moment| moment.local.to_string());
    let at = |moment: Option<Moment>| moment.map(|moment: Moment| millis(moment.at));
    query
        .bind(details.title.as_str().to_owned())
        .bind(details.venue.map(|venue| venue.to_string()))
        .bind(when.zone.to_string())
        .bind(local(when.starts))
        .bind(at(when.starts))
        .bind(local(when.ends))
        .bind(at(when.ends))
        .bind(i64::from(details.is_public))
}

queries! {
    INSERT = "INSERT INTO events (event, title, venue, time_zone, starts_local, starts_at,
            ends_local, ends_at, is_public, organiser, status, created_at, updated_at, version,
            is_free, is_trending, requires_approval)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, 1, 0, 0, 0)
        ON CONFLICT (event) DO NOTHING";
    UPDATE = "UPDATE events SET title = $2, venue = $3, time_zone = $4, starts_local = $5,
            starts_at = $6, ends_local = $7, ends_at = $8, is_public = $9
        WHERE event = $1";
    PUT_TEXTS = "INSERT INTO event_texts (event, description, offer) VALUES ($1, $2, '')
        ON CONFLICT (event) DO UPDATE SET description = excluded.description";
    ZONE_OF_VENUE = "SELECT time_zone FROM venues WHERE venue = $1";
    PUT_CATEGORY = "INSERT INTO event_categories (event, category) VALUES ($1, $2)";
    CLEAR_CATEGORIES = "DELETE FROM event_categories WHERE event = $1";
}
