//! How long people take: `4s`, `2s..6s` (anything between) or `~4s` (about).

use std::time::Duration;

use crate::dice::Dice;
use crate::span;

/// What is allowed, for messages.
pub(super) const ALLOWED: &str =
    "`4s`, `2s..6s` (anything between) or `~4s` (about), with ms, s, m or h, at most a day";

/// How far people are from the median: the deviation of the logarithm. Half of them take 0.7 to
/// 1.4 times as long; one in a hundred takes more than three times as long.
const SIGMA: f64 = 0.5;

/// How long somebody takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Think {
    /// Always as long.
    Fixed(Duration),
    /// Anything between, as likely.
    Between(Duration, Duration),
    /// Log-normal around this median, as reading and deciding is; ten times as long at most.
    About(Duration),
}

impl Think {
    /// No time.
    pub const NONE: Self = Self::Fixed(Duration::ZERO);

    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(median) = text.strip_prefix('~') {
            return span::parse(median).map(Self::About);
        }
        let Some((from, to)) = text.split_once("..") else {
            return span::parse(text).map(Self::Fixed);
        };
        let (from, to) = (span::parse(from)?, span::parse(to)?);
        (from <= to).then_some(Self::Between(from, to))
    }

    /// One time.
    pub fn draw(self, dice: &mut Dice) -> Duration {
        match self {
            Self::Fixed(time) => time,
            Self::Between(from, to) => from + to.saturating_sub(from).mul_f64(dice.unit()),
            Self::About(median) => median.mul_f64((SIGMA * dice.normal()).exp().min(10.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_drawn_as_they_are_written() {
        let mut dice = Dice::new(3, 3);
        let mut draws = |text: &str| -> Vec<u128> {
            let think = Think::parse(text).unwrap();
            let mut all: Vec<_> = (0..2_001).map(|_| think.draw(&mut dice).as_millis()).collect();
            all.sort_unstable();
            all
        };
        assert!(draws("4s").iter().all(|ms| *ms == 4_000));
        let between = draws("2s..6s");
        assert!(between[0] >= 2_000 && between[2_000] < 6_000);
        assert!((3_800..4_200).contains(&between[1_000]), "{}", between[1_000]);
        let about = draws("~4s");
        assert!((3_800..4_200).contains(&about[1_000]), "{}", about[1_000]);
        assert!(about[20] < 2_000 && about[1_980] > 8_000 && about[2_000] <= 40_000);
    }

    #[test]
    fn nonsense_is_none() {
        for text in ["", "4", "6s..2s", "2s..", "..2s", "~", "~2s..4s", "-1s", "about 4s"] {
            assert_eq!(Think::parse(text), None, "{text}");
        }
    }
}
