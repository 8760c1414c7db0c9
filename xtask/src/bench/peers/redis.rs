//! Redis with an append-only file that is synced before every answer, the reservation as a Lua
//! script called by its hash, and redis-benchmark without pipelining.

use std::fs;
use std::path::Path;

use onsale_testbed::free_port;

use super::TICKETS;
use crate::process::{Failure, Outcome, program};
use crate::service::{Service, pinned};

/// As many different keys as redis-benchmark draws from.
const KEYS: &str = "2000000000";
const STOCK: &str = "stock:1";

/// A private Redis with the script.
pub struct Redis {
    _service: Service,
    port: String,
    script: String,
}

impl Redis {
    /// Starts one in `folder`, which must not exist, on these cores.
    pub fn start(folder: &Path, cores: &str) -> Outcome<Self> {
        let port = free_port()?.to_string();
        fs::create_dir(folder)
            .map_err(|error| Failure(format!("{} cannot be created: {error}", folder.display())))?;
        let server = pinned(cores)
            .args(&["redis-server", "--port", &port, "--bind", "127.0.0.1", "--dir"])
            .path_arg(folder)
            .args(&["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            // Rewriting the file would disturb it: in its favour.
            .args(&["--auto-aof-rewrite-percentage", "0"]);
        let mut service = Service::start("Redis", server, &folder.join("log"))?;
        service.wait_until(|log| log.contains("Ready to accept connections").then_some(()))?;
        let mut redis = Self { _service: service, port, script: String::new() };
        let loaded = redis.ask(&["script", "load", include_str!("hold.lua")])?;
        loaded.trim().clone_into(&mut redis.script);
        Ok(redis)
    }

    /// Its version: `7.0.15`.
    pub fn version(&self) -> Outcome<String> {
        let info = self.ask(&["info", "server"])?;
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(version.unwrap_or("of an unknown version").trim().to_owned())
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Has it forget everything.
    pub fn forget_all(&self) -> Outcome {
        self.ask(&["flushdb"]).map(|_| ())
    }

    /// Reservations a second by so many clients, after a short run that says how many fill the
    /// time.
    pub fn holds_per_s(&self, clients: u32, seconds: u32, cores: &str) -> Outcome<f64> {
        let clients = clients.to_string();
        let warm_up = self.reserve(&clients, 2_000 * u64::from(seconds), cores)?;
        self.reserve(&clients, (warm_up * f64::from(seconds)) as u64, cores)
    }

    fn reserve(&self, clients: &str, count: u64, cores: &str) -> Outcome<f64> {
        self.forget_all()?;
        self.ask(&["set", STOCK, &TICKETS.to_string()])?;
        let report = pinned(cores)
            .args(&["redis-benchmark", "-p", &self.port, "-c", clients, "-P", "1", "--csv"])
            .args(&["-n", &count.to_string(), "-r", KEYS, "evalsha", &self.script, "2", STOCK])
            .args(&["key:__rand_int__", "buyer:__rand_int__"])
            .read()?;
        let left = self.ask(&["get", STOCK])?;
        let left: u64 = left.trim().parse().unwrap_or(TICKETS);
        let held = TICKETS - left;
        // A few keys are drawn twice, and are one hold.
        if held * 100 < count * 99 {
            return Err(Failure(format!("Redis was asked for {count} holds and made {held}")));
        }
        per_s(&report)
    }

    fn ask(&self, words: &[&str]) -> Outcome<String> {
        program("redis-cli").args(&["-e", "-p", &self.port]).args(words).read()
    }
}

/// What redis-benchmark found, out of its CSV.
fn per_s(csv: &str) -> Outcome<f64> {
    let lines = || csv.lines().filter(|line| line.starts_with('"'));
    // No title but the test's own, which comes first, has a comma: count from the end.
    let from_end =
        lines().next().and_then(|titles| titles.rsplit(',').position(|t| t == "\"rps\""));
    let value = from_end.and_then(|n| lines().nth(1)?.rsplit(',').nth(n));
    value
        .and_then(|value| value.trim_matches('"').parse().ok())
        .ok_or_else(|| Failure(format!("redis-benchmark did not do what it should:\n{csv}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As redis-benchmark 7.0.15 said it.
    const SAID: &str = "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\
        \"p50_latency_ms\",\"p95_latency_ms\",\"p99_latency_ms\",\"max_latency_ms\"\n\
        \"evalsha 1653929b 2 stock:1 key:__rand_int__ buyer:__rand_int__\",\"24975.02\",\
        \"2.154\",\"0.104\",\"0.439\",\"7.895\",\"10.135\",\"18.607\"\n";

    #[test]
    fn what_redis_benchmark_says_is_read() {
        assert!((per_s(SAID).unwrap() - 24_975.02).abs() < 1e-9);
        let with_comma = SAID.replace("stock:1", "stock,1");
        assert!((per_s(&with_comma).unwrap() - 24_975.02).abs() < 1e-9);
    }

    #[test]
    fn no_report_is_a_failure() {
        assert!(per_s("").is_err());
        assert!(per_s(SAID.lines().next().unwrap()).is_err());
        assert!(per_s("Could not connect to Redis at 127.0.0.1:1").is_err());
    }
}
