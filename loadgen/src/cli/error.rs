//! Why a command did not do what was asked, and the exit code that this leads to.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::capacity::objective::ObjectiveError;
use crate::closed::ClosedError;
use crate::limits::TooManyConnections;
use crate::mix::{EMBEDDED, MixError};
use crate::report::files::FilesError;
use crate::run::RunError;
use crate::schedule::{ScheduleError, TraceError};
use crate::sources::SourcesError;
use crate::target::TargetError;

const WANTING: u8 = 1;
const USAGE: u8 = 2;
/// `EX_IOERR` of `sysexits.h`.
const IO: u8 = 74;

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub(super) enum CliError {
    /// A run of the closed model did not take place.
    #[error(transparent)]
    Closed(#[from] ClosedError),
    /// More connections than this process may have.
    #[error(transparent)]
    Connections(#[from] TooManyConnections),
    /// The report.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Signals cannot be received.
    #[error("Ctrl-C cannot be listened for: {0}")]
    Interrupt(io::Error),
    /// Not a mix.
    #[error(transparent)]
    Mix(MixError),
    /// Not the name of a mix of the program, nor a file.
    #[error("{0} is neither a file nor a mix of the program ({names})", names = embedded())]
    NoSuchMix(String),
    /// Not an objective.
    #[error("--objective: {0}")]
    Objective(#[from] ObjectiveError),
    /// A run of the open model did not take place.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Not a schedule.
    #[error("--arrivals: {0}")]
    Schedule(#[from] ScheduleError),
    /// Somebody pressed Ctrl-C.
    #[error("stopped before the capacity was found")]
    Stopped,
    /// Connections cannot come from there.
    #[error(transparent)]
    Sources(#[from] SourcesError),
    /// Not a target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The operator token cannot be read.
    #[error("--operator-token-file {}: {source}", .path.display())]
    Token {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not a trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

impl CliError {
    /// For the process.
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Closed(_) | Self::Interrupt(_) | Self::Run(_) | Self::Stopped => WANTING,
            Self::Files(_) => IO,
            _ => USAGE,
        }
    }
}

fn embedded() -> String {
    EMBEDDED.map(|(name, _)| name).join(", ")
}
