//! Categories: what kind of event it is. Few, and the operator's.

use sqlx::Row;
use sqlx::any::AnyRow;
use thiserror::Error;

use crate::database::{Database, ReadRow, StoreError, queries};
use crate::id::CategoryId;

/// What a category is called: 1 to 80 characters, without blanks around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryName(String);

impl CategoryName {
    /// The longest, in characters.
    pub const CHARS_MAX: usize = 80;

    /// The name in `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=Self::CHARS_MAX).contains(&text.chars().count());
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// What two names share that are one to people.
    fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Which one.
    pub id: CategoryId,
    /// What it is called.
    pub name: String,
}

/// Why a category is not changed.
#[derive(Debug, Error)]
pub enum CategoryError {
    /// Another one has that name.
    #[error("another category is called that: choose another name")]
    NameTaken,
    /// There is none with that id.
    #[error("there is no such category")]
    NotFound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All categories, by name.
pub async fn list(database: &Database) -> Result<Vec<Category>, StoreError> {
    let mut connection = database.reader().await?;
    let rows = sqlx::query(LIST).fetch_all(&mut *connection).await?;
    rows.iter().map(category).collect()
}

/// Makes a category.
pub async fn create(database: &Database, name: &CategoryName) -> Result<Category, CategoryError> {
    let id = CategoryId::random();
    let create = sqlx::query(CREATE).bind(id.to_string()).bind(&name.0).bind(name.key());
    database.change(create).await.map_err(taken)?;
    Ok(Category { id, name: name.0.clone() })
}

/// Calls a category something else.
pub async fn rename(
    database: &Database,
    id: CategoryId,
    name: &CategoryName,
) -> Result<(), CategoryError> {
    let rename = sqlx::query(RENAME).bind(id.to_string()).bind(&name.0).bind(name.key());
    found(database.change(rename).await.map_err(taken)?)
}

/// Removes a category.
pub async fn remove(database: &Database, id: CategoryId) -> Result<(), CategoryError> {
    found(database.change(sqlx::query(REMOVE).bind(id.to_string())).await?)
}

fn category(row: &AnyRow) -> Result<Category, StoreError> {
    Ok(Category { id: row.parsed("category")?, name: row.try_get("name")? })
}

fn taken(error: StoreError) -> CategoryError {
    if error.is_duplicate() { CategoryError::NameTaken } else { error.into() }
}

fn found(rows: u64) -> Result<(), CategoryError> {
    if rows > 0 { Ok(()) } else { Err(CategoryError::NotFound) }
}

queries! {
    LIST = "SELECT category, name FROM categories ORDER BY name_key";
    CREATE = "INSERT INTO categories (category, name, name_key) VALUES ($1, $2, $3)";
    RENAME = "UPDATE categories SET name = $2, name_key = $3 WHERE category = $1";
    REMOVE = "DELETE FROM categories WHERE category = $1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestDatabase, databases};

    fn name(text: &str) -> CategoryName {
        CategoryName::parse(text).unwrap()
    }

    databases! {
        async fn a_category_is_made_renamed_and_removed(database: TestDatabase) {
            create(&database, &name("Sport")).await.unwrap();
            let concert = create(&database, &name("Konzert")).await.unwrap();
            rename(&database, concert.id, &name("Concert")).await.unwrap();
            let names: Vec<_> =
                list(&database).await.unwrap().into_iter().map(|one| one.name).collect();
            assert_eq!(names, ["Concert", "Sport"]);
            remove(&database, concert.id).await.unwrap();
            let again = remove(&database, concert.id).await;
            assert!(matches!(again, Err(CategoryError::NotFound)));
            let gone = rename(&database, concert.id, &name("Concert")).await;
            assert!(matches!(gone, Err(CategoryError::NotFound)));
        }

        async fn no_two_are_called_the_same_in_any_case(database: TestDatabase) {
            create(&database, &name("Öffentlich")).await.unwrap();
            let again = create(&database, &name("ÖFFENTLICH")).await;
            assert!(matches!(again, Err(CategoryError::NameTaken)));
        }
    }

    #[test]
    fn a_name_is_short_and_visible() {
        assert_eq!(CategoryName::parse("  Open air "), Some(name("Open air")));
        for wrong in ["", "  ", "a\nb", &"x".repeat(81)] {
            assert_eq!(CategoryName::parse(wrong), None, "{wrong:?}");
        }
    }
}
