//! How long to wait before a delivery is tried again.

use std::time::Duration;

/// So much is added at most, as a part of the wait: those who failed together do not come back
/// together.
const JITTER: u32 = 5;

/// How long to wait after the first failure, the second, and so on; after the last step it stays
/// at that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<Duration>);

impl Schedule {
    /// These waits. None at all is no wait.
    pub const fn new(waits: Vec<Duration>) -> Self {
        Self(waits)
    }

    /// For what is near and mostly there: from a tenth of a second to half a minute.
    pub fn near() -> Self {
        Self::new([100, 500, 1_000, 2_000, 5_000, 15_000, 30_000].map(Duration::from_millis).into())
    }

    /// How long to wait after so many failures in a row, 1 or more, at least as long as was asked
    /// for. `random` is anything, drawn anew each time.
    pub fn wait(&self, failures: u32, asked: Option<Duration>, random: u32) -> Duration {
        let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        let step = self.0.get(step).or(self.0.last()).copied().unwrap_or_default();
        let least = step.max(asked.unwrap_or_default());
        let thousandths = random % 1_001;
        least + least / JITTER * thousandths / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_last_one_and_spread_a_little() {
        let schedule = Schedule::new([5, 300].map(Duration::from_secs).into());
        let least = [1, 2, 3, u32::MAX].map(|n| schedule.wait(n, None, 0).as_secs());
        assert_eq!(least, [5, 300, 300, 300]);
        assert_eq!(schedule.wait(1, None, 1_000).as_secs(), 6);
        assert_eq!(schedule.wait(9, None, 500).as_secs(), 330);
        assert_eq!(Schedule::new(Vec::new()).wait(1, None, 7), Duration::ZERO);
    }

    #[test]
    fn whoever_asks_to_be_left_alone_longer_is() {
        let asked = Some(Duration::from_secs(60));
        let schedule = Schedule::new([5, 300].map(Duration::from_secs).into());
        assert_eq!(schedule.wait(1, asked, 0).as_secs(), 60);
        assert_eq!(schedule.wait(2, asked, 0).as_secs(), 300);
    }
}
