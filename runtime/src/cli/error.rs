//! What can go wrong on the command line, and the exit code that it leads to.

use std::io;
use std::path::PathBuf;

use onsale_control::database::StoreError;
use onsale_control::projection::rebuild::RebuildError;
use onsale_storage::snapshot::SnapshotError;
use thiserror::Error;

use crate::config::{ConfigError, SettingError};
use crate::data_directory::DataDirectoryError;
use crate::demo::DemoError;
use crate::host::preflight::PreflightError;
use crate::projection::Halt;
use crate::server::{ControlError, ServerError};

const FOUND_WANTING: u8 = 1;
const USAGE: u8 = 2;
/// `EX_IOERR` of `sysexits.h`.
const IO: u8 = 74;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub(super) enum CliError {
    /// No configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// Some journal is not what was written. Everything was reported already.
    #[error("{first}{}", also(*.more))]
    Damaged {
        /// The first that was found.
        first: String,
        /// How much more was found.
        more: usize,
    },
    /// No data directory.
    #[error(transparent)]
    Data(#[from] DataDirectoryError),
    /// The demo.
    #[error(transparent)]
    Demo(#[from] Box<DemoError>),
    /// Read models are not as the facts say. Everything was reported already.
    #[error(
        "{0} rows are not as the facts say (listed above): `onsale rebuild` without --check puts \
         the right ones in their place"
    )]
    Differences(u64),
    /// Facts cannot be read or taken in.
    #[error("partition {partition}: {source}")]
    Halt {
        /// Of which partition.
        partition: u16,
        /// Why.
        source: Halt,
    },
    /// A partition's directory is gone.
    #[error("{} is missing: restore it from a backup", .0.display())]
    NoDirectory(PathBuf),
    /// There is no such partition.
    #[error("there is no partition {partition}: the last of this data directory is {last}")]
    NoPartition {
        /// What was asked for.
        partition: u16,
        /// The last there is.
        last: u16,
    },
    /// The output cannot be written.
    #[error("cannot write the output: {0}. Check where it goes")]
    Output(#[from] io::Error),
    /// A partition's files cannot be looked at.
    #[error("partition {partition}: {source}")]
    Partition {
        /// Which.
        partition: u16,
        /// What is the matter.
        source: SnapshotError,
    },
    /// The machine lacks something.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// Read models cannot be made anew.
    #[error("{0}. See [database] in the configuration")]
    Rebuild(#[from] RebuildError),
    /// The server.
    #[error(transparent)]
    Server(#[from] Box<ServerError>),
    /// A setting makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The settings have no form in TOML.
    #[error("the configuration cannot be shown: {0}. Look for a value beyond 2^63")]
    Show(#[from] toml::ser::Error),
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Rebuild(error.into())
    }
}

impl CliError {
    /// What the process ends with.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Config(ConfigError::File { .. }) | Self::Output(_) | Self::Partition { .. } => IO,
            Self::Config(_) | Self::NoPartition { .. } | Self::Setting(_) | Self::Show(_) => USAGE,
            Self::Control(_)
            | Self::Damaged { .. }
            | Self::Differences(_)
            | Self::Halt { .. }
            | Self::NoDirectory(_)
            | Self::Preflight(_)
            | Self::Rebuild(_) => FOUND_WANTING,
            Self::Data(error) => of_data(error),
            Self::Demo(error) => of_demo(error),
            Self::Server(error) => of_server(error),
        }
    }

    /// Whether the reader of the output has gone, as `head` does.
    pub(super) fn is_closed_output(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn of_demo(error: &DemoError) -> u8 {
    match error {
        DemoError::Server(error) => of_server(error),
        _ => FOUND_WANTING,
    }
}

fn of_server(error: &ServerError) -> u8 {
    match error {
        ServerError::Data(error) => of_data(error),
        ServerError::Listen { .. } | ServerError::System(_) => IO,
        ServerError::Setting(_) => USAGE,
        _ => FOUND_WANTING,
    }
}

fn of_data(error: &DataDirectoryError) -> u8 {
    match error {
        DataDirectoryError::Absent(_) | DataDirectoryError::Partitions { .. } => USAGE,
        DataDirectoryError::Io { .. } => IO,
        _ => FOUND_WANTING,
    }
}

fn also(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more, listed above)") }
}
