//! Takes the facts of every partition into the read models, beside the sale: a task for each
//! partition on the slow pool.
//!
//! A task waits until facts are durable, reads a batch of them from the journal, and has
//! `onsale-control` take them in together with the checkpoint. Whatever goes wrong, it begins again
//! behind the checkpoint that the database has. What it cannot understand it never skips: it stops
//! there, says so, and looks again now and then, for the models may be made anew meanwhile.
//!
//! Deliberately absent: what becomes of a fact (`onsale_control::projection`).

mod anew;
mod pace;
mod settings;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onsale_control::database::{Database, Kind, StoreError};
use onsale_control::projection::{
    Checkpoint, Journal, Numbered, Progress, ProjectError, checkpoint, project,
};
use onsale_core::id::PartitionId;
use onsale_core::time::Time;
use onsale_storage::journal::{Bookmark, Chain, FactNumber, FollowError, RecoverError};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinError;
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};

use self::pace::Pace;
use crate::facts::{End, Facts, FactsError, Followed};
use crate::host::Clock;

pub use self::anew::{Anew, anew};
pub use self::settings::ProjectionSettings;

/// How long a transaction may take before the database is thought to be away.
const TRANSACTION_MAX: Duration = Duration::from_secs(60);

/// How soon the database is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How soon something is looked at again that somebody has to look into.
const LOOK_AGAIN_LATER: Duration = Duration::from_secs(15);

/// What all tasks share.
#[derive(Clone)]
pub struct Projection {
    database: Database,
    progress: Progress,
    clock: Clock,
    settings: ProjectionSettings,
    /// Who may have a transaction open: the database has other work to do.
    turns: Arc<Semaphore>,
}

/// Why nothing more is taken in for now.
#[derive(Debug, Error)]
pub enum Halt {
    /// The journal's directory cannot be opened.
    #[error("the journal's directory: {0}")]
    Directory(#[from] io::Error),
    /// Facts cannot be followed.
    #[error(transparent)]
    Facts(#[from] FactsError),
    /// Facts cannot be taken in.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Whoever read the journal is gone.
    #[error("reading the journal: {0}")]
    Reading(#[from] JoinError),
    /// A transaction takes too long.
    #[error("the database does not answer")]
    Silent(#[from] Elapsed),
}

impl Halt {
    /// Whether it passes by itself.
    fn passes(&self) -> bool {
        match self {
            Self::Project(
                ProjectError::Moved | ProjectError::Store(StoreError::Unavailable(_)),
            )
            | Self::Silent(_)
            | Self::Directory(_) => true,
            Self::Facts(FactsError::Journal(FollowError::Journal(error))) => {
                matches!(error, RecoverError::Io { .. })
            }
            _ => false,
        }
    }

    /// Says it once, however often it is found again.
    fn say(&self, partition: PartitionId, said: &mut Option<String>) {
        let (partition, what) = (partition.number(), self.to_string());
        if said.as_ref() != Some(&what) {
            if self.passes() {
                tracing::warn!(partition, "read models wait: {what}");
            } else {
                tracing::error!(partition, "read models stop: {what}");
            }
            *said = Some(what);
        }
    }
}

impl Projection {
    /// Takes facts into this database, whose tables are there.
    pub fn new(
        database: Database,
        progress: Progress,
        clock: Clock,
        settings: ProjectionSettings,
    ) -> Self {
        let turns = match database.kind() {
            Kind::Postgres => 2,
            // It has one writer.
            Kind::Sqlite => 1,
        };
        let turns = Arc::new(Semaphore::new(turns));
        Self { database, progress, clock, settings, turns }
    }

    /// Takes in the facts of a partition, as the `follower`-th of those who follow it.
    pub async fn run(self, facts: Facts, journal: Journal, follower: usize) {
        let mut said = None;
        loop {
            let Err(halt) = self.follow(&facts, journal, follower, &mut said).await;
            let now = Time::from_ms(self.clock.now_ms());
            if halt.passes() {
                self.progress.failed(facts.id, now);
            } else {
                self.progress.stopped(facts.id, now);
            }
            halt.say(facts.id, &mut said);
            sleep(if halt.passes() { LOOK_AGAIN } else { LOOK_AGAIN_LATER }).await;
        }
    }

    /// Follows a partition behind the checkpoint in the database for as long as that goes well.
    async fn follow(
        &self,
        facts: &Facts,
        journal: Journal,
        follower: usize,
        said: &mut Option<String>,
    ) -> Result<Infallible, Halt> {
        // Before, nobody knows how many facts there are.
        facts.gauges.durable_past(0).await;
        let mut from = checkpoint(&self.database, facts.id, journal).await?;
        let mut following = facts.follow(follower, bookmark(&from))?;
        let time = Duration::from_millis(self.settings.batch_ms);
        let mut pace = Pace::new(self.settings.batch_facts_max, time);
        self.progress.began(&from);
        loop {
            let read = following.read(pace.facts()).await?;
            following = read.following;
            let decisions = numbered(read.decisions);
            if !decisions.is_empty() {
                // The semaphore is never closed.
                let turn = self.turns.acquire().await;
                let begun = Instant::now();
                let work = project(&self.database, &from, &decisions);
                let projected = timeout(TRANSACTION_MAX, work).await??;
                drop(turn);
                pace.took(projected.facts, begun.elapsed());
                self.progress.took(&projected);
                from = projected.checkpoint;
                following.taken(bookmark(&from));
                if said.take().is_some() {
                    let (partition, fact) = (facts.id.number(), from.fact);
                    tracing::info!(partition, fact, "read models go on");
                }
            }
            match read.end {
                End::Full => {}
                End::Over => {
                    following.moved().await;
                    self.progress.fell_behind(facts.id, Time::from_ms(self.clock.now_ms()));
                }
                // What came before is taken in.
                End::Unreadable(error) => return Err(error.into()),
            }
        }
    }
}

/// Decisions as they are taken in.
fn numbered(decisions: Vec<Followed>) -> Vec<Numbered> {
    let numbered = |Followed { first, decision, bookmark }| {
        let chain = bookmark.chain.map(Chain::get);
        Numbered { first, chain, decision }
    };
    decisions.into_iter().map(numbered).collect()
}

fn bookmark(checkpoint: &Checkpoint) -> Bookmark {
    let Checkpoint { fact, chain, .. } = *checkpoint;
    Bookmark { fact: FactNumber::new(fact), chain: chain.map(Chain::new) }
}
