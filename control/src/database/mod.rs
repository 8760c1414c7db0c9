//! The database: one pool, the same tables and the same queries on SQLite and PostgreSQL.
//!
//! Queries are constants, declared by `queries!` and prepared against both databases by
//! a test; sqlx takes no other text ([`sqlx::SqlSafeStr`]). What both understand: `$1` for a
//! parameter, TEXT and BIGINT columns, `ON CONFLICT`, `RETURNING`, `CAST`.

mod error;
mod queries;
mod row;
mod setup;
mod transaction;

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Any, AnyPool};
use thiserror::Error;
use tokio::time::{sleep, timeout};

pub use self::error::StoreError;
use self::error::is_conflict;
pub(crate) use self::queries::queries;
pub(crate) use self::row::{ReadRow, millis, undecodable};
use self::setup::Setup;
pub(crate) use self::transaction::{Statement, Transaction};

/// How long to get out of the way of others, each time that one of them was in ours. Unlike
/// numbers: two that met once need not meet again.
const RETRY_AFTER_MS: [u64; 3] = [5, 23, 71];

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How the database is reached, and how long anybody waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// `sqlite:///path/to/file` or `postgres://user@host/name`.
    pub url: String,
    /// The most connections at once.
    pub connections_max: u32,
    /// How long somebody waits for one of them.
    pub acquire_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
}

impl DatabaseSettings {
    /// A file of SQLite.
    pub fn sqlite(file: &Path) -> Self {
        // As in any URL: what has a meaning there stands for itself when it is encoded.
        let file = file.to_string_lossy();
        let file = file.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        Self::of(format!("sqlite://{file}"))
    }

    /// The database behind a URL, with the usual limits.
    pub fn of(url: String) -> Self {
        Self {
            url,
            connections_max: 8,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
        }
    }

    /// The file, if it is one of SQLite.
    pub(crate) fn sqlite_file(&self) -> Option<PathBuf> {
        let is_sqlite = self.url.starts_with("sqlite:");
        let options: SqliteConnectOptions = is_sqlite.then(|| self.url.parse().ok())??;
        Some(options.get_filename().to_owned())
    }

    /// Whether they name a database that is known here. It need not be there.
    ///
    /// # Errors
    /// If they do not.
    pub fn check(&self) -> Result<(), OpenError> {
        let setup = Setup::of(self)?;
        setup.url.parse::<AnyConnectOptions>().map(|_| ()).map_err(OpenError::Address)
    }
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// The database. A cheap handle.
#[derive(Clone, Debug)]
pub struct Database {
    pool: AnyPool,
    kind: Kind,
    begin: &'static str,
    begin_snapshot: &'static str,
    statement_timeout: Duration,
}

/// Why there is no database.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The URL names no database that is known here.
    #[error("database.url is {0:?}: set sqlite:///path/to/file or postgres://user@host/name")]
    Url(String),
    /// The address cannot be understood.
    #[error("database.url cannot be understood: {0}")]
    Address(#[source] sqlx::Error),
}

/// Why the tables could not be brought up to date.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database is not there.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is there and says no.
    #[error("the tables of the database cannot be brought up to date: {0}")]
    Refused(#[source] MigrateError),
    /// A newer program was here.
    #[error(
        "the database was brought up to date by a newer version ({0} is unknown here): run that \
         version, or a later one"
    )]
    Newer(i64),
}

