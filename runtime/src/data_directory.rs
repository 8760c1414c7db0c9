//! The data directory: everything of a server that survives, in one place, used by one process.
//!
//! ```text
//! LOCK                        held while a process uses the directory
//! directory.toml              written last: with it the directory exists
//! keys/                       mode 0600; whatever is missing is drawn anew
//!   tokens/0.pk8 ...          what tokens are signed with: by when it was made, the newest signs
//!   operator-token            unless configured
//!   sandbox-webhook-secret    unless configured
//! partitions/0000/ ...        segments and snapshots
//! sandbox/                    the sandbox payment provider's
//! letters/                    letters to people, unless a mail server is configured
//! bus/<sink>/0000 ...         how far each sink has got with each partition; an endpoint that is
//!                             managed over the API: bus/<endpoint>-<turn>/0000
//! control.db                  accounts, catalogue, read models, unless another database is set
//! ```
//!
//! Deliberately absent: what is in a partition.

mod description;
mod durable;
mod keys;

use std::io;
use std::path::{Path, PathBuf};

use onsale_core::id::PartitionId;
use onsale_net::provider::installation::Installation;
use onsale_storage::directory::FileDirectory;
use onsale_storage::journal::JournalId;
use onsale_storage::lock::{DirectoryLock, LockError};
use thiserror::Error;

pub(crate) use self::durable::{create_private, hex, read_if_there, write_durably};
use self::keys::Keys;
use crate::config::{Config, Secret};

pub use self::description::Description;
pub use self::keys::TokenKeyStore;

const DESCRIPTION: &str = "directory.toml";
const KEYS: &str = "keys";
const LOCK: &str = "LOCK";
const PARTITIONS: &str = "partitions";
const SANDBOX: &str = "sandbox";
const CONTROL: &str = "control.db";
const LETTERS: &str = "letters";
const BUS: &str = "bus";

/// A data directory, for as long as this process uses it.
#[derive(Debug)]
pub struct DataDirectory {
    /// Where it is.
    pub path: PathBuf,
    /// How many partitions it has.
    pub partitions: u16,
    /// What tokens are signed with.
    pub token_keys: TokenKeyStore,
    /// What an operator proves themselves with.
    pub operator_token: Secret,
    /// What the sandbox's webhooks are signed with.
    pub sandbox_secret: Secret,
    /// Whether it was created just now.
    pub was_created: bool,
    description: Description,
    _lock: DirectoryLock,
}

/// Why a data directory cannot be used.
#[derive(Debug, Error)]
pub enum DataDirectoryError {
    /// There is no data directory.
    #[error(
        "{} is no data directory: `onsale serve` creates one; name another with --data",
        .0.display()
    )]
    Absent(PathBuf),
    /// Its description cannot be understood.
    #[error("{} cannot be understood: {reason}. Restore it from a backup", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There are no random bytes for keys.
    #[error("the operating system gives no random bytes: {0}. Start again when it does")]
    Entropy(getrandom::Error),
    /// A file or directory could not be read or written.
    #[error("cannot read or write {}: {source}. Check permissions, space and the disk",
        path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A key is not what was written.
    #[error("{} is damaged: restore it from a backup, or remove it and a new one is drawn",
        .0.display())]
    Key(PathBuf),
    /// Another process is there, or the directory cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is something in it that no data directory has.
    #[error(
        "{} has no {DESCRIPTION} but is not empty: give --data an empty directory, or restore the \
         {DESCRIPTION} of this one from a backup", .0.display()
    )]
    NotOurs(PathBuf),
    /// The configuration wants another number of partitions.
    #[error(
        "{} has {found} partitions, the configuration says {configured}: their number is fixed \
         when a data directory is created. Leave `partitions` out, or name another --data",
        path.display()
    )]
    Partitions {
        /// The directory.
        path: PathBuf,
        /// What it has.
        found: u16,
        /// What was asked for.
        configured: u16,
    },
    /// A newer program created it.
    #[error(
        "{} has format {found}, this program knows format {}: start the program that created it, \
         or a newer one", path.display(), Description::FORMAT
    )]
    UnknownFormat {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
}

impl DataDirectory {
    /// Opens the configured data directory for this process alone, creating it if need be.
    pub fn open(config: &Config) -> Result<Self, DataDirectoryError> {
        let path = config.data.clone();
        durable::create_private(&path)?;
        let lock = DirectoryLock::acquire(&path)?;
        let found = Description::read(&path)?;
        let was_created = found.is_none();
        let description = match found {
            Some(description) => description,
            None => Description::draw(&path, config.partitions_when_created())?,
        };
        check_partitions(&path, description.partitions, config.partitions)?;
        create_directories(&path, description.partitions)?;
        let keys = Keys::open(&path.join(KEYS), config)?;
        if was_created {
            write_durably(&path, DESCRIPTION, description.to_toml().as_bytes())?;
        }
        Ok(Self {
            partitions: description.partitions,
            token_keys: keys.tokens,
            operator_token: keys.operator_token,
            sandbox_secret: keys.sandbox_secret,
            was_created,
            description,
            path,
            _lock: lock,
        })
    }

    /// The id of a partition's journal, should it have to be begun: the same whenever asked.
    pub fn journal_id(&self, partition: PartitionId) -> JournalId {
        self.description.journal_id_of(partition)
    }

    /// Whose orders payment providers are told of: nobody else's have the same names.
    pub fn installation(&self) -> Installation {
        Installation::of(self.description.journal_id)
    }

    /// Where a partition's files are.
    pub fn partition_path(&self, partition: PartitionId) -> PathBuf {
        partition_path(&self.path, partition.number())
    }

    /// Where accounts, catalogue and read models are, unless another database is set.
    pub fn control_path(&self) -> PathBuf {
        control_path(&self.path)
    }

    /// Where letters to people are put.
    pub fn letters_path(&self) -> PathBuf {
        self.path.join(LETTERS)
    }

    /// Where it is kept how far a sink has got.
    pub fn bus_path(&self, sink: &str) -> PathBuf {
        self.bus_directory().join(sink)
    }

    /// Where that is kept of all sinks.
    pub fn bus_directory(&self) -> PathBuf {
        self.path.join(BUS)
    }

    /// Where the sandbox payment provider's files are.
    pub fn sandbox_path(&self) -> PathBuf {
        self.path.join(SANDBOX)
    }
}

/// Where accounts, catalogue and read models are in the data directory at `path`.
pub fn control_path(path: &Path) -> PathBuf {
    path.join(CONTROL)
}

/// Where the files of a partition are in the data directory at `path`.
pub fn partition_path(path: &Path, partition: u16) -> PathBuf {
    path.join(PARTITIONS).join(format!("{partition:04}"))
}

fn check_partitions(
    path: &Path,
    found: u16,
    configured: Option<u16>,
) -> Result<(), DataDirectoryError> {
    match configured {
        Some(configured) if configured != found => {
            Err(DataDirectoryError::Partitions { path: path.to_owned(), found, configured })
        }
        _ => Ok(()),
    }
}

fn create_directories(path: &Path, partitions: u16) -> Result<(), DataDirectoryError> {
    durable::create_private(&path.join(KEYS))?;
    let partitions = (0..partitions).map(|number| partition_path(path, number));
    for directory in partitions.chain([path.join(SANDBOX)]) {
        FileDirectory::open(&directory)
            .map_err(|source| DataDirectoryError::Io { path: directory, source })?;
    }
    Ok(())
}
