//! Looking for events. Two lists, each with texts of its own so that each has its index: what the
//! world sees, by when it is; and what somebody works on, newest first.

use onsale_core::id::{EventId, PersonId};
use onsale_core::time::Time;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::image::ImageId;
use super::local_time::Moment;
use super::record::{Place, moment, place};
use super::status::Status;
pub use super::words::Words;
use crate::catalogue::place::{Country, Zone};
use crate::database::{Database, ReadRow, Statement, StoreError, millis, queries};
use crate::id::{CategoryId, OrganiserId};
use crate::page::{Cursor, Limit, Page};
use crate::text::Wanted;

/// An event in a list.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Which one.
    pub id: EventId,
    /// Where it is in its life.
    pub status: Status,
    /// What it is called.
    pub title: String,
    /// Whose it is.
    pub organiser: OrganiserId,
    /// What they are called.
    pub organiser_name: String,
    /// Where it is, if that is known.
    pub venue: Option<Place>,
    /// Where its clocks are.
    pub zone: Zone,
    /// When it begins, if that is known.
    pub starts: Option<Moment>,
    /// When it ends, if that is known.
    pub ends: Option<Moment>,
    /// Whether every ticket is for nothing.
    pub is_free: bool,
    /// Whether the platform recommends it.
    pub is_trending: bool,
    /// The picture that stands for it.
    pub image: Option<ImageId>,
    /// When it was made.
    pub created_at: Time,
}

/// What the world looks for. What is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// With these words.
    pub words: Words,
    /// Of this kind.
    pub category: Option<CategoryId>,
    /// In a city with this in its name.
    pub city: Wanted,
    /// In this country.
    pub country: Option<Country>,
    /// Of this organiser.
    pub organiser: Option<OrganiserId>,
    /// For nothing, or not.
    pub is_free: Option<bool>,
    /// Recommended, or not.
    pub is_trending: Option<bool>,
    /// Beginning at this time or later.
    pub from: Option<Time>,
    /// Beginning before this time.
    pub until: Option<Time>,
}

/// Where a page of what the world sees ended: when the event begins, in milliseconds, and which.
pub type PublicCursor = Cursor<u64, EventId>;

/// A page of what the world sees, by when it is: what is or was for sale and in public.
///
/// # Errors
/// If the database does not answer.
pub async fn in_public(
    database: &Database,
    filter: &Filter,
    after: Option<PublicCursor>,
    limit: Limit,
) -> Result<Page<Summary, PublicCursor>, StoreError> {
    let text = if filter.words.are_none() { IN_PUBLIC } else { IN_PUBLIC_WITH_WORDS };
    let query = bind_in_public(sqlx::query(text), filter, after, limit);
    let rows = database.find_all(query).await?;
    // The list is in the order of what is kept, whatever has become of the zones' rules since then.
    let events = rows.iter().map(|row| Ok((row.time("starts_at")?, summary(row)?)));
    let events = events.collect::<Result<Vec<_>, StoreError>>()?;
    let Page { items, next } = Page::of(events, limit, |(starts_at, last): &(Time, Summary)| {
        Cursor { sort: starts_at.as_ms(), id: last.id }
    });
    Ok(Page { items: items.into_iter().map(|(_, event)| event).collect(), next })
}

/// Whose events somebody wants to see that are not for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All there are: for those who run the platform.
    Everybodys,
    /// Those that this person has a role for.
    Of(PersonId),
}

impl Whose {
    const fn text(self) -> &'static str {
        match self {
            Self::Everybodys => ALL_AT_WORK,
            Self::Of(_) => AT_WORK_OF,
        }
    }
}

/// What somebody who works on events looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkFilter {
    /// Among which.
    pub whose: Whose,
    /// With these words.
    pub words: Words,
    /// In this state.
    pub status: Option<Status>,
    /// Of this organiser.
    pub organiser: Option<OrganiserId>,
}

/// Where a page of what somebody works on ended: when the event was made, in milliseconds, and
/// which.
pub type WorkCursor = Cursor<u64, EventId>;

