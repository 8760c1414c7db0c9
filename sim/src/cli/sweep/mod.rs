//! `onsale-sim sweep`: many seeds, as fast as the machine allows.

mod coverage;
mod cpu;
mod progress;
mod workers;

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use onsale_sim::invariants::Violation;
use onsale_sim::judged::{Judged, judged, judged_twice};
use onsale_sim::plan::swarm;

use self::workers::{Order, Swept};
use super::End;
use super::report::{self, Source};
use onsale_sim::figures::{float, number};

/// Of so many runs one is run twice and must have the same trace.
const TWICE_ONE_IN: u64 = 20;
/// A sweep of fewer seeds need not reach everything: some of it is rare.
const COVERAGE_SEEDS_MIN: u64 = 5_000;
/// More failures than these are counted, not told.
const FAILURES_TOLD_MAX: usize = 20;

/// What to sweep.
#[derive(clap::Args)]
#[group(id = "extent", multiple = true)]
pub(super) struct Args {
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds; from 5,000 on, everything that must sometimes be reached must be
    #[arg(long, required_unless_present = "seconds")]
    count: Option<u64>,
    /// Threads; as many as there are cores if absent
    #[arg(long)]
    jobs: Option<NonZeroUsize>,
    /// Begin no more seeds after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Go on after a failure
    #[arg(long)]
    keep_going: bool,
    /// Do not fail because something was never reached
    #[arg(long)]
    allow_missing: bool,
}

pub(super) fn main(args: &Args) -> End {
    let one = NonZeroUsize::MIN;
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(one);
    let begun = Instant::now();
    let order = Order {
        from: args.from,
        count: args.count.unwrap_or(u64::MAX),
        jobs: jobs.get(),
        deadline: args.seconds.map(|seconds| begun + Duration::from_secs(seconds)),
        keep_going: args.keep_going,
        failures_kept_max: FAILURES_TOLD_MAX,
    };
    let swept = workers::sweep(&order, &judge_seed, &mut progress::Printer::new());
    print_totals(&swept, jobs.get(), begun.elapsed());
    coverage::print(&swept.reached);
    for (seed, violation) in &swept.failures {
        print_failure(*seed, violation);
    }
    if swept.failed > 0 {
        println!("\n{} of {} seeds failed", number(swept.failed), number(swept.seeds));
        return End::Violated;
    }
    coverage::verdict(&swept.reached, swept.seeds, args.allow_missing)
}

/// Runs a seed, and some of them twice.
fn judge_seed(seed: u64) -> Judged {
    let plan = swarm(seed);
    if is_run_twice(seed) { judged_twice(&plan) } else { judged(&plan) }
}

/// Drawn from the seed, so that it is the same seeds in every sweep.
const fn is_run_twice(seed: u64) -> bool {
    // The golden ratio spreads neighbours over the whole range (Fibonacci hashing, Knuth 6.4).
    (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(TWICE_ONE_IN)
}

fn print_totals(swept: &Swept, jobs: usize, took: Duration) {
    let cpu_s = cpu::seconds_used().unwrap_or(took.as_secs_f64()).max(0.001);
    let simulated_s = float(swept.simulated_us) / 1e6;
    println!(
        "{} seeds in {:.1} s on {jobs} threads: {:.0} seeds/s, {:.0} per CPU second",
        number(swept.seeds),
        took.as_secs_f64(),
        float(swept.seeds) / took.as_secs_f64().max(0.001),
        float(swept.seeds) / cpu_s,
    );
    println!(
        "{simulated_s:.0} s simulated, {:.0} per CPU second; {} steps",
        simulated_s / cpu_s,
        number(swept.steps)
    );
}

fn print_failure(seed: u64, violation: &Violation) {
    println!("\n{}", report::violation(&Source::Seed(seed), &swarm(seed), violation));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_one_run_in_twenty_is_run_twice() {
        let twice = (0..100_000).filter(|seed| is_run_twice(*seed)).count();
        assert!((4_500..5_500).contains(&twice), "{twice}");
    }
}
