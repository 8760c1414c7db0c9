//! A look at a journal without changing anything, for an operator.

use super::error::RecoverError;
use super::number::{FactNumber, Identity};
use super::reader::{SegmentSummary, TornTail};
use super::recovery::{Recovery, Start};
use crate::directory::Directory;
use crate::snapshot::{self, SnapshotError, SnapshotHeader, StateHash};

/// What is in the directory of a partition.
#[derive(Debug)]
pub struct Inspection {
    /// Whose journal it is; `None` when there is none or it cannot be told.
    pub identity: Option<Identity>,
    /// The segments read, up to the first damage.
    pub segments: Vec<SegmentSummary>,
    /// What a crash left behind the end.
    pub torn: Option<TornTail>,
    /// Why the journal cannot be recovered.
    pub damage: Option<RecoverError>,
    /// The snapshots, oldest first.
    pub snapshots: Vec<SnapshotSummary>,
}

/// A snapshot, verified.
#[derive(Debug)]
pub struct SnapshotSummary {
    /// The fact in its file name.
    pub fact: FactNumber,
    /// What is in it, or why it cannot be used.
    pub content: Result<(SnapshotHeader, StateHash), SnapshotError>,
}

impl Inspection {
    /// Whether a server would start on it, with every snapshot intact.
    pub fn is_sound(&self) -> bool {
        self.damage.is_none() && self.snapshots.iter().all(|snapshot| snapshot.content.is_ok())
    }

    /// The last fact that can be read.
    pub fn last_fact(&self) -> FactNumber {
        self.segments.last().map_or(FactNumber::ZERO, |segment| segment.last_fact)
    }
}

/// Reads and verifies everything there is. Damage is part of the answer; only a directory that
/// cannot be listed is an error.
pub fn inspect(directory: &impl Directory, partition: u32) -> Result<Inspection, SnapshotError> {
    let summary = |fact| SnapshotSummary {
        fact,
        content: snapshot::load(directory, fact).map(|found| (found.header, found.state_hash)),
    };
    let snapshots: Vec<_> = snapshot::snapshot_facts(directory)?.into_iter().map(summary).collect();
    let mut inspection =
        Inspection { identity: None, segments: Vec::new(), torn: None, damage: None, snapshots };
    inspection.damage = match Recovery::open(directory, partition, Start::FirstSegment) {
        Ok(mut recovery) => {
            let outcome = drain(&mut recovery);
            inspection.identity = recovery.identity();
            inspection.segments = recovery.segments().to_vec();
            inspection.torn = recovery.torn();
            outcome.and_then(|()| start_as_a_server_would(directory, partition, &inspection)).err()
        }
        Err(damage) => Some(damage),
    };
    Ok(inspection)
}

/// What is there may be intact and still not enough to start from.
fn start_as_a_server_would(
    directory: &impl Directory,
    partition: u32,
    inspection: &Inspection,
) -> Result<(), RecoverError> {
    let newest = inspection.snapshots.iter().rev().find_map(|one| one.content.as_ref().ok());
    let start = newest.map_or(Start::FirstFact, |(header, _)| Start::Snapshot(header));
    drain(&mut Recovery::open(directory, partition, start)?)
}

fn drain(recovery: &mut Recovery<'_, impl Directory>) -> Result<(), RecoverError> {
    while recovery.next_record()?.is_some() {}
    Ok(())
}
