//! A snapshot is the journal replayed up to a durable fact: making one proves that the journal can
//! be replayed. See ADR 0005. When, and on which thread, is the driver's to say.

use onsale_core::id::PartitionId;
use onsale_storage::directory::Directory;
use onsale_storage::journal::{FactNumber, PruneError, Recovery, Start, prune};
use onsale_storage::snapshot::{self, SnapshotError, SnapshotHeader};
use thiserror::Error;

use crate::recover::{RecoveryCause, Restored, newest_state, replay};

/// Why there is no snapshot. The sale goes on without.
#[derive(Debug, Error)]
pub enum MakeError {
    /// The journal cannot be replayed: recovery will say the same.
    #[error(transparent)]
    Replay(#[from] RecoveryCause),
    /// It cannot be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Old files cannot be removed.
    #[error(transparent)]
    Prune(#[from] PruneError),
    /// There is nothing to take one of.
    #[error("there is no journal in the directory")]
    Empty,
}

/// Writes a snapshot of the partition in `directory` as of the decision with the durable fact
/// `last`, then removes the older snapshots, and the segments that are needed neither to recover
/// nor by whoever follows the facts: those from `keep_from` on stay.
pub fn make(
    directory: &mut impl Directory,
    id: PartitionId,
    last: FactNumber,
    keep_from: FactNumber,
) -> Result<FactNumber, MakeError> {
    let (header, payload) = replayed(directory, id, last)?;
    snapshot::save(directory, &header, &payload)?;
    prune(directory, header.identity.partition, keep_from)?;
    Ok(header.fact)
}

fn replayed(
    files: &impl Directory,
    id: PartitionId,
    last: FactNumber,
) -> Result<(SnapshotHeader, Vec<u8>), MakeError> {
    let Restored { mut partition, header, .. } = newest_state(files, id)?;
    let start = header.as_ref().map_or(Start::FirstFact, Start::Snapshot);
    let mut recovery =
        Recovery::open(files, u32::from(id.number()), start).map_err(RecoveryCause::from)?;
    let chain = replay(&mut recovery, &mut partition, Some(last))?.ok_or(MakeError::Empty)?;
    let identity = recovery.identity().ok_or(MakeError::Empty)?;
    let fact = FactNumber::new(partition.applied());
    let time_ms = partition.last_time().as_ms().cast_signed();
    Ok((SnapshotHeader { identity, fact, chain, time_ms }, partition.to_bytes()))
}
