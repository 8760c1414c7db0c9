//! A run of the open model: people come when the schedule says, whatever the server does.
//!
//! ```text
//! calling thread: prepares the event, collects seconds, asks the event how it is, reads the
//!                 orders again at the end, judges
//! crowd threads:  each plays every n-th person
//! ```
//!
//! A run always ends: after the schedule people have a time of grace, then they are cut off and
//! count as left; everything that is asked besides has a limit of its own.

mod crowd;
mod desk;
mod ending;
mod event;

use std::num::NonZero;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::sync::mpsc;

use self::crowd::{Part, Report};
use self::desk::Desk;
pub use self::desk::DeskError;
pub use self::event::EventError;
use crate::judge::{Evidence, RunClock};
use crate::measure::{Measured, StepHistograms, Stock, Tally};
use crate::mix::Mix;
use crate::outcome::{Description, Outcome, Second};
use crate::persona::Scene;
use crate::process::{Meter, Process, ProcessError};
use crate::schedule::{Schedule, Spacing};
use crate::sources::Sources;
use crate::stop::Stop;
use crate::target::Target;

/// Between the last preparation and the first arrival: the threads must have started.
const HEAD_START: Duration = Duration::from_millis(200);

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Against whom.
    pub target: Target,
    /// From which addresses.
    pub sources: Sources,
    /// Who comes.
    pub mix: Mix,
    /// When.
    pub schedule: Schedule,
    /// How exactly.
    pub spacing: Spacing,
    /// For how long people come.
    pub duration: Duration,
    /// How long those who came have to finish.
    pub grace: Duration,
    /// What chance is drawn from.
    pub seed: u64,
    /// Threads that play people.
    pub threads: NonZero<u32>,
    /// The event by its id; none to define and open the one of the mix.
    pub event: Option<String>,
    /// What proves an operator: needed to define an event and to see its books.
    pub operator_token: Option<String>,
    /// The server's process, to be watched, if it is on this machine.
    pub server: Option<u32>,
    /// Ends it before its time.
    pub stop: Stop,
}

/// A run that came to its end.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What it found.
    pub outcome: Outcome,
    /// The latencies of each step, corrected and raw, in the order of a purchase.
    pub steps: Vec<StepHistograms>,
}

/// Why there was no run, or none to its end.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no event to go to.
    #[error(transparent)]
    Event(#[from] EventError),
    /// A process cannot be watched.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A thread or its runtime cannot be started.
    #[error("cannot start a thread: {0}; use fewer threads, or raise the limits of this process")]
    Thread(#[from] std::io::Error),
    /// A thread has ended before its time.
    #[error("a thread of the generator broke down: this is a defect, please report it")]
    Broken,
}

/// Runs it; `watch` sees every second as it is over.
pub fn run(plan: &Plan, watch: &mut dyn FnMut(&Second)) -> Result<Finished, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(direct(plan, watch))
}

async fn direct(plan: &Plan, watch: &mut dyn FnMut(&Second)) -> Result<Finished, RunError> {
    let mut desk = Desk::new(plan.target.clone(), plan.sources.clone());
    let prepared = event::prepare(&mut desk, plan).await?;
    let clock = RunClock::new(Instant::now() + HEAD_START);
    let scene = Arc::new(Scene {
        event: prepared.event,
        rows: prepared.rows,
        mix: plan.mix.clone(),
        seed: plan.seed,
        clock,
    });
    let own = Meter::start(Process::Own)?;
    let server = plan.server.map(|id| Meter::start(Process::Other(id))).transpose()?;
    let (threads, reports) = start(plan, &scene)?;
    let gathered = gather(plan, &scene, reports, server, watch).await?;
    let Gathered { measured, evidence, steps, server } = gathered;
    let duration = clock.begun().elapsed();
    // The threads are still there: a thread that has ended takes its figures along.
    let generator = own.stop_own(measured.lateness.value_at_quantile(0.99));
    let server = server.map(Meter::stop);
    threads.join()?;
    let verdict = ending::examine(&mut desk, plan, &scene, &evidence, &measured.refusals).await;
    let steps = Measured::merge_steps(steps);
    let mut totals = measured.totals;
    totals.sold_tickets = totals.sold_tickets.max(verdict.sold_tickets);
    let outcome = Outcome {
        run: describe(plan, clock, duration),
        totals,
        steps: steps.iter().map(StepHistograms::outcome).collect(),
        refusals: measured.refusals,
        failures: measured.failures,
        series: measured.series,
        generator,
        server,
        violations: verdict.violations,
    };
    Ok(Finished { outcome, steps })
}

fn describe(plan: &Plan, clock: RunClock, duration: Duration) -> Description {
    Description {
        target: plan.target.url(),
        model: "open".into(),
        workload: plan.mix.name.clone(),
        arrivals: format!("{} for {}", plan.schedule, crate::span::show(plan.duration)),
        seed: plan.seed,
        started_at_unix_ms: u64::try_from(clock.begun_at().as_millisecond()).unwrap_or(0),
        duration_ms: duration.as_millis() as u64,
        threads: plan.threads.get(),
    }
}

