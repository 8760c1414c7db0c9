//! The facts of a partition for whoever follows them beside the sale: read models, the bus.
//!
//! ```text
//!   core: shell ── durable number ──> Gauges ─ ─ wakes, when somebody waits ─ ┐
//!     │                                                                       v
//!     └─ O_DIRECT ─> segments ── read through the page cache ──> Following, elsewhere
//!                       ^                                                     │
//!   snapshots: prune ───┴──────────── Floor <──── what was taken in for good ─┘
//! ```
//!
//! The core that sells pays for it with one store of a number that it keeps anyway. Reading blocks
//! on files: it belongs on the slow pool, never on a core.
//!
//! Deliberately absent: what is made of the facts, and where a bookmark is kept. Whoever follows
//! writes both down together, so that each fact counts once.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use onsale_control::projection::Progress;
use onsale_core::fact::{Decision, DecodeError};
use onsale_core::id::PartitionId;
use onsale_storage::directory::FileDirectory;
use onsale_storage::journal::{Bookmark, FactNumber, FollowError, Follower};
use thiserror::Error;
use tokio::task::{JoinError, spawn_blocking};

use crate::config::Keep;
use crate::gauges::Gauges;

/// How long more is let come together once there is something new: a core is not asked to wake
/// anybody more often than that.
const GATHER: Duration = Duration::from_millis(10);

/// How much of a partition's journal must stay. Shared by those who follow it, who move it, and by
/// who removes old segments.
#[derive(Debug)]
pub struct Floor {
    /// For each follower the last fact that it has taken in for good. It begins with none: nothing
    /// goes before everybody has said how far they are.
    taken: Box<[AtomicU64]>,
}

/// Where the facts of one partition are.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Which partition.
    pub id: PartitionId,
    /// Where its files are.
    pub directory: PathBuf,
    /// What says how far they are durable.
    pub gauges: Arc<Gauges>,
    /// What says how many of them must stay.
    pub floor: Arc<Floor>,
}

/// Somebody who follows the facts of one partition.
#[derive(Debug)]
pub struct Following {
    files: FileDirectory,
    journal: Follower,
    gauges: Arc<Gauges>,
    floor: Arc<Floor>,
    follower: usize,
}

/// One decision that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The number of its first fact.
    pub first: u64,
    /// What was decided.
    pub decision: Decision,
    /// Behind it: to be written down with whatever is made of it.
    pub bookmark: Bookmark,
}

/// What was read together.
#[derive(Debug)]
pub struct Read {
    /// Whoever goes on.
    pub following: Following,
    /// What was decided, in order.
    pub decisions: Vec<Followed>,
    /// Why it is no more.
    pub end: End,
}

/// Why no more was read.
#[derive(Debug)]
pub enum End {
    /// It is enough.
    Full,
    /// There is no more.
    Over,
    /// The next decision cannot be read. What came before it is there.
    Unreadable(FactsError),
}

/// Why facts cannot be followed.
#[derive(Debug, Error)]
pub enum FactsError {
    /// A decision cannot be understood.
    #[error("the decision that begins with fact {fact}: {source}")]
    Decision {
        /// Its first fact.
        fact: u64,
        /// What is wrong.
        source: DecodeError,
    },
    /// The journal cannot be followed.
    #[error(transparent)]
    Journal(#[from] FollowError),
}

/// How far somebody has got who follows all of these.
pub fn progress(facts: &Arc<[Facts]>) -> Progress {
    let (partitions, facts) = (facts.len() as u16, Arc::clone(facts));
    Progress::new(partitions, move |id| facts[usize::from(id.number())].gauges.durable())
}

impl Floor {
    /// What so many followers need, or everything.
    pub fn new(keep: Keep, followers: usize) -> Arc<Self> {
        // Everything is what somebody needs who never takes anything in.
        let idle = match keep {
            Keep::All => 1,
            Keep::Needed => 0,
        };
        let taken = (0..followers + idle).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { taken })
    }

    /// The first fact that somebody still needs.
    pub fn keep_from(&self) -> FactNumber {
        let least = self.taken.iter().map(|taken| taken.load(Relaxed)).min();
        least.map_or(FactNumber::MAX, |taken| FactNumber::new(taken).next())
    }

    /// Somebody is to follow in this place who may need everything, until they say how far they
    /// are.
    pub fn claim(&self, follower: usize) {
        self.taken[follower].store(0, Relaxed);
    }

    /// Nobody follows in this place: nothing stays for it.
    pub fn free(&self, follower: usize) {
        // One less than the largest: the fact behind it has a number, too.
        self.taken[follower].store(u64::MAX - 1, Relaxed);
    }

    fn take(&self, follower: usize, fact: FactNumber) {
        self.taken[follower].fetch_max(fact.get(), Relaxed);
    }
}

impl Facts {
    /// Goes on behind a bookmark, as the `follower`-th of those that the floor was made for, which
    /// must come back with every start, unless its place is free.
    ///
    /// # Panics
    /// If the floor was made for fewer.
    pub fn follow(&self, follower: usize, bookmark: Bookmark) -> io::Result<Following> {
        let files = FileDirectory::open(&self.directory)?;
        self.floor.take(follower, bookmark.fact);
        Ok(Following {
            files,
            journal: Follower::new(u32::from(self.id.number()), bookmark),
            gauges: Arc::clone(&self.gauges),
            floor: Arc::clone(&self.floor),
            follower,
        })
    }
}

impl Following {
    /// The next decision that is durable; `None` if there is none yet. Reads files.
    pub fn next_decision(&mut self) -> Result<Option<Followed>, FactsError> {
        let durable = self.gauges.durable();
        if durable == 0 {
            // Nothing has happened, or it has not been looked yet what has.
            return Ok(None);
        }
        let next = self.journal.next(&self.files, FactNumber::new(durable))?;
        let Some(record) = next else { return Ok(None) };
        let first = record.first_fact.get();
        let decision = Decision::decode(record.payload)
            .map_err(|source| FactsError::Decision { fact: first, source })?;
        Ok(Some(Followed { first, decision, bookmark: self.bookmark() }))
    }

    /// About so many facts, as far as there are, on a thread that may wait for files.
    pub async fn read(mut self, facts_max: u64) -> Result<Read, JoinError> {
        spawn_blocking(move || {
            let (mut decisions, mut facts) = (Vec::new(), 0);
            let end = loop {
                if facts >= facts_max {
                    break End::Full;
                }
                match self.next_decision() {
                    Ok(Some(followed)) => {
                        facts += followed.decision.facts.len() as u64;
                        decisions.push(followed);
                    }
                    Ok(None) => break End::Over,
                    Err(error) => break End::Unreadable(error),
                }
            };
            Read { following: self, decisions, end }
        })
        .await
    }

    /// Behind what was answered last.
    pub fn bookmark(&self) -> Bookmark {
        self.journal.bookmark()
    }

    /// Everything up to this bookmark was taken in for good: where only what is needed is kept, it
    /// may go.
    pub fn taken(&self, bookmark: Bookmark) {
        self.floor.take(self.follower, bookmark.fact);
    }

    /// Waits until there is something new, and a moment longer for more of it.
    pub async fn moved(&self) {
        self.gauges.durable_past(self.bookmark().fact.get()).await;
        tokio::time::sleep(GATHER).await;
    }
}
