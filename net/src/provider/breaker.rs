//! A circuit breaker for one provider: when it has failed often enough in a row, nobody asks it for
//! a while; then one may, and what that one hears decides for the others.
//!
//! The pattern is that of Nygard, Release It!, chapter "Circuit Breaker". Only failures that pass
//! by themselves count: whoever refuses is there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;

/// So many failures in a row open the circuit.
const FAILURES_MAX: u32 = 10;

/// How long nobody asks: longer from time to time.
const PAUSE: Backoff = Backoff { first: Duration::from_secs(5), cap: Duration::from_secs(60) };

/// After this time, whoever tries for the others is not waited for any more.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// Whether a provider is asked at present.
#[derive(Debug)]
pub struct Breaker {
    circuit: Mutex<Circuit>,
    /// For cores, which take no locks.
    is_open: AtomicBool,
}

impl Default for Breaker {
    fn default() -> Self {
        let circuit = Mutex::new(Circuit::Closed { failures: 0 });
        Self { circuit, is_open: AtomicBool::new(false) }
    }
}

impl Breaker {
    /// Whether the provider was found not to work.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Lets one call pass, which must say how it went; or says how long to wait.
    pub fn admit(&self, now: Instant) -> Result<(), Duration> {
        self.circuit().admit(now)
    }

    /// A call went well, or was refused. Answers whether that closed the circuit.
    pub fn succeeded(&self) -> bool {
        *self.circuit() = Circuit::Closed { failures: 0 };
        self.is_open.swap(false, Ordering::Relaxed)
    }

    /// A call failed in a way that passes. Answers whether that opened the circuit.
    pub fn failed(&self, now: Instant) -> bool {
        let opened = self.circuit().failed(now);
        if opened {
            self.is_open.store(true, Ordering::Relaxed);
        }
        opened
    }

    /// Every state is one that a panic may leave behind.
    fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Circuit {
    /// Everybody may ask.
    Closed { failures: u32 },
    /// Nobody may, for the `times`-th time.
    Open { until: Instant, times: u32 },
    /// One is asking for all.
    Probing { since: Instant, times: u32 },
}

impl Circuit {
    fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        let (from, times) = match *self {
            Self::Closed { .. } => return Ok(()),
            Self::Open { until, times } => (until, times),
            Self::Probing { since, times } => (since + PROBE_MAX, times),
        };
        if now < from {
            return Err(from - now);
        }
        *self = Self::Probing { since: now, times };
        Ok(())
    }

    fn failed(&mut self, now: Instant) -> bool {
        let times = match *self {
            Self::Closed { failures } if failures + 1 < FAILURES_MAX => {
                *self = Self::Closed { failures: failures + 1 };
                return false;
            }
            Self::Closed { .. } => 0,
            Self::Probing { times, .. } => times + 1,
            // Of a call that was under way when it opened.
            Self::Open { .. } => return false,
        };
        *self = Self::Open { until: now + PAUSE.step(times), times };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, now: Instant, times: u32) {
        for _ in 0..times {
            breaker.failed(now);
        }
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        fail(&breaker, now, FAILURES_MAX - 1);
        breaker.succeeded();
        fail(&breaker, now, FAILURES_MAX - 1);
        assert_eq!(breaker.admit(now), Ok(()));
        assert!(!breaker.is_open());
        assert!(breaker.failed(now));
        assert!(breaker.is_open());
        assert_eq!(breaker.admit(now), Err(PAUSE.first));
    }

    #[test]
    fn one_call_decides_for_the_others() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        fail(&breaker, now, FAILURES_MAX);
        let later = now + PAUSE.first;
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later), Err(PROBE_MAX), "one at a time");
        breaker.failed(later);
        assert_eq!(breaker.admit(later), Err(PAUSE.first * 2), "longer from time to time");
        let later = later + PAUSE.first * 2;
        assert_eq!(breaker.admit(later), Ok(()));
        assert!(breaker.is_open(), "not before it is known");
        breaker.succeeded();
        assert!(!breaker.is_open());
        assert_eq!((breaker.admit(later), breaker.admit(later)), (Ok(()), Ok(())));
    }

    #[test]
    fn a_call_that_never_ends_does_not_keep_the_others_waiting() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        fail(&breaker, now, FAILURES_MAX);
        let later = now + PAUSE.first;
        assert_eq!(breaker.admit(later), Ok(()));
        assert_eq!(breaker.admit(later + PROBE_MAX), Ok(()));
    }

    #[test]
    fn failures_of_calls_from_before_change_nothing() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        fail(&breaker, now, FAILURES_MAX);
        assert!(!breaker.failed(now + Duration::from_secs(1)));
        assert_eq!(breaker.admit(now + PAUSE.first), Ok(()));
    }
}
