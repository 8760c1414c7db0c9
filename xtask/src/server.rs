//! Our server in a folder of its own, for measures and checks.

use std::path::{Path, PathBuf};
use std::{env, fs};

use tempfile::TempDir;

use crate::process::{Failure, Outcome, Process, cargo};
use crate::service::{Service, dependent};
use crate::workspace;

/// The classes of routes that the gateway limits.
const CLASSES: [&str; 8] =
    ["buy", "credentials", "manage", "queue", "read", "search", "session", "webhook"];

/// A running server; its data goes with it.
pub struct Server {
    // Before its folder, which is removed when the server has ended.
    service: Service,
    folder: TempDir,
    url: String,
}

impl Server {
    /// Builds ours and starts it on one core, with these lines as its configuration file.
    pub fn built(settings: &str) -> Outcome<Self> {
        build_programs()?;
        let onsale = workspace::target_directory()?.join("debug/onsale");
        Self::start(&env::temp_dir(), dependent().path_arg(&onsale), 1, settings)
    }

    /// Starts `program`, which may be wrapped in others, in a new folder within `scratch`, with
    /// these lines as its configuration file.
    pub fn start(scratch: &Path, program: Process, cores: usize, settings: &str) -> Outcome<Self> {
        let cannot = |error| Failure(format!("the server gets no folder: {error}"));
        let folder = tempfile::tempdir_in(scratch).map_err(cannot)?;
        Self::start_in(folder, program, cores, settings)
    }

    /// Ends it, and starts `program` on what it left, with these lines as its configuration file.
    pub fn again(self, program: Process, cores: usize, settings: &str) -> Outcome<Self> {
        let Self { service, folder, .. } = self;
        drop(service);
        Self::start_in(folder, program, cores, settings)
    }

    fn start_in(folder: TempDir, program: Process, cores: usize, settings: &str) -> Outcome<Self> {
        let cannot = |error| Failure(format!("the server gets no configuration: {error}"));
        let config = folder.path().join("onsale.toml");
        fs::write(&config, settings).map_err(cannot)?;
        let process = program
            .args(&["serve", "--listen", "127.0.0.1:0", "--cores", &cores.to_string(), "--config"])
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

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The file with its operator token.
    pub fn operator_token(&self) -> PathBuf {
        self.data().join("keys/operator-token")
    }
}

/// Builds every program of ours, as tests want them: of some packages alone, what they depend on
/// would have other features, and be built once more.
pub fn build_programs() -> Outcome {
    cargo(&["build", "--workspace", "--bins"]).run()
}

/// Settings with which everybody is counted, as strangers are, and nobody ever has too much.
pub fn without_limits() -> String {
    let of_class = |class| {
        let whom = ["address_per_minute", "address_burst", "person_per_minute", "person_burst"];
        let lines = whom.map(|name| format!("{name} = {}\n", u32::MAX)).concat();
        format!("[limits.{class}]\n{lines}")
    };
    format!("[limits]\ntrusted_proxies = []\n{}", CLASSES.map(of_class).concat())
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
