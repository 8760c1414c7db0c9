//! The command line: reads arguments and environment, does what is asked, says what went wrong.
//!
//! | exit code | means |
//! |---|---|
//! | 0 | done |
//! | 1 | found wanting: damage, a machine or directory that will not do, a failed core |
//! | 2 | the arguments or the configuration are wrong |
//! | 74 | the operating system could not read, write or listen |
//!
//! Deliberately absent: everything that a server does. What is asked for goes to standard output,
//! what went wrong to standard error, in one line that says what to do.

mod arguments;
mod check;
mod error;
mod journal;
mod logging;
mod migrate;
mod rebuild;

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use onsale_core::id::PartitionId;

use self::arguments::{Arguments, Task};
use self::error::CliError;
use crate::config::{Config, Origin, Sources};
use crate::data_directory::partition_path;
use crate::{demo, server};

/// Does what the process's arguments say.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Not locked: a server prints from threads of its own.
    let mut out = BufWriter::new(io::stdout());
    let outcome = run(arguments, &mut out).and_then(|code| {
        out.flush()?;
        Ok(code)
    });
    outcome.unwrap_or_else(|error| {
        if error.is_closed_output() {
            // Whoever read it has seen enough.
            return ExitCode::SUCCESS;
        }
        // What was found comes before the error that it led to.
        let _ = out.flush();
        eprintln!("error: {error}");
        ExitCode::from(error.exit_code())
    })
}

fn run(arguments: Arguments, out: &mut impl Write) -> Result<ExitCode, CliError> {
    let (config, origin) = Origin::read(Sources {
        environment: environment(),
        file: arguments.settings.config.clone(),
        flags: arguments.settings.flags(),
    })?;
    match arguments.task.unwrap_or(Task::Serve) {
        Task::Check => check::run(&config, out)?,
        Task::Config => out.write_all(config.effective_toml()?.as_bytes())?,
        Task::Demo(demo) => {
            logging::start(&config)?;
            return Ok(demo::run(&config, demo).map_err(Box::new)?);
        }
        Task::Journal { task } => journal::run(&config, &task, out)?,
        Task::Migrate => migrate::run(&config, out)?,
        Task::Rebuild(wish) => rebuild::run(&config, wish, out)?,
        Task::Serve => serve(&config, origin)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(config: &Config, origin: Origin) -> Result<(), CliError> {
    logging::start(config)?;
    server::run(config, Some(origin), |startup, _stop| {
        // A server goes on when nobody reads what it says.
        let _ = writeln!(io::stdout(), "{startup}");
    })
    .map_err(Box::new)?;
    Ok(())
}

/// Where the files of a partition are. It must be there: to open it would create it.
fn partition_directory(config: &Config, id: PartitionId) -> Result<PathBuf, CliError> {
    let path = partition_path(&config.data, id.number());
    if path.is_dir() { Ok(path) } else { Err(CliError::NoDirectory(path)) }
}

/// What is the matter, and with which partition.
fn located(id: PartitionId, what: impl Display) -> String {
    format!("partition {}: {what}", id.number())
}

/// A variable that is not text is none of ours: no setting has such a name or value.
fn environment() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    env::vars_os().filter_map(text).collect()
}
