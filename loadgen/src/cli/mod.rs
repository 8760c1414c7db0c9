//! The command line: reads arguments, runs what is asked, reports what was found.
//!
//! | exit code | means |
//! |---|---|
//! | 0 | done, and nothing found wrong |
//! | 1 | something is wrong, an objective was missed, nothing was answered, or there was no run |
//! | 2 | the arguments, the mix or the trace are wrong |
//! | 74 | the report could not be written or read |
//!
//! What was found goes to standard output, how a run goes to standard error.

mod arguments;
mod capacity;
mod check;
mod closed;
mod compare;
mod error;
mod open;
mod reports;

use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Task};

/// Does what the process's arguments say.
pub fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Run(arguments) => open::run(&arguments),
        Task::Closed(arguments) => closed::run(&arguments),
        Task::Capacity(arguments) => capacity::run(&arguments),
        Task::Compare(arguments) => compare::run(&arguments),
        Task::Check(arguments) => check::run(&arguments),
        Task::Report(arguments) => reports::again(&arguments.directory),
    };
    match done {
        Ok(Found::Fine) => ExitCode::SUCCESS,
        Ok(Found::Wanting) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// Nothing wrong.
    Fine,
    /// Something wrong, or not what was asked for.
    Wanting,
}
