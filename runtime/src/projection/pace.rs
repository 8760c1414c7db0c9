//! How many facts one transaction takes in: as many as it can in the time that it should take, so
//! that whoever else writes is not kept waiting.

use std::time::Duration;

/// The least: each transaction has a price of its own.
const FACTS_MIN: u64 = 32;

/// How many facts to take in at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    facts: u64,
    facts_max: u64,
    time: Duration,
}

impl Pace {
    /// At most so many, in a transaction of at most about so long.
    pub(super) fn new(facts_max: u64, time: Duration) -> Self {
        Self { facts: facts_max.min(FACTS_MIN * 8), facts_max, time }
    }

    /// How many to take in at once now.
    pub(super) fn facts(&self) -> u64 {
        self.facts
    }

    /// So many took so long.
    pub(super) fn took(&mut self, facts: u64, time: Duration) {
        if time > self.time {
            self.facts = (self.facts / 2).max(FACTS_MIN.min(self.facts_max));
        } else if facts >= self.facts && time < self.time / 2 {
            self.facts = (self.facts * 2).min(self.facts_max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_millis(200);

    #[test]
    fn more_are_taken_in_at_once_while_that_is_quick() {
        let mut pace = Pace::new(4_096, TIME);
        let first = pace.facts();
        pace.took(first, TIME / 10);
        assert_eq!(pace.facts(), first * 2);
        // A batch that was not full says nothing about a full one.
        pace.took(1, TIME / 10);
        assert_eq!(pace.facts(), first * 2);
        for _ in 0..20 {
            pace.took(pace.facts(), TIME / 10);
        }
        assert_eq!(pace.facts(), 4_096);
    }

    #[test]
    fn fewer_are_taken_in_at_once_where_that_takes_too_long() {
        let mut pace = Pace::new(4_096, TIME);
        for _ in 0..20 {
            pace.took(pace.facts(), TIME * 2);
        }
        assert_eq!(pace.facts(), FACTS_MIN);
        let mut small = Pace::new(3, TIME);
        small.took(3, TIME * 2);
        assert_eq!(small.facts(), 3);
    }
}
