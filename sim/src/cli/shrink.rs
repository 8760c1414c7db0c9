//! `onsale-sim shrink`: from a failing seed to a file that can be understood and kept.

use std::path::PathBuf;

use onsale_sim::invariants::Violation;
use onsale_sim::judged::judged;
use onsale_sim::plan::{Plan, swarm};
use onsale_sim::saved::{Expect, Found, Saved};
use onsale_sim::shrink::{Progress, shrink};

use super::report::{self, Source};
use super::run::describe;
use super::{End, Outcome, told};
use onsale_sim::figures::number;

/// What to make smaller.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A seed that fails
    #[arg(long, required_unless_present = "plan", conflicts_with = "plan")]
    seed: Option<u64>,
    /// A saved plan that fails
    #[arg(long)]
    plan: Option<PathBuf>,
    /// The most plans that are tried
    #[arg(long, default_value_t = 20_000)]
    runs: u64,
    /// Where to save it; named after the invariant and the seed if absent
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> Outcome {
    let (plan, seed) = match (&args.plan, args.seed) {
        (Some(path), _) => {
            let saved = Saved::read(path).map_err(told)?;
            (saved.plan, saved.found.seed)
        }
        (None, seed) => (swarm(seed.unwrap_or_default()), seed),
    };
    let Some(violation) = judged(&plan).violation else {
        return Err("this plan is clean: there is nothing to shrink".to_owned());
    };
    let (small, violation, progress) = smaller(plan, violation, args.runs);
    eprintln!("{} plans tried, {} kept", number(progress.runs), number(progress.kept));
    let path = args.output.clone().unwrap_or_else(|| default_path(&violation, seed));
    let found =
        Found { seed, invariant: violation.invariant.to_owned(), message: violation.what.clone() };
    let saved = Saved { found, expect: Expect::Clean, plan: small };
    saved.write(&path).map_err(told)?;
    describe(&saved.plan);
    let source = Source::File(path.display().to_string());
    println!("\n{}", report::violation(&source, &saved.plan, &violation));
    println!("saved:         {} (move it to sim/corpus once it is fixed)", path.display());
    Ok(End::Violated)
}

fn smaller(plan: Plan, mut last: Violation, runs_max: u64) -> (Plan, Violation, Progress) {
    let mut still_fails = |candidate: &Plan| match judged(candidate).violation {
        Some(found) if found.invariant == last.invariant => {
            last = found;
            true
        }
        _ => false,
    };
    let (small, progress) = shrink(plan, runs_max, &mut still_fails, &mut tell);
    (small, last, progress)
}

fn tell(progress: Progress, plan: &Plan) {
    eprintln!(
        "{:>6} tried, {:>4} kept: {} events, {} buyers, {} operations, {} faults, {} ms",
        progress.runs,
        progress.kept,
        plan.events.len(),
        plan.buyers.len(),
        plan.operations.len(),
        plan.faults.len(),
        plan.setup.safety_ms
    );
}

fn default_path(violation: &Violation, seed: Option<u64>) -> PathBuf {
    let seed = seed.map_or_else(|| "plan".to_owned(), |seed| seed.to_string());
    PathBuf::from(format!("{}-{seed}.json", violation.invariant))
}
