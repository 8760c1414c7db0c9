//! Wall-clock time that never jumps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A wall clock read once and advanced by monotonic time. One per process, cloned to every core, so
/// that all cores agree.
///
/// It starts where the machine's wall clock stands, or where the journals left off if that is
/// later ([`Clock::not_before`]): a wall clock that was set back would else stop every timer of the
/// sale until it has caught up.
#[derive(Clone, Debug)]
pub struct Clock {
    anchor: Instant,
    anchor_ms: u64,
    /// Set while the process starts, only read afterwards.
    ahead_ms: Arc<AtomicU64>,
}

impl Clock {
    /// Anchored at the system's wall clock, now.
    pub fn from_system() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::anchored(since_epoch.as_millis() as u64, Instant::now())
    }

    /// Says `anchor_ms` (milliseconds since the Unix epoch) at `anchor`.
    pub fn anchored(anchor_ms: u64, anchor: Instant) -> Self {
        Self { anchor, anchor_ms, ahead_ms: Arc::default() }
    }

    /// Has time go on from `ms`, milliseconds since the Unix epoch, unless it is later already. For
    /// every clone, and before anything is served.
    pub fn not_before(&self, ms: u64) {
        let behind_ms = ms.saturating_sub(self.wall_ms(::tokio::time::Instant::now().into_std()));
        self.ahead_ms.fetch_max(behind_ms, Ordering::Relaxed);
    }

    /// Milliseconds since the Unix epoch, on any thread. It goes by tokio's clock, which is the
    /// system's unless a simulation has stopped it on this thread.
    pub fn now_ms(&self) -> u64 {
        self.ms_at(::tokio::time::Instant::now().into_std())
    }

    /// Milliseconds since the Unix epoch at `now`; the anchor's time for anything before it.
    pub fn ms_at(&self, now: Instant) -> u64 {
        self.wall_ms(now) + self.ahead_ms.load(Ordering::Relaxed)
    }

    fn wall_ms(&self, now: Instant) -> u64 {
        self.anchor_ms + now.saturating_duration_since(self.anchor).as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn advances_with_monotonic_time_from_its_anchor() {
        let start = Instant::now();
        let clock = Clock::anchored(1_700_000_000_000, start);
        assert_eq!(clock.ms_at(start), 1_700_000_000_000);
        assert_eq!(clock.ms_at(start + Duration::from_millis(1_999)), 1_700_000_001_999);
    }

    #[test]
    fn goes_on_where_the_journals_left_off_for_every_clone() {
        let clock = Clock::anchored(1_000, Instant::now());
        let elsewhere = clock.clone();
        clock.not_before(500);
        assert!(elsewhere.now_ms() < 60_000, "it was later already");
        clock.not_before(3_600_000);
        assert!((3_600_000..3_660_000).contains(&elsewhere.now_ms()));
    }

    #[test]
    fn an_instant_before_the_anchor_does_not_go_back() {
        let before = Instant::now();
        let clock = Clock::anchored(5_000, before + Duration::from_secs(30));
        assert_eq!(clock.ms_at(before), 5_000);
    }
}