/// A page of what somebody works on, newest first, in whatever state.
///
/// # Errors
/// If the database does not answer.
pub async fn at_work(
    database: &Database,
    filter: &WorkFilter,
    after: Option<WorkCursor>,
    limit: Limit,
) -> Result<Page<Summary, WorkCursor>, StoreError> {
    let query = bind_at_work(sqlx::query(filter.whose.text()), filter, after, limit);
    let rows = database.find_all(query).await?;
    let events = rows.iter().map(summary).collect::<Result<_, _>>()?;
    let cursor = |last: &Summary| Cursor { sort: last.created_at.as_ms(), id: last.id };
    Ok(Page::of(events, limit, cursor))
}

pub(super) fn bind_in_public<'a>(
    query: Statement<'a>,
    filter: &Filter,
    after: Option<PublicCursor>,
    limit: Limit,
) -> Statement<'a> {
    let from = filter.from.map_or(i64::MIN, millis);
    let (starts_at, event) = after.map_or((from, String::new()), |after| {
        (millis(Time::from_ms(after.sort)).max(from), after.id.to_string())
    });
    let query = query
        .bind(starts_at)
        .bind(event)
        .bind(filter.until.map_or(i64::MAX, millis))
        .bind(filter.category.map(|category| category.to_string()).unwrap_or_default())
        .bind(filter.city.pattern())
        .bind(filter.country.map(|country| country.to_string()).unwrap_or_default())
        .bind(filter.organiser.map(|organiser| organiser.to_string()).unwrap_or_default())
        .bind(yes_no_any(filter.is_free))
        .bind(yes_no_any(filter.is_trending))
        .bind(limit.rows());
    if filter.words.are_none() { query } else { filter.words.bind(query) }
}

pub(super) fn bind_at_work<'a>(
    query: Statement<'a>,
    filter: &WorkFilter,
    after: Option<WorkCursor>,
    limit: Limit,
) -> Statement<'a> {
    let (created_at, event) = after.map_or((i64::MAX, String::new()), |after| {
        (millis(Time::from_ms(after.sort)), after.id.to_string())
    });
    let query = query
        .bind(created_at)
        .bind(event)
        .bind(filter.status.map_or("", Status::name))
        .bind(filter.organiser.map(|organiser| organiser.to_string()).unwrap_or_default())
        .bind(limit.rows());
    let query = filter.words.bind(query);
    match filter.whose {
        Whose::Everybodys => query,
        Whose::Of(person) => query.bind(person.to_string()),
    }
}

/// 1, 0, or -1 for whatever.
fn yes_no_any(wanted: Option<bool>) -> i64 {
    wanted.map_or(-1, i64::from)
}

fn summary(row: &AnyRow) -> Result<Summary, StoreError> {
    let zone: Zone = row.parsed("time_zone")?;
    Ok(Summary {
        id: row.parsed("event")?,
        status: row.parsed("status")?,
        title: row.try_get("title")?,
        organiser: row.parsed("organiser")?,
        organiser_name: row.try_get("organiser_name")?,
        venue: place(row)?,
        starts: moment(row, "starts_local", &zone)?,
        ends: moment(row, "ends_local", &zone)?,
        zone,
        is_free: row.yes("is_free")?,
        is_trending: row.yes("is_trending")?,
        image: row.parsed_if_any("image")?,
        created_at: row.time("created_at")?,
    })
}

/// What a list shows. LEFT and CROSS joins are for SQLite, which keeps to their order: it begins
/// with what is few, or in order. To PostgreSQL they are like any other here.
macro_rules! summaries_of {
    ($events:literal) => {
        concat!(
            "SELECT e.event, e.status, e.title, e.organiser, o.name AS organiser_name, e.venue,
                v.name AS venue_name, v.city, v.country, e.time_zone, e.starts_local,
                e.starts_at, e.ends_local, e.is_free, e.is_trending, e.created_at,
                (SELECT i.image FROM event_images i WHERE i.event = e.event
                    ORDER BY i.position LIMIT 1) AS image
            FROM ",
            $events,
            " LEFT JOIN organisers o ON o.organiser = e.organiser
            LEFT JOIN venues v ON v.venue = e.venue "
        )
    };
}

