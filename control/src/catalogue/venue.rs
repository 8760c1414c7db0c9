//! Venues: where events take place. Everybody sees them and may hold an event there; an organiser's
//! members keep theirs, the platform keeps the rest.

use std::num::NonZero;

use onsale_core::time::Time;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::CatalogueError;
use super::fold::fold;
use super::place::{Coordinates, Country, Zone};
use super::versioned::Versioned;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{Database, ReadRow, Statement, StoreError, millis, queries};
use crate::id::{OrganiserId, VenueId};
use crate::page::{Cursor, Limit, Page};
use crate::text::{Line, Wanted};
use crate::version::Version;

const THING: &str = "venue";
const VERSIONED: Versioned = Versioned { what: THING, raise: RAISE, current: VERSION };

/// A part of an address.
pub type Part = Line<120>;

/// What is said of a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// What it is called. Others may be called the same.
    pub name: Line<120>,
    /// Street and number.
    pub street: Part,
    /// As the country has it.
    pub postal_code: Option<Line<20>>,
    /// A part of a district, where addresses name it.
    pub ward: Option<Part>,
    /// A part of a city, where addresses name it.
    pub district: Option<Part>,
    /// The city or village.
    pub city: Part,
    /// State, province, county.
    pub region: Option<Part>,
    /// Which country.
    pub country: Country,
    /// Where its clocks are.
    pub time_zone: Zone,
    /// Where it is on the map.
    pub coordinates: Option<Coordinates>,
    /// How many people it holds.
    pub capacity: Option<NonZero<u32>>,
}

/// A venue.
#[derive(Clone, Debug, PartialEq)]
pub struct Venue {
    /// Which one.
    pub id: VenueId,
    /// Whose members keep it; the platform keeps it where there is none.
    pub organiser: Option<OrganiserId>,
    /// What it is called.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// As the country has it.
    pub postal_code: Option<String>,
    /// A part of a district, where addresses name it.
    pub ward: Option<String>,
    /// A part of a city, where addresses name it.
    pub district: Option<String>,
    /// The city or village.
    pub city: String,
    /// State, province, county.
    pub region: Option<String>,
    /// Which country.
    pub country: Country,
    /// Where its clocks are.
    pub time_zone: Zone,
    /// Where it is on the map.
    pub coordinates: Option<Coordinates>,
    /// How many people it holds.
    pub capacity: Option<u32>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Rises with every change.
    pub version: Version,
}

/// Where a page of venues ended: the name as it is compared, and the id.
pub type VenueCursor = Cursor<String, VenueId>;

/// Which venues are wanted: those that all of this is true of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VenueFilter {
    /// Their name has this in it.
    pub name: Wanted,
    /// Their city has this in its name.
    pub city: Wanted,
    /// In this country.
    pub country: Option<Country>,
    /// Kept by this organiser.
    pub organiser: Option<OrganiserId>,
}

/// A page of venues, by name.
pub async fn list(
    database: &Database,
    filter: &VenueFilter,
    after: Option<VenueCursor>,
    limit: Limit,
) -> Result<Page<Venue, VenueCursor>, StoreError> {
    let (name_key, id) =
        after.map(|Cursor { sort, id }| (sort, id.to_string())).unwrap_or_default();
    let query = sqlx::query(LIST)
        .bind(filter.name.pattern())
        .bind(filter.city.pattern())
        .bind(filter.country.map(|country| country.to_string()).unwrap_or_default())
        .bind(filter.organiser.map(|organiser| organiser.to_string()).unwrap_or_default())
        .bind(name_key)
        .bind(id)
        .bind(limit.rows());
    let rows = database.find_all(query).await?;
    let venues = rows.iter().map(venue).collect::<Result<_, _>>()?;
    Ok(Page::of(venues, limit, |last: &Venue| Cursor { sort: fold(&last.name), id: last.id }))
}

/// Whose members keep a venue; `None` in it if the platform does.
pub async fn owner(
    database: &Database,
    id: VenueId,
) -> Result<Option<OrganiserId>, CatalogueError> {
    let row = database.find(sqlx::query(OWNER).bind(id.to_string())).await?;
    Ok(row.ok_or(CatalogueError::NotFound(THING))?.parsed_if_any("organiser")?)
}

