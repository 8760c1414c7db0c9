//! `cargo xtask sim`: what the simulator has to say before a change goes in: that a seed is a run
//! (`meta`, first: else nothing below means anything), that no saved plan fails again, and a sweep
//! over fresh seeds for as long as a change may take.

use crate::process::{Outcome, cargo};

/// How long the sweep of a change takes, in seconds.
pub const SECONDS: u64 = 90;

/// Runs all three. The sweep begins at the seed `from`.
pub fn run(from: u64, seconds: u64) -> Outcome {
    let simulate = |args: &[&str]| {
        let build = ["run", "--quiet", "--release", "--package", "onsale-sim", "--"];
        cargo(&[&build, args].concat()).run()
    };
    simulate(&["meta", "--count", "5"])?;
    simulate(&["replay", "sim/corpus"])?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    let (from, seconds) = (from.to_string(), seconds.to_string());
    simulate(&[
        "sweep",
        "--from",
        &from,
        "--count",
        "1000000",
        "--seconds",
        &seconds,
        "--jobs",
        &jobs,
    ])
}
