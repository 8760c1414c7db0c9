//! From what is on disk to a state: the newest good snapshot, then every fact after it.

use std::path::{Path, PathBuf};

use onsale_core::fact::{Decision, DecodeError};
use onsale_core::id::PartitionId;
use onsale_core::{Partition, StateError};
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{
    FactNumber, Identity, JournalId, RecoverError, Recovery, Start, Tail, TornTail,
};
use onsale_storage::snapshot::{self, Snapshot, SnapshotError, SnapshotHeader};
use thiserror::Error;

/// What was found of one partition.
#[derive(Debug)]
pub struct Recovered {
    /// Its state.
    pub partition: Partition,
    /// Where its journal goes on.
    pub tail: Tail,
    /// Facts that were replayed; those in the snapshot are not among them.
    pub replayed: u64,
    /// The last fact of the snapshot that it started from; 0 without one.
    pub snapshot: u64,
    /// What a crash left behind the end: nothing of it had been acknowledged.
    pub torn: Option<TornTail>,
    /// Snapshots that could not be used, with the reason.
    pub rejected: Vec<String>,
}

/// Why a partition cannot start. Nothing was changed on disk.
#[derive(Debug, Error)]
#[error("partition in {directory}: {cause}")]
pub struct RecoveryError {
    /// Where.
    pub directory: PathBuf,
    /// Why.
    pub cause: RecoveryCause,
}

/// What is wrong with a partition's files.
#[derive(Debug, Error)]
pub enum RecoveryCause {
    /// The journal itself.
    #[error(transparent)]
    Journal(#[from] RecoverError),
    /// A snapshot could not be looked for.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// A record cannot be understood.
    #[error("the decision that begins with fact {fact}: {source}")]
    Decision {
        /// Its first fact.
        fact: u64,
        /// What is wrong.
        source: DecodeError,
    },
    /// The directory cannot be opened.
    #[error("cannot open it: {0}. Check that it is there and may be read and written")]
    Io(#[from] std::io::Error),
}

/// Recovers a partition; one that has no files begins empty, under the `fresh` journal id.
pub fn recover(
    directory: &Path,
    id: PartitionId,
    fresh: JournalId,
) -> Result<Recovered, RecoveryError> {
    let located = |cause| RecoveryError { directory: directory.to_owned(), cause };
    let files = FileDirectory::open(directory).map_err(|error| located(error.into()))?;
    recover_from(&files, id, fresh).map_err(located)
}

/// Recovers a partition from any directory.
pub fn recover_from(
    directory: &impl Directory,
    id: PartitionId,
    fresh: JournalId,
) -> Result<Recovered, RecoveryCause> {
    let Restored { mut partition, header, rejected } = newest_state(directory, id)?;
    let start = header.as_ref().map_or(Start::FirstFact, Start::Snapshot);
    let snapshot = partition.applied();
    let number = u32::from(id.number());
    let mut recovery = Recovery::open(directory, number, start)?;
    replay(&mut recovery, &mut partition, None)?;
    let recovered = recovery.finish()?;
    let identity = Identity { partition: number, journal: fresh };
    let tail = recovered.tail.unwrap_or_else(|| Tail::new_journal(identity));
    let replayed = partition.applied() - snapshot;
    Ok(Recovered { partition, tail, replayed, snapshot, torn: recovered.torn, rejected })
}

/// Where a replay begins.
pub(crate) struct Restored {
    /// The state of the newest snapshot that can be used; without one, nothing has happened.
    pub(crate) partition: Partition,
    /// Of that snapshot.
    pub(crate) header: Option<SnapshotHeader>,
    /// Snapshots that could not be used, with the reason.
    pub(crate) rejected: Vec<String>,
}

pub(crate) fn newest_state(
    directory: &impl Directory,
    id: PartitionId,
) -> Result<Restored, SnapshotError> {
    let newest = snapshot::load_newest(directory)?;
    let mut rejected: Vec<_> = newest.rejected.iter().map(ToString::to_string).collect();
    let restored = newest.snapshot.and_then(|snapshot| match restore(&snapshot) {
        Ok(partition) => Some((partition, snapshot.header)),
        Err(error) => {
            rejected.push(error.to_string());
            None
        }
    });
    let (partition, header) = restored.unzip();
    let partition = partition.unwrap_or_else(|| Partition::new(id));
    Ok(Restored { partition, header, rejected })
}

/// The state in a snapshot.
pub fn restore(snapshot: &Snapshot) -> Result<Partition, StateError> {
    Partition::from_bytes(&snapshot.payload)
}

/// Applies decisions up to and with the one that ends at fact `last` (to the end, if `None`).
/// Answers the header fields of the place it has reached.
pub fn replay<D: Directory>(
    recovery: &mut Recovery<'_, D>,
    partition: &mut Partition,
    last: Option<FactNumber>,
) -> Result<Option<onsale_storage::journal::Chain>, RecoveryCause> {
    let mut chain = None;
    while last.is_none_or(|last| partition.applied() < last.get()) {
        let Some(record) = recovery.next_record()? else { break };
        let first = record.first_fact.get();
        let decision = Decision::decode(record.payload)
            .map_err(|source| RecoveryCause::Decision { fact: first, source })?;
        for (number, fact) in (first..).zip(&decision.facts) {
            partition.evolve(number, decision.at, fact);
        }
        chain = Some(record.chain);
    }
    Ok(chain)
}
