//! What every new connection is told before anybody uses it.

use sqlx::{AnyConnection, Executor};

use super::{DatabaseSettings, Kind, OpenError};

/// How a connection becomes one of ours.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub url: String,
    pub kind: Kind,
    /// What begins a transaction that writes.
    pub begin: &'static str,
    /// What begins a transaction that sees everything as it is at its beginning.
    pub begin_snapshot: &'static str,
    /// Where PostgreSQL looks for tables, if not where it usually does.
    pub schema: Option<&'static str>,
    timeout_ms: u64,
}

impl Setup {
    pub(super) fn of(settings: &DatabaseSettings) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let timeout_ms = u64::try_from(settings.statement_timeout.as_millis()).unwrap_or(u64::MAX);
        let url = settings.url.clone();
        if url.starts_with("sqlite:") {
            // Created where it is missing.
            let url = if url.contains('?') { url } else { format!("{url}?mode=rwc") };
            return Ok(Self {
                url,
                kind: Kind::Sqlite,
                begin: "BEGIN IMMEDIATE",
                begin_snapshot: "BEGIN",
                schema: None,
                timeout_ms,
            });
        }
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return Ok(Self {
                url,
                kind: Kind::Postgres,
                begin: "BEGIN",
                begin_snapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                schema: None,
                timeout_ms,
            });
        }
        // Whatever it is, a password may be in it.
        let scheme = url.split(':').next().unwrap_or_default();
        Err(OpenError::Url(format!("{scheme}:...")))
    }

    pub(super) async fn prepare(&self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        match self.kind {
            Kind::Sqlite => self.prepare_sqlite(connection).await,
            Kind::Postgres => self.prepare_postgres(connection).await,
        }
    }

    /// Readers beside one writer (write-ahead log), every commit on disk, references checked. Who
    /// wants to write waits 5 s for another who does: sqlx's default.
    async fn prepare_sqlite(&self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        connection.execute("PRAGMA journal_mode = WAL").await?;
        connection.execute("PRAGMA synchronous = FULL").await?;
        connection.execute("PRAGMA foreign_keys = ON").await?;
        Ok(())
    }

    async fn prepare_postgres(&self, connection: &mut AnyConnection) -> sqlx::Result<()> {
        let timeouts = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
        let timeouts = timeouts.map(|name| (name, self.timeout_ms.to_string()));
        let schema = self.schema.map(|schema| ("search_path", schema.to_owned()));
        for (name, value) in timeouts.into_iter().chain(schema) {
            sqlx::query(SET).bind(name).bind(value).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Settings of PostgreSQL, for a session and for a transaction.
const SET: &str = "SELECT set_config($1, $2, false)";
pub(super) const SET_IN_TRANSACTION: &str = "SELECT set_config($1, $2, true)";
