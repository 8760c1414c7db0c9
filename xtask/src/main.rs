//! The developer's commands: `cargo xtask <command>`.
//!
//! One file per command or group of CI steps. CI runs these same commands and nothing else, so
//! what passes here passes there. Only `fix` writes to the source tree, and what is
//! asked to write its page under docs/.
//!
//! Deliberately absent: rules about what the code does. Those are tests, in the crates they are
//! about.

mod api;
mod bench;
mod ci;
mod demo;
mod deny;
mod events;
mod fix;
mod fuzz;
mod kafka;
mod madsim;
mod mutants;
mod process;
mod providers;
mod purity;
mod server;
mod service;
mod sim;
mod testing;
mod tidy;
mod tools;
mod walkthrough;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer's commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Do everything CI does, in its order; stop at the first failure
    Ci,
    /// Run all tests and documentation tests, or those the arguments select
    Test {
        /// Passed to `cargo nextest run` (or to `cargo test` where nextest is missing)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Format and apply lint suggestions, then check again; the only command that writes
    Fix,
    /// Build the server as it ships and run `onsale demo`
    Demo {
        /// Passed to `onsale demo`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measure the hot path beside PostgreSQL and Redis; write docs/benchmarks.md and its charts
    Bench {
        /// Only see that all of it works, and write under target/
        #[arg(long)]
        quick: bool,
        /// One measure; all when absent
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Send the server everything that its description allows, and much that it does not
    Api {
        /// What is sent follows from it
        #[arg(long, default_value_t = api::SEED)]
        seed: u64,
        /// The most requests for each operation and way of making them
        #[arg(long, default_value_t = api::EXAMPLES)]
        examples: u32,
    },
    /// Try our payment adapters and their simulator with the providers' own SDKs, and the server
    /// with a Stripe that others wrote
    Providers,
    /// Run the tests that need a Kafka, with a broker that is installed for them
    Kafka,
    /// Check the documents about what is published, under docs/events
    Events {
        /// Write them
        #[arg(long)]
        write: bool,
    },
    /// Check the house style: sizes, markers, manifests, direction of dependencies
    Tidy,
    /// Prove that the rules (onsale-core) need no operating system
    Purity,
    /// Check licences, banned crates, sources and known vulnerabilities of all dependencies
    Deny {
        /// Fail where the vulnerability database cannot be fetched, rather than warn
        #[arg(long)]
        require_advisories: bool,
    },
    /// Run the shipped shell under a deterministic executor, in all kinds of trouble
    Madsim {
        /// The first seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How many seeds from there on
        #[arg(long, default_value_t = madsim::SEEDS)]
        count: u64,
        /// Passed to the tests: which of them to run
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Simulate: that a seed is a run, that saved plans stay clean, and a sweep over fresh seeds
    Sim {
        /// The first seed of the sweep
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// How long the sweep takes
        #[arg(long, default_value_t = sim::SECONDS)]
        seconds: u64,
    },
    /// Do what docs/walkthrough.md says, at a real server
    Walkthrough {
        /// Put what comes of it into the page
        #[arg(long)]
        write: bool,
    },
    /// Plant bugs and see that the simulator finds each
    Mutants {
        /// Names of patches in sim/mutants; all when absent
        names: Vec<String>,
        /// The most seeds that are run for each
        #[arg(long, default_value_t = 20_000)]
        seeds: u64,
        /// Write what became of them into docs/mutants.md
        #[arg(long)]
        write: bool,
        /// Only see that the patches still apply, and are in docs/mutants.md
        #[arg(long)]
        check: bool,
    },
    /// Replay the fuzz targets' corpus; with `--seconds`, look for new failures
    Fuzz {
        /// One target; all when absent
        target: Option<String>,
        /// How long to fuzz each target; 0 only replays what is known
        #[arg(long, default_value_t = 0)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Ci => ci::run(),
        Command::Test { args } => testing::run(&args),
        Command::Fix => fix::run(),
        Command::Demo { args } => demo::run(&args),
        Command::Bench { quick, only } => bench::run(quick, only.as_deref()),
        Command::Api { seed, examples } => api::run(seed, examples),
        Command::Providers => providers::run(),
        Command::Kafka => kafka::run(),
        Command::Events { write } => events::run(write),
        Command::Tidy => tidy::run(),
        Command::Purity => purity::run(),
        Command::Deny { require_advisories } => deny::run(require_advisories),
        Command::Madsim { seed, count, args } => madsim::run(seed, count, &args),
        Command::Sim { from, seconds } => sim::run(from, seconds),
        Command::Walkthrough { write } => walkthrough::run(write),
        Command::Mutants { check: true, .. } => mutants::check(),
        Command::Mutants { names, seeds, write, .. } => mutants::run(&names, seeds, write),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}