/// A venue.
pub async fn find(database: &Database, id: VenueId) -> Result<Venue, CatalogueError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, id).await
}

/// The same, as a transaction sees it.
async fn find_in(connection: &mut AnyConnection, id: VenueId) -> Result<Venue, CatalogueError> {
    let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(venue).transpose()?.ok_or(CatalogueError::NotFound(THING))
}

/// Makes a venue.
pub async fn create(
    database: &Database,
    by: &By,
    organiser: Option<OrganiserId>,
    site: &Site,
) -> Result<Venue, CatalogueError> {
    let id = VenueId::random();
    let mut transaction = database.begin().await?;
    let create = site.bind(sqlx::query(CREATE).bind(id.to_string())).bind(millis(by.at));
    let create = create.bind(organiser.map(|organiser| organiser.to_string()));
    let created = create.execute(&mut *transaction).await.map_err(StoreError::from);
    created.map_err(|error| {
        if error.is_reference() { CatalogueError::NotFound("organiser") } else { error.into() }
    })?;
    let made = find_in(&mut transaction, id).await?;
    finish(transaction, by, id, organiser, "made").await?;
    Ok(made)
}

/// Changes what is said of a venue, if it is still as it was `seen`.
pub async fn change(
    database: &Database,
    by: &By,
    id: VenueId,
    seen: Version,
    site: &Site,
) -> Result<Venue, CatalogueError> {
    let mut transaction = database.begin().await?;
    let organiser = take(&mut transaction, id, seen).await?;
    let change = site.bind(sqlx::query(CHANGE).bind(id.to_string())).bind(millis(by.at));
    change.execute(&mut *transaction).await?;
    let changed = find_in(&mut transaction, id).await?;
    finish(transaction, by, id, organiser, "changed").await?;
    Ok(changed)
}

/// Removes a venue that no event needs, if it is still as it was `seen`.
pub async fn remove(
    database: &Database,
    by: &By,
    id: VenueId,
    seen: Version,
) -> Result<(), CatalogueError> {
    let mut transaction = database.begin().await?;
    let organiser = take(&mut transaction, id, seen).await?;
    let removed = sqlx::query(REMOVE).bind(id.to_string()).execute(&mut *transaction).await;
    removed.map_err(|error| CatalogueError::of_removal(error, THING))?;
    finish(transaction, by, id, organiser, "removed").await
}

/// Takes a venue that is still as it was seen; whose it is.
async fn take(
    transaction: &mut Transaction<'_, Any>,
    id: VenueId,
    seen: Version,
) -> Result<Option<OrganiserId>, CatalogueError> {
    VERSIONED.take(transaction, id.to_string(), seen).await?;
    let owner = sqlx::query(OWNER).bind(id.to_string()).fetch_one(&mut **transaction).await?;
    Ok(owner.parsed_if_any("organiser")?)
}

async fn finish(
    mut transaction: Transaction<'_, Any>,
    by: &By,
    id: VenueId,
    organiser: Option<OrganiserId>,
    detail: &str,
) -> Result<(), CatalogueError> {
    let deed = Deed::new(Action::ManageVenues).to(id).saying(detail);
    let deed = organiser.map_or(deed.clone(), |organiser| deed.of_organiser(organiser));
    audit::write(&mut transaction, by, &deed, Outcome::Done).await?;
    Ok(transaction.commit().await?)
}

impl Site {
    /// As `$2` to `$15`.
    fn bind<'a>(&self, query: Statement<'a>) -> Statement<'a> {
        let part = |part: &Option<Part>| part.as_ref().map(|part| part.as_str().to_owned());
        let e6 = self.coordinates.map(Coordinates::e6);
        query
            .bind(self.name.as_str().to_owned())
            .bind(self.name.key())
            .bind(self.street.as_str().to_owned())
            .bind(self.postal_code.as_ref().map(|code| code.as_str().to_owned()))
            .bind(part(&self.ward))
            .bind(part(&self.district))
            .bind(self.city.as_str().to_owned())
            .bind(self.city.key())
            .bind(part(&self.region))
            .bind(self.country.to_string())
            .bind(self.time_zone.to_string())
            .bind(e6.map(|(latitude, _)| latitude))
            .bind(e6.map(|(_, longitude)| longitude))
            .bind(self.capacity.map(|capacity| i64::from(capacity.get())))
    }
}

