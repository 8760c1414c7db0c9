//! Wall-clock time that never jumps.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A wall clock read once and advanced by monotonic time. One per process, copied to every core,
/// so that all cores agree.
///
/// It starts wherever the machine's wall clock stands: after a restart it may stand behind the last
/// time in the journal, and whoever reads the journal must not let time run backwards there.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    anchor: Instant,
    anchor_ms: u64,
}

impl Clock {
    /// Anchored at the system's wall clock, now.
    pub fn from_system() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::anchored(since_epoch.as_millis() as u64, Instant::now())
    }

    /// Says `anchor_ms` (milliseconds since the Unix epoch) at `anchor`.
    pub fn anchored(anchor_ms: u64, anchor: Instant) -> Self {
        Self { anchor, anchor_ms }
    }

    /// Milliseconds since the Unix epoch, on any thread. It goes by tokio's clock, which is the
    /// system's unless a simulation has stopped it on this thread.
    pub fn now_ms(&self) -> u64 {
        self.ms_at(::tokio::time::Instant::now().into_std())
    }

    /// Milliseconds since the Unix epoch at `now`; the anchor's time for anything before it.
    pub fn ms_at(&self, now: Instant) -> u64 {
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
    fn an_instant_before_the_anchor_does_not_go_back() {
        let before = Instant::now();
        let clock = Clock::anchored(5_000, before + Duration::from_secs(30));
        assert_eq!(clock.ms_at(before), 5_000);
    }
}
