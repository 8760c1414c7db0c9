//! All threads of a run: started, told when to begin, and listened to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::buyers::buyers_of_one;
use super::conductor::Progress;
use super::hold::Holder;
use super::purchase::Purchaser;
use super::read::{Idler, Looker, Prober};
use super::stage::Stage;
use super::thread::{Assignment, Clock, Ending, Report, work};
use super::{ClosedError, Length, Plan, Scenario, tokens};
use crate::measure::Tally;
use crate::sources::Sources;

/// How often it is told how far the preparation is.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// All threads begin together.
const HEAD_START: Duration = Duration::from_millis(20);

/// The threads of a run. They and their connections end when this is dropped.
pub(super) struct Crews {
    threads: Vec<Thread>,
    /// Guests that are ready.
    prepared: Arc<AtomicU64>,
    /// Of so many.
    guests: u64,
}

/// One thread, seen from outside.
struct Thread {
    reports: Receiver<Report>,
    clock: Option<oneshot::Sender<Clock>>,
    has_ended: bool,
    /// Held for as long as its connections shall be open.
    _release: Sender<()>,
}

impl Crews {
    /// Starts the threads, each with its share of the connections. `run` is the name of the run.
    pub(super) fn start(
        plan: &Plan,
        sources: &Sources,
        stage: &Arc<Stage>,
        run: &str,
    ) -> Result<Self, ClosedError> {
        let prepared = Arc::new(AtomicU64::new(0));
        let shares = shares(plan)?;
        let per_connection = guests_of_one(plan) as u64;
        let guests = per_connection * u64::from(plan.connections.get());
        let plan = Arc::new(plan.clone());
        let mut threads = Vec::new();
        for (number, tokens) in shares.into_iter().enumerate() {
            let (reporter, reports) = mpsc::channel();
            let (clock, clock_receiver) = oneshot::channel();
            let (release, releases) = mpsc::channel();
            let assignment = Assignment {
                plan: Arc::clone(&plan),
                sources: sources.clone(),
                stage: Arc::clone(stage),
                run: run.into(),
                thread: number as u32,
                tokens,
                prepared: Arc::clone(&prepared),
                reports: reporter,
                clock: clock_receiver,
                release: releases,
            };
            let work = work_of(plan.scenario);
            let name = format!("load-{number}");
            thread::Builder::new().name(name).spawn(move || work(assignment))?;
            let clock = Some(clock);
            threads.push(Thread { reports, clock, has_ended: false, _release: release });
        }
        Ok(Self { threads, prepared, guests })
    }

    /// Returns when every thread is ready to begin.
    pub(super) fn wait_until_prepared(
        &self,
        watch: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), ClosedError> {
        for thread in &self.threads {
            loop {
                match thread.reports.recv_timeout(TELL_EVERY) {
                    Ok(Report::Failed(error)) => return Err(error),
                    Ok(_) => break,
                    Err(RecvTimeoutError::Disconnected) => return Err(ClosedError::Panicked),
                    Err(RecvTimeoutError::Timeout) => {
                        let ready = self.prepared.load(Relaxed);
                        watch(Progress::Preparing { ready, all: self.guests });
                    }
                }
            }
        }
        Ok(())
    }

    /// Lets all threads begin.
    pub(super) fn begin(&mut self, plan: &Plan) -> Clock {
        let begin = Instant::now() + HEAD_START;
        let from = begin + plan.warm_up;
        let end = match plan.length {
            Length::For(duration) => Some(from + duration),
            Length::Turns(_) => None,
        };
        let clock = Clock { begin, from, end };
        for sender in self.threads.iter_mut().filter_map(|thread| thread.clock.take()) {
            // A thread that is gone will be missed when its report is waited for.
            let _ = sender.send(clock);
        }
        clock
    }

    /// What the threads saw in the next second; `None` when all have ended. What those have that
    /// ended in it is added to `endings`.
    pub(super) fn next_second(
        &mut self,
        endings: &mut Vec<Ending>,
    ) -> Result<Option<Vec<Tally>>, ClosedError> {
        let mut tallies = Vec::new();
        for thread in self.threads.iter_mut().filter(|thread| !thread.has_ended) {
            match thread.reports.recv().map_err(|_| ClosedError::Panicked)? {
                Report::Second(tally) => tallies.push(*tally),
                Report::Failed(error) => return Err(error),
                // Told before anything began.
                Report::Prepared => {}
                Report::Ended(mut ending) => {
                    thread.has_ended = true;
                    tallies.push(std::mem::take(&mut ending.tally));
                    endings.push(*ending);
                }
            }
        }
        Ok((!tallies.is_empty()).then_some(tallies))
    }
}

fn work_of(scenario: Scenario) -> fn(Assignment) {
    match scenario {
        Scenario::Healthz => work::<Prober>,
        Scenario::Status => work::<Looker>,
        Scenario::Hold | Scenario::HoldSeats => work::<Holder>,
        Scenario::Purchase => work::<Purchaser>,
        Scenario::Idle => work::<Idler>,
    }
}

/// How many guests one connection needs.
fn guests_of_one(plan: &Plan) -> usize {
    match plan.scenario {
        Scenario::Healthz => 0,
        Scenario::Status | Scenario::Idle => 1,
        Scenario::Hold | Scenario::HoldSeats | Scenario::Purchase => {
            buyers_of_one(plan.buyers, plan.connections.get())
        }
    }
}

/// For each thread, for each of its connections, the tokens that are known already.
fn shares(plan: &Plan) -> Result<Vec<Vec<Vec<String>>>, ClosedError> {
    let known = match &plan.tokens_file {
        Some(path) => tokens::read(path)?,
        None => Vec::new(),
    };
    let mut known = known.into_iter();
    let mut shares = vec![Vec::new(); plan.threads.get() as usize];
    let count = shares.len();
    for connection in 0..plan.connections.get() as usize {
        shares[connection % count].push(known.by_ref().take(guests_of_one(plan)).collect());
    }
    Ok(shares)
}
