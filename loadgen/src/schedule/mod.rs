//! When people come, decided before the first one does: arrivals never wait for the server.
//!
//! ```text
//! constant:500/s                   so many a second
//! ramp:0..2000/s                   evenly more (or fewer) over the whole run
//! spike:200/s,x20@10s,decay=5s     after 10 s twenty times as many at once, then fewer and fewer
//! trace:FILE                       as recorded: see `trace`
//! ```
//!
//! Deliberately absent: who comes (`persona`), and waiting for the moment (`run`).

mod arrivals;
mod parse;
mod trace;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::arrivals::Arrivals;
pub use self::parse::ScheduleError;
pub use self::trace::{Trace, TraceError};
use crate::span;

/// A way to come.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// So many people a second.
    Constant {
        /// People per second.
        rate: f64,
    },
    /// Evenly more or fewer over the whole run.
    Ramp {
        /// People per second at the beginning.
        from: f64,
        /// People per second at the end.
        to: f64,
    },
    /// The opening: many at once, then fewer and fewer.
    Spike {
        /// People per second before, and long after.
        base: f64,
        /// How many times as many come at the opening.
        times: f64,
        /// When it opens.
        at: Duration,
        /// After this time the surplus is down to 1/e, about 37 %.
        decay: Duration,
    },
    /// As it was recorded.
    Trace(Arc<Trace>),
}

/// Where people come within the rate that the schedule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Each for themselves, as people do: a Poisson process.
    Random,
    /// One after another at equal distances.
    Even,
}

impl Schedule {
    /// The intended arrivals of a run, as offsets from its beginning, in order. The same seed gives
    /// the same arrivals. They need no memory but that of a trace.
    pub fn arrivals(&self, duration: Duration, spacing: Spacing, seed: u64) -> Arrivals {
        Arrivals::new(self.clone(), duration, spacing, seed)
    }

    /// How long it lasts by itself: only a trace has an end of its own.
    pub fn own_duration(&self) -> Option<Duration> {
        match self {
            Self::Trace(trace) => Some(trace.duration()),
            _ => None,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant { rate } => write!(f, "constant:{rate}/s"),
            Self::Ramp { from, to } => write!(f, "ramp:{from}..{to}/s"),
            Self::Spike { base, times, at, decay } => {
                let (at, decay) = (span::show(*at), span::show(*decay));
                write!(f, "spike:{base}/s,x{times}@{at},decay={decay}")
            }
            Self::Trace(trace) => write!(f, "trace:{}", trace.path().display()),
        }
    }
}
