//! Databases for tests: every test that is declared by `databases!` runs against both.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use onsale_core::id::PersonId;
use onsale_core::time::Time;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

use crate::access::audit::{By, Who};
use crate::accounts::role::Role;
use crate::catalogue::organiser::Profile;
use crate::database::{Database, DatabaseSettings};
use crate::secret;
use crate::text::{Line, Prose};

/// The operator, some time.
pub(crate) static BY: By = by(Who::Operator);

/// Somebody, at the same time.
pub(crate) const fn by(who: Who) -> By {
    By { who, at: NOW, address: None, request: None }
}

/// When everything happens.
pub(crate) const NOW: Time = Time::from_ms(1_790_848_800_000);

/// What an organiser of this name says of itself.
pub(crate) fn profile(name: &str) -> Profile {
    Profile {
        name: Line::parse(name).unwrap(),
        description: Prose::parse("Since 1999.\nOn the road.").unwrap(),
        website: Some("https://lanterns.example".parse().unwrap()),
        logo: None,
        contact: Some(Line::parse("booking@lanterns.example").unwrap()),
    }
}

impl TestDatabase {
    /// Somebody with an account of this role.
    pub(crate) async fn account(&self, role: Role) -> PersonId {
        let person = PersonId::from_u128(u128::from_be_bytes(secret::random()));
        let create = sqlx::query(
            "INSERT INTO accounts (person, role, given_name, family_name, created_at, updated_at)
            VALUES ($1, $2, 'Ada', 'Lovelace', 0, 0)",
        );
        self.change(create.bind(person.to_string()).bind(role.name())).await.unwrap();
        person
    }

    /// Erases an account, as far as the policy sees it.
    pub(crate) async fn erase(&self, person: PersonId) {
        let erase =
            sqlx::query("UPDATE accounts SET erased_at = 1, given_name = '' WHERE person = $1");
        self.change(erase.bind(person.to_string())).await.unwrap();
    }
}

/// A database with all tables, which nobody else uses.
pub(crate) struct TestDatabase {
    database: Database,
    settings: DatabaseSettings,
    _folder: Option<TempDir>,
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

impl TestDatabase {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = DatabaseSettings::sqlite(&folder.path().join("control.db"));
        Self::with(&settings, Some(folder)).await
    }

    pub(crate) async fn postgres() -> Self {
        let settings = DatabaseSettings::of(new_postgres_database().await);
        Self::with(&settings, None).await
    }

    /// How it is reached.
    pub(crate) fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    async fn with(settings: &DatabaseSettings, folder: Option<TempDir>) -> Self {
        let database = Database::open(settings).unwrap();
        database.migrate().await.unwrap();
        Self { database, settings: settings.clone(), _folder: folder }
    }
}

/// The URL of a new database in the PostgreSQL of the tests.
pub(crate) async fn new_postgres_database() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    sqlx::any::install_default_drivers();
    let server = onsale_testbed::postgres_url();
    let mut connection = sqlx::AnyConnection::connect(&format!("{server}/postgres")).await.unwrap();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    connection.close().await.unwrap();
    format!("{server}/{name}")
}

/// Declares tests that take a database: `name::sqlite` and `name::postgres`.
macro_rules! databases {
    ($(
        $(#[$attribute:meta])*
        async fn $name:ident($database:ident: TestDatabase) $body:block
    )*) => {
        $(
            mod $name {
                use super::*;

                $(#[$attribute])*
                async fn run($database: TestDatabase) $body

                #[tokio::test]
                async fn sqlite() {
                    run(TestDatabase::sqlite().await).await;
                }

                #[tokio::test]
                async fn postgres() {
                    run(TestDatabase::postgres().await).await;
                }
            }
        )*
    };
}

pub(crate) use databases;
