//! The moments at which people are meant to come, one after another.
//!
//! With a rate, each arrival is where the number of people expected until then reaches the next
//! whole number (evenly spaced), or the next point of a Poisson process of rate 1 (random): time
//! is stretched to fit the rate, so both hold for rates that change (Çinlar 1975, inversion).

use std::time::Duration;

use super::trace::Crowd;
use super::{Schedule, Spacing};
use crate::dice::Dice;

/// No person has it.
const STREAM: u64 = u64::MAX;

/// Offsets of arrivals from the beginning of a run, rising.
#[derive(Clone, Debug)]
pub struct Arrivals {
    schedule: Schedule,
    duration_s: f64,
    spacing: Spacing,
    dice: Dice,
    /// How many people are expected until the last arrival.
    expected: f64,
    /// When the last arrival was, in seconds.
    last_s: f64,
    within: Within,
}

/// Where one is in a trace.
#[derive(Clone, Copy, Debug, Default)]
struct Within {
    /// In which span.
    span: usize,
    /// How many of its people have come.
    come: u32,
    /// How much of it is over, from 0 to 1.
    over: f64,
}

impl Arrivals {
    pub(super) fn new(schedule: Schedule, duration: Duration, spacing: Spacing, seed: u64) -> Self {
        Self {
            schedule,
            duration_s: duration.as_secs_f64(),
            spacing,
            dice: Dice::new(seed, STREAM),
            expected: 0.0,
            last_s: 0.0,
            within: Within::default(),
        }
    }

    fn next_by_rate(&mut self) -> Option<f64> {
        self.expected += match self.spacing {
            Spacing::Random => self.dice.exponential(),
            Spacing::Even => 1.0,
        };
        // In the middle of its share: the first of a steady crowd does not come at 0.
        let expected = match self.spacing {
            Spacing::Random => self.expected,
            Spacing::Even => self.expected - 0.5,
        };
        moment(&self.schedule, self.duration_s, expected, self.last_s)
    }

    fn next_of_trace(&mut self) -> Option<f64> {
        let Schedule::Trace(trace) = &self.schedule else { return None };
        let crowd = loop {
            let crowd = trace.spans().get(self.within.span)?;
            if self.within.come < crowd.people {
                break *crowd;
            }
            self.within = Within { span: self.within.span + 1, ..Within::default() };
        };
        self.within.over = match self.spacing {
            Spacing::Even => (f64::from(self.within.come) + 0.5) / f64::from(crowd.people),
            Spacing::Random => {
                // The first of so many that come anywhere in what is left of the span.
                let coming = f64::from(crowd.people - self.within.come);
                let left = 1.0 - self.within.over;
                1.0 - left * (1.0 - self.dice.unit()).powf(1.0 / coming)
            }
        };
        self.within.come += 1;
        Some(within(crowd, self.within.over))
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let at_s = match self.schedule {
            Schedule::Trace(_) => self.next_of_trace()?,
            _ => self.next_by_rate()?,
        };
        // Rounding never makes anybody come before the one before.
        self.last_s = at_s.max(self.last_s);
        (self.last_s < self.duration_s).then(|| Duration::from_secs_f64(self.last_s))
    }
}

fn within(crowd: Crowd, over: f64) -> f64 {
    let seconds = |us| Duration::from_micros(us).as_secs_f64();
    seconds(crowd.from_us) + over * seconds(crowd.until_us - crowd.from_us)
}

/// When so many people are expected to have come, in seconds; `None` if that is never.
fn moment(schedule: &Schedule, duration_s: f64, expected: f64, last_s: f64) -> Option<f64> {
    match *schedule {
        Schedule::Constant { rate } => Some(expected / rate),
        Schedule::Ramp { from, to } => {
            let slope = (to - from) / duration_s;
            let square = from * from + 2.0 * slope * expected;
            (square >= 0.0).then(|| 2.0 * expected / (from + square.sqrt()))
        }
        Schedule::Spike { base, times, at, decay } => {
            let (at_s, decay_s) = (at.as_secs_f64(), decay.as_secs_f64());
            let before = base * at_s;
            if expected <= before {
                return Some(expected / base);
            }
            let after =
                in_tail(base, base * (times - 1.0), decay_s, expected - before, last_s - at_s);
            Some(at_s + after)
        }
        Schedule::Trace(_) => None,
    }
}

