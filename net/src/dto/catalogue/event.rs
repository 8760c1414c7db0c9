//! An event of the catalogue, without what is sold.

use onsale_control::catalogue::event::copy::CopyWish;
use onsale_control::catalogue::event::details::Details;
use onsale_control::catalogue::event::lifecycle::{Curation, Reason};
use onsale_control::catalogue::event::status::{Approval, Status};
use onsale_control::catalogue::event::text::{Description, Title};
use onsale_control::catalogue::event::{Event, Place};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::image::ImageDto;
use super::shown;
use crate::dto::category::CategoryDto;
use crate::dto::id::{CategoryRef, EventRef, OrganiserRef, VenueRef};
use crate::dto::{At, Id, at, at_if_any};
use crate::problem::Problem;

/// What people read about an event.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventDetails {
    /// What it is called, 1 to 200 bytes.
    #[schema(example = "The Lanterns, second night")]
    pub title: String,
    /// What is said about it: plain text or Markdown, at most 20,000 characters.
    #[serde(default)]
    #[schema(example = "Doors at seven. With **support**.")]
    pub description: String,
    /// Where it is.
    pub venue: Option<VenueRef>,
    /// Where its clocks are: an IANA name; the venue's zone if absent.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// When it begins, there.
    #[schema(example = "2026-12-01T20:00")]
    pub starts_local: Option<String>,
    /// When it ends, there.
    #[schema(example = "2026-12-01T22:30")]
    pub ends_local: Option<String>,
    /// What kind of event it is, at most 10.
    #[serde(default)]
    pub categories: Vec<CategoryRef>,
    /// Whether the world finds it. Default true.
    #[serde(default = "yes")]
    #[schema(default = true, example = true)]
    pub is_public: bool,
}

const fn yes() -> bool {
    true
}

impl EventDetails {
    /// The details, each by itself.
    pub fn parse(self) -> Result<Details, Problem> {
        Ok(Details {
            title: Title::parse(&self.title)?,
            description: at("description", Description::parse(&self.description))?,
            venue: self.venue.map(|venue| venue.0),
            zone: at_if_any("time_zone", self.time_zone.as_deref())?,
            starts: at_if_any("starts_local", self.starts_local.as_deref())?,
            ends: at_if_any("ends_local", self.ends_local.as_deref())?,
            categories: self.categories.into_iter().map(|category| category.0).collect(),
            is_public: self.is_public,
        })
    }
}

/// How a copy differs from its event.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyEvent {
    /// What it is called; as the event is, if absent.
    #[schema(example = "The Lanterns, third night")]
    pub title: Option<String>,
    /// How many days later all of its times are, at the same time of the day; negative for
    /// earlier. Default 0.
    #[serde(default)]
    #[schema(default = 0, example = 7)]
    pub days_later: i32,
}

impl CopyEvent {
    /// The wish, checked.
    pub fn parse(self) -> Result<CopyWish, Problem> {
        let title = self.title.map(|title| Title::parse(&title)).transpose()?;
        Ok(CopyWish { title, days_later: self.days_later })
    }
}

/// Why an event is sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviseEvent {
    /// For whoever works on it, at most 1,000 characters.
    #[serde(default)]
    #[schema(example = "The price is in the wrong currency.")]
    pub reason: String,
}

impl ReviseEvent {
    /// The reason, checked.
    pub fn parse(&self) -> Result<Reason, Problem> {
        at("reason", Reason::parse(&self.reason))
    }
}

/// What the platform says of an event.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurateEvent {
    /// Whether the platform recommends it.
    #[schema(example = true)]
    pub is_trending: bool,
    /// Whether an admin has to approve it, whatever the platform's rule is.
    #[schema(example = false)]
    pub requires_approval: bool,
}

impl From<CurateEvent> for Curation {
    fn from(curate: CurateEvent) -> Self {
        let approval = Approval::needed_if(curate.requires_approval);
        Self { is_trending: curate.is_trending, approval }
    }
}

/// Where an event of the catalogue is in its life.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = EventStatus, example = "PUBLISHED")]
pub enum StatusDto {
    /// Somebody works on it.
    Draft,
    /// It has all it needs.
    Configured,
    /// An admin agrees, or need not be asked.
    Approved,
    /// It is for sale.
    Published,
    /// It was called off.
    Cancelled,
}

