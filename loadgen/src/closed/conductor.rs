//! A run from its preparation to its outcome.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::runtime::{Builder, Runtime};

use super::crews::Crews;
use super::seen::Seen;
use super::stage::Stage;
use super::{ClosedError, Core, Length, Plan, Scenario, tokens};
use crate::http::Client;
use crate::limits::allow_connections;
use crate::measure::{Measured, StepHistograms, Stock, histogram, merge};
use crate::outcome::{Description, Generator, Outcome, Second, ServerUse};
use crate::process::{Meter, Process};
use crate::sources::Sources;

/// What a run found.
#[derive(Clone, Debug)]
pub struct Finished {
    /// For reports.
    pub outcome: Outcome,
    /// The latencies of every step that was taken, in microseconds.
    pub steps: Vec<StepHistograms>,
    /// Processor time of the generator for one request, in nanoseconds.
    pub cpu_per_request_ns: u64,
    /// Memory of the server for one waiting connection with its guest and place, in bytes, where
    /// the scenario is [`Scenario::Idle`].
    pub idle_connection_bytes: Option<u64>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// So many guests of all are ready.
    Preparing {
        /// Are ready.
        ready: u64,
        /// Of so many.
        all: u64,
    },
    /// A second was measured.
    Second(&'a Second),
}

/// Runs a plan, and tells `watch` how far it is.
pub fn run(plan: &Plan, watch: &mut dyn FnMut(Progress<'_>)) -> Result<Finished, ClosedError> {
    check(plan)?;
    let connections = u64::from(plan.connections.get());
    allow_connections(connections)?;
    let sources = Sources::enough_for(&plan.target, connections as usize)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let client = Client::new(plan.target.clone(), sources.clone());
    let house = House { plan, runtime, client };
    let started_at_unix_ms = unix_ms();
    let memory_before_bytes = memory_bytes(plan)?;
    let name = format!("{started_at_unix_ms:x}-{:x}", plan.seed);
    let stage = Arc::new(house.prepare(&name)?);
    let mut crews = Crews::start(plan, &sources, &stage, &name)?;
    crews.wait_until_prepared(watch)?;
    let mut found = measure(plan, &mut crews, watch)?;
    drop(crews);
    found.server = found.server.map(|used| used.since(memory_before_bytes));
    let violations = house.judge(&stage, &mut found)?;
    if let Some(path) = &plan.tokens_file {
        tokens::write(path, &found.tokens)?;
    }
    Ok(found.finish(plan, started_at_unix_ms, violations))
}

fn check(plan: &Plan) -> Result<(), ClosedError> {
    if let Some(rate) = plan.rate.filter(|rate| !Plan::RATES.contains(rate)) {
        return Err(ClosedError::Rate(rate));
    }
    if plan.events == 0 || plan.event_size < 2 {
        return Err(ClosedError::Nothing);
    }
    if plan.scenario == Scenario::Healthz && plan.core != Core::Any {
        return Err(ClosedError::NoEvent);
    }
    if plan.scenario == Scenario::Idle && plan.server_pid.is_none() {
        return Err(ClosedError::NoServerPid);
    }
    Ok(())
}

/// Where the run takes place: what the operator does before and after.
struct House<'a> {
    plan: &'a Plan,
    runtime: Runtime,
    client: Client,
}

impl House<'_> {
    fn prepare(&self, run: &str) -> Result<Stage, ClosedError> {
        self.runtime.block_on(Stage::prepare(self.plan, &self.client, run))
    }

    fn judge(&self, stage: &Stage, found: &mut Found) -> Result<Vec<String>, ClosedError> {
        let mut violations = found.seen.violations(self.plan.event_size);
        let audit = stage.audit(self.plan, &self.client, &found.seen);
        violations.extend(self.runtime.block_on(audit)?);
        Ok(violations)
    }
}

/// The server's memory now, where it is watched; else 0.
fn memory_bytes(plan: &Plan) -> Result<u64, ClosedError> {
    Ok(watch_server(plan)?.map_or(0, |mut meter| meter.sample()))
}

