//! Categories: what kind of event it is. Few, and the platform's.

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row, Transaction};

use super::CatalogueError;
use super::fold::fold;
use super::versioned::Versioned;
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::database::{Database, ReadRow, StoreError, queries};
use crate::id::CategoryId;
use crate::page::{Cursor, Limit, Page};
use crate::text::Line;
use crate::version::Version;

const THING: &str = "category";
const VERSIONED: Versioned = Versioned { what: THING, raise: RAISE, current: VERSION };

/// What a category is called.
pub type CategoryName = Line<80>;

/// A category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Which one.
    pub id: CategoryId,
    /// What it is called.
    pub name: String,
    /// Rises with every change.
    pub version: Version,
}

/// Where a page of categories ended: the name as it is compared, and the id.
pub type CategoryCursor = Cursor<String, CategoryId>;

/// A page of categories, by name.
pub async fn list(
    database: &Database,
    after: Option<CategoryCursor>,
    limit: Limit,
) -> Result<Page<Category, CategoryCursor>, StoreError> {
    let (name_key, id) =
        after.map(|Cursor { sort, id }| (sort, id.to_string())).unwrap_or_default();
    let query = sqlx::query(LIST).bind(name_key).bind(id).bind(limit.rows());
    let rows = database.find_all(query).await?;
    let categories = rows.iter().map(category).collect::<Result<_, _>>()?;
    Ok(Page::of(categories, limit, |last: &Category| Cursor {
        sort: fold(&last.name),
        id: last.id,
    }))
}

/// A category.
pub async fn find(database: &Database, id: CategoryId) -> Result<Category, CatalogueError> {
    let mut connection = database.reader().await?;
    find_in(&mut connection, id).await
}

/// The same, as a transaction sees it.
async fn find_in(
    connection: &mut AnyConnection,
    id: CategoryId,
) -> Result<Category, CatalogueError> {
    let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(connection).await?;
    row.as_ref().map(category).transpose()?.ok_or(CatalogueError::NotFound(THING))
}

/// Makes a category.
pub async fn create(
    database: &Database,
    by: &By,
    name: &CategoryName,
) -> Result<Category, CatalogueError> {
    let id = CategoryId::random();
    let mut transaction = database.begin().await?;
    let create = sqlx::query(CREATE).bind(id.to_string());
    let create = create.bind(name.as_str().to_owned()).bind(name.key());
    let created = create.execute(&mut *transaction).await;
    created.map_err(|error| CatalogueError::of_write(error, THING))?;
    let made = find_in(&mut transaction, id).await?;
    finish(transaction, by, id, "made").await?;
    Ok(made)
}

/// Calls a category something else, if it is still as it was `seen`.
pub async fn rename(
    database: &Database,
    by: &By,
    id: CategoryId,
    seen: Version,
    name: &CategoryName,
) -> Result<Category, CatalogueError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let rename = sqlx::query(RENAME).bind(id.to_string());
    let rename = rename.bind(name.as_str().to_owned()).bind(name.key());
    let renamed = rename.execute(&mut *transaction).await;
    renamed.map_err(|error| CatalogueError::of_write(error, THING))?;
    let renamed = find_in(&mut transaction, id).await?;
    finish(transaction, by, id, "renamed").await?;
    Ok(renamed)
}

/// Removes a category that no event has, if it is still as it was `seen`.
pub async fn remove(
    database: &Database,
    by: &By,
    id: CategoryId,
    seen: Version,
) -> Result<(), CatalogueError> {
    let mut transaction = database.begin().await?;
    VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
    let removed = sqlx::query(REMOVE).bind(id.to_string()).execute(&mut *transaction).await;
    removed.map_err(|error| CatalogueError::of_removal(error, THING))?;
    finish(transaction, by, id, "removed").await
}

async fn finish(
    mut transaction: Transaction<'_, Any>,
    by: &By,
    id: CategoryId,
    detail: &str,
) -> Result<(), CatalogueError> {
    let deed = Deed::new(Action::ManageCategories).to(id).saying(detail);
    audit::write(&mut transaction, by, &deed, Outcome::Done).await?;
    Ok(transaction.commit().await?)
}

/// The category in a row with its columns.
pub(super) fn category(row: &AnyRow) -> Result<Category, StoreError> {
    Ok(Category {
        id: row.parsed("category")?,
        name: row.try_get("name")?,
        version: row.version()?,
    })
}

queries! {
    LIST = "SELECT category, name, version FROM categories
        WHERE (name_key, category) > ($1, $2) ORDER BY name_key, category LIMIT $3";
    FIND = "SELECT category, name, version FROM categories WHERE category = $1";
    CREATE = "INSERT INTO categories (category, name, name_key, version) VALUES ($1, $2, $3, 1)";
    RENAME = "UPDATE categories SET name = $2, name_key = $3 WHERE category = $1";
    REMOVE = "DELETE FROM categories WHERE category = $1";
    RAISE = "UPDATE categories SET version = version + 1 WHERE category = $1 AND version = $2";
    VERSION = "SELECT version FROM categories WHERE category = $1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{BY, TestDatabase, databases};

    fn name(text: &str) -> CategoryName {
        CategoryName::parse(text).unwrap()
    }

    databases! {
        async fn a_category_is_made_renamed_and_removed(database: TestDatabase) {
            create(&database, &BY, &name("Sport")).await.unwrap();
            let one = create(&database, &BY, &name("Konzert")).await.unwrap();
            let renamed = rename(&database, &BY, one.id, one.version, &name("Concert")).await;
            let renamed = renamed.unwrap();
            let page = list(&database, None, Limit::DEFAULT).await.unwrap();
            let names: Vec<_> = page.items.into_iter().map(|one| one.name).collect();
            assert_eq!(names, ["Concert", "Sport"]);
            let late = rename(&database, &BY, one.id, one.version, &name("Gig")).await;
            let Err(CatalogueError::Stale { current, .. }) = late else { panic!("{late:?}") };
            assert_eq!(current, renamed.version);
            remove(&database, &BY, one.id, renamed.version).await.unwrap();
            let again = remove(&database, &BY, one.id, renamed.version).await;
            assert!(matches!(again, Err(CatalogueError::NotFound("category"))));
        }

        async fn no_two_are_called_the_same_in_any_case(database: TestDatabase) {
            create(&database, &BY, &name("Öffentlich")).await.unwrap();
            let again = create(&database, &BY, &name("ÖFFENTLICH")).await;
            assert!(matches!(again, Err(CatalogueError::NameTaken("category"))));
        }
    }
}
