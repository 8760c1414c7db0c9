//! Which files a journal no longer needs.
//!
//! Two sound snapshots are kept: should the newest turn bad, the one before it and the segments
//! behind that bring the state back. Whoever follows the facts needs them longer than recovery
//! does, if they have not come so far: what they still need is kept too.

use super::error::RecoverError;
use super::number::{FactNumber, SegmentIndex};
use super::segments::open_segments;
use crate::directory::Directory;
use crate::snapshot::{self, SnapshotError};

/// Where a segment starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentStart {
    /// The segment.
    pub index: SegmentIndex,
    /// The fact its first record starts with.
    pub first_fact: FactNumber,
}

/// What may be removed, in the order in which to remove it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obsolete {
    /// Segments, oldest first, so that an interruption never leaves a gap.
    pub segments: Vec<SegmentIndex>,
    /// Snapshots, oldest first.
    pub snapshots: Vec<FactNumber>,
}

/// Why old files could not be removed.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// A file could not be removed. What was removed before it stays removed, which does no harm.
    #[error("cannot remove {file}: {source}. Check permissions and the disk")]
    Io {
        /// The file.
        file: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The segments cannot be read.
    #[error(transparent)]
    Segments(#[from] RecoverError),
    /// The snapshots cannot be read.
    #[error(transparent)]
    Snapshots(#[from] SnapshotError),
}

/// Says what the newest two snapshots make superfluous. Both lists are oldest first, and all
/// snapshots are sound. No segment goes that has a fact from `keep_from` on.
pub fn obsolete(
    segments: &[SegmentStart],
    snapshots: &[FactNumber],
    keep_from: FactNumber,
) -> Obsolete {
    let [older @ .., kept, _newest] = snapshots else { return Obsolete::default() };
    let needed = keep_from.min(kept.next());
    let covered = |pair: &[SegmentStart]| pair[1].first_fact <= needed;
    Obsolete {
        segments: segments
            .windows(2)
            .take_while(|pair| covered(pair))
            .map(|pair| pair[0].index)
            .collect(),
        snapshots: older.to_vec(),
    }
}

/// Removes what is obsolete in a directory, damaged snapshots older than two sound ones included,
/// and keeps every fact from `keep_from` on. Reads two snapshots to be sure of them: not for the
/// hot path.
pub fn prune(
    directory: &mut impl Directory,
    partition: u32,
    keep_from: FactNumber,
) -> Result<Obsolete, PruneError> {
    let facts = snapshot::snapshot_facts(directory)?;
    let is_sound = |fact: &FactNumber| snapshot::load(directory, *fact).is_ok();
    let mut sound: Vec<_> = facts.iter().rev().copied().filter(is_sound).take(2).collect();
    sound.reverse();
    let segments: Vec<_> = open_segments(directory, partition)?
        .iter()
        .map(|one| SegmentStart { index: one.header.index, first_fact: one.header.first_fact })
        .collect();
    let mut removed = obsolete(&segments, &sound, keep_from);
    if let [kept, _newest] = sound[..] {
        removed.snapshots = facts.into_iter().take_while(|fact| *fact < kept).collect();
    }
    let snapshot_names = removed.snapshots.iter().map(|fact| snapshot::file_name(*fact));
    let segment_names = removed.segments.iter().map(|index| index.file_name());
    for file in snapshot_names.chain(segment_names) {
        directory.remove(&file).map_err(|source| PruneError::Io { file, source })?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_goes_once_neither_the_older_snapshot_nor_a_follower_needs_it() {
        let starts = [(1, 1), (2, 4), (3, 7), (4, 10)];
        let segments = starts.map(|(index, first_fact)| SegmentStart {
            index: SegmentIndex::new(index).unwrap(),
            first_fact: FactNumber::new(first_fact),
        });
        for (kept, removed) in [(2, 0), (3, 1), (8, 2), (9, 3), (50, 3)] {
            let snapshots = [1, kept, 60].map(FactNumber::new);
            let found = obsolete(&segments, &snapshots, FactNumber::MAX);
            assert_eq!(found.segments.len(), removed, "a snapshot of fact {kept}");
            assert_eq!(found.snapshots, snapshots[..1]);
        }
        for (keep_from, removed) in [(0, 0), (1, 0), (3, 0), (4, 1), (9, 2), (10, 3), (99, 3)] {
            let snapshots = [1, 50, 60].map(FactNumber::new);
            let found = obsolete(&segments, &snapshots, FactNumber::new(keep_from));
            assert_eq!(found.segments.len(), removed, "fact {keep_from} is needed");
            assert_eq!(found.snapshots, snapshots[..1], "snapshots are followed by nobody");
        }
    }
}