fn watch_server(plan: &Plan) -> Result<Option<Meter>, ClosedError> {
    Ok(plan.server_pid.map(|id| Meter::start(Process::Other(id))).transpose()?)
}

/// What was found, before it is judged.
struct Found {
    measured: Measured,
    steps: Vec<StepHistograms>,
    seen: Seen,
    tokens: Vec<String>,
    generator: Generator,
    server: Option<ServerUse>,
    took: Duration,
}

fn measure(
    plan: &Plan,
    crews: &mut Crews,
    watch: &mut dyn FnMut(Progress<'_>),
) -> Result<Found, ClosedError> {
    let clock = crews.begin(plan);
    thread::sleep(clock.from.saturating_duration_since(Instant::now()));
    let own = Meter::start(Process::Own)?;
    let mut server = watch_server(plan)?;
    let mut measured = Measured::default();
    let mut endings = Vec::new();
    while let Some(tallies) = crews.next_second(&mut endings)? {
        server.as_mut().map(Meter::sample);
        watch(Progress::Second(measured.add_second(&tallies, Stock::default())));
    }
    // The threads still stand, so that what they used can be read.
    let took = clock.from.elapsed();
    let server = server.map(Meter::stop);
    let mut lateness = histogram();
    let mut seen = Seen::default();
    let mut steps = Vec::new();
    let (mut unsent, mut given_up) = (0, 0);
    let mut tokens = Vec::new();
    for ending in endings {
        merge(&mut lateness, &ending.lateness);
        seen.merge(ending.seen);
        steps.push(ending.steps);
        unsent += ending.unsent;
        given_up += ending.given_up;
        tokens.extend(ending.tokens.into_iter().flatten());
    }
    let mut generator = own.stop_own(lateness.value_at_quantile(0.99));
    generator.doubts.extend(doubts(unsent, given_up));
    let steps = Measured::merge_steps(steps);
    Ok(Found { measured, steps, seen, tokens, generator, server, took })
}

fn doubts(unsent: u64, given_up: u64) -> Vec<String> {
    let mut doubts = Vec::new();
    if unsent > 0 {
        doubts.push(format!(
            "{unsent} requests were due and not sent, because every connection waited for an \
             answer: the server did not keep up; use a lower rate, or more connections"
        ));
    }
    if given_up > 0 {
        doubts.push(format!(
            "{given_up} connections were given up after failing again and again: the others were \
             fewer than asked for"
        ));
    }
    doubts
}

impl Found {
    fn finish(self, plan: &Plan, started_at_unix_ms: u64, violations: Vec<String>) -> Finished {
        let took = match plan.length {
            Length::For(duration) => duration,
            Length::Turns(_) => self.took,
        };
        let Measured { totals, refusals, failures, series, .. } = self.measured;
        let cpu = self.took.mul_f64(self.generator.cpu_cores.max(0.0));
        let cpu_per_request_ns = cpu.as_nanos() as u64 / totals.requests.max(1);
        let is_idle = plan.scenario == Scenario::Idle;
        let idle_connection_bytes = self.server.as_ref().filter(|_| is_idle).map(|used| {
            let more = used.memory_max_bytes.saturating_sub(used.memory_before_bytes);
            more / u64::from(plan.connections.get())
        });
        let outcome = Outcome {
            run: Description {
                target: plan.target.url(),
                model: "closed".to_owned(),
                workload: plan.scenario.name().to_owned(),
                arrivals: plan.arrivals(),
                seed: plan.seed,
                started_at_unix_ms,
                duration_ms: took.as_millis() as u64,
                threads: plan.threads.get(),
            },
            totals,
            steps: self.steps.iter().map(StepHistograms::outcome).collect(),
            refusals,
            failures,
            series,
            generator: self.generator,
            server: self.server,
            violations,
        };
        Finished { outcome, steps: self.steps, cpu_per_request_ns, idle_connection_bytes }
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
