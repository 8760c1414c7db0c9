//! `cargo xtask madsim`: the shipped shell and router under a deterministic executor, seed by seed.
//!
//! The code is built for simulation by `--cfg madsim`, so in a target directory of its own: in the
//! usual one every change between the two would build everything anew.

use crate::process::{Outcome, cargo};

/// Many enough for the tests to insist that everything happened which sometimes does.
pub const SEEDS: u64 = 40;

/// Runs the tests that `args` select (all, if none) for `count` seeds from `seed` on.
pub fn run(seed: u64, count: u64, args: &[String]) -> Outcome {
    cargo(&["test", "--package", "onsale-sim-shell", "--"])
        .args(&["--nocapture"])
        .args(args)
        .env("MADSIM_TEST_SEED", &seed.to_string())
        .env("MADSIM_TEST_NUM", &count.to_string())
        // Assertions stay on, and twice as many seeds fit into a minute.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
        .env("CARGO_TARGET_DIR", "target/madsim")
        .env("RUSTFLAGS", "--cfg madsim")
        .run()
}
