//! How long to wait before asking again: exponential backoff with full jitter.
//!
//! Full jitter (anything between nothing and the step) spreads callers that failed together best;
//! see "Exponential Backoff and Jitter" in the AWS architecture blog. The jitter comes from a hash
//! of who asks and how often it did, so there is no generator to share or to seed.

use std::time::Duration;

/// A rule for waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait before the second attempt; it doubles from attempt to attempt.
    pub first: Duration,
    /// The longest wait there is.
    pub cap: Duration,
}

impl Default for Backoff {
    /// From half a second to a minute.
    fn default() -> Self {
        Self { first: Duration::from_millis(500), cap: Duration::from_secs(60) }
    }
}

impl Backoff {
    /// How long to wait after the `failures`-th failure, from 0. `salt` tells callers apart.
    pub fn delay(&self, failures: u32, salt: u64) -> Duration {
        let step = self.step(failures).as_millis() as u64;
        let random = mix(salt.wrapping_add(u64::from(failures) << 32));
        Duration::from_millis(random % step.saturating_add(1))
    }

    /// The longest wait after the `failures`-th failure, from 0.
    pub fn step(&self, failures: u32) -> Duration {
        let factor = 1u32.checked_shl(failures).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.cap)
    }
}

/// The finalizer of `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap() {
        let backoff = Backoff::default();
        let steps: Vec<u64> = (0..9).map(|n| backoff.step(n).as_millis() as u64).collect();
        assert_eq!(steps, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(backoff.step(u32::MAX), backoff.cap);
    }

    #[test]
    fn jitter_fills_the_whole_step() {
        let backoff = Backoff::default();
        let delays: Vec<Duration> = (0..1_000).map(|salt| backoff.delay(3, salt)).collect();
        assert!(delays.iter().all(|delay| *delay <= backoff.step(3)));
        let quarter = backoff.step(3) / 4;
        let low = delays.iter().filter(|delay| **delay < quarter).count();
        let high = delays.iter().filter(|delay| **delay > 3 * quarter).count();
        assert!(low > 150 && high > 150, "{low} low, {high} high of 1000");
    }
}
