//! `cargo xtask api`: the real server is sent what its own `OpenAPI` document allows, and much that
//! it does not, by schemathesis. Every answer must be one that the document promises.
//!
//! Deliberately absent: what a request means. That is tested where the routes are.

use crate::process::{Outcome, program};
use crate::server::{Server, without_limits};
use crate::{tools, workspace};

/// What CI sends follows from it.
pub const SEED: u64 = 1;
/// The most requests for each operation and way of making them, in CI.
pub const EXAMPLES: u32 = 20;

/// Starts a server, puts something into it, and lets schemathesis at it.
pub fn run(seed: u64, examples: u32) -> Outcome {
    let here = workspace::root().join("xtask/src/api");
    let programs = tools::install_python("schemathesis", &here.join("requirements.txt"))?;
    let server = Server::built(&without_limits())?;
    let world = program(programs.join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .path_arg(&here.join("world.py"))
        .args(&[server.url()])
        .path_arg(&server.data())
        .read()?;
    let names = world.lines().filter_map(|line| line.split_once('='));
    let schemathesis = program(programs.join("st"))
        .env("PYTHONPATH", &here.to_string_lossy())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .args(&["--config-file"])
        .path_arg(&here.join("schemathesis.toml"))
        .args(&["run", &format!("{}/api/openapi.json", server.url())])
        .args(&["--seed", &seed.to_string(), "--max-examples", &examples.to_string()])
        .args(&["--suppress-health-check", "all", "--continue-on-failure", "--no-color"]);
    names.fold(schemathesis, |process, (name, value)| process.env(name, value)).run()
}
