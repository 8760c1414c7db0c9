//! What can go wrong with a journal, and what to do about it.

use std::io;

use super::format::FORMAT_VERSION;
use super::number::{FactNumber, JournalId};

/// Why a record was not taken. Nothing has been changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk does not keep up. Refuse the command with "try again later".
    #[error("{queued_bytes} bytes already wait for the disk: refuse the command and retry later")]
    Full {
        /// What waits already.
        queued_bytes: usize,
    },
    /// A write failed before, so nothing more can be made durable. End the process.
    #[error("an earlier write failed: end the process, recovery reads what is on the disk")]
    Poisoned,
    /// The decision fits into no segment. Split it, or create journals with larger segments.
    #[error("a record of {bytes} bytes exceeds the {bytes_max} bytes a segment holds: split it")]
    TooLarge {
        /// What the record would take.
        bytes: usize,
        /// What a segment can hold.
        bytes_max: usize,
    },
}

/// Why a configuration is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `batch_bytes_max` is less than a block.
    #[error("batch_bytes_max is {0}: set at least 4096")]
    BatchBytes(usize),
    /// `queued_bytes_max` is less than a batch.
    #[error("queued_bytes_max is {0}: set at least batch_bytes_max")]
    QueuedBytes(usize),
    /// `segment_bytes` is not a sensible number of blocks.
    #[error("segment_bytes is {0}: set a multiple of 4096 between 16384 and 1073741824")]
    SegmentBytes(u64),
    /// `writes_in_flight` is zero.
    #[error("writes_in_flight is 0: set at least 1")]
    WritesInFlight,
}

/// Why a journal cannot be recovered. Recovery never repairs: each of these needs a person.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Bytes that were durable are no longer what was written.
    #[error(
        "{file} is damaged at byte {offset}, at or behind fact {fact}: {damage}. Do not start on \
         these files: restore {file} from a backup or a replica, and check the disk"
    )]
    Damaged {
        /// The file.
        file: String,
        /// Where in it, in bytes.
        offset: u64,
        /// No fact before this one is affected.
        fact: FactNumber,
        /// How it shows.
        damage: Damage,
    },
    /// A segment of another journal lies in this directory.
    #[error("{file} belongs to journal {found}, not {expected}: move it out of the directory")]
    ForeignJournal {
        /// The file.
        file: String,
        /// Whose journal it names.
        found: JournalId,
        /// Whose journal was read before it.
        expected: JournalId,
    },
    /// The directory is another partition's.
    #[error("{file} belongs to partition {found}, not {expected}: check the data directory")]
    ForeignPartition {
        /// The file.
        file: String,
        /// The partition it names.
        found: u32,
        /// The partition being recovered.
        expected: u32,
    },
    /// The operating system could not read.
    #[error("cannot read {file}: {source}. Check permissions and the disk, then start again")]
    Io {
        /// The file, or the directory when it could not be listed.
        file: String,
        /// What it said.
        source: io::Error,
    },
    /// Facts lie in no file: segments were removed that no readable snapshot replaces.
    #[error(
        "facts {first} to {last} are in no segment: restore the missing segments or a snapshot at \
         fact {last} or later"
    )]
    MissingFacts {
        /// The first that is missing.
        first: FactNumber,
        /// The last that is missing.
        last: FactNumber,
    },
    /// A segment between two others is missing.
    #[error("{file} is missing between its neighbours: restore it from a backup")]
    MissingSegment {
        /// The missing file.
        file: String,
    },
    /// The snapshot and the journal do not tell the same story.
    #[error(
        "the snapshot at fact {fact} does not fit the journal: remove the snapshot to replay from \
         an earlier one"
    )]
    SnapshotMismatch {
        /// Where the snapshot stands.
        fact: FactNumber,
    },
    /// A newer program wrote this file.
    #[error(
        "{file} has format version {found}, this program reads version {FORMAT_VERSION}: start \
         the program that wrote it, or a newer one"
    )]
    UnknownVersion {
        /// The file.
        file: String,
        /// Its version.
        found: u32,
    },
}

/// How damage shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A later batch proves that something unreadable had been durable.
    #[error("a later batch says that facts up to {durable} were durable")]
    DurableLost {
        /// What the later batch says.
        durable: FactNumber,
    },
    /// The header cannot be read although the segment was in use.
    #[error("the segment header is unreadable")]
    Header,
    /// Intact pieces contradict each other.
    #[error("intact pieces contradict each other")]
    Inconsistent,
    /// The next segment says that this one went on.
    #[error("the next segment says that this one is valid up to byte {end_bytes}")]
    SegmentCut {
        /// Where it should end.
        end_bytes: u64,
    },
    /// The snapshot is ahead of all that can be read.
    #[error("a snapshot says that facts up to {snapshot} were durable")]
    SnapshotAhead {
        /// Where the snapshot stands.
        snapshot: FactNumber,
    },
    /// The file is not as long as its header says.
    #[error("the file has {actual} bytes instead of {expected}")]
    WrongLength {
        /// What it has.
        actual: u64,
        /// What it should have.
        expected: u64,
    },
}