impl Database {
    /// A database that is connected to when it is first used.
    ///
    /// # Errors
    /// If the settings name none.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        Self::connect(&Setup::of(settings)?, settings)
    }

    /// The same, but all tables are in this schema of PostgreSQL.
    pub(crate) fn open_in(
        settings: &DatabaseSettings,
        schema: &'static str,
    ) -> Result<Self, OpenError> {
        let mut setup = Setup::of(settings)?;
        setup.schema = Some(schema);
        Self::connect(&setup, settings)
    }

    fn connect(setup: &Setup, settings: &DatabaseSettings) -> Result<Self, OpenError> {
        let Setup { kind, begin, begin_snapshot, .. } = *setup;
        let options = AnyPoolOptions::new()
            .max_connections(settings.connections_max)
            .acquire_timeout(settings.acquire_timeout)
            .after_connect({
                let setup = setup.clone();
                move |connection, _| {
                    let setup = setup.clone();
                    Box::pin(async move { setup.prepare(connection).await })
                }
            });
        let pool = options.connect_lazy(&setup.url).map_err(OpenError::Address)?;
        let statement_timeout = settings.statement_timeout;
        Ok(Self { pool, kind, begin, begin_snapshot, statement_timeout })
    }

    /// What begins a transaction that writes.
    pub(crate) fn begin_text(&self) -> &'static str {
        self.begin
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Brings the tables up to date: makes what is missing, removes nothing.
    ///
    /// # Errors
    /// If the database is not there, or is of a newer version.
    pub async fn migrate(&self) -> Result<(), MigrationError> {
        match MIGRATIONS.run(&self.pool).await {
            Ok(()) => Ok(()),
            Err(MigrateError::Execute(error)) => Err(StoreError::from(error).into()),
            Err(MigrateError::VersionMissing(version)) => Err(MigrationError::Newer(version)),
            Err(error) => Err(MigrationError::Refused(error)),
        }
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        self.within(sqlx::query(PING).execute(&mut *connection)).await.map(|_| ())
    }

    /// A connection to look something up with.
    ///
    /// # Errors
    /// If there is none in time.
    pub async fn reader(&self) -> Result<PoolConnection<Any>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction to change something in. Dropped without a commit, nothing has changed. On
    /// SQLite it is the only writer from its beginning, so that it never has to give up half way.
    ///
    /// # Errors
    /// If there is no connection, or no turn to write, in time.
    pub async fn begin(&self) -> Result<sqlx::Transaction<'static, Any>, StoreError> {
        Ok(self.pool.begin_with(self.begin).await?)
    }

    /// A transaction to look several things up in, all as they are when the first one is looked
    /// up, whoever changes them meanwhile.
    ///
    /// # Errors
    /// If there is no connection in time.
    pub async fn snapshot(&self) -> Result<sqlx::Transaction<'static, Any>, StoreError> {
        Ok(self.pool.begin_with(self.begin_snapshot).await?)
    }

    /// The same, with time to do something else between two questions: PostgreSQL gives up whoever
    /// keeps a transaction open and asks nothing for longer.
    ///
    /// # Errors
    /// If there is no connection in time.
    pub async fn long_snapshot(
        &self,
        pause_max: Duration,
    ) -> Result<sqlx::Transaction<'static, Any>, StoreError> {
        let mut transaction = self.snapshot().await?;
        if self.kind == Kind::Postgres {
            let allow = sqlx::query(setup::SET_IN_TRANSACTION)
                .bind("idle_in_transaction_session_timeout")
                .bind(pause_max.as_millis().to_string());
            allow.execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }

    /// Does something again from its beginning if it gave way to others: see [`Self::begin`] for
    /// what it is likely to begin with. Whatever else goes wrong is not tried again.
    ///
    /// # Errors
    /// Whatever went wrong.
    pub(crate) async fn retried<T, E, F>(&self, mut work: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: StdError + 'static,
    {
        for pause_ms in RETRY_AFTER_MS {
            match work().await {
                Err(error) if is_conflict(&error) => {
                    tracing::debug!(%error, "a transaction gave way, and is done again");
                    sleep(Duration::from_millis(pause_ms)).await;
                }
                outcome => return outcome,
            }
        }
        work().await
    }

    /// Changes something by one statement; how many rows it has changed.
    ///
    /// # Errors
    /// If it is refused, or the database does not answer.
    pub(crate) async fn change(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        let mut transaction = self.transaction().await?;
        let changed = transaction.execute(statement).await?;
        transaction.commit().await?;
        Ok(changed)
    }

    /// The connections open now, and how many of them nobody uses.
    pub fn connections(&self) -> (u32, usize) {
        (self.pool.size(), self.pool.num_idle())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        let done = timeout(self.statement_timeout, work).await;
        Ok(done.map_err(|_| StoreError::timed_out())??)
    }
}

queries! {
    PING = "SELECT 1";
}
