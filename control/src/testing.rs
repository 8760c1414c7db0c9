//! Databases for tests: every test that is declared by `databases!` runs against both.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

use crate::database::{Database, DatabaseSettings};

/// A database with all tables, which nobody else uses.
pub(crate) struct TestDatabase {
    database: Database,
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

    async fn with(settings: &DatabaseSettings, folder: Option<TempDir>) -> Self {
        let database = Database::open(settings).unwrap();
        database.migrate().await.unwrap();
        Self { database, _folder: folder }
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
