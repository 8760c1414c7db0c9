//! One thread of a run: its connections, and its seconds.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep_until;

use super::desk::{Desk, Notes};
use super::pace::Pace;
use super::person::{Person, Start};
use super::seen::Seen;
use super::stage::Stage;
use super::worker::Worker;
use super::{ClosedError, Length, Plan};
use crate::http::Client;
use crate::measure::{Recorder, StepHistograms, Tally, histogram};
use crate::sources::Sources;

/// Connections of one thread that are prepared at one time: a server's queue of new connections is
/// short.
const PREPARING_MAX: usize = 64;
const SECOND: Duration = Duration::from_secs(1);

/// What a thread is to do.
pub(super) struct Assignment {
    pub(super) plan: Arc<Plan>,
    pub(super) sources: Sources,
    pub(super) stage: Arc<Stage>,
    /// The name of the run.
    pub(super) run: Arc<str>,
    /// Which of the threads this is.
    pub(super) thread: u32,
    /// For each of its connections, tokens from a run before.
    pub(super) tokens: Vec<Vec<String>>,
    pub(super) prepared: Arc<AtomicU64>,
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) clock: oneshot::Receiver<Clock>,
    /// Closed when the thread, with its connections, may end.
    pub(super) release: mpsc::Receiver<()>,
}

/// When what begins and ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) begin: Instant,
    /// When the warm-up is over.
    pub(super) from: Instant,
    /// `None`: when the turns are used up.
    pub(super) end: Option<Instant>,
}

/// What a thread tells, in this order.
pub(super) enum Report {
    /// Everything is ready.
    Prepared,
    /// It could not be.
    Failed(ClosedError),
    /// A second is over.
    Second(Box<Tally>),
    /// All connections are done.
    Ended(Box<Ending>),
}

/// What a thread has at its end.
pub(super) struct Ending {
    /// Since the last second.
    pub(super) tally: Tally,
    pub(super) steps: Vec<StepHistograms>,
    pub(super) seen: Seen,
    pub(super) lateness: Histogram<u64>,
    /// Requests that were due and not sent: every connection was busy.
    pub(super) unsent: u64,
    /// Connections that failed too often.
    pub(super) given_up: u64,
    /// Those of its guests, connection by connection.
    pub(super) tokens: Vec<Vec<String>>,
}

/// Does it. What goes wrong is reported.
pub(super) fn work<P: Person>(assignment: Assignment) {
    let Assignment { plan, sources, stage, run, thread, tokens, prepared, .. } = assignment;
    let Assignment { reports, clock, release, .. } = assignment;
    let client = Client::new(stage.target.clone(), sources);
    let notes = Rc::new(notes::<P>());
    let crew = Crew { client, notes, plan, stage, run, thread, prepared };
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let outcome = match &runtime {
        Err(error) => Err(io::Error::from(error.kind()).into()),
        Ok(runtime) => runtime.block_on(crew.run::<P>(tokens, &reports, clock)),
    };
    // The connections stay open until the server has been looked at.
    let (report, _desks) = match outcome {
        Ok((ending, desks)) => (Report::Ended(Box::new(ending)), desks),
        Err(error) => (Report::Failed(error), Vec::new()),
    };
    // Whoever does not listen any more has given up the run.
    let _ = reports.send(report);
    let _ = release.recv();
}

fn notes<P: Person>() -> Notes {
    Notes {
        recorder: RefCell::new(Recorder::new(P::STEPS)),
        seen: RefCell::default(),
        lateness: RefCell::new(histogram()),
        from: Cell::new(None),
        given_up: Cell::new(0),
    }
}

/// The connections of one thread.
struct Crew {
    client: Client,
    notes: Rc<Notes>,
    plan: Arc<Plan>,
    stage: Arc<Stage>,
    run: Arc<str>,
    thread: u32,
    prepared: Arc<AtomicU64>,
}

