//! `cargo xtask sim`: what the simulator has to say before a change goes in: that a seed is a run
//! (`meta`, first: else nothing below means anything), that no saved plan fails again, and a sweep
//! over fresh seeds for as long as a change may take. A seed that fails leaves a small plan behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::process::{Failure, Finished, Outcome, Process, cargo};
use crate::workspace;

/// How long the sweep of a change takes, in seconds.
pub const SECONDS: u64 = 90;
/// Where small plans of seeds that failed are left.
const FAILURES: &str = "target/sim-failures";
/// A sweep ends after its seconds and the seeds that were begun, shrinking after its runs: what
/// takes this much longer goes round in circles.
const GRACE: Duration = Duration::from_secs(15 * 60);

/// Runs all three. The sweep begins at the seed `from`.
pub fn run(from: u64, seconds: u64) -> Outcome {
    simulate(&["meta", "--count", "5"]).run()?;
    simulate(&["replay", "sim/corpus"]).run()?;
    let (from, seconds_text) = (from.to_string(), seconds.to_string());
    let sweep = simulate(&["sweep", "--from", &from, "--seconds", &seconds_text]);
    println!("$ onsale-sim sweep --from {from} --seconds {seconds}");
    let Finished { code, stdout } = sweep.finish_within(Duration::from_secs(seconds) + GRACE)?;
    println!("{stdout}");
    match code {
        Some(0) => Ok(()),
        Some(3) => Err(Failure("the sweep did not reach all that it must".to_owned())),
        None => Err(Failure("the sweep did not end: a seed goes round in circles".to_owned())),
        Some(_) => Err(made_small(&stdout)),
    }
}

fn simulate(args: &[&str]) -> Process {
    let build = ["run", "--quiet", "--release", "--package", "onsale-sim", "--"];
    cargo(&[&build, args].concat())
}

/// What failed, and where its small plan is.
fn made_small(report: &str) -> Failure {
    let Some(seed) = failed_seed(report) else {
        return Failure("the sweep failed without naming a seed".to_owned());
    };
    let folder = workspace::root().join(FAILURES);
    let path = folder.join(format!("seed-{seed}.json"));
    if let Err(error) = fs::create_dir_all(&folder) {
        return Failure(format!("{} cannot be created: {error}", folder.display()));
    }
    let shrunk = shrink(seed, &path);
    Failure(match shrunk {
        Ok(_) if path.is_file() => {
            format!("seed {seed} failed; a small plan is in {}", path.display())
        }
        Ok(_) => format!("seed {seed} failed, and could not be made smaller"),
        Err(failure) => format!("seed {seed} failed, and was not made smaller: {failure}"),
    })
}

fn shrink(seed: u64, path: &Path) -> Outcome<Finished> {
    let seed = seed.to_string();
    simulate(&["shrink", "--seed", &seed, "--output"]).path_arg(path).finish_within(GRACE)
}

fn failed_seed(report: &str) -> Option<u64> {
    let (_, rest) = report.split_once("onsale-sim shrink --seed ")?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failed_seed_is_read_from_the_report() {
        let report = "VIOLATED: money\nmake it small: onsale-sim shrink --seed 17\nmore\n";
        assert_eq!(failed_seed(report), Some(17));
        assert_eq!(failed_seed("3 seeds failed"), None);
    }
}
