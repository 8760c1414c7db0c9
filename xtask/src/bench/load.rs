//! The load generator, run as the program that it is: pinned, and read by its JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::Bench;
use super::server::Server;
use super::service::pinned;
use crate::process::{Failure, Outcome, Process};

/// So many connections, each asking again when it was answered.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// What they do: a name that the generator knows.
    pub scenario: &'static str,
    /// How many connections.
    pub connections: u32,
    /// For how long.
    pub seconds: u32,
    /// How many times a second all together; as often as they can, if not said.
    pub rate_per_s: Option<u64>,
}

/// What came of it: the part of the generator's JSON that is of interest here.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    run: Run,
    totals: Totals,
    steps: Vec<Step>,
    refusals: BTreeMap<String, u64>,
    failures: BTreeMap<String, u64>,
    generator: Generator,
    server: Option<ServerUse>,
    violations: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Run {
    duration_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Totals {
    finished: u64,
    requests: u64,
    refused: u64,
    connections_max: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Step {
    name: String,
    succeeded: u64,
    corrected: Percentiles,
}

#[derive(Clone, Debug, Deserialize)]
struct Percentiles {
    p99_us: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Generator {
    doubts: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct ServerUse {
    cpu_cores: f64,
    memory_before_bytes: u64,
    memory_max_bytes: u64,
}

impl Load {
    /// As many requests as these connections get answered.
    pub fn of(scenario: &'static str, connections: u32, seconds: u32) -> Self {
        Self { scenario, connections, seconds, rate_per_s: None }
    }

    /// Not more often than this, all together.
    pub fn at(self, rate_per_s: u64) -> Self {
        Self { rate_per_s: Some(rate_per_s), ..self }
    }

    /// Puts it on `server` from the processor that is the load's.
    pub fn run(&self, bench: &Bench, server: &Server) -> Outcome<Seen> {
        self.run_from(bench, server, &bench.cores.load)
    }

    /// Puts it on `server` from these processors.
    pub fn run_from(&self, bench: &Bench, server: &Server, cores: &str) -> Outcome<Seen> {
        Seen::read(&self.process(bench, server, cores).read()?)
    }

    fn process(&self, bench: &Bench, server: &Server, cores: &str) -> Process {
        let (connections, seconds) = (self.connections.to_string(), format!("{}s", self.seconds));
        let process = pinned(cores)
            .path_arg(&bench.loadgen)
            .args(&["closed", server.url(), "--scenario", self.scenario])
            .args(&["--connections", &connections, "--duration", &seconds])
            .args(&["--server-pid", &server.id().to_string(), "--operator-token-file"])
            .path_arg(&server.operator_token())
            .args(&["--json"]);
        match self.rate_per_s {
            Some(rate) => process.args(&["--rate", &rate.to_string()]),
            None => process,
        }
    }
}

impl Seen {
    /// Reads the generator's JSON. A run that was wrong, or in which nothing was answered, is a
    /// failure, however fast it was.
    fn read(json: &str) -> Outcome<Self> {
        let seen: Self = serde_json::from_str(json).map_err(|error| {
            Failure(format!("the load generator did not answer as it should: {error}\n{json}"))
        })?;
        if !seen.violations.is_empty() {
            return Err(Failure(format!("the server was wrong: {}", seen.violations.join("; "))));
        }
        if seen.steps.iter().all(|step| step.succeeded == 0) {
            let Self { refusals, failures, .. } = seen;
            return Err(Failure(format!(
                "nothing was answered as it should be; refusals: {refusals:?}, no answer: \
                 {failures:?}"
            )));
        }
        Ok(seen)
    }

    /// How often a step was answered as wished.
    pub fn succeeded(&self, step: &str) -> u64 {
        self.step(step).map_or(0, |step| step.succeeded)
    }

    /// How often a step was answered as wished, in a second.
    pub fn per_s(&self, step: &str) -> f64 {
        self.in_a_second(self.succeeded(step))
    }

    /// How many people did all that they wanted, in a second.
    pub fn finished_per_s(&self) -> f64 {
        self.in_a_second(self.totals.finished)
    }

    /// How many were refused, in a second.
    pub fn refused_per_s(&self) -> f64 {
        self.in_a_second(self.totals.refused)
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u64 {
        self.totals.requests
    }

    /// How long all but a hundredth of a step took at most, from when they were due, in
    /// microseconds.
    pub fn p99_us(&self, step: &str) -> f64 {
        self.step(step).map_or(0.0, |step| step.corrected.p99_us as f64)
    }

    /// How many connections were open at once.
    pub fn connections(&self) -> u64 {
        self.totals.connections_max
    }

    /// How much memory the server took on, in bytes.
    pub fn memory_gained_bytes(&self) -> u64 {
        let gained = |used: &ServerUse| used.memory_max_bytes - used.memory_before_bytes;
        self.server.as_ref().map_or(0, gained)
    }

    /// The most memory that the server had, in bytes.
    pub fn memory_max_bytes(&self) -> u64 {
        self.server.as_ref().map_or(0, |used| used.memory_max_bytes)
    }

    /// How much processor time the server used.
    pub fn server_time(&self) -> Duration {
        let cores = self.server.as_ref().map_or(0.0, |used| used.cpu_cores);
        Duration::from_millis(self.run.duration_ms).mul_f64(cores.max(0.0))
    }

    /// Why its figures are to be doubted.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        self.generator.doubts.iter().map(|doubt| format!("load generator: {doubt}"))
    }

    fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    fn in_a_second(&self, count: u64) -> f64 {
        count as f64 * 1e3 / self.run.duration_ms.max(1) as f64
    }
}
