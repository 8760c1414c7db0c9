//! How fast people may be let in, judged after the fact: in no window from the millisecond `a` to
//! the millisecond `b`, both included, more than the burst and `rate * (b - a + 1 ms)`. The burst
//! is one second's worth and one person at least.
//!
//! Where the rate was changed within a window, each millisecond counts with the highest rate that
//! it saw, and the burst is that of the window's first: another rate grants no new burst.

use onsale_core::time::Time;

/// The milliseconds of a minute.
const MINUTE: u64 = 60_000;

/// Who was let in when, under which rates.
#[derive(Clone, Debug)]
pub(crate) struct Rate {
    /// From when on which rate per minute, rising.
    rates: Vec<(Time, u64)>,
    admitted: Vec<Time>,
}

impl Rate {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { rates: vec![(Time::ZERO, u64::from(per_minute))], admitted: vec![] }
    }

    /// The rate now.
    pub(crate) fn per_minute(&self) -> u32 {
        self.rates.last().map_or(1, |(_, rate)| *rate as u32)
    }

    pub(crate) fn change(&mut self, at: Time, per_minute: u32) {
        self.rates.push((at, u64::from(per_minute)));
    }

    pub(crate) fn admit(&mut self, at: Time) {
        self.admitted.push(at);
    }

    /// Whether one more may be let in: every window that ends with it is looked at.
    pub(crate) fn allows(&self, at: Time) -> bool {
        let earlier = self.admitted.iter().rev().zip(2u64..);
        let mut windows = earlier.map(|(from, people)| (*from, people));
        windows.all(|(from, people)| {
            let beyond_burst = people.saturating_sub(self.burst(from));
            beyond_burst == 0 || beyond_burst * MINUTE <= self.earned(from, at)
        })
    }

    /// The burst of a window that begins in a millisecond: that of the highest rate it saw.
    fn burst(&self, at: Time) -> u64 {
        (self.highest(at) / 60).max(1)
    }

    /// The highest rate that a millisecond saw.
    fn highest(&self, at: Time) -> u64 {
        let before = self.rates.iter().rev().find(|(since, _)| *since < at);
        let within = self.rates.iter().filter(|(since, _)| *since == at);
        before.into_iter().chain(within).map(|(_, rate)| *rate).max().unwrap_or(1)
    }

    /// What a window of whole milliseconds earns, in people times [`MINUTE`].
    fn earned(&self, from: Time, to: Time) -> u64 {
        let [.., (since, rate)] = self.rates[..] else { return 0 };
        if since < from {
            return rate.saturating_mul(to.as_ms() - from.as_ms() + 1);
        }
        let mut sum: u64 = 0;
        let mut at = from;
        while at <= to {
            let next = self.rates.iter().map(|(since, _)| *since).find(|since| *since > at);
            // A millisecond in which the rate changed stands for itself.
            let changes = self.rates.iter().any(|(since, _)| *since == at);
            let end = if changes { at.as_ms() + 1 } else { next.map_or(u64::MAX, Time::as_ms) };
            let end = end.min(to.as_ms() + 1);
            sum = sum.saturating_add(self.highest(at).saturating_mul(end - at.as_ms()));
            at = Time::from_ms(end);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn let_in(rate: &mut Rate, ms: u64) -> bool {
        let at = Time::from_ms(ms);
        let allowed = rate.allows(at);
        if allowed {
            rate.admit(at);
        }
        allowed
    }

    #[test]
    fn a_second_is_the_burst_and_then_it_is_the_rate() {
        let mut rate = Rate::new(120);
        let at_once = (0..9).filter(|_| let_in(&mut rate, 1_000)).count();
        assert_eq!(at_once, 2);
        assert!(!let_in(&mut rate, 1_498));
        assert!(let_in(&mut rate, 1_499));
        assert!(!let_in(&mut rate, 1_500));
    }

    #[test]
    fn a_slow_rate_lets_one_in_at_once() {
        let mut rate = Rate::new(1);
        assert!(let_in(&mut rate, 0));
        assert!(!let_in(&mut rate, 59_998));
        assert!(let_in(&mut rate, 59_999));
    }

    #[test]
    fn another_rate_brings_no_new_burst() {
        let mut rate = Rate::new(60);
        assert!(let_in(&mut rate, 5_000));
        rate.change(Time::from_ms(5_001), 6_000);
        assert!(!let_in(&mut rate, 5_001));
        let in_a_second = (5_002..6_002).filter(|&ms| let_in(&mut rate, ms)).count();
        assert!((99..=101).contains(&in_a_second), "{in_a_second}");
        rate.change(Time::from_ms(6_002), 1);
        let after = (6_003..7_000).filter(|&ms| let_in(&mut rate, ms)).count();
        assert!(after <= 1, "{after}");
    }
}