/// The threads that play people. They stay until they are joined.
struct Threads {
    handles: Vec<thread::JoinHandle<()>>,
    /// Nothing is ever sent: it is dropped.
    stay: Vec<std_mpsc::Sender<()>>,
}

impl Threads {
    fn join(self) -> Result<(), RunError> {
        drop(self.stay);
        for handle in self.handles {
            handle.join().map_err(|_| RunError::Broken)?;
        }
        Ok(())
    }
}

type Reports = mpsc::UnboundedReceiver<Report>;

fn start(plan: &Plan, scene: &Arc<Scene>) -> Result<(Threads, Reports), RunError> {
    let (sender, reports) = mpsc::unbounded_channel();
    let mut threads = Threads { handles: Vec::new(), stay: Vec::new() };
    for number in 0..plan.threads.get() {
        let part = Part { number, plan: plan.clone(), scene: Arc::clone(scene) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stay, until) = std_mpsc::channel();
        let sender = sender.clone();
        let handle = thread::Builder::new().name(format!("crowd-{number}")).spawn(move || {
            part.play(&runtime, &sender);
            drop(sender);
            // An error says that it may go.
            let _ = until.recv();
        })?;
        threads.handles.push(handle);
        threads.stay.push(stay);
    }
    Ok((threads, reports))
}

struct Gathered {
    measured: Measured,
    evidence: Evidence,
    steps: Vec<Vec<StepHistograms>>,
    server: Option<Meter>,
}

/// Collects what the threads tell, second by second, until all have told everything.
async fn gather(
    plan: &Plan,
    scene: &Arc<Scene>,
    mut reports: Reports,
    mut server: Option<Meter>,
    watch: &mut dyn FnMut(&Second),
) -> Result<Gathered, RunError> {
    let watcher = event::Watcher::start(plan, scene);
    let count = plan.threads.get() as usize;
    let mut measured = Measured::default();
    let mut evidence = Evidence::default();
    let mut steps = Vec::new();
    let mut waiting: Vec<Vec<Tally>> = Vec::new();
    let mut told = vec![0; count];
    let mut ended = 0;
    while let Some(report) = reports.recv().await {
        match report {
            Report::Second(thread, tally) => {
                let second = told[thread as usize];
                told[thread as usize] += 1;
                if second == waiting.len() {
                    waiting.push(Vec::new());
                }
                waiting[second].push(*tally);
            }
            Report::End(part, seen) => {
                steps.push(part);
                evidence.merge(*seen);
                ended += 1;
            }
        }
        let mut flush = |stock: Stock| {
            while waiting.get(measured.series.len()).is_some_and(|tallies| {
                // Threads that have ended tell of no more seconds.
                tallies.len() == count || ended == count
            }) {
                let next = measured.series.len();
                watch(measured.add_second(&waiting[next], stock));
                waiting[next] = Vec::new();
                if let Some(server) = &mut server {
                    server.sample();
                }
            }
        };
        flush(watcher.stock());
    }
    if ended < count {
        return Err(RunError::Broken);
    }
    Ok(Gathered { measured, evidence, steps, server })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Against a server that is not there.
    pub(super) fn plan(schedule: &str, seconds: u64, threads: u32) -> Plan {
        let target = Target::parse("http://127.0.0.1:1", false).unwrap();
        Plan {
            sources: Sources::new(&target, 1).unwrap(),
            target,
            mix: Mix::embedded("crowd").unwrap(),
            schedule: schedule.parse().unwrap(),
            spacing: Spacing::Random,
            duration: Duration::from_secs(seconds),
            grace: Duration::ZERO,
            seed: 1,
            threads: NonZero::new(threads).unwrap(),
            event: None,
            operator_token: None,
            server: None,
            stop: Stop::never(),
        }
    }

    pub(super) fn scene(plan: &Plan) -> Scene {
        let event = json!({
            "id": "evt_1", "phase": "OPEN", "seats": 0, "waitroom": null,
            "classes": [{ "id": 0 }], "quotas": [],
            "limits": { "per_buyer": 8, "per_hold": 8 },
            "terms": { "hold_ms": 60_000, "order_ms": 60_000 },
        });
        Scene {
            event: serde_json::from_value(event).unwrap(),
            rows: Vec::new(),
            mix: plan.mix.clone(),
            seed: plan.seed,
            clock: RunClock::new(Instant::now()),
        }
    }

    fn refused(plan: &Plan) -> String {
        run(plan, &mut |_| {}).unwrap_err().to_string()
    }

    #[test]
    fn without_an_event_there_is_no_run_and_it_says_what_to_do() {
        let plan = plan("constant:1/s", 1, 1);
        assert!(refused(&plan).contains("operator-token"));
        let mix = Mix { event: None, ..plan.mix.clone() };
        assert!(refused(&Plan { mix, ..plan.clone() }).contains("has no [event]"));
        let event = Some("evt_1".to_owned());
        let told = refused(&Plan { event, ..plan });
        assert!(told.contains("cannot show event evt_1: nobody listens there"), "{told}");
    }
}
