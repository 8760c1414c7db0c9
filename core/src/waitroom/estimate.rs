//! How long it will take, judged by how it went lately. Whole numbers only.
//!
//! What is remembered is how long the line waited for each of the last admissions. Time in which
//! nobody waited, or in which admission was paused, says nothing about the next and is left out.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Time};

/// How many admissions are remembered.
const REMEMBERED: usize = 64;

/// The pace of recent admissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    waits: VecDeque<Span>,
    /// Since when the line has been waiting for the next admission.
    since: Time,
}

impl Pace {
    /// The line begins to wait: somebody came to an empty one, or a pause is over.
    pub(super) fn began(&mut self, at: Time) {
        self.since = at;
    }

    /// The line waited long enough: somebody was admitted.
    pub(super) fn admitted(&mut self, at: Time) {
        if self.waits.len() == REMEMBERED {
            self.waits.pop_front();
        }
        self.waits.push_back(at.since(self.since));
        self.since = at;
    }

    /// How long `people` admissions take at this pace; zero if nothing was observed yet. The wait
    /// that is still going on counts as soon as it makes the pace slower.
    pub(super) fn time_for(&self, now: Time, people: u64) -> Span {
        let count = self.waits.len() as u128;
        if count == 0 {
            return Span::ZERO;
        }
        let done: u128 = self.waits.iter().map(|wait| u128::from(wait.as_ms())).sum();
        let going_on = u128::from(now.since(self.since).as_ms());
        let steady = done * u128::from(people) / count;
        let slowing = (done + going_on) * u128::from(people) / (count + 1);
        Span::from_ms(u64::try_from(steady.max(slowing)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_ms(ms)
    }

    #[test]
    fn the_pace_is_that_of_the_last_64() {
        let mut pace = Pace::default();
        assert_eq!(pace.time_for(at(0), 10), Span::ZERO);
        let mut now = 0;
        for (count, wait) in [(64, 5_000), (64, 250)] {
            for _ in 0..count {
                now += wait;
                pace.admitted(at(now));
            }
            assert_eq!(pace.time_for(at(now), 10), Span::from_ms(10 * wait));
        }
    }

    #[test]
    fn a_line_that_stands_still_takes_longer_and_longer() {
        let mut pace = Pace::default();
        pace.admitted(at(1_000));
        pace.admitted(at(2_000));
        assert_eq!(pace.time_for(at(2_500), 3), Span::from_ms(3_000));
        assert_eq!(pace.time_for(at(6_000), 3), Span::from_ms(6_000));
    }

    #[test]
    fn time_in_which_nobody_waited_does_not_count() {
        let mut pace = Pace::default();
        pace.admitted(at(1_000));
        pace.began(at(3_600_000));
        pace.admitted(at(3_601_000));
        assert_eq!(pace.time_for(at(3_601_000), 5), Span::from_ms(5_000));
    }

    #[test]
    fn a_million_people_ahead_for_ever_is_still_a_number() {
        let mut pace = Pace::default();
        pace.admitted(Time::MAX);
        assert_eq!(pace.time_for(Time::MAX, u64::from(u32::MAX)), Span::from_ms(u64::MAX));
    }
}