impl Crew {
    async fn run<P: Person>(
        self,
        tokens: Vec<Vec<String>>,
        reports: &mpsc::Sender<Report>,
        clock: oneshot::Receiver<Clock>,
    ) -> Result<(Ending, Vec<Desk>), ClosedError> {
        let people = self.prepare::<P>(tokens).await?;
        let _ = reports.send(Report::Prepared);
        // It is not sent if another thread could not prepare.
        let clock = clock.await.map_err(|_| ClosedError::Panicked)?;
        self.notes.from.set(Some(clock.from));
        let pace = Rc::new(self.pace(&clock)?);
        let driver = spawn_local(Rc::clone(&pace).drive());
        let teller = Rc::new(Teller::new(self.client.clone(), Rc::clone(&self.notes)));
        let telling = spawn_local(Rc::clone(&teller).tell(clock, reports.clone()));
        let turns = Rc::new(Cell::new(self.turns()));
        let work = |(person, desk)| {
            let (pace, turns) = (Rc::clone(&pace), Rc::clone(&turns));
            spawn_local(Worker { person, desk, pace, turns, clock }.work())
        };
        let done = join(people.into_iter().map(work).collect()).await?;
        driver.abort();
        telling.abort();
        let (people, desks): (Vec<P>, Vec<Desk>) = done.into_iter().unzip();
        let ending = Ending {
            tally: teller.take(),
            steps: self.notes.recorder.replace(Recorder::new(P::STEPS)).into_steps(),
            seen: self.notes.seen.take(),
            lateness: self.notes.lateness.borrow().clone(),
            unsent: pace.unsent(),
            given_up: self.notes.given_up.get(),
            tokens: people.into_iter().map(Person::into_tokens).collect(),
        };
        Ok((ending, desks))
    }

    async fn prepare<P: Person>(
        &self,
        tokens: Vec<Vec<String>>,
    ) -> Result<Vec<(P, Desk)>, ClosedError> {
        let permits = Rc::new(Semaphore::new(PREPARING_MAX));
        let get_ready = |(index, tokens)| {
            let (plan, prepared) = (Arc::clone(&self.plan), Arc::clone(&self.prepared));
            let mut person = P::new(Start { plan, tokens, prepared });
            let mut desk = self.desk(index);
            let permits = Rc::clone(&permits);
            spawn_local(async move {
                // Never closed, so a turn always comes.
                let _permit = permits.acquire().await;
                person.prepare(&mut desk).await.map(|()| (person, desk))
            })
        };
        let ready = join(tokens.into_iter().enumerate().map(get_ready).collect()).await?;
        ready.into_iter().collect()
    }

    fn desk(&self, index: usize) -> Desk {
        Desk {
            connection: self.client.connection(),
            notes: Rc::clone(&self.notes),
            stage: Arc::clone(&self.stage),
            name: format!("{}-{}-{index}", self.run, self.thread),
            host: self.stage.target.host().into(),
            timeout: self.plan.timeout,
            keys: 0,
            buffer: Vec::new(),
        }
    }

    /// This thread's share of the turns; without end if the run ends by time.
    fn turns(&self) -> u64 {
        match self.plan.length {
            Length::For(_) => u64::MAX,
            Length::Turns(turns) => {
                let (threads, thread) = (self.plan.threads.get(), self.thread);
                turns / u64::from(threads)
                    + u64::from(u64::from(thread) < turns % u64::from(threads))
            }
        }
    }

    /// The threads send by turns.
    fn pace(&self, clock: &Clock) -> io::Result<Pace> {
        let threads = self.plan.threads.get();
        let interval =
            self.plan.rate.map(|rate| Duration::from_secs_f64(f64::from(threads) / rate));
        let step = interval.unwrap_or_default();
        let begin = clock.begin + step * self.thread / threads;
        let turns = u32::try_from(self.turns()).unwrap_or(u32::MAX);
        let end = clock.end.unwrap_or(clock.from + step * turns);
        Pace::new(begin, interval, Some(end))
    }
}

async fn join<T>(tasks: Vec<JoinHandle<T>>) -> Result<Vec<T>, ClosedError> {
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in tasks {
        outcomes.push(task.await.map_err(|_| ClosedError::Panicked)?);
    }
    Ok(outcomes)
}

/// Tells every second what was seen in it.
struct Teller {
    client: Client,
    notes: Rc<Notes>,
    /// Bytes that were told already: sent and received.
    told: Cell<(u64, u64)>,
}

impl Teller {
    fn new(client: Client, notes: Rc<Notes>) -> Self {
        Self { client, notes, told: Cell::default() }
    }

    /// The last second, which may be a longer one, is told by whoever ends the run.
    async fn tell(self: Rc<Self>, clock: Clock, reports: mpsc::Sender<Report>) {
        sleep_until(clock.from.into()).await;
        self.told.set(self.moved());
        let mut second = clock.from + SECOND;
        while clock.end.is_none_or(|end| second + SECOND / 2 < end) {
            sleep_until(second.into()).await;
            let _ = reports.send(Report::Second(Box::new(self.take())));
            second += SECOND;
        }
    }

    fn take(&self) -> Tally {
        let now = self.moved();
        let before = self.told.replace(now);
        let mut recorder = self.notes.recorder.borrow_mut();
        recorder.moved(now.0 - before.0, now.1 - before.1);
        recorder.connections(self.client.counts().open());
        recorder.take_second()
    }

    fn moved(&self) -> (u64, u64) {
        let counts = self.client.counts();
        (counts.sent_bytes(), counts.received_bytes())
    }
}
