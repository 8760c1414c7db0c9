//! Running a scenario over seeds, and saying how to repeat one that failed.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use madsim::runtime::{Builder, Runtime};
use madsim::{Config, runtime::Handle};

/// The first seed, if none is asked for.
const FIRST: u64 = 1;

/// How much simulated time a run may take: more means that something never ends.
const LIMIT: Duration = Duration::from_secs(4 * 3_600);

/// Runs a scenario for the seeds that the environment asks for: `MADSIM_TEST_NUM` of them (one, if
/// absent) from `MADSIM_TEST_SEED` on, each twice and compared if `MADSIM_TEST_CHECK_DETERMINISM`
/// is set. `name` is the test's.
///
/// # Panics
/// As the scenario did, having printed the command that repeats it.
pub fn sweep<F: Future<Output = ()> + 'static>(name: &str, scenario: fn() -> F) {
    let is_chosen = std::env::var_os("MADSIM_TEST_SEED").is_some();
    let Builder { seed, count, .. } = Builder::from_env();
    let first = if is_chosen { seed } else { FIRST };
    for seed in first..first + count {
        let builder = Builder { seed, count: 1, time_limit: Some(LIMIT), ..Builder::from_env() };
        say_on_panic(name, seed, || builder.run(scenario));
    }
}

/// Runs a scenario twice under one seed, comparing every draw and when it was made.
///
/// # Panics
/// If the runs differ, or as the scenario did.
pub fn twice<F: Future<Output = ()> + 'static>(name: &str, seed: u64, scenario: fn() -> F) {
    say_on_panic(name, seed, || Runtime::check_determinism(seed, Config::default(), scenario));
}

/// The seed of the run that this is called in.
pub fn current() -> u64 {
    Handle::current().seed()
}

fn say_on_panic(name: &str, seed: u64, run: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("seed {seed} fails; again: cargo xtask madsim --seed {seed} --count 1 {name}");
        resume_unwind(panic);
    }
}