/// Where `base * t + extra * decay * (1 - e^(-t / decay))` reaches `expected`, in seconds, from a
/// moment before that on: Newton's method, which never overshoots since the rate only falls.
fn in_tail(base: f64, extra: f64, decay_s: f64, expected: f64, from_s: f64) -> f64 {
    let mut t = from_s.max(0.0);
    for _ in 0..60 {
        let faded = (-t / decay_s).exp();
        let short = expected - (base * t + extra * decay_s * (1.0 - faded));
        let step = short / (base + extra * faded);
        t += step;
        if step < 1e-9 {
            break;
        }
    }
    t
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::Trace;
    use super::*;

    fn counts(text: &str, seconds: u64, spacing: Spacing, seed: u64) -> Vec<usize> {
        let schedule: Schedule = text.parse().unwrap();
        count(&schedule, seconds, spacing, seed)
    }

    /// By second.
    fn count(schedule: &Schedule, seconds: u64, spacing: Spacing, seed: u64) -> Vec<usize> {
        let mut counts = vec![0; seconds as usize];
        let mut last = Duration::ZERO;
        for at in schedule.arrivals(Duration::from_secs(seconds), spacing, seed) {
            assert!(at >= last, "nobody comes before the one before");
            last = at;
            counts[at.as_secs() as usize] += 1;
        }
        counts
    }

    #[test]
    fn evenly_spaced_people_come_exactly_at_the_rate() {
        assert_eq!(counts("constant:500/s", 3, Spacing::Even, 1), [500; 3]);
        let ramp = counts("ramp:0..100/s", 4, Spacing::Even, 1);
        assert!(ramp.iter().zip([12, 37, 62, 87]).all(|(is, wish)| is.abs_diff(wish) <= 1));
        let down = counts("ramp:100..0/s", 4, Spacing::Even, 1);
        assert!(down.iter().zip([87, 62, 37, 12]).all(|(is, wish)| is.abs_diff(wish) <= 1));
    }

    #[test]
    fn a_spike_begins_at_once_and_fades_to_the_rate_before() {
        let spike = counts("spike:100/s,x20@3s,decay=1s", 12, Spacing::Even, 1);
        assert_eq!(spike[..3], [100; 3]);
        // 100 + 1900 * (1 - 1/e), and so on.
        let tail = [1_301, 542, 262, 160];
        assert!(spike[3..7].iter().zip(tail).all(|(is, wish)| is.abs_diff(wish) <= 1), "{spike:?}");
        assert!(spike[11].abs_diff(100) <= 1);
    }

    #[test]
    fn random_people_come_at_the_rate_on_average_and_vary_as_people_do() {
        let counts = counts("constant:400/s", 200, Spacing::Random, 7);
        let total: usize = counts.iter().sum();
        assert!(total.abs_diff(80_000) < 1_200, "{total}");
        let mean = 400.0_f64;
        let squares = counts.iter().map(|&count| (f64::from(count as u32) - mean).powi(2));
        let variance = squares.sum::<f64>() / 200.0;
        assert!(
            (200.0..700.0).contains(&variance),
            "a Poisson process: about the mean: {variance}"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals_and_another_one_others() {
        let schedule: Schedule = "spike:50/s,x9@1s,decay=1s".parse().unwrap();
        let arrivals = |seed| -> Vec<_> {
            schedule.arrivals(Duration::from_secs(4), Spacing::Random, seed).collect()
        };
        assert_eq!(arrivals(1), arrivals(1));
        assert_ne!(arrivals(1), arrivals(2));
    }

    #[test]
    fn a_trace_brings_all_of_its_people_each_in_their_time() {
        let text = "at_ms,people\n0,12\n1000,340\n2000,0\n3000,95";
        let trace = Trace::parse(Path::new("t.csv"), text).unwrap();
        let schedule = Schedule::Trace(Arc::new(trace));
        for spacing in [Spacing::Even, Spacing::Random] {
            assert_eq!(count(&schedule, 4, spacing, 3), [12, 340, 0, 95]);
        }
        let exact = Trace::parse(Path::new("t.csv"), "at_ms\n7\n7\n1500").unwrap();
        let duration = exact.duration();
        let schedule = Schedule::Trace(Arc::new(exact));
        let at: Vec<_> = schedule.arrivals(duration, Spacing::Random, 3).collect();
        let ms: Vec<_> = at.iter().map(Duration::as_millis).collect();
        assert_eq!(ms, [7, 7, 1_500]);
    }
}
