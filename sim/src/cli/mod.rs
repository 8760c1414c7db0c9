//! What the tool can be told, one file for each subcommand. What it does is in the library; here is
//! what is printed and how the tool ends.
//!
//! Exit status: 0 all is well, 1 something was violated (or two processes differ, or a file is not
//! what it says), 2 the tool was told something it cannot do, 3 a sweep did not reach all that it
//! must.

mod meta;
mod rehearse;
mod replay;
mod report;
mod run;
mod shrink;
mod sweep;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One seed, one whole sale: the real rules, engine and journal in a simulated world.
#[derive(Parser)]
#[command(name = "onsale-sim", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run one seed; say what it was and whether everything held
    Run(run::Args),
    /// Run many seeds on many threads; stop at the first failure
    Sweep(sweep::Args),
    /// Make a failing plan as small as it will go, and save it
    Shrink(shrink::Args),
    /// Run saved plans: each must do what it says
    Replay(replay::Args),
    /// Run seeds in two processes each and compare every line
    Meta(meta::Args),
    /// Sell an organiser's event to a synthetic crowd, in virtual time
    Rehearse(rehearse::Args),
}

/// How the tool ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// All is well.
    Well,
    /// Something was violated.
    Violated,
    /// The tool was told something it cannot do.
    Misused,
    /// A sweep did not reach all that it must.
    NotReached,
}

/// How the tool ends when it cannot go on, and what it says then.
type Outcome = Result<End, String>;

/// Runs the tool.
pub(crate) fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(args) => run::main(&args),
        Command::Sweep(args) => Ok(sweep::main(&args)),
        Command::Shrink(args) => shrink::main(&args),
        Command::Replay(args) => replay::main(&args),
        Command::Meta(args) => meta::main(&args),
        Command::Rehearse(args) => rehearse::main(&args),
    };
    let end = outcome.unwrap_or_else(|problem| {
        eprintln!("error: {problem}");
        End::Misused
    });
    ExitCode::from(match end {
        End::Well => 0,
        End::Violated => 1,
        End::Misused => 2,
        End::NotReached => 3,
    })
}

/// An error as the text that the tool ends with.
fn told(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_is_missing_or_contradictory_is_refused_with_what_to_do() {
        for (line, hint) in [
            ("run", "--seed"),
            ("sweep", "--count"),
            ("shrink", "--seed"),
            ("shrink --seed 1 --plan a.json", "--plan"),
            ("replay", "<FILES>"),
            ("rehearse event.json", "--buyers"),
            ("sweep --count 3 --jobs 0", "--jobs"),
        ] {
            let args = ["onsale-sim"].into_iter().chain(line.split(' '));
            let error = Cli::try_parse_from(args).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(hint), "{line}: {error}");
        }
    }
}
