//! `cargo xtask test`: all tests of the workspace, by nextest where it is installed.

use onsale_testbed::{POSTGRES_VARIABLE, Postgres};

use crate::process::{Outcome, cargo, is_installed};
use crate::server::build_programs;

/// Runs the tests that `args` select; with none, every test and every documentation test.
///
/// The binaries are built first: the black-box tests start the real ones. So is a PostgreSQL, which
/// all tests share.
pub fn run(args: &[String]) -> Outcome {
    build_programs()?;
    let postgres = Postgres::start()?;
    let everything = args.is_empty();
    if is_installed("cargo-nextest", &["nextest", "--version"]) {
        selected(&["nextest", "run"], args, &postgres)?;
        if everything {
            cargo(&["test", "--workspace", "--doc"]).run()?;
        }
        Ok(())
    } else {
        selected(&["test"], args, &postgres)
    }
}

fn selected(runner: &[&str], args: &[String], postgres: &Postgres) -> Outcome {
    let names_a_package = args.iter().any(|arg| arg.starts_with("-p") || arg == "--package");
    let scope: &[&str] = if names_a_package { &[] } else { &["--workspace"] };
    cargo(runner).args(scope).args(args).env(POSTGRES_VARIABLE, &postgres.url()).run()
}
