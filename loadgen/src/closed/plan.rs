//! What to run in the closed model, and why it cannot be run.

use std::io;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::http::Failure;
use crate::limits::TooManyConnections;
use crate::process::ProcessError;
use crate::sources::SourcesError;
use crate::target::Target;

/// What every connection does, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// `GET /healthz`: the route that does nothing.
    Healthz,
    /// A durable hold of one counted ticket.
    Hold,
    /// A durable hold of the best two seats.
    HoldSeats,
    /// Join the waitroom, wait for the admission, hold, order, pay, wait for the ticket.
    Purchase,
    /// Look at one's own place in a waitroom.
    Status,
    /// Wait in a waitroom that does not open: for the memory of an idle connection.
    Idle,
}

/// There is no such scenario.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no scenario; there are healthz, hold, hold-seats, purchase, status and idle")]
pub struct NoSuchScenario(String);

impl Scenario {
    /// All, in the order of what they do.
    pub const ALL: [Self; 6] =
        [Self::Healthz, Self::Status, Self::Hold, Self::HoldSeats, Self::Purchase, Self::Idle];

    /// As it is written: `hold-seats`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthz => "healthz",
            Self::Hold => "hold",
            Self::HoldSeats => "hold-seats",
            Self::Purchase => "purchase",
            Self::Status => "status",
            Self::Idle => "idle",
        }
    }
}

impl FromStr for Scenario {
    type Err = NoSuchScenario;

    fn from_str(text: &str) -> Result<Self, NoSuchScenario> {
        let known = Self::ALL.into_iter().find(|scenario| scenario.name() == text);
        known.ok_or_else(|| NoSuchScenario(text.to_owned()))
    }
}

/// To which core the connections go, where the server's cores have ports of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Core {
    /// To the one that the system chooses: all share the target's port.
    Any,
    /// To the one that sells the first event.
    Owner,
    /// To one that does not, and hands everything on.
    Other,
}

impl FromStr for Core {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "owner" => Ok(Self::Owner),
            "other" => Ok(Self::Other),
            _ => Err("expected any, owner or other"),
        }
    }
}

/// How long is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So long.
    For(Duration),
    /// Until so many turns of the scenario are done.
    Turns(u64),
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where.
    pub target: Target,
    /// What.
    pub scenario: Scenario,
    /// To which core. What is prepared and judged goes to the target itself.
    pub core: Core,
    /// How many connections.
    pub connections: NonZeroU32,
    /// On how many threads.
    pub threads: NonZeroU32,
    /// How long before anything is measured.
    pub warm_up: Duration,
    /// How long is measured.
    pub length: Length,
    /// Turns of the scenario that are due in a second; as many as there are answers if absent.
    pub rate: Option<f64>,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// Tells the idempotency keys of this run from those of others with the same start.
    pub seed: u64,
    /// Without it only [`Scenario::Healthz`] can run: events are defined by operators.
    pub operator_token: Option<String>,
    /// How many guests take turns. The server remembers some 65,000 tokens per core that it has
    /// verified; with many more it is verification that is measured.
    pub buyers: u32,
    /// Where the guests' tokens are kept from run to run against the same server.
    pub tokens_file: Option<PathBuf>,
    /// How many others stand in the waitroom before, where the scenario is [`Scenario::Status`] or
    /// [`Scenario::Idle`].
    pub queue: u32,
    /// Tickets of an event, or seats.
    pub event_size: u32,
    /// How many such events are sold, one after another.
    pub events: u32,
    /// The server's process, to be watched.
    pub server_pid: Option<u32>,
}

impl Plan {
    /// What a rate can be, in turns a second.
    pub const RATES: RangeInclusive<f64> = 1e-3..=1e9;

    /// A minute or so: 64 connections on one thread, ten seconds measured after two of warm-up.
    pub fn new(target: Target, scenario: Scenario) -> Self {
        // Seats are found by looking: an event of them is as large as a stadium, and no larger.
        let (event_size, events) = match scenario {
            Scenario::HoldSeats => (200_000, 8),
            _ => (10_000_000, 1),
        };
        // Nobody buys twice: whoever comes when all have bought opens a session first.
        let buyers = if scenario == Scenario::Purchase { 60_000 } else { 20_000 };
        Self {
            target,
            scenario,
            core: Core::Any,
            connections: NonZeroU32::MIN.saturating_add(63),
            threads: NonZeroU32::MIN,
            warm_up: Duration::from_secs(2),
            length: Length::For(Duration::from_secs(10)),
            rate: None,
            timeout: Duration::from_secs(10),
            seed: 1,
            operator_token: None,
            buyers,
            tokens_file: None,
            queue: 0,
            event_size,
            events,
            server_pid: None,
        }
    }

    /// When the requests come, in words.
    pub(super) fn arrivals(&self) -> String {
        let connections = self.connections;
        match self.rate {
            Some(rate) => format!("{rate} a second over {connections} connections"),
            None => format!("{connections} connections, one request after another"),
        }
    }
}

/// Why a run in the closed model did not take place.
#[derive(Debug, Error)]
pub enum ClosedError {
    /// This process may not open so many.
    #[error(transparent)]
    Connections(#[from] TooManyConnections),
    /// There are no such source addresses.
    #[error(transparent)]
    Sources(#[from] SourcesError),
    /// The server's process, or our own, cannot be watched.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A rate that is none.
    #[error("{0} is no rate: give turns a second, from 0.001 to 1000000000")]
    Rate(f64),
    /// An event that sells nothing.
    #[error("there must be at least one event, with at least 2 tickets")]
    Nothing,
    /// Events are defined by operators.
    #[error(
        "the scenario `{}` defines an event: give the operator token (keys/operator-token in the \
         server's data directory)",
        .0.name()
    )]
    NoOperatorToken(Scenario),
    /// Only events have a core of their own.
    #[error(
        "the scenario `healthz` is about no event, so no core is the event's: leave out --core"
    )]
    NoEvent,
    /// Only where cores have ports of their own can one be chosen.
    #[error(
        "the event names no port that leads to {0}: set listen_per_core in the server's \
         configuration, and give it more than one core"
    )]
    NoSuchCore(&'static str),
    /// Only with the server's process can its memory be told.
    #[error("the scenario `idle` measures the server's memory: give --server-pid")]
    NoServerPid,
    /// Something that must be there before the measuring could not be asked for.
    #[error("{what} could not be prepared: {failure}")]
    Unreachable {
        /// What.
        what: &'static str,
        /// Why.
        failure: Failure,
    },
    /// The server refused what the scenario needs.
    #[error("{what} was refused with status {status}: {said}")]
    Unprepared {
        /// What.
        what: &'static str,
        /// The answer's status.
        status: u16,
        /// The answer.
        said: String,
    },
    /// The file of tokens cannot be read or written.
    #[error("{path}: {problem}")]
    Tokens {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// No thread or runtime could be had.
    #[error("no thread could be started: {0}")]
    Threads(#[from] io::Error),
    /// A fault of the generator's own.
    #[error("a thread of the generator ended before its work did; its panic was reported above")]
    Panicked,
}