/// An event of the catalogue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CatalogueEvent {
    /// Which one, here and in the sale.
    pub id: EventRef,
    /// Where it is in its life.
    pub status: StatusDto,
    /// What it is called.
    #[schema(example = "The Lanterns, second night")]
    pub title: String,
    /// What is said about it: plain text or Markdown, as it was written.
    #[schema(example = "Doors at seven. With **support**.")]
    pub description: String,
    /// Whose it is.
    pub organiser: NamedOrganiser,
    /// Where it is; null where nobody has said yet.
    pub venue: Option<NamedVenue>,
    /// What kind of event it is.
    pub categories: Vec<CategoryDto>,
    /// Where its clocks are: an IANA name.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// When it begins, there.
    #[schema(example = "2026-12-01T20:00:00+01:00")]
    pub starts_local: Option<String>,
    /// When it begins.
    pub starts_at: Option<At>,
    /// When it ends, there.
    #[schema(example = "2026-12-01T22:30:00+01:00")]
    pub ends_local: Option<String>,
    /// When it ends.
    pub ends_at: Option<At>,
    /// Whether the world finds it.
    #[schema(example = true)]
    pub is_public: bool,
    /// Whether every ticket is for nothing.
    #[schema(example = false)]
    pub is_free: bool,
    /// Whether the platform recommends it.
    #[schema(example = false)]
    pub is_trending: bool,
    /// How many numbered seats it has.
    #[schema(example = 50000)]
    pub seats: u32,
    /// Its pictures; the first one stands for it.
    pub images: Vec<ImageDto>,
    /// When it was put up for sale.
    pub published_at: Option<At>,
    /// When it was called off.
    pub cancelled_at: Option<At>,
    /// What only those see who work on it; null for others.
    pub work: Option<EventWork>,
}

/// What only those see of an event who work on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventWork {
    /// Whether an admin has to approve it, whatever the platform's rule is.
    #[schema(example = false)]
    pub requires_approval: bool,
    /// Why it was sent back, by an admin or by the sale.
    #[schema(example = "The price is in the wrong currency.")]
    pub returned_because: Option<String>,
    /// Whether the sale knows what was decided: that it is published, or called off.
    #[schema(example = true)]
    pub is_settled: bool,
    /// When it was made.
    pub created_at: At,
    /// When it was last changed.
    pub updated_at: At,
}

/// An organiser by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamedOrganiser {
    /// Which one.
    pub id: OrganiserRef,
    /// What it is called.
    #[schema(example = "Lantern Live")]
    pub name: String,
}

/// A venue by name.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NamedVenue {
    /// Which one.
    pub id: VenueRef,
    /// What it is called.
    #[schema(example = "Kulturhaus")]
    pub name: String,
    /// In which city.
    #[schema(example = "Köln")]
    pub city: String,
    /// In which country: ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub country: String,
}

impl CatalogueEvent {
    /// As those see it who work on it.
    pub fn inside(event: Event) -> Self {
        let work = EventWork {
            requires_approval: event.approval == Approval::Needed,
            returned_because: event.returned_because.clone(),
            is_settled: event.is_settled,
            created_at: At(event.created_at),
            updated_at: At(event.updated_at),
        };
        Self { work: Some(work), ..Self::outside(event) }
    }

    /// As the world sees it.
    pub fn outside(event: Event) -> Self {
        let Event { id, title, description, organiser, organiser_name, .. } = event;
        Self {
            id: Id(id),
            status: event.status.into(),
            title,
            description,
            organiser: NamedOrganiser { id: Id(organiser), name: organiser_name },
            venue: event.venue.map(Into::into),
            categories: event.categories.into_iter().map(Into::into).collect(),
            time_zone: event.zone.to_string(),
            starts_local: shown(event.starts.map(|starts| starts.local)),
            starts_at: event.starts.map(|starts| At(starts.at)),
            ends_local: shown(event.ends.map(|ends| ends.local)),
            ends_at: event.ends.map(|ends| At(ends.at)),
            is_public: event.is_public,
            is_free: event.offer.is_free(),
            is_trending: event.is_trending,
            seats: event.seats,
            images: event.images.into_iter().map(Into::into).collect(),
            published_at: event.published_at.map(At),
            cancelled_at: event.cancelled_at.map(At),
            work: None,
        }
    }
}

impl From<Place> for NamedVenue {
    fn from(place: Place) -> Self {
        let Place { venue, name, city, country } = place;
        Self { id: Id(venue), name, city, country: country.to_string() }
    }
}

impl From<Status> for StatusDto {
    fn from(status: Status) -> Self {
        match status {
            Status::Draft => Self::Draft,
            Status::Configured => Self::Configured,
            Status::Approved => Self::Approved,
            Status::Published => Self::Published,
            Status::Cancelled => Self::Cancelled,
        }
    }
}
