//! One line on standard error: again and again on a terminal, now and then in a log.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use super::cpu;
use super::workers::{Counts, Tell};
use onsale_sim::figures::{float, number};

/// How often a log hears of it.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Prints how far a sweep is.
pub(super) struct Printer {
    begun: Instant,
    last: Instant,
    on_terminal: bool,
}

impl Printer {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, last: now, on_terminal: io::stderr().is_terminal() }
    }
}

impl Tell for Printer {
    fn tell(&mut self, now: Counts, of: u64) {
        if !self.on_terminal && self.last.elapsed() < LOG_EVERY {
            return;
        }
        self.last = Instant::now();
        let line = line(now, of, self.begun.elapsed(), cpu::seconds_used());
        let (before, after) = if self.on_terminal { ("\r", "\x1b[K") } else { ("", "\n") };
        // Nobody is there to be told that standard error is gone.
        let _ = write!(io::stderr(), "{before}{line}{after}");
    }

    fn finish(&mut self) {
        if self.on_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(now: Counts, of: u64, took: Duration, cpu_s: Option<f64>) -> String {
    let seeds = number(now.seeds);
    let done = if of == u64::MAX { seeds } else { format!("{seeds} of {}", number(of)) };
    let per_second = float(now.seeds) / took.as_secs_f64().max(0.001);
    let simulated_s = float(now.simulated_us) / 1e6;
    let per_cpu_second = cpu_s.map_or_else(String::new, |cpu_s| {
        format!(", {:.0} s simulated per CPU second", simulated_s / cpu_s.max(0.001))
    });
    format!("{done} seeds, {per_second:.0}/s{per_cpu_second}, {} failed", now.failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_how_fast_and_how_many_failed() {
        let now = Counts { seeds: 3_000, failed: 1, simulated_us: 60_000_000 };
        let two = Duration::from_secs(2);
        assert_eq!(
            line(now, 10_000, two, Some(3.0)),
            "3,000 of 10,000 seeds, 1500/s, 20 s simulated per CPU second, 1 failed"
        );
        assert_eq!(line(now, u64::MAX, two, None), "3,000 seeds, 1500/s, 1 failed");
    }
}
