//! Organisers: who sells tickets. Whoever makes one is its first admin; who else works for it, and
//! as what, is its crew ([`crate::access::crew`]).

use onsale_core::time::Time;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::CatalogueError;
use super::fold::fold;
use super::link::Link;
use super::versioned::Versioned;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome, Who};
use crate::access::crew;
use crate::database::{Database, ReadRow, Statement, StoreError, millis, queries};
use crate::id::OrganiserId;
use crate::page::{Cursor, Limit, Page};
use crate::text::{Line, Prose, Wanted};
use crate::version::Version;

const THING: &str = "organiser";
const VERSIONED: Versioned = Versioned { what: THING, raise: RAISE, current: VERSION };

/// What an organiser says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What it is called: no other is.
    pub name: Line<120>,
    /// What people should know of it.
    pub description: Prose<5000>,
    /// Where there is more.
    pub website: Option<Link>,
    /// Where its picture is.
    pub logo: Option<Link>,
    /// How the platform reaches it. Not for the public.
    pub contact: Option<Line<200>>,
}

/// An organiser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organiser {
    /// Which one.
    pub id: OrganiserId,
    /// What it is called.
    pub name: String,
    /// What people should know of it.
    pub description: String,
    /// Where there is more.
    pub website: Option<String>,
    /// Where its picture is.
    pub logo: Option<String>,
    /// How the platform reaches it. Not for the public.
    pub contact: Option<String>,
    /// When the platform vouched for it.
    pub verified_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Rises with every change.
    pub version: Version,
}

/// Where a page of organisers ended: the name as it is compared, and the id.
pub type OrganiserCursor = Cursor<String, OrganiserId>;

/// A page of the organisers whose name is like this, by name.
pub async fn list(
    database: &Database,
    name: &Wanted,
    after: Option<OrganiserCursor>,
    limit: Limit,
) -> Result<Page<Organiser, OrganiserCursor>, StoreError> {
    let (name_key, id) =
        after.map(|Cursor { sort, id }| (sort, id.to_string())).unwrap_or_default();
    let query = sqlx::query(LIST).bind(name.pattern()).bind(name_key).bind(id).bind(limit.rows());
    let rows = database.find_all(query).await?;
    let organisers = rows.iter().map(organiser).collect::<Result<_, _>>()?;
    let cursor = |last: &Organiser| Cursor { sort: fold(&last.name), id: last.id };
    Ok(Page::of(organisers, limit, cursor))
}

/// An organiser.
pub async fn find(database: &Database, id: OrganiserId) -> Result<Organiser, CatalogueError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, id).await
}

/// The same, as a transaction sees it.
async fn find_in(
    connection: &mut AnyConnection,
    id: OrganiserId,
) -> Result<Organiser, CatalogueError> {
    let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(organiser).transpose()?.ok_or(CatalogueError::NotFound(THING))
}

/// Makes an organiser; a person who does is its first admin.
pub async fn create(
    database: &Database,
    by: &By,
    profile: &Profile,
) -> Result<Organiser, CatalogueError> {
    let id = OrganiserId::random();
    let mut transaction = database.begin().await?;
    let create = profile.bind(sqlx::query(CREATE).bind(id.to_string())).bind(millis(by.at));
    let created = create.execute(&mut *transaction).await;
    created.map_err(|error| CatalogueError::of_write(error, THING))?;
    if let Who::Person(creator) = by.who {
        crew::lead(&mut transaction, id, creator, by.at).await?;
    }
    let made = find_in(&mut transaction, id).await?;
    let deed = Deed::new(Action::CreateOrganiser).of_organiser(id);
    finish(transaction, by, &deed).await?;
    Ok(made)
}

/// Changes what an organiser says of itself, if it is still as it was `seen`.
pub async fn change(
    database: &Database,
    by: &By,
    id: OrganiserId,
    seen: Version,
    profile: &Profile,
) -> Result<Organiser, CatalogueError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let change = profile.bind(sqlx::query(CHANGE).bind(id.to_string())).bind(millis(by.at));
    let changed = change.execute(&mut *transaction).await;
    changed.map_err(|error| CatalogueError::of_write(error, THING))?;
    let changed = find_in(&mut transaction, id).await?;
    let deed = Deed::new(Action::ChangeOrganiser).of_organiser(id);
    finish(transaction, by, &deed).await?;
    Ok(changed)
}

