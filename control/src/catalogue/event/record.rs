//! An event as the catalogue keeps it.

use onsale_core::id::EventId;
use onsale_core::time::Time;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::error::EventError;
use super::image::{self, Image};
use super::local_time::{LocalTime, Moment};
use super::offer::Offer;
use super::status::{Approval, Status};
use crate::catalogue::category::{Category, category};
use crate::catalogue::place::{Country, Zone};
use crate::database::{Database, ReadRow, StoreError, queries};
use crate::id::{OrganiserId, VenueId};
use crate::version::Version;

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Which one, here and in the sale.
    pub id: EventId,
    /// Rises with every change.
    pub version: Version,
    /// Where it is in its life.
    pub status: Status,
    /// What it is called.
    pub title: String,
    /// What is said about it.
    pub description: String,
    /// Whose it is.
    pub organiser: OrganiserId,
    /// What they are called.
    pub organiser_name: String,
    /// Where it is, if that is known.
    pub venue: Option<Place>,
    /// What kind of event it is.
    pub categories: Vec<Category>,
    /// Where its clocks are.
    pub zone: Zone,
    /// When it begins, if that is known.
    pub starts: Option<Moment>,
    /// When it ends, if that is known.
    pub ends: Option<Moment>,
    /// Whether the world finds it.
    pub is_public: bool,
    /// Whether the platform recommends it.
    pub is_trending: bool,
    /// Whether an admin has to agree to it, whatever the platform's rule is.
    pub approval: Approval,
    /// What is sold.
    pub offer: Offer,
    /// How many numbered seats it has.
    pub seats: u32,
    /// Its pictures; the first one stands for it.
    pub images: Vec<Image>,
    /// Why it was sent back, if it was.
    pub returned_because: Option<String>,
    /// Whether its partition has been told of what was decided: for sale, or called off.
    pub is_settled: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// When it was published.
    pub published_at: Option<Time>,
    /// When it was called off.
    pub cancelled_at: Option<Time>,
}

/// Where an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The venue.
    pub venue: VenueId,
    /// What it is called.
    pub name: String,
    /// In which city.
    pub city: String,
    /// In which country.
    pub country: Country,
}

impl Event {
    /// Whether the world may see it.
    pub fn is_visible(&self) -> bool {
        self.is_public && self.published_at.is_some()
    }
}

/// An event.
///
/// # Errors
/// If there is none, or the database does not answer.
pub async fn find(database: &Database, id: EventId) -> Result<Event, EventError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, id).await
}

/// The same, as a transaction sees it.
pub(super) async fn find_in(
    connection: &mut AnyConnection,
    id: EventId,
) -> Result<Event, EventError> {
    let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(&mut *connection).await?;
    let row = row.ok_or(EventError::NOT_FOUND)?;
    let categories = sqlx::query(CATEGORIES).bind(id.to_string()).fetch_all(&mut *connection);
    let categories = categories.await?.iter().map(category).collect::<Result<_, _>>()?;
    let images = image::of_event(connection, id).await?;
    Ok(event(&row, categories, images)?)
}

fn event(row: &AnyRow, categories: Vec<Category>, images: Vec<Image>) -> Result<Event, StoreError> {
    let zone: Zone = row.parsed("time_zone")?;
    Ok(Event {
        id: row.parsed("event")?,
        version: row.version()?,
        status: row.parsed("status")?,
        title: row.try_get("title")?,
        description: row.try_get("description")?,
        organiser: row.parsed("organiser")?,
        organiser_name: row.try_get("organiser_name")?,
        venue: place(row)?,
        categories,
        starts: moment(row, "starts_local", &zone)?,
        ends: moment(row, "ends_local", &zone)?,
        zone,
        is_public: row.yes("is_public")?,
        is_trending: row.yes("is_trending")?,
        approval: Approval::needed_if(row.yes("requires_approval")?),
        offer: row.json("offer")?,
        seats: row.small("seats")?,
        images,
        returned_because: row.try_get("returned_because")?,
        is_settled: row.yes("is_settled")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        published_at: row.time_if_any("published_at")?,
        cancelled_at: row.time_if_any("cancelled_at")?,
    })
}

/// Where the event of a row is that has the columns of its venue.
pub(super) fn place(row: &AnyRow) -> Result<Option<Place>, StoreError> {
    let Some(venue) = row.parsed_if_any("venue")? else { return Ok(None) };
    let (name, city) = (row.try_get("venue_name")?, row.try_get("city")?);
    Ok(Some(Place { venue, name, city, country: row.parsed("country")? }))
}

/// When something is whose local time in a zone stands in a column.
pub(super) fn moment(
    row: &AnyRow,
    column: &'static str,
    zone: &Zone,
) -> Result<Option<Moment>, StoreError> {
    let local: Option<LocalTime> = row.parsed_if_any(column)?;
    Ok(local.map(|local| local.resolve_again(zone)))
}

queries! {
    FIND = "SELECT e.event, e.version, e.status, e.title, t.description, e.organiser,
            o.name AS organiser_name, e.venue, v.name AS venue_name, v.city, v.country,
            e.time_zone, e.starts_local, e.ends_local, e.is_public, e.is_trending,
            e.requires_approval, t.offer, COALESCE(s.seats, 0) AS seats, e.returned_because,
            CASE WHEN p.settled_at IS NULL AND p.event IS NOT NULL THEN 0 ELSE 1 END AS is_settled,
            e.created_at, e.updated_at, e.published_at, e.cancelled_at
        FROM events e
        JOIN event_texts t ON t.event = e.event
        JOIN organisers o ON o.organiser = e.organiser
        LEFT JOIN venues v ON v.venue = e.venue
        LEFT JOIN event_plans s ON s.event = e.event
        LEFT JOIN publications p ON p.event = e.event
        WHERE e.event = $1";
    CATEGORIES = "SELECT c.category, c.name, c.version
        FROM event_categories e JOIN categories c ON c.category = e.category
        WHERE e.event = $1 ORDER BY c.name_key, c.category";
}
