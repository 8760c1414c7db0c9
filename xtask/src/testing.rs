//! `cargo xtask test`: all tests of the workspace, by nextest where it is installed.

use crate::process::{Outcome, cargo, is_installed};

/// Runs the tests that `args` select; with none, every test and every documentation test.
///
/// The binaries are built first: the black-box tests start the real ones.
pub fn run(args: &[String]) -> Outcome {
    cargo(&["build", "--workspace", "--bins"]).run()?;
    let everything = args.is_empty();
    if is_installed("cargo-nextest", &["nextest", "--version"]) {
        selected(&["nextest", "run"], args)?;
        if everything {
            cargo(&["test", "--workspace", "--doc"]).run()?;
        }
        Ok(())
    } else {
        selected(&["test"], args)
    }
}

fn selected(runner: &[&str], args: &[String]) -> Outcome {
    let names_a_package = args.iter().any(|arg| arg.starts_with("-p") || arg == "--package");
    let scope: &[&str] = if names_a_package { &[] } else { &["--workspace"] };
    cargo(runner).args(scope).args(args).run()
}
