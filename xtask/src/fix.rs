//! `cargo xtask fix`: the one command that changes source files.

use crate::ci;
use crate::fuzz;
use crate::process::{Outcome, cargo};

/// Applies what the linter is sure of, formats, and checks that nothing is left.
pub fn run() -> Outcome {
    cargo(&["clippy", "--fix", "--allow-dirty", "--allow-staged", "--workspace", "--all-targets"])
        .run()?;
    cargo(&["fmt", "--all"]).run()?;
    if fuzz::exists() {
        cargo(&["fmt", "--manifest-path", fuzz::MANIFEST]).run()?;
    }
    ci::check_format()?;
    ci::check_lints()
}
