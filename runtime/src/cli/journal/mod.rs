//! `onsale journal`: what is in the journals of a data directory.
//!
//! Nothing is changed, and nothing may change meanwhile: a journal read while it is being written
//! can look damaged when it is not. So the directory is locked, and a running server's is refused;
//! look at a copy of it instead.

mod facts;
mod inspect;
mod states;
mod verify;

use std::io::Write;

use onsale_core::id::PartitionId;
use onsale_storage::directory::FileDirectory;
use onsale_storage::journal::{Inspection, inspect};
use onsale_storage::lock::DirectoryLock;

use super::arguments::{JournalTask, Which};
use super::error::CliError;
use super::{located, partition_directory};
use crate::config::Config;
use crate::data_directory::{DataDirectoryError, Description};

/// Does one of the tasks for each partition that was chosen.
pub(super) fn run(
    config: &Config,
    task: &JournalTask,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let path = &config.data;
    let description = Description::of(path)?;
    let _lock = DirectoryLock::acquire(path).map_err(DataDirectoryError::from)?;
    let mut damage = Vec::new();
    let mut left = facts::left(task);
    for number in chosen(task, description.partitions)? {
        let journal = Journal::open(config, number)?;
        damage.extend(match task {
            JournalTask::Inspect(_) => inspect::run(&journal, out)?,
            JournalTask::Replay(replay) => facts::run(&journal, replay, &mut left, out)?,
            JournalTask::Verify(_) => verify::run(&journal, out)?,
        });
    }
    let more = damage.len().saturating_sub(1);
    damage.into_iter().next().map_or(Ok(()), |first| Err(CliError::Damaged { first, more }))
}

/// The files of a partition, and what is in them.
pub(super) struct Journal {
    id: PartitionId,
    files: FileDirectory,
    pub(super) inspection: Inspection,
}

impl Journal {
    pub(super) fn open(config: &Config, id: PartitionId) -> Result<Self, CliError> {
        let partition = id.number();
        let files = FileDirectory::open(partition_directory(config, id)?)?;
        let inspection = inspect(&files, u32::from(partition))
            .map_err(|source| CliError::Partition { partition, source })?;
        Ok(Self { id, files, inspection })
    }

    /// What is wrong, one line each; empty if a server would start with every snapshot intact.
    fn damage(&self) -> Vec<String> {
        let journal = self.inspection.damage.iter().map(ToString::to_string);
        let snapshots = self.inspection.snapshots.iter();
        let snapshots = snapshots.filter_map(|one| one.content.as_ref().err());
        let all = journal.chain(snapshots.map(ToString::to_string));
        all.map(|line| self.located(&line)).collect()
    }

    fn located(&self, what: &str) -> String {
        located(self.id, what)
    }
}

fn chosen(task: &JournalTask, partitions: u16) -> Result<Vec<PartitionId>, CliError> {
    let only = match task {
        JournalTask::Inspect(Which { partition }) | JournalTask::Verify(Which { partition }) => {
            *partition
        }
        JournalTask::Replay(replay) => {
            let of_event = replay.event.map(|event| event.partition().number());
            replay.which.partition.or(of_event)
        }
    };
    let numbers = match only {
        Some(partition) if partition >= partitions => {
            return Err(CliError::NoPartition { partition, last: partitions - 1 });
        }
        Some(partition) => partition..partition + 1,
        None => 0..partitions,
    };
    // A description has no more partitions than there are ids.
    Ok(numbers.filter_map(PartitionId::new).collect())
}