fn venue(row: &AnyRow) -> Result<Venue, StoreError> {
    let latitude: Option<i64> = row.try_get("latitude_e6")?;
    let longitude: Option<i64> = row.try_get("longitude_e6")?;
    let capacity: Option<i64> = row.try_get("capacity")?;
    Ok(Venue {
        id: row.parsed("venue")?,
        organiser: row.parsed_if_any("organiser")?,
        name: row.try_get("name")?,
        street: row.try_get("street")?,
        postal_code: row.try_get("postal_code")?,
        ward: row.try_get("ward")?,
        district: row.try_get("district")?,
        city: row.try_get("city")?,
        region: row.try_get("region")?,
        country: row.parsed("country")?,
        time_zone: row.parsed("time_zone")?,
        coordinates: latitude.zip(longitude).and_then(|(latitude, longitude)| {
            // Both came from a point on the globe.
            Coordinates::from_e6(latitude, longitude).ok()
        }),
        capacity: capacity.and_then(|capacity| u32::try_from(capacity).ok()),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        version: row.version()?,
    })
}

queries! {
    LIST = "SELECT venue, organiser, name, street, postal_code, ward, district, city, region,
            country, time_zone, latitude_e6, longitude_e6, capacity, created_at, updated_at, version
        FROM venues
        WHERE name_key LIKE $1 ESCAPE '!'
            AND city_key LIKE $2 ESCAPE '!'
            AND ($3 = '' OR country = $3)
            AND ($4 = '' OR organiser = $4)
            AND (name_key, venue) > ($5, $6)
        ORDER BY name_key, venue
        LIMIT $7";
    FIND = "SELECT venue, organiser, name, street, postal_code, ward, district, city, region,
            country, time_zone, latitude_e6, longitude_e6, capacity, created_at, updated_at, version
        FROM venues WHERE venue = $1";
    CREATE = "INSERT INTO venues (venue, name, name_key, street, postal_code, ward, district, city,
            city_key, region, country, time_zone, latitude_e6, longitude_e6, capacity, created_at,
            updated_at, organiser, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16, $17,
            1)";
    RAISE = "UPDATE venues SET version = version + 1 WHERE venue = $1 AND version = $2";
    VERSION = "SELECT version FROM venues WHERE venue = $1";
    OWNER = "SELECT organiser FROM venues WHERE venue = $1";
    CHANGE = "UPDATE venues SET name = $2, name_key = $3, street = $4, postal_code = $5, ward = $6,
            district = $7, city = $8, city_key = $9, region = $10, country = $11, time_zone = $12,
            latitude_e6 = $13, longitude_e6 = $14, capacity = $15, updated_at = $16
        WHERE venue = $1";
    REMOVE = "DELETE FROM venues WHERE venue = $1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::organiser;
    use crate::testing::{BY, TestDatabase, databases, profile};

    fn site(name: &str, city: &str, country: &str) -> Site {
        Site {
            name: Line::parse(name).unwrap(),
            street: Line::parse("12 Lý Thường Kiệt").unwrap(),
            postal_code: None,
            ward: Some(Line::parse("Phường 7").unwrap()),
            district: Some(Line::parse("Quận 10").unwrap()),
            city: Line::parse(city).unwrap(),
            region: None,
            country: country.parse().unwrap(),
            time_zone: "Asia/Ho_Chi_Minh".parse().unwrap(),
            coordinates: Some(Coordinates::from_degrees(10.762_622, -106.660_172).unwrap()),
            capacity: NonZero::new(18_000),
        }
    }

    async fn names(database: &Database, filter: VenueFilter) -> Vec<String> {
        let page = list(database, &filter, None, Limit::DEFAULT).await.unwrap();
        page.items.into_iter().map(|one| one.name).collect()
    }

    databases! {
        async fn a_venue_comes_back_as_it_was_given(database: TestDatabase) {
            let site = site("Phú Thọ", "Hồ Chí Minh", "VN");
            let made = create(&database, &BY, None, &site).await.unwrap();
            assert_eq!(made.district.as_deref(), Some("Quận 10"));
            assert_eq!((made.country, made.capacity), (site.country, Some(18_000)));
            assert_eq!((&made.time_zone, made.coordinates), (&site.time_zone, site.coordinates));
            let bare = Site { coordinates: None, capacity: None, ward: None, ..site };
            let changed = change(&database, &BY, made.id, made.version, &bare).await.unwrap();
            assert_eq!((changed.coordinates, changed.capacity, changed.ward), (None, None, None));
            let late = change(&database, &BY, made.id, made.version, &bare).await;
            assert!(matches!(late, Err(CatalogueError::Stale { .. })), "{late:?}");
            let late = remove(&database, &BY, made.id, made.version).await;
            assert!(matches!(late, Err(CatalogueError::Stale { .. })), "{late:?}");
            remove(&database, &BY, made.id, changed.version).await.unwrap();
            let gone = find(&database, made.id).await;
            assert!(matches!(gone, Err(CatalogueError::NotFound("venue"))));
        }

        async fn venues_are_found_by_name_city_country_and_organiser(database: TestDatabase) {
            let lanterns = organiser::create(&database, &BY, &profile("Lanterns")).await.unwrap();
            let (hanoi, berlin) = (site("Arena", "Hà Nội", "VN"), site("Arena", "Berlin", "DE"));
            create(&database, &BY, None, &hanoi).await.unwrap();
            let own = create(&database, &BY, Some(lanterns.id), &berlin).await.unwrap();
            assert_eq!(owner(&database, own.id).await.unwrap(), Some(lanterns.id));
            create(&database, &BY, None, &site("Columbiahalle", "Berlin", "DE")).await.unwrap();
            let wanted = |text| Wanted::parse(text).unwrap();
            let filters = [
                (VenueFilter::default(), 3),
                (VenueFilter { name: wanted("arena"), ..VenueFilter::default() }, 2),
                (VenueFilter { city: wanted("ha noi"), ..VenueFilter::default() }, 1),
                (VenueFilter { country: "DE".parse().ok(), ..VenueFilter::default() }, 2),
                (VenueFilter { organiser: Some(lanterns.id), ..VenueFilter::default() }, 1),
                (
                    VenueFilter {
                        name: wanted("columbia"),
                        city: wanted("hà nội"),
                        ..VenueFilter::default()
                    },
                    0,
                ),
            ];
            for (filter, found) in filters {
                assert_eq!(names(&database, filter.clone()).await.len(), found, "{filter:?}");
            }
        }

        async fn an_organiser_keeps_its_venues_and_a_venue_its_organiser(database: TestDatabase) {
            let nobody = Some(OrganiserId::random());
            let made = create(&database, &BY, nobody, &site("Arena", "Berlin", "DE")).await;
            assert!(matches!(made, Err(CatalogueError::NotFound("organiser"))), "{made:?}");
            let lanterns = organiser::create(&database, &BY, &profile("Lanterns")).await.unwrap();
            let site = site("Arena", "Berlin", "DE");
            create(&database, &BY, Some(lanterns.id), &site).await.unwrap();
            let removed = organiser::remove(&database, &BY, lanterns.id, lanterns.version).await;
            assert!(matches!(removed, Err(CatalogueError::InUse("organiser"))), "{removed:?}");
        }

        async fn a_venue_that_something_needs_stays(database: TestDatabase) {
            let made = create(&database, &BY, None, &site("Arena", "Berlin", "DE")).await.unwrap();
            let needs = "CREATE TABLE needs (venue TEXT NOT NULL REFERENCES venues)";
            database.change(sqlx::query(needs)).await.unwrap();
            let need = sqlx::query("INSERT INTO needs (venue) VALUES ($1)");
            database.change(need.bind(made.id.to_string())).await.unwrap();
            let removed = remove(&database, &BY, made.id, made.version).await;
            assert!(matches!(removed, Err(CatalogueError::InUse("venue"))), "{removed:?}");
        }
    }
}
