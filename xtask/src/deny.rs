//! `cargo xtask deny`: licences, banned crates, sources and known vulnerabilities, by cargo-deny.
//!
//! What is allowed stands in `deny.toml`. The list of known vulnerabilities lives on the network;
//! where it cannot be fetched the other three checks still count, and a warning says so.

use std::path::PathBuf;

use crate::process::{Outcome, cargo, is_installed, program};
use crate::workspace;

/// The releases whose configuration `deny.toml` is written for.
const VERSION: &str = "^0.20";

/// Runs the checks; `require_advisories` makes an unreachable vulnerability list a failure.
pub fn run(require_advisories: bool) -> Outcome {
    let tool = find_or_install()?;
    let mut checks = vec!["bans", "licenses", "sources"];
    match program(&tool).args(&["fetch", "db"]).read() {
        Ok(_) => checks.push("advisories"),
        Err(failure) if require_advisories => return Err(failure),
        Err(failure) => warn_unchecked(&failure.to_string()),
    }
    program(&tool).args(&["check", "--hide-inclusion-graph"]).args(&checks).run()
}

fn find_or_install() -> Outcome<PathBuf> {
    let own_folder = workspace::root().join("target/tools");
    let own = own_folder.join("bin/cargo-deny");
    for candidate in ["cargo-deny".into(), own.clone()] {
        if is_installed(&candidate, &["--version"]) {
            return Ok(candidate);
        }
    }
    println!("cargo-deny is missing and is now compiled into target/tools; it takes minutes, once");
    // It runs for a second: what counts is how soon it is there.
    cargo(&["install", "--debug", "--locked", "cargo-deny", "--version", VERSION, "--root"])
        .path_arg(&own_folder)
        .run()?;
    Ok(own)
}

fn warn_unchecked(reason: &str) {
    let reason = reason.trim().lines().last().unwrap_or(reason);
    println!("WARNING: known vulnerabilities are NOT checked, their list cannot be fetched:");
    println!("WARNING: {reason}");
}