/// Vouches for an organiser, or does so no longer, if it is still as it was `seen`.
pub async fn verify(
    database: &Database,
    by: &By,
    id: OrganiserId,
    seen: Version,
    is_verified: bool,
) -> Result<Organiser, CatalogueError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let verified_at = is_verified.then(|| millis(by.at));
    let verify = sqlx::query(VERIFY).bind(id.to_string()).bind(verified_at).bind(millis(by.at));
    verify.execute(&mut *transaction).await?;
    let verified = find_in(&mut transaction, id).await?;
    let deed = Deed::new(Action::VerifyOrganiser).of_organiser(id);
    let detail = if is_verified { "verified" } else { "not verified" };
    finish(transaction, by, &deed.saying(detail)).await?;
    Ok(verified)
}

/// Removes an organiser that no event and no venue needs, if it is still as it was `seen`.
pub async fn remove(
    database: &Database,
    by: &By,
    id: OrganiserId,
    seen: Version,
) -> Result<(), CatalogueError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let removed = sqlx::query(REMOVE).bind(id.to_string()).execute(&mut *transaction).await;
    removed.map_err(|error| CatalogueError::of_removal(error, THING))?;
    finish(transaction, by, &Deed::new(Action::RemoveOrganiser).of_organiser(id)).await
}

async fn finish(
    mut transaction: Transaction<'_, Any>,
    by: &By,
    deed: &Deed,
) -> Result<(), CatalogueError> {
    audit::write(&mut transaction, by, deed, Outcome::Done).await?;
    Ok(transaction.commit().await?)
}

impl Profile {
    /// As `$2` to `$7`.
    fn bind<'a>(&self, query: Statement<'a>) -> Statement<'a> {
        query
            .bind(self.name.as_str().to_owned())
            .bind(self.name.key())
            .bind(self.description.as_str().to_owned())
            .bind(self.website.as_ref().map(|link| link.as_str().to_owned()))
            .bind(self.logo.as_ref().map(|link| link.as_str().to_owned()))
            .bind(self.contact.as_ref().map(|contact| contact.as_str().to_owned()))
    }
}

fn organiser(row: &AnyRow) -> Result<Organiser, StoreError> {
    Ok(Organiser {
        id: row.parsed("organiser")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        website: row.try_get("website")?,
        logo: row.try_get("logo_url")?,
        contact: row.try_get("contact")?,
        verified_at: row.time_if_any("verified_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        version: row.version()?,
    })
}

queries! {
    LIST = "SELECT organiser, name, description, website, logo_url, contact, verified_at,
            created_at, updated_at, version
        FROM organisers
        WHERE name_key LIKE $1 ESCAPE '!' AND (name_key, organiser) > ($2, $3)
        ORDER BY name_key, organiser
        LIMIT $4";
    FIND = "SELECT organiser, name, description, website, logo_url, contact, verified_at,
            created_at, updated_at, version
        FROM organisers WHERE organiser = $1";
    CREATE = "INSERT INTO organisers (organiser, name, name_key, description, website, logo_url,
            contact, verified_at, created_at, updated_at, version, crew)
        VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, $8, 1, 0)";
    CHANGE = "UPDATE organisers SET name = $2, name_key = $3, description = $4, website = $5,
            logo_url = $6, contact = $7, updated_at = $8
        WHERE organiser = $1";
    VERIFY = "UPDATE organisers SET verified_at = $2, updated_at = $3 WHERE organiser = $1";
    REMOVE = "DELETE FROM organisers WHERE organiser = $1";
    RAISE = "UPDATE organisers SET version = version + 1 WHERE organiser = $1 AND version = $2";
    VERSION = "SELECT version FROM organisers WHERE organiser = $1";
}

#[cfg(test)]
mod tests {
    use onsale_core::id::{EventId, PartitionId};

    use super::*;
    use crate::access::crew::found;
    use crate::testing::{BY, NOW, TestDatabase, databases, profile};

    async fn names(database: &Database, wanted: &str) -> Vec<String> {
        let wanted = Wanted::parse(wanted).unwrap();
        let page = list(database, &wanted, None, Limit::DEFAULT).await.unwrap();
        page.items.into_iter().map(|one| one.name).collect()
    }

