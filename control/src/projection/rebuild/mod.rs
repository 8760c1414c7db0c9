//! Read models made anew, beside those that are there: to see whether they are the same, or to
//! take their place.
//!
//! The new rows are made in tables of their own: in PostgreSQL in a schema `rebuilt`, with SQLite
//! in a file beside the first one. Both may be done while a server runs.

mod adopt;
mod compare;
mod shadow;

use std::time::Duration;

use sqlx::{Any, Transaction};
use thiserror::Error;

use self::shadow::Shadow;
use super::rows::Checkpoint;
use crate::database::{Database, DatabaseSettings, MigrationError, OpenError, StoreError};

pub use self::compare::Difference;

/// How long a statement may take here: whole tables are moved.
const STATEMENT_MAX: Duration = Duration::from_secs(3_600);

/// How long the live rows are looked at as they are at the beginning.
const SNAPSHOT_MAX: Duration = Duration::from_secs(24 * 3_600);

/// Why read models cannot be made anew.
#[derive(Debug, Error)]
pub enum RebuildError {
    /// The settings name no database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The tables are not up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The old file of an earlier rebuild cannot be removed.
    #[error("cannot remove what an earlier rebuild has left: {0}")]
    Leftover(#[source] std::io::Error),
}

/// The live read models, and room for new ones.
#[derive(Debug)]
pub struct Rebuild {
    live: Database,
    fresh: Database,
    shadow: Shadow,
}

impl Rebuild {
    /// Makes room for new read models beside those of a database. What an earlier rebuild has left
    /// there is removed.
    pub async fn begin(settings: &DatabaseSettings) -> Result<Self, RebuildError> {
        let settings = DatabaseSettings { statement_timeout: STATEMENT_MAX, ..settings.clone() };
        let live = Database::open(&settings)?;
        let shadow = Shadow::of(&settings);
        let fresh = shadow.open(&live, &settings).await?;
        fresh.migrate().await?;
        Ok(Self { live, fresh, shadow })
    }

    /// Brings the live tables up to date.
    pub async fn migrate(&self) -> Result<(), RebuildError> {
        Ok(self.live.migrate().await?)
    }

    /// Where the new rows are made.
    pub fn fresh(&self) -> &Database {
        &self.fresh
    }

    /// The live rows as they are now, whatever a server does meanwhile, with their checkpoints.
    pub async fn live(&self) -> Result<(Live, Vec<Checkpoint>), StoreError> {
        let mut snapshot = self.live.long_snapshot(SNAPSHOT_MAX).await?;
        let checkpoints = Checkpoint::list(&mut snapshot).await?;
        Ok((Live { snapshot }, checkpoints))
    }

    /// Lays the live rows beside the new ones and hands over whatever is not in both; how many
    /// rows there are of the new.
    pub async fn compare(
        &self,
        live: Live,
        report: impl FnMut(Difference),
    ) -> Result<u64, StoreError> {
        let mut snapshot = live.snapshot;
        let mut fresh = self.fresh.reader().await?;
        compare::compare(&mut snapshot, &mut fresh, report).await
    }

    /// Has the new rows take the place of the live ones, with their checkpoints: all at once. A
    /// server that runs goes on from there.
    pub async fn adopt(&self) -> Result<(), StoreError> {
        adopt::adopt(&self.live, &self.shadow).await
    }

    /// Removes what was made beside the live rows.
    pub async fn end(self) -> Result<(), RebuildError> {
        self.fresh.close().await;
        self.shadow.remove(&self.live).await?;
        self.live.close().await;
        Ok(())
    }
}

/// The live rows, as they were at one moment.
#[derive(Debug)]
pub struct Live {
    snapshot: Transaction<'static, Any>,
}
