//! Lists of events, and what is looked for.

use onsale_control::catalogue::event::search::{Filter, Summary, Whose, Words, WorkFilter};
use onsale_core::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::event::{NamedOrganiser, NamedVenue, StatusDto};
use super::image::EXAMPLE_PATH;
use super::{image, shown};
use crate::dto::id::{CategoryRef, EventRef, OrganiserRef};
use crate::dto::{At, Id, in_query, in_query_if_any, wanted};
use crate::problem::Problem;

/// What the world looks for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventSearch {
    /// Words that all have to be somewhere: at the beginning of a word in title or description, or
    /// anywhere in the names of organiser, venue and city; in any case, with or without accents.
    /// At most 100 characters; of more than four words the longest count.
    #[param(example = "lanterns berlin")]
    pub text: Option<String>,
    /// Of this kind.
    pub category: Option<CategoryRef>,
    /// What is in the name of the city, likewise.
    #[param(example = "Köln")]
    pub city: Option<String>,
    /// In this country: ISO 3166-1 alpha-2.
    #[param(example = "DE")]
    pub country: Option<String>,
    /// Of this organiser.
    pub organiser: Option<OrganiserRef>,
    /// For nothing, or not.
    pub is_free: Option<bool>,
    /// Recommended, or not.
    pub is_trending: Option<bool>,
    /// Beginning at this time or later; now, if absent.
    pub from: Option<At>,
    /// Beginning before this time.
    pub until: Option<At>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl EventSearch {
    /// What is looked for, now.
    pub fn filter(&self, now: Time) -> Result<Filter, Problem> {
        Ok(Filter {
            words: words(self.text.as_deref())?,
            category: self.category.map(|category| category.0),
            city: wanted("city", self.city.as_deref())?,
            country: in_query_if_any("country", self.country.as_deref())?,
            organiser: self.organiser.map(|organiser| organiser.0),
            is_free: self.is_free,
            is_trending: self.is_trending,
            from: Some(self.from.map_or(now, |from| from.0)),
            until: self.until.map(|until| until.0),
        })
    }
}

/// What somebody looks for who works on events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkSearch {
    /// Words, as everybody looks for them.
    #[param(example = "lanterns")]
    pub text: Option<String>,
    /// In this state: DRAFT, CONFIGURED, APPROVED, PUBLISHED or CANCELLED.
    #[param(example = "DRAFT")]
    pub status: Option<String>,
    /// Of this organiser.
    pub organiser: Option<OrganiserRef>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl WorkSearch {
    /// What is looked for among somebody's.
    pub fn filter(&self, whose: Whose) -> Result<WorkFilter, Problem> {
        Ok(WorkFilter {
            whose,
            words: words(self.text.as_deref())?,
            status: in_query_if_any("status", self.status.as_deref())?,
            organiser: self.organiser.map(|organiser| organiser.0),
        })
    }
}

fn words(text: Option<&str>) -> Result<Words, Problem> {
    in_query("text", Words::parse(text.unwrap_or_default()))
}

/// A page of events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CatalogueList {
    /// Those of the page.
    pub events: Vec<EventSummary>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "WyIxNzkwODQ4ODAwMDAwIiwiZXZ0XzAwMDAwMDEiXQ")]
    pub next: Option<String>,
}

/// An event in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventSummary {
    /// Which one, here and in the sale.
    pub id: EventRef,
    /// Where it is in its life.
    pub status: StatusDto,
    /// What it is called.
    #[schema(example = "The Lanterns, second night")]
    pub title: String,
    /// Whose it is.
    pub organiser: NamedOrganiser,
    /// Where it is; null where nobody has said yet.
    pub venue: Option<NamedVenue>,
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
    /// Whether every ticket is for nothing.
    #[schema(example = false)]
    pub is_free: bool,
    /// Whether the platform recommends it.
    #[schema(example = false)]
    pub is_trending: bool,
    /// Where the picture is that stands for it; null where it has none.
    #[schema(example = json!(EXAMPLE_PATH))]
    pub image: Option<String>,
}

impl From<Summary> for EventSummary {
    fn from(event: Summary) -> Self {
        let organiser = NamedOrganiser { id: Id(event.organiser), name: event.organiser_name };
        Self {
            id: Id(event.id),
            status: event.status.into(),
            title: event.title,
            organiser,
            venue: event.venue.map(Into::into),
            time_zone: event.zone.to_string(),
            starts_local: shown(event.starts.map(|starts| starts.local)),
            starts_at: event.starts.map(|starts| At(starts.at)),
            ends_local: shown(event.ends.map(|ends| ends.local)),
            ends_at: event.ends.map(|ends| At(ends.at)),
            is_free: event.is_free,
            is_trending: event.is_trending,
            image: event.image.map(image::path),
        }
    }
}
