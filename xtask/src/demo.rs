//! `cargo xtask demo`: a whole sale on this machine, by the server as it ships.

use crate::process::{Outcome, cargo};

/// Builds with optimisation and runs `onsale demo` with `args`.
pub fn run(args: &[String]) -> Outcome {
    let demo = ["run", "--release", "--package", "onsale-runtime", "--bin", "onsale", "--", "demo"];
    cargo(&demo).args(args).run()
}
