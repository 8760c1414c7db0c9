//! Running a scenario over seeds, saying how to repeat one that failed, and that what a scenario is
//! there for has really happened.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use madsim::Config;
use madsim::runtime::{Builder, Runtime};

use crate::history::Counts;

/// The first seed, if none is asked for.
const FIRST: u64 = 1;

/// How much simulated time a run may take: more means that something never ends.
const LIMIT: Duration = Duration::from_secs(4 * 3_600);

/// With so many seeds everything that can happen must have happened.
const MANY: u64 = 40;

/// Runs a scenario for the seeds that the environment asks for: `MADSIM_TEST_NUM` of them (one, if
/// absent) from `MADSIM_TEST_SEED` on, each twice and compared if `MADSIM_TEST_CHECK_DETERMINISM`
/// is set. `name` is the test's. Over many seeds each of `sometimes` must have happened: a scenario
/// that does not do what it is there for proves nothing.
///
/// # Panics
/// As the scenario did, having printed the command that repeats it.
pub fn sweep<F>(name: &str, sometimes: &[&str], scenario: fn() -> F)
where
    F: Future<Output = Counts> + 'static,
{
    let is_chosen = std::env::var_os("MADSIM_TEST_SEED").is_some();
    let Builder { seed, count, .. } = Builder::from_env();
    let first = if is_chosen { seed } else { FIRST };
    let mut total = Counts::new();
    for seed in first..first + count {
        let builder = Builder { seed, count: 1, time_limit: Some(LIMIT), ..Builder::from_env() };
        for (what, times) in say_on_panic(name, seed, || builder.run(scenario)) {
            *total.entry(what).or_default() += times;
        }
    }
    println!("{name}: {count} seeds from {first} on: {total:?}");
    let missing: Vec<_> = sometimes.iter().filter(|what| !total.contains_key(**what)).collect();
    assert!(count < MANY || missing.is_empty(), "{name}: never happened: {missing:?}");
}

/// Runs a scenario twice under one seed, comparing every draw and when it was made.
///
/// # Panics
/// If the runs differ, or as the scenario did.
pub fn twice<F>(name: &str, seed: u64, scenario: fn() -> F)
where
    F: Future<Output = Counts> + 'static,
{
    say_on_panic(name, seed, || Runtime::check_determinism(seed, Config::default(), scenario));
}

fn say_on_panic<T>(name: &str, seed: u64, run: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        eprintln!("seed {seed} fails; again: cargo xtask madsim --seed {seed} --count 1 {name}");
        resume_unwind(panic)
    })
}
