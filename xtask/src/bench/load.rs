//! The load generator, run as the program that it is: pinned, and read by its JSON.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use serde::Deserialize;

use super::Bench;
use super::scale::Scale;
use super::statistics::median;
use crate::process::{Failure, Outcome};
use crate::server::Server;
use crate::service::pinned;

/// So many connections, each asking again when it was answered.
#[derive(Clone, Debug)]
pub struct Load {
    scenario: &'static str,
    connections: u32,
    /// What else the generator is told.
    options: Vec<(&'static str, String)>,
}

/// What the generator leaves behind.
#[derive(Debug, Deserialize)]
struct Report {
    outcome: Seen,
}

/// What came of it: the part of the generator's JSON that is of interest here.
#[derive(Clone, Debug, Deserialize)]
pub struct Seen {
    run: Run,
    totals: Totals,
    steps: Vec<Step>,
    series: Vec<Second>,
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
struct Second {
    succeeded: u64,
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
    threads_cpu: BTreeMap<String, f64>,
    memory_before_bytes: u64,
    memory_max_bytes: u64,
}

impl Load {
    /// As many requests as these connections get answered, for as long as a turn takes.
    /// `scenario` is what they do, a name that the generator knows.
    pub fn of(bench: &Bench, scenario: &'static str, connections: u32) -> Self {
        let Scale { seconds, warm_up_ms, buyers, .. } = bench.scale;
        let load = Self { scenario, connections, options: Vec::new() };
        load.with("--duration", &format!("{seconds}s"))
            .with("--warm-up", &format!("{warm_up_ms}ms"))
            .with("--buyers", &buyers)
    }

    /// Tells the generator something else, or the same otherwise.
    pub fn with(mut self, option: &'static str, value: &impl ToString) -> Self {
        self.options.retain(|(known, _)| *known != option);
        self.options.push((option, value.to_string()));
        self
    }

    /// Until so many turns of the scenario are done, from the first on.
    pub fn turns(mut self, count: u64) -> Self {
        self.options.retain(|(known, _)| *known != "--duration");
        self.with("--turns", &count).with("--warm-up", &"0s")
    }

    /// Puts it on `server`.
    pub fn run(&self, bench: &Bench, server: &Server) -> Outcome<Seen> {
        self.hold_open(bench, server)?.answered()
    }

    /// Puts it on `server`, where nobody expects an answer.
    pub fn hold_open(&self, bench: &Bench, server: &Server) -> Outcome<Seen> {
        let cannot =
            |error| Failure(format!("there is no folder for the load's findings: {error}"));
        let found = tempfile::tempdir_in(bench.scratch.path()).map_err(cannot)?;
        let process = pinned(&bench.cores.load)
            .path_arg(&bench.loadgen)
            .args(&["closed", server.url(), "--scenario", self.scenario, "--connections"])
            .args(&[&self.connections.to_string(), "--server-pid", &server.id().to_string()])
            .args(&["--operator-token-file"])
            .path_arg(&server.operator_token())
            .args(&["--out"])
            .path_arg(found.path());
        let process = self
            .options
            .iter()
            .fold(process, |process, (name, value)| process.args(&[*name, value]));
        // It ends with 1 when a run was found wanting: we judge that ourselves.
        let said = process.read_if(|code| code <= 1)?;
        let cannot = |error| Failure(format!("the load generator left nothing: {error}\n{said}"));
        Seen::read(&fs::read_to_string(found.path().join("outcome.json")).map_err(cannot)?)
    }
}

impl Seen {
    /// Reads the generator's JSON. A run that was wrong is a failure, however fast it was.
    fn read(json: &str) -> Outcome<Self> {
        let report: Report = serde_json::from_str(json).map_err(|error| {
            Failure(format!("the load generator's report is of another form: {error}"))
        })?;
        let seen = report.outcome;
        if !seen.violations.is_empty() {
            return Err(Failure(format!("the server was wrong: {}", seen.violations.join("; "))));
        }
        Ok(seen)
    }

