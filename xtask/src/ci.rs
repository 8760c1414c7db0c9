//! `cargo xtask ci`: everything CI does, in its order, cheapest first.
//!
//! A step that other commands offer is called from there, so there is one way to do it.

use std::time::{Duration, Instant};

use crate::process::{Failure, Outcome, cargo};
use crate::{api, bench, deny, fuzz, mutants, purity, sim, testing, tidy, walkthrough};

struct Step {
    name: &'static str,
    /// What to type to see this step alone.
    alone: &'static str,
    run: fn() -> Outcome,
}

const STEPS: [Step; 14] = [
    Step { name: "format", alone: "cargo fmt --all --check", run: check_format },
    Step { name: "tidy", alone: "cargo xtask tidy", run: tidy::run },
    Step { name: "mutants", alone: "cargo xtask mutants --check", run: mutants::check },
    Step {
        name: "clippy",
        alone: "cargo clippy --workspace --all-targets -- -D warnings",
        run: check_lints,
    },
    Step { name: "purity", alone: "cargo xtask purity", run: purity::run },
    Step { name: "deny", alone: "cargo xtask deny", run: || deny::run(false) },
    Step {
        name: "docs",
        alone: "RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps --workspace --document-private-items",
        run: build_docs,
    },
    Step { name: "sim", alone: "cargo xtask sim", run: || sim::run(0, sim::SECONDS) },
    Step { name: "test", alone: "cargo xtask test", run: || testing::run(&[]) },
    Step { name: "api", alone: "cargo xtask api", run: || api::run(api::SEED, api::EXAMPLES) },
    Step { name: "walk", alone: "cargo xtask walkthrough", run: || walkthrough::run(false) },
    Step { name: "fuzz", alone: "cargo xtask fuzz", run: || fuzz::run(None, 0) },
    Step {
        name: "benches",
        alone: "cargo bench --workspace --benches --no-run --profile dev",
        run: build_benches,
    },
    Step { name: "bench", alone: "cargo xtask bench --quick", run: || bench::run(true, None) },
];

/// Runs all steps and stops at the first that fails.
pub fn run() -> Outcome {
    let started = Instant::now();
    let mut done = Vec::new();
    for step in &STEPS {
        println!("\n=== {}", step.name);
        let step_started = Instant::now();
        let outcome = (step.run)();
        let elapsed = step_started.elapsed();
        println!("=== {}: {} in {}", step.name, verdict(&outcome), seconds(elapsed));
        done.push((step.name, elapsed));
        if let Err(failure) = outcome {
            print_summary(&done, Some(step.name), started.elapsed());
            return Err(Failure(format!(
                "the step `{}` failed: {failure}\n       to see it alone: {}",
                step.name, step.alone
            )));
        }
    }
    print_summary(&done, None, started.elapsed());
    Ok(())
}

/// That `cargo fmt` would change nothing, the fuzz targets included.
pub fn check_format() -> Outcome {
    cargo(&["fmt", "--all", "--check"]).run()?;
    if fuzz::exists() {
        cargo(&["fmt", "--manifest-path", fuzz::MANIFEST, "--check"]).run()?;
    }
    Ok(())
}

/// That no lint has anything to say.
pub fn check_lints() -> Outcome {
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()
}

fn build_docs() -> Outcome {
    cargo(&["doc", "--no-deps", "--workspace", "--document-private-items"])
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .run()
}

/// That benches link. Without optimisation: they are measured elsewhere, on a quiet machine.
fn build_benches() -> Outcome {
    cargo(&["bench", "--workspace", "--benches", "--no-run", "--profile", "dev"]).run()
}

fn verdict(outcome: &Outcome) -> &'static str {
    if outcome.is_ok() { "ok" } else { "FAILED" }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

fn print_summary(done: &[(&str, Duration)], failed: Option<&str>, total: Duration) {
    println!("\n=== summary");
    for (name, elapsed) in done {
        let verdict = if failed == Some(*name) { "FAILED" } else { "ok" };
        println!("{name:<10} {verdict:<6} {:>10}", seconds(*elapsed));
    }
    for step in &STEPS[done.len()..] {
        println!("{:<10} not run", step.name);
    }
    println!("{:<10} {:>17}", "total", seconds(total));
}
