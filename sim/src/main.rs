//! The tool `onsale-sim`: runs, sweeps, shrinks and replays simulated sales.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
