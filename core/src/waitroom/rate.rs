//! How fast people are let in: so many per minute, exactly.
//!
//! A leaky bucket as in the generic cell rate algorithm (ITU-T I.371, annex A), counted in credit:
//! a person costs 60,000, and each millisecond earns as much as there are people per minute. All of
//! it is whole numbers, so nothing is lost over however long a time. From the millisecond `a` to
//! the millisecond `b`, both included, at most `burst + rate * (b - a + 1 ms)` people are let in,
//! where the burst is one second's worth, and one person at least.
//!
//! Credit rather than the algorithm's "theoretical arrival time", because credit keeps its meaning
//! when the rate changes: a change of rate never adds any.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Time};

/// What one person costs: the milliseconds of a minute.
const PERSON: u64 = 60_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rate {
    per_minute: u32,
    /// What was left at `settled_at`.
    credit: u64,
    settled_at: Time,
}

impl Rate {
    /// A rate with its whole burst unused.
    ///
    /// # Panics
    /// If `per_minute` is zero.
    pub(super) fn new(per_minute: u32) -> Self {
        assert!(per_minute > 0, "a rate is at least 1 per minute");
        Self { per_minute, credit: most(per_minute), settled_at: Time::ZERO }
    }

    pub(super) const fn per_minute(&self) -> u32 {
        self.per_minute
    }

    /// How many may be let in now.
    pub(super) fn ready(&self, now: Time) -> u32 {
        u32::try_from(self.credit(now) / PERSON).unwrap_or(u32::MAX)
    }

    /// How long it takes at least until `people` have been let in from now on.
    pub(super) fn time_for(&self, now: Time, people: u64) -> Span {
        let missing = people.saturating_mul(PERSON).saturating_sub(self.credit(now));
        Span::from_ms(missing.div_ceil(u64::from(self.per_minute)))
    }

    /// One was let in.
    pub(super) fn spend(&mut self, at: Time) {
        self.settle(at);
        debug_assert!(self.credit >= PERSON, "let in faster than the rate");
        self.credit = self.credit.saturating_sub(PERSON);
    }

    /// From now on it is another rate. What was earned stays, up to the new burst.
    ///
    /// # Panics
    /// If `per_minute` is zero.
    pub(super) fn change(&mut self, at: Time, per_minute: u32) {
        assert!(per_minute > 0, "a rate is at least 1 per minute");
        self.settle(at);
        self.per_minute = per_minute;
        self.credit = self.credit.min(most(per_minute));
    }

    /// Time that runs backwards earns nothing, and nothing twice.
    fn settle(&mut self, at: Time) {
        self.credit = self.credit(at);
        self.settled_at = self.settled_at.max(at);
    }

    fn credit(&self, now: Time) -> u64 {
        let earned = now.since(self.settled_at).as_ms().saturating_mul(u64::from(self.per_minute));
        self.credit.saturating_add(earned).min(most(self.per_minute))
    }
}

/// The most credit there can be: the burst, and what the last millisecond earned beyond a whole
/// person. Without that rest, whoever comes in the first possible millisecond would lose it.
fn most(per_minute: u32) -> u64 {
    let burst = u64::from(per_minute / 60).max(1);
    burst * PERSON + u64::from(per_minute).min(PERSON) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn whoever_is_prompt_gets_the_whole_rate() {
        for per_minute in [1, 7, 59, 60, 61, 119, 1_000, 77_777, 1_234_567] {
            let mut rate = Rate::new(per_minute);
            let (mut now, mut let_in) = (at(1_000_000), 0u64);
            let begin = now;
            while now.since(begin) <= Span::from_mins(10) {
                while rate.ready(now) > 0 {
                    rate.spend(now);
                    let_in += 1;
                }
                now = now + rate.time_for(now, 1);
            }
            let whole = u64::from(per_minute / 60).max(1) + 10 * u64::from(per_minute);
            assert!((whole..=whole + 1).contains(&let_in), "{per_minute}: {let_in} of {whole}");
        }
    }

    #[test]
    fn another_rate_grants_no_fresh_burst() {
        let mut rate = Rate::new(6_000);
        for _ in 0..100 {
            rate.spend(at(0));
        }
        for step in 0..50 {
            rate.change(at(0), if step % 2 == 0 { 1 } else { 60_000 });
            assert_eq!(rate.ready(at(0)), 0);
        }
        rate.change(at(0), 6_000);
        assert_eq!(rate.time_for(at(0), 1), Span::from_ms(10));

        let mut idle = Rate::new(60);
        idle.change(at(60_000), 60_000);
        assert_eq!(idle.ready(at(60_000)), 1, "a slow rate had saved up for one person");
    }

    #[test]
    fn a_faster_rate_counts_at_once() {
        let mut rate = Rate::new(1);
        rate.spend(at(0));
        assert_eq!(rate.time_for(at(0), 1), Span::from_ms(60_000));
        rate.change(at(0), 6_000);
        assert_eq!(rate.time_for(at(0), 1), Span::from_ms(10));
    }

    #[test]
    fn time_that_runs_backwards_earns_nothing() {
        let mut rate = Rate::new(60);
        rate.spend(at(10_000));
        rate.change(at(5_000), 60);
        assert_eq!(rate.ready(at(10_000)), 0);
        assert_eq!(rate.ready(at(11_000)), 1);
    }

    proptest! {
        #[test]
        fn no_window_sees_more_than_burst_and_rate(
            per_minute in 1u32..200_000,
            steps in prop::collection::vec((0u64..3_000, 1u32..2_000), 1..60),
        ) {
            let mut rate = Rate::new(per_minute);
            let mut now = 0;
            let mut let_in: Vec<(u64, u64)> = Vec::new();
            for (pause, want) in steps {
                now += pause;
                let count = rate.ready(at(now)).min(want);
                (0..count).for_each(|_| rate.spend(at(now)));
                let_in.push((now, u64::from(count)));
            }
            let burst = u64::from(per_minute / 60).max(1);
            for (i, &(from, _)) in let_in.iter().enumerate() {
                let mut sum = 0;
                for &(to, count) in &let_in[i..] {
                    sum += count;
                    let window = to - from + 1;
                    prop_assert!(
                        (sum - sum.min(burst)) * PERSON <= u64::from(per_minute) * window,
                        "{sum} people in {window} ms"
                    );
                }
            }
        }
    }
}
