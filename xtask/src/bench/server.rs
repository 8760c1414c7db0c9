//! Our server, as it ships, in a folder of its own.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::Bench;
use super::service::{Service, pinned};
use crate::process::{Failure, Outcome};

/// More connections than the default of a core: several thousand wait at once here.
const BOUNDS: &str = "[bounds]\nconnections_per_core = 19000\n";
/// Also room for all of them to ask in the same moment: they wait, and are not refused.
const BOUNDS_OF_A_CROWD: &str = "[bounds]\nconnections_per_core = 19000\nmailbox = 20000\n";
/// Everybody is counted, as strangers are, and nobody ever has too much: what that costs belongs to
/// what is measured.
const COUNTED: [&str; 6] = ["buy", "manage", "queue", "read", "session", "webhook"];
const MOST: u32 = u32::MAX;

/// A running server; its data goes with it.
pub struct Server {
    // Before its folder, which is removed when the server has ended.
    service: Service,
    folder: TempDir,
    url: String,
}

impl Server {
    /// Starts one with a core of its own, as the targets want it.
    pub fn start(bench: &Bench) -> Outcome<Self> {
        Self::start_with(bench, &bench.cores.server, BOUNDS)
    }

    /// Starts one to which many thousands come in the same moment.
    pub fn start_for_a_crowd(bench: &Bench) -> Outcome<Self> {
        Self::start_with(bench, &bench.cores.server, BOUNDS_OF_A_CROWD)
    }

    /// Starts one with a core on each processor, and a port for each, so that a load can choose.
    pub fn start_on_both(bench: &Bench) -> Outcome<Self> {
        let settings = format!("listen_per_core = 0\n{BOUNDS}");
        Self::start_with(bench, &bench.cores.both(), &settings)
    }

    fn start_with(bench: &Bench, cores: &str, bounds: &str) -> Outcome<Self> {
        let cannot = |error| Failure(format!("the server gets no folder: {error}"));
        let folder = tempfile::tempdir_in(bench.scratch.path()).map_err(cannot)?;
        let config = folder.path().join("onsale.toml");
        fs::write(&config, format!("{bounds}{}", limits())).map_err(cannot)?;
        let count = cores.split(',').count().to_string();
        let process = pinned(cores)
            .path_arg(&bench.onsale)
            .args(&["serve", "--listen", "127.0.0.1:0", "--cores", &count, "--config"])
            .path_arg(&config)
            .args(&["--data"])
            .path_arg(&folder.path().join("data"));
        let mut service = Service::start("the server", process, &folder.path().join("log"))?;
        let url = service.wait_until(address)?;
        Ok(Self { service, folder, url })
    }

    /// Where it is: `http://127.0.0.1:8080`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.service.id()
    }

    /// The file with its operator token.
    pub fn operator_token(&self) -> PathBuf {
        self.folder.path().join("data/keys/operator-token")
    }
}

fn limits() -> String {
    let of_class = |class| {
        let whom = ["address_per_minute", "address_burst", "person_per_minute", "person_burst"];
        let lines = whom.map(|name| format!("{name} = {MOST}\n")).concat();
        format!("[limits.{class}]\n{lines}")
    };
    format!("[limits]\ntrusted_proxies = []\n{}", COUNTED.map(of_class).concat())
}

fn address(log: &str) -> Option<String> {
    let line = log.lines().find_map(|line| line.trim().strip_prefix("listening"))?;
    Some(line.split_whitespace().next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_the_server_says_at_its_start() {
        let log = "onsale 0.1.0\n  cores      1 on glommio\n  \
                   listening  http://127.0.0.1:36285  (API at http://127.0.0.1:36285/api/docs)\n";
        assert_eq!(address(log).unwrap(), "http://127.0.0.1:36285");
        assert_eq!(address("onsale 0.1.0\n"), None);
    }
}
