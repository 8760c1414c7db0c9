//! What people were told, kept until the end: all that is judged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::api::{Hold, Line, Placed};

/// Clocks differ, and a server may end a hold a little early: nothing is certain so close to its
/// end, in microseconds.
const DOUBT_US: u64 = 1_000_000;

/// The time of a run: microseconds since its beginning.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    begun: Instant,
    begun_at: Timestamp,
}

impl RunClock {
    /// A run that begins then.
    pub fn new(begun: Instant) -> Self {
        let now = Instant::now();
        let ahead = begun.saturating_duration_since(now);
        let begun_at = Timestamp::now().saturating_add(ahead).unwrap_or(Timestamp::MAX);
        Self { begun, begun_at }
    }

    /// When it began.
    pub const fn begun(&self) -> Instant {
        self.begun
    }

    /// When it began, by the calendar.
    pub const fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// A moment of the run.
    pub fn micros(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.begun).as_micros() as u64
    }

    /// A moment that the server named.
    fn named(&self, at: Timestamp) -> u64 {
        let since = at.as_microsecond().saturating_sub(self.begun_at.as_microsecond());
        u64::try_from(since).unwrap_or(0)
    }
}

/// That somebody had these seats, for sure, from one moment to before another.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The person's number.
    pub who: u64,
    /// The hold or order that says so.
    pub by: String,
    /// Which seats.
    pub seats: Vec<u32>,
    /// From when on: the answer had come.
    pub from_us: u64,
    /// Until when at least.
    pub until_us: u64,
}

/// An order that was acknowledged.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    /// Which.
    pub id: String,
    /// The person's number.
    pub who: u64,
    /// What they prove themselves with.
    pub token: Arc<str>,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// What it costs, in minor units.
    pub total_minor: u64,
    /// Whether other seats would do.
    pub accept_other_seats: bool,
    /// When it was shown as completed, and with which tickets.
    pub completed: Option<(u64, Vec<String>)>,
}

/// When a request was first sent, and when its answer had come.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Sent, the first time.
    pub first_sent: Instant,
    /// Answered.
    pub answered: Instant,
}

/// What people were told.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Who had which seats when. Holds of counted tickets claim none.
    pub claims: Vec<Claim>,
    /// The orders that were acknowledged.
    pub orders: Vec<Acknowledged>,
    /// Orders that were asked for, and nobody knows whether they were placed.
    pub unanswered_orders: u64,
}

impl Evidence {
    /// A hold was acknowledged: the number of its claim.
    pub fn held(
        &mut self,
        clock: &RunClock,
        who: u64,
        hold: &Hold,
        asked: Asked,
        ttl_ms: u64,
    ) -> usize {
        let until_us = certain_end(clock, asked, hold.expires_at, ttl_ms);
        self.claim(clock, who, &hold.id, &hold.lines, asked, until_us)
    }

    /// An order was acknowledged: the number of the claim, and of the order.
    pub fn ordered(
        &mut self,
        clock: &RunClock,
        order: Acknowledged,
        placed: &Placed,
        asked: Asked,
        ttl_ms: u64,
    ) -> (usize, usize) {
        let until_us = certain_end(clock, asked, placed.expires_at, ttl_ms);
        let claim = self.claim(clock, order.who, &placed.id, &placed.lines, asked, until_us);
        self.orders.push(order);
        (claim, self.orders.len() - 1)
    }

    /// From now on the claim is no more certain: something was sent that may end it.
    pub fn doubt(&mut self, clock: &RunClock, claim: usize, now: Instant) {
        let until_us = &mut self.claims[claim].until_us;
        *until_us = (*until_us).min(clock.micros(now));
    }

    /// Adds what another thread has.
    pub fn merge(&mut self, other: Self) {
        self.claims.extend(other.claims);
        self.orders.extend(other.orders);
        self.unanswered_orders += other.unanswered_orders;
    }

    fn claim(
        &mut self,
        clock: &RunClock,
        who: u64,
        by: &str,
        lines: &[Line],
        asked: Asked,
        until_us: u64,
    ) -> usize {
        let seats = lines.iter().flat_map(|line| line.seats.iter().copied()).collect();
        let from_us = clock.micros(asked.answered);
        self.claims.push(Claim { who, by: by.to_owned(), seats, from_us, until_us });
        self.claims.len() - 1
    }
}

/// Until when something lasts at least that was made after it was asked for: as the server says,
/// and no longer than it can last, so that a wrong clock accuses nobody.
fn certain_end(clock: &RunClock, asked: Asked, expires_at: Timestamp, ttl_ms: u64) -> u64 {
    let longest_us = clock.micros(asked.first_sent + Duration::from_millis(ttl_ms));
    longest_us.min(clock.named(expires_at)).saturating_sub(DOUBT_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_certain_until_shortly_before_its_end_and_never_longer_than_it_can_last() {
        let begun = Instant::now();
        let clock = RunClock::new(begun);
        let asked = Asked { first_sent: begun, answered: begun + Duration::from_millis(5) };
        let end = |expires_s: i64, ttl_ms| {
            let expires_at = clock.begun_at() + jiff::SignedDuration::from_secs(expires_s);
            certain_end(&clock, asked, expires_at, ttl_ms)
        };
        assert_eq!(end(60, 60_000), 59_000_000);
        assert_eq!(end(20, 60_000), 19_000_000, "the end of the visit may be sooner");
        assert_eq!(end(7_200, 60_000), 59_000_000, "a clock that is ahead accuses nobody");
        assert_eq!(end(-7_200, 60_000), 0, "nor does one that is behind");
    }
}
