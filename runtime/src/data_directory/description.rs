//! What `directory.toml` says about a data directory.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use onsale_core::id::PartitionId;
use onsale_storage::journal::JournalId;
use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::durable::{located, random, read_if_there};
use super::{DESCRIPTION, DataDirectoryError, KEYS, LOCK, PARTITIONS, SANDBOX};

/// What is fixed when a data directory is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// How many partitions it has.
    pub partitions: u16,
    /// When it was created, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// Drawn at random; the ids of its journals are derived from it, and what its orders are called
    /// at payment providers.
    pub journal_id: u128,
}

impl Description {
    /// The format this program writes, and the only one it knows.
    pub const FORMAT: i64 = 1;

    /// What the data directory at `path` says about itself.
    pub fn of(path: &Path) -> Result<Self, DataDirectoryError> {
        Self::read(path)?.ok_or_else(|| DataDirectoryError::Absent(path.to_owned()))
    }

    /// What the data directory at `path` says about itself; `None` if it does not yet.
    pub fn read(path: &Path) -> Result<Option<Self>, DataDirectoryError> {
        let file = path.join(DESCRIPTION);
        let Some(bytes) = read_if_there(&file)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let understood = text.parse::<Table>().map_err(|error| error.message().to_owned());
        let table = understood
            .map_err(|reason| DataDirectoryError::Description { path: file.clone(), reason })?;
        let format = table.get("format").and_then(Value::as_integer);
        if let Some(found) = format.filter(|&format| format != Self::FORMAT) {
            return Err(DataDirectoryError::UnknownFormat { path: path.to_owned(), found });
        }
        let description = format.and_then(|_| Self::from_table(&table));
        description.map(Some).ok_or_else(|| DataDirectoryError::Description {
            path: file,
            reason: "a value is missing or makes no sense".to_owned(),
        })
    }

    /// The id of a partition's journal.
    pub fn journal_id_of(&self, partition: PartitionId) -> JournalId {
        let hash = Sha256::new()
            .chain_update(b"onsale journal")
            .chain_update(self.journal_id.to_le_bytes())
            .chain_update(partition.number().to_le_bytes())
            .finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&hash[..16]);
        JournalId(u128::from_le_bytes(id))
    }

    /// The description of a data directory that is being created at `path`, where nothing may be
    /// but what an interrupted creation left.
    pub(super) fn draw(path: &Path, partitions: u16) -> Result<Self, DataDirectoryError> {
        if !is_as_good_as_empty(path).map_err(|source| located(path, source))? {
            return Err(DataDirectoryError::NotOurs(path.to_owned()));
        }
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            partitions,
            created_at_ms: since_epoch.as_millis() as u64,
            journal_id: u128::from_le_bytes(random()?),
        })
    }

    pub(super) fn to_toml(&self) -> String {
        format!(
            "format = {}\npartitions = {}\ncreated_at_ms = {}\njournal_id = \"{:032x}\"\n",
            Self::FORMAT,
            self.partitions,
            self.created_at_ms,
            self.journal_id
        )
    }

    fn from_table(table: &Table) -> Option<Self> {
        let integer = |name| table.get(name).and_then(Value::as_integer);
        let partitions = u16::try_from(integer("partitions")?).ok();
        let journal_id = table.get("journal_id").and_then(Value::as_str)?;
        Some(Self {
            partitions: partitions.filter(|count| (1..=PartitionId::COUNT_MAX).contains(count))?,
            created_at_ms: u64::try_from(integer("created_at_ms")?).ok()?,
            journal_id: u128::from_str_radix(journal_id, 16).ok()?,
        })
    }
}

fn is_as_good_as_empty(path: &Path) -> io::Result<bool> {
    let unfinished = format!("{DESCRIPTION}.unfinished");
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_left_over = if name == PARTITIONS {
            holds_no_file(&entry.path())?
        } else {
            [KEYS, LOCK, SANDBOX, &unfinished].into_iter().any(|ours| name == ours)
        };
        if !is_left_over {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the partitions are directories with nothing in them.
fn holds_no_file(partitions: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(partitions)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || fs::read_dir(entry.path())?.next().is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}
