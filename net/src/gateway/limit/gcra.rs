//! The generic cell rate algorithm (ITU-T I.371), as a leaky bucket: every request adds one
//! interval to the level, time takes it away, and what would rise above the burst is refused. One
//! number is kept: when the bucket will be empty.

/// How much is granted: so many at once, then one each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// What one request adds to the level, in microseconds.
    interval_us: u64,
    /// Requests that are granted at once.
    burst: u32,
}

/// How somebody stands after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests that would be granted now.
    pub remaining: u32,
    /// How long until one more would be, in microseconds; 0 if none is missing.
    pub next_us: u64,
}

impl Quota {
    /// `per_minute` requests in the long run and `burst` of them at once; without limit if either
    /// is 0.
    pub fn per_minute(per_minute: u32, burst: u32) -> Option<Self> {
        const MINUTE_US: u64 = 60_000_000;
        let interval_us = MINUTE_US.checked_div(u64::from(per_minute))?.max(1);
        (burst > 0).then_some(Self { interval_us, burst })
    }

    /// What one request adds to the level, in microseconds.
    pub const fn interval_us(self) -> u64 {
        self.interval_us
    }

    /// Requests that are granted at once.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// The level that is never passed, in microseconds.
    pub const fn level_max_us(self) -> u64 {
        self.interval_us.saturating_mul(self.burst as u64)
    }

    /// How long until all of the burst is there again, in whole seconds.
    pub const fn window_s(self) -> u64 {
        self.level_max_us().div_ceil(1_000_000)
    }

    /// The level after one more request, or `None` if it is refused.
    pub const fn take(self, level_us: u64) -> Option<u64> {
        let after_us = level_us.saturating_add(self.interval_us);
        if after_us <= self.level_max_us() { Some(after_us) } else { None }
    }

    /// How somebody stands at this level.
    pub const fn standing(self, level_us: u64) -> Standing {
        let room_us = self.level_max_us().saturating_sub(level_us);
        let remaining = room_us / self.interval_us;
        let next_us = if remaining == self.burst as u64 {
            0
        } else {
            // Until the level leaves room for one more.
            level_us.saturating_add((remaining + 1) * self.interval_us) - self.level_max_us()
        };
        // No more than the burst, which has as many bits.
        Standing { remaining: remaining as u32, next_us }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty a minute, five at once.
    const SECOND_US: u64 = 1_000_000;

    fn quota() -> Quota {
        Quota::per_minute(60, 5).unwrap()
    }

    #[test]
    fn a_burst_is_granted_and_then_one_each_interval() {
        let mut level = 0;
        for left in (0..5).rev() {
            level = quota().take(level).unwrap();
            assert_eq!(quota().standing(level).remaining, left);
        }
        assert_eq!(quota().take(level), None);
        assert_eq!(quota().standing(level), Standing { remaining: 0, next_us: SECOND_US });
        let after_a_second = level - SECOND_US;
        assert!(quota().take(after_a_second).is_some());
        assert_eq!(quota().take(after_a_second + 1), None, "a microsecond too early");
    }

    #[test]
    fn nobody_is_told_to_come_earlier_than_it_helps() {
        for level in (0..=7 * SECOND_US).step_by(37_003) {
            let Standing { remaining, next_us } = quota().standing(level);
            let then = quota().standing(level.saturating_sub(next_us));
            assert_eq!(then.remaining, if next_us == 0 { remaining } else { remaining + 1 });
        }
    }

    #[test]
    fn a_debt_from_elsewhere_is_paid_before_anything_is_granted() {
        let level = 20 * SECOND_US;
        assert_eq!(quota().take(level), None);
        assert_eq!(quota().standing(level).next_us, 16 * SECOND_US);
        assert!(quota().take(level - 16 * SECOND_US).is_some());
    }

    #[test]
    fn zero_means_without_limit() {
        assert_eq!(Quota::per_minute(0, 5), None);
        assert_eq!(Quota::per_minute(60, 0), None);
        assert_eq!(quota().window_s(), 5);
        assert!(Quota::per_minute(u32::MAX, u32::MAX).unwrap().take(0).is_some());
    }
}
