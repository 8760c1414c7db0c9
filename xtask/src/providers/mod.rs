//! `cargo xtask providers`: the providers' own SDKs against our adapters and our simulator. What an
//! SDK signs an adapter must believe, what we sign an SDK must; and as clients of the simulator the
//! SDKs must find what they expect of the real API. And whole purchases at our server by a Stripe
//! that is not ours either: PyPI `localstripe`.
//!
//! Deliberately absent: the adapters' own rules. Those are tested where the adapters are.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::process::{Failure, Outcome, Process, cargo, is_installed, program};
use crate::server::{Server, build_programs, without_limits};
use crate::service::{Service, dependent};
use crate::{tools, workspace};

/// Our server's Stripe, but for where it is; the keys are those of provider-sim/src/credentials.rs,
/// which the checks take from there.
const STRIPE: &str = "[payments.stripe]
flow = \"payment_intents\"
secret_key = \"sk_test_onsale\"
webhook_secrets = [\"whsec_onsale_stripe\"]
";

/// Which SDKs, and of which version: for npm, and for pip.
const NODE: [&str; 2] = ["package.json", "package-lock.json"];
const PYTHON: &str = "requirements.txt";

/// Installs the SDKs, builds what they are tried with, and runs all checks.
pub fn run() -> Outcome {
    let node = install_for_node()?;
    let python = tools::install_python("providers/python", &here().join(PYTHON))?;
    build_programs()?;
    cargo(&["build", "--workspace", "--example", "provider_vectors"]).run()?;
    let here = here();
    let node =
        program("node").path_arg(&here.join("sdk.mjs")).env("TOOLS", &node.to_string_lossy());
    check_at_simulator(node)?;
    let python = python.join("python");
    let checks = |name| {
        let script = program(&python).env("PYTHONDONTWRITEBYTECODE", "1");
        script.path_arg(&here.join(name))
    };
    check_at_simulator(checks("sdk.py"))?;
    let localstripe = dependent().path_arg(&python).path_arg(&here.join("localstripe_server.py"));
    check_at_localstripe(localstripe, checks("shop.py"))
}

/// Runs one program of checks with a simulator of its own.
fn check_at_simulator(script: Process) -> Outcome {
    let folder = folder()?;
    let notices = onsale_testbed::free_port()?;
    let simulator = dependent()
        .path_arg(&workspace::target_directory()?.join("debug/onsale-provider-sim"))
        .args(&["--listen", "127.0.0.1:0", "--retry-pause-ms", "50"])
        .args(&["--notify-url", &format!("http://127.0.0.1:{notices}")]);
    let mut service = Service::start("the simulator", simulator, &folder.path().join("log"))?;
    let url = service.wait_until(address)?;
    check(script, &url, notices)
}

/// Runs one program of checks with a localstripe and a server of ours whose Stripe it is.
fn check_at_localstripe(localstripe: Process, script: Process) -> Outcome {
    let folder = folder()?;
    let mut service = Service::start("localstripe", localstripe, &folder.path().join("log"))?;
    let url = service.wait_until(address)?;
    let limits = without_limits();
    let shop = Server::built(&format!("{limits}{STRIPE}api = \"{url}\"\n"))?;
    let script = script
        .env("SHOP", shop.url())
        .env("DIRECTORY", &shop.data().join("directory.toml").to_string_lossy())
        .env("OPERATOR_TOKEN", &shop.operator_token().to_string_lossy());
    check(script, &url, onsale_testbed::free_port()?)
}

/// Runs one program of checks with a stand-in at `url` that sends its notices to a port.
fn check(script: Process, url: &str, notices: u16) -> Outcome {
    let adapters = workspace::target_directory()?.join("debug/examples/provider_vectors");
    script
        .env("SIMULATOR", url)
        .env("NOTICES_PORT", &notices.to_string())
        .env("ADAPTERS", &adapters.to_string_lossy())
        .env("CREDENTIALS", "provider-sim/src/credentials.rs")
        .run()
}

fn folder() -> Outcome<TempDir> {
    let cannot = |error| Failure(format!("a stand-in gets no folder: {error}"));
    tempfile::tempdir().map_err(cannot)
}

fn address(log: &str) -> Option<String> {
    let (line, _) = log.split_once('\n')?;
    line.starts_with("http://").then(|| line.to_owned())
}

/// The folder of this module, with the scripts.
fn here() -> PathBuf {
    workspace::root().join("xtask/src/providers")
}

/// The folder with `node_modules`.
fn install_for_node() -> Outcome<PathBuf> {
    if !is_installed("node", &["--version"]) || !is_installed("npm", &["--version"]) {
        return Err(Failure("node and npm are missing: install Node.js 20 or later".to_owned()));
    }
    let own = tools::folder("providers/node");
    let is_there = own.join("node_modules").is_dir();
    if !is_there || !NODE.iter().all(|name| tools::is_same(&here().join(name), &own.join(name))) {
        println!("SDKs are missing and are now installed into target/tools");
        NODE.iter().try_for_each(|name| tools::copy(&here().join(name), &own.join(name)))?;
        program("npm")
            .args(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
            .path_arg(&own)
            .run()?;
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_the_simulator_says_first() {
        assert_eq!(address("http://127.0.0.1:41\n").unwrap(), "http://127.0.0.1:41");
        assert_eq!(address("http://127.0.0.1:4"), None, "half a line");
        assert_eq!(address("error\n"), None);
    }
}