    databases! {
        async fn an_organiser_is_made_changed_and_removed(database: TestDatabase) {
            let made = create(&database, &BY, &profile("The Lanterns")).await.unwrap();
            assert_eq!(made.description, "Since 1999.\nOn the road.");
            assert_eq!((made.verified_at, made.created_at), (None, NOW));
            let new = Profile { website: None, ..profile("The Lights") };
            let changed = change(&database, &BY, made.id, made.version, &new).await.unwrap();
            assert_eq!((changed.name.as_str(), &changed.website), ("The Lights", &None));
            let verified = verify(&database, &BY, made.id, changed.version, true).await.unwrap();
            assert_eq!(verified.verified_at, Some(NOW));
            let late = change(&database, &BY, made.id, changed.version, &new).await;
            let Err(CatalogueError::Stale { current, .. }) = late else { panic!("{late:?}") };
            assert_eq!(current, verified.version);
            remove(&database, &BY, made.id, verified.version).await.unwrap();
            let gone = find(&database, made.id).await;
            assert!(matches!(gone, Err(CatalogueError::NotFound("organiser"))));
        }

        async fn no_two_organisers_look_the_same(database: TestDatabase) {
            let one = create(&database, &BY, &profile("Café Lanterns")).await.unwrap();
            let again = create(&database, &BY, &profile("CAFE  LANTERNS")).await;
            assert!(matches!(again, Err(CatalogueError::NameTaken("organiser"))));
            let other = create(&database, &BY, &profile("Other")).await.unwrap();
            let taken = profile("café lanterns");
            let again = change(&database, &BY, other.id, other.version, &taken);
            assert!(matches!(again.await, Err(CatalogueError::NameTaken("organiser"))));
            // Itself does not stand in its way.
            change(&database, &BY, one.id, one.version, &profile("CAFÉ Lanterns")).await.unwrap();
        }

        async fn of_two_who_change_at_once_one_is_refused(database: TestDatabase) {
            let made = create(&database, &BY, &profile("The Lanterns")).await.unwrap();
            let (one, other) = (profile("One"), profile("Other"));
            let both = tokio::join!(
                change(&database, &BY, made.id, made.version, &one),
                change(&database, &BY, made.id, made.version, &other)
            );
            assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
        }

        async fn an_organiser_with_events_stays(database: TestDatabase) {
            let made = create(&database, &BY, &profile("The Lanterns")).await.unwrap();
            let mut transaction = database.begin().await.unwrap();
            let event = EventId::new(PartitionId::FIRST, 1).unwrap();
            found(&mut transaction, event, Some(made.id), None, NOW).await.unwrap();
            transaction.commit().await.unwrap();
            let removed = remove(&database, &BY, made.id, made.version).await;
            assert!(matches!(removed, Err(CatalogueError::InUse("organiser"))), "{removed:?}");
            assert_eq!(find(&database, made.id).await.unwrap(), made, "nothing has changed");
        }

        async fn organisers_are_found_by_what_people_type(database: TestDatabase) {
            for name in ["100% Rock", "100 Roads", "Bär_Club", "O'Rourke's; --"] {
                create(&database, &BY, &profile(name)).await.unwrap();
            }
            assert_eq!(names(&database, "rO").await, ["100 Roads", "100% Rock", "O'Rourke's; --"]);
            assert_eq!(names(&database, "100%").await, ["100% Rock"]);
            assert_eq!(names(&database, "bar_").await, ["Bär_Club"]);
            assert_eq!(names(&database, "_").await, ["Bär_Club"]);
            assert_eq!(names(&database, "O'ROURKE'S; --").await.len(), 1);
            assert_eq!(names(&database, "").await.len(), 4);
        }

        async fn pages_follow_on_each_other_whatever_comes_and_goes(database: TestDatabase) {
            let mut made = Vec::new();
            for name in ["A", "B", "C", "D", "E"] {
                made.push(create(&database, &BY, &profile(name)).await.unwrap());
            }
            let limit = Limit::new(2).unwrap();
            let page = async |after| {
                list(&database, &Wanted::default(), after, limit).await.unwrap()
            };
            let first = page(None).await;
            remove(&database, &BY, made[1].id, made[1].version).await.unwrap();
            create(&database, &BY, &profile("AA")).await.unwrap();
            let second = page(first.next).await;
            let names: Vec<_> = second.items.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(names, ["C", "D"]);
            let last = page(second.next).await;
            assert_eq!((last.items[0].name.as_str(), last.next), ("E", None));
        }
    }
}