    /// Fails if nothing was answered as it should be.
    fn answered(self) -> Outcome<Self> {
        if self.steps.iter().any(|step| step.succeeded > 0) {
            return Ok(self);
        }
        let Self { refusals, failures, .. } = self;
        Err(Failure(format!(
            "nothing was answered as it should be; refusals: {refusals:?}, no answer: {failures:?}"
        )))
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

    /// How many requests a second were answered as wished in the first seconds, and how many in the
    /// last.
    pub fn first_and_last_per_s(&self) -> [f64; 2] {
        // The last second is hardly ever whole.
        let whole = self.series.len().saturating_sub(1).max(1).min(self.series.len());
        let counts: Vec<_> = self.series[..whole].iter().map(|s| s.succeeded as f64).collect();
        let some = (whole / 4).clamp(1, 5).min(whole);
        [median(&counts[..some]), median(&counts[whole - some..])]
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
        let gained =
            |used: &ServerUse| used.memory_max_bytes.saturating_sub(used.memory_before_bytes);
        self.server.as_ref().map_or(0, gained)
    }

    /// The most memory that the server had, in bytes.
    pub fn memory_max_bytes(&self) -> u64 {
        self.server.as_ref().map_or(0, |used| used.memory_max_bytes)
    }

    /// How much processor time the server used.
    pub fn server_time(&self) -> Duration {
        let cores = self.server.as_ref().map_or(0.0, |used| used.cpu_cores);
        self.lasted().mul_f64(cores.max(0.0))
    }

    /// How much processor time the server's threads of this name used.
    pub fn thread_time(&self, name: &str) -> Duration {
        let cores = self.server.as_ref().and_then(|used| used.threads_cpu.get(name));
        self.lasted().mul_f64(cores.copied().unwrap_or_default().max(0.0))
    }

    /// Why its figures are to be doubted.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        self.generator.doubts.iter().map(|doubt| format!("load generator: {doubt}"))
    }

    fn lasted(&self) -> Duration {
        Duration::from_millis(self.run.duration_ms)
    }

    fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }

    fn in_a_second(&self, count: u64) -> f64 {
        count as f64 * 1e3 / self.run.duration_ms.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said() -> Value {
        let percentiles = json!({ "count": 9, "p50_us": 900, "p99_us": 4_200 });
        let second = |at: u64, succeeded: u64| json!({ "at_s": at, "succeeded": succeeded });
        json!({
            "run": { "target": "http://127.0.0.1:1", "duration_ms": 2_000 },
            "totals": {
                "finished": 3, "requests": 1_010, "refused": 10, "connections_max": 64
            },
            "steps": [{
                "name": "hold", "requests": 1_010, "succeeded": 1_000,
                "corrected": percentiles, "raw": percentiles
            }],
            "series": [second(0, 600), second(1, 300), second(2, 100)],
            "refusals": { "overloaded": 10 },
            "failures": {},
            "generator": { "doubts": ["a thread was busy"] },
            "server": {
                "cpu_cores": 0.5, "threads_cpu": { "core-0": 0.25 },
                "memory_before_bytes": 1_000, "memory_max_bytes": 65_000
            },
            "violations": []
        })
    }

    fn read(said: &Value) -> Outcome<Seen> {
        Seen::read(&json!({ "format": 1, "outcome": said }).to_string())
    }

    #[test]
    fn what_the_generator_found_is_read() {
        let seen = read(&said()).unwrap();
        let figures = [seen.per_s("hold"), seen.finished_per_s(), seen.refused_per_s()];
        assert_eq!(figures.map(|figure| (figure * 10.0) as u64), [5_000, 15, 50]);
        assert_eq!(seen.p99_us("hold") as u64, 4_200);
        assert_eq!(seen.memory_gained_bytes(), 64_000);
        assert_eq!(seen.server_time(), Duration::from_secs(1));
        assert_eq!(seen.thread_time("core-0"), Duration::from_millis(500));
        assert_eq!(seen.thread_time("core-1"), Duration::ZERO);
        assert_eq!(seen.first_and_last_per_s().map(|figure| figure as u64), [600, 300]);
        assert_eq!(seen.doubts().collect::<Vec<_>>(), ["load generator: a thread was busy"]);
    }

    #[test]
    fn a_run_that_was_wrong_is_no_measure_however_fast() {
        let mut wrong = said();
        wrong["violations"] = json!(["seat 7 was acknowledged twice"]);
        assert!(read(&wrong).unwrap_err().0.contains("seat 7"));
        let mut silent = said();
        silent["steps"][0]["succeeded"] = json!(0);
        let failure = read(&silent).unwrap().answered().unwrap_err();
        assert!(failure.0.contains("overloaded"), "{failure}");
        assert!(Seen::read("panicked at").unwrap_err().0.contains("of another form"));
    }
}