/// Whether an event has a word: from `$from` and before `$until` among those it is found by, or
/// `$like` in a name.
macro_rules! has_word {
    ($from:literal, $until:literal, $like:literal) => {
        concat!(
            " AND (",
            $like,
            " = '%%' OR o.name_key LIKE ",
            $like,
            " ESCAPE '!' OR v.name_key LIKE ",
            $like,
            " ESCAPE '!' OR v.city_key LIKE ",
            $like,
            " ESCAPE '!' OR EXISTS (SELECT 1 FROM event_words w WHERE w.event = e.event
                AND w.word >= ",
            $from,
            " AND w.word < ",
            $until,
            ")) "
        )
    };
}

/// What the world sees, after `$1` and `$2`, by when it is.
macro_rules! seen_by_the_world {
    () => {
        "WHERE e.is_public = 1 AND e.published_at IS NOT NULL
            AND (e.starts_at, e.event) > ($1, $2) AND e.starts_at < $3
            AND ($4 = '' OR EXISTS (SELECT 1 FROM event_categories c
                WHERE c.event = e.event AND c.category = $4))
            AND ($5 = '%%' OR v.city_key LIKE $5 ESCAPE '!')
            AND ($6 = '' OR v.country = $6)
            AND ($7 = '' OR e.organiser = $7)
            AND ($8 < 0 OR e.is_free = $8)
            AND ($9 < 0 OR e.is_trending = $9)"
    };
}

/// What somebody works on, after `$1` and `$2`, newest first.
macro_rules! worked_on {
    () => {
        concat!(
            "WHERE (e.created_at, e.event) < ($1, $2)
                AND ($3 = '' OR e.status = $3)
                AND ($4 = '' OR e.organiser = $4)",
            has_word!("$6", "$7", "$8"),
            has_word!("$9", "$10", "$11"),
            has_word!("$12", "$13", "$14"),
            has_word!("$15", "$16", "$17"),
        )
    };
}

queries! {
    IN_PUBLIC = concat!(
        summaries_of!("events e"),
        seen_by_the_world!(),
        " ORDER BY e.starts_at, e.event LIMIT $10",
    );
    /// Begins with those that have the first word: they are few.
    IN_PUBLIC_WITH_WORDS = concat!(
        summaries_of!("(SELECT w.event FROM event_words w WHERE w.word >= $11 AND w.word < $12
            UNION SELECT n.event FROM organisers x CROSS JOIN events n
                WHERE n.organiser = x.organiser AND x.name_key LIKE $13 ESCAPE '!'
            UNION SELECT n.event FROM venues x CROSS JOIN events n WHERE n.venue = x.venue
                AND (x.name_key LIKE $13 ESCAPE '!' OR x.city_key LIKE $13 ESCAPE '!')) found
            CROSS JOIN events e"),
        seen_by_the_world!(),
        " AND e.event = found.event",
        has_word!("$14", "$15", "$16"),
        has_word!("$17", "$18", "$19"),
        has_word!("$20", "$21", "$22"),
        " ORDER BY e.starts_at, e.event LIMIT $10",
    );
    ALL_AT_WORK = concat!(
        summaries_of!("events e"),
        worked_on!(),
        " ORDER BY e.created_at DESC, e.event DESC LIMIT $5",
    );
    AT_WORK_OF = concat!(
        summaries_of!("(SELECT r.event FROM event_roles r WHERE r.person = $18
            UNION SELECT n.event FROM organiser_members m CROSS JOIN events n
                WHERE n.organiser = m.organiser AND m.person = $18) own
            CROSS JOIN events e"),
        worked_on!(),
        " AND e.event = own.event",
        " ORDER BY e.created_at DESC, e.event DESC LIMIT $5",
    );
}
