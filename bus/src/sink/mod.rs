//! Where events are delivered.
//!
//! A sink takes events of one partition in order, and says how far it got. Whoever runs it delivers
//! again what was not taken, before anything that came after it; so each event arrives at least
//! once, and arrives for the first time behind all that came before it.
//!
//! Deliberately absent: when to try again (a [`Schedule`] says how long to wait, the caller waits).

pub mod kafka;
pub mod ndjson;
pub mod redis;
mod schedule;
#[cfg(test)]
pub(crate) mod testing;
pub mod webhook;

use std::future::ready;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use thiserror::Error;

use crate::event::Event;

pub use self::schedule::Schedule;

/// Somebody who takes events.
pub trait Sink: Send {
    /// Delivers events, in order. It may be dropped at any moment, and is then begun anew.
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>>;

    /// Makes sure that what was delivered survives what the caller's bookmark survives.
    fn settle(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        ready(Ok(())).boxed()
    }
}

/// Why not all events were delivered. How many of the first were is told: they need not be again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SinkError {
    /// It wants no more events, ever.
    #[error("{why}")]
    Permanent {
        /// How many of the events were delivered.
        delivered: usize,
        /// What it said.
        why: String,
    },
    /// It is away, or has a fault that somebody will mend.
    #[error("{why}")]
    Temporary {
        /// How many of the events were delivered.
        delivered: usize,
        /// What is the matter.
        why: String,
        /// How long it wants to be left alone at least.
        retry_after: Option<Duration>,
    },
}

impl SinkError {
    /// Something passing, after so many events.
    pub fn temporary(delivered: usize, why: &impl ToString) -> Self {
        Self::Temporary { delivered, why: why.to_string(), retry_after: None }
    }

    /// How many of the events were delivered.
    pub const fn delivered(&self) -> usize {
        match self {
            Self::Permanent { delivered, .. } | Self::Temporary { delivered, .. } => *delivered,
        }
    }
}
