//! Read models: what is made of the facts of a sale so that it can be looked for in SQL.
//!
//! ```text
//!  journal ──decisions──> Needs ──load──> Batch ──apply──> Batch ──save──> rows
//!                                        (pure)                       one transaction
//!                         checkpoint ───────────── advance ─────────>
//! ```
//!
//! The checkpoint and the rows change in one transaction, so each fact counts exactly once,
//! whatever crashes in between; and since the rows follow from the facts alone, they can be thrown
//! away and made again (`rebuild`).
//!
//! Deliberately absent: reading journals (whoever drives this hands decisions over), questions
//! that are asked of the rows (`reading`), and anything of a person but their id.

mod batch;
mod checkpoint;
pub(crate) mod column;
mod progress;
pub mod rebuild;
pub(crate) mod rows;
pub(crate) mod sql;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use onsale_core::fact::Decision;
use onsale_core::id::PartitionId;
use thiserror::Error;

use self::batch::Needs;
#[cfg(test)]
pub(crate) use self::checkpoint::QUERIES;
use crate::database::{Database, StoreError};

pub use self::batch::Contradiction;
pub(crate) use self::batch::QUARTER;
pub use self::progress::{Lag, Progress};
pub use self::rows::{Checkpoint, Journal};

/// A decision with its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The number of its first fact.
    pub first: u64,
    /// The journal's chain behind it.
    pub chain: Option<u32>,
    /// What was decided.
    pub decision: Decision,
}

/// What came of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projected {
    /// How far the read models are now.
    pub checkpoint: Checkpoint,
    /// How many facts were taken in.
    pub facts: u64,
    /// How many rows were written or removed.
    pub rows: u64,
}

/// Why decisions were not taken in. Nothing has changed, unless the database went away while it
/// was told to keep the changes: then the checkpoint says.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// The rows are not those of this journal.
    #[error("{0}: make them anew with `onsale rebuild`")]
    Contradiction(#[from] Contradiction),
    /// Somebody else has moved the checkpoint.
    #[error("somebody else moves the checkpoint of this partition")]
    Moved,
    /// The rows were made of another journal.
    #[error(
        "the read models of partition {partition} were made of another journal: give each data \
         directory a database of its own, or make them anew with `onsale rebuild`"
    )]
    OtherJournal {
        /// Which partition.
        partition: u16,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the read models of a partition are, which must be of this journal.
pub async fn checkpoint(
    database: &Database,
    partition: PartitionId,
    journal: Journal,
) -> Result<Checkpoint, ProjectError> {
    let found = Checkpoint::find(&mut *database.reader().await?, partition).await?;
    let checkpoint = found.unwrap_or(Checkpoint::beginning(partition, journal));
    if checkpoint.journal == journal {
        Ok(checkpoint)
    } else {
        Err(ProjectError::OtherJournal { partition: partition.number() })
    }
}

/// Takes in the decisions behind a checkpoint, in order and without a gap: all or none.
pub async fn project(
    database: &Database,
    from: &Checkpoint,
    decisions: &[Numbered],
) -> Result<Projected, ProjectError> {
    let Some(last) = decisions.last() else {
        return Ok(Projected { checkpoint: from.clone(), facts: 0, rows: 0 });
    };
    let fact = last.first + last.decision.facts.len() as u64 - 1;
    let to = Checkpoint { fact, chain: last.chain, at: last.decision.at, ..from.clone() };
    let mut tx = database.begin().await?;
    // First of all: whoever else would take the same in waits here.
    from.advance(&mut tx, &to).await?;
    let needs = Needs::of(decisions.iter().map(|numbered| &numbered.decision));
    let mut batch = sql::load(&mut tx, &needs).await?;
    for Numbered { first, decision, .. } in decisions {
        batch.apply(*first, decision)?;
    }
    let rows = sql::save(&mut tx, &batch).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Projected { checkpoint: to, facts: fact - from.fact, rows })
}

/// The texts of all statements on the tables, by the names of the tables.
#[cfg(test)]
pub(crate) fn table_queries() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows::TABLES.iter().flat_map(|table| table.queries())
}
