//! `cargo xtask mutants`: whether the simulator would notice. Each patch in `sim/mutants` breaks
//! the product in one realistic way; the simulator is built with it and must find fault with it.
//!
//! The patches are applied to a copy of the sources: what people are working on is never touched.

mod patch;
mod table;
mod tree;

use std::time::{Duration, Instant};

use self::patch::Patch;
use self::table::Row;
use self::tree::Tree;
use crate::process::{Failure, Finished, Outcome, program};

/// A sweep that takes longer goes round in circles, which no sweep of the true product does.
const SWEEP_AT_MOST: Duration = Duration::from_secs(15 * 60);

/// So many seeds must be clean without a planted bug.
const CLEAN_SEEDS: u64 = 1_000;

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was noticed by this invariant, after so many seeds; none if the corpus found it.
    Caught { by: String, seeds: u64 },
    /// Nothing was noticed in so many seeds.
    Survived { seeds: u64 },
    /// The sources have moved on: the patch must be made anew.
    DoesNotApply,
    /// It is no program: the patch must be made anew.
    DoesNotBuild,
}

/// Runs the mutants `names`, or all, with at most `seeds` each; writes their rows of
/// `docs/mutants.md` if told to.
pub fn run(names: &[String], seeds: u64, write: bool) -> Outcome {
    let patches = patch::chosen(names)?;
    let tree = Tree::new()?;
    must_be_clean(&tree, seeds)?;
    let mut rows = Vec::new();
    for patch in patches {
        let begun = Instant::now();
        let fate = fate_of(&tree, &patch, seeds)?;
        rows.push(Row { patch, fate, took: begun.elapsed() });
        println!("{}", table::line(&rows[rows.len() - 1]));
    }
    println!("\n{}", table::text(&rows));
    if write {
        table::write(&rows, &patch::chosen(&[])?, seeds)?;
    }
    let alive = rows.iter().filter(|row| !matches!(row.fate, Fate::Caught { .. }));
    let alive: Vec<_> = alive.map(|row| row.patch.name.as_str()).collect();
    if alive.is_empty() {
        Ok(())
    } else {
        Err(Failure(format!("not caught: {}", alive.join(", "))))
    }
}

/// That every patch still applies to the sources as they are, and was seen caught. Takes no second.
pub fn check() -> Outcome {
    let mut stale = Vec::new();
    let patches = patch::chosen(&[])?;
    for patch in &patches {
        let check = program("git").args(&["apply", "--check"]).path_arg(&patch.path);
        if check.read().is_err() {
            stale.push(patch.name.as_str());
        }
    }
    let unseen = table::missing(&patches)?;
    if !stale.is_empty() {
        let names = stale.join(", ");
        Err(Failure(format!(
            "patches in sim/mutants that no longer apply: {names}: make them anew"
        )))
    } else if !unseen.is_empty() {
        let names = unseen.join(" ");
        Err(Failure(format!(
            "mutants that are not in docs/mutants.md: `cargo xtask mutants {names} --write`"
        )))
    } else {
        println!("mutants: all {} patches apply", patches.len());
        Ok(())
    }
}

/// What is found without a planted bug would be taken for finding one.
fn must_be_clean(tree: &Tree, seeds: u64) -> Outcome {
    tree.restore()?;
    match judge(tree, seeds.min(CLEAN_SEEDS))? {
        Fate::Survived { .. } => Ok(()),
        Fate::Caught { by, .. } => Err(Failure(format!(
            "the sources as they are violate {by} already: `cargo xtask sim` shows it; fix it first"
        ))),
        Fate::DoesNotApply | Fate::DoesNotBuild => {
            Err(Failure("the sources as they are do not build".to_owned()))
        }
    }
}

fn fate_of(tree: &Tree, patch: &Patch, seeds: u64) -> Outcome<Fate> {
    tree.restore()?;
    if tree.apply(patch) { judge(tree, seeds) } else { Ok(Fate::DoesNotApply) }
}

/// Builds what is in the tree, and runs seeds, then the corpus, until something is found: a sweep
/// says how soon somebody who knows nothing of the bug would have come by it.
fn judge(tree: &Tree, seeds: u64) -> Outcome<Fate> {
    let Some(tool) = tree.build() else { return Ok(Fate::DoesNotBuild) };
    let sweep = ["sweep", "--allow-missing", "--count", &seeds.to_string()];
    let swept = program(&tool).args(&sweep).finish_within(SWEEP_AT_MOST)?;
    let done = seeds_done(&swept.stdout).unwrap_or(seeds);
    if let Some(by) = caught_by(&swept) {
        return Ok(Fate::Caught { by, seeds: done });
    }
    let replay = program(&tool).args(&["replay"]).path_arg(&tree.corpus());
    Ok(match caught_by(&replay.finish_within(SWEEP_AT_MOST)?) {
        Some(by) => Fate::Caught { by, seeds: 0 },
        None => Fate::Survived { seeds: done },
    })
}

/// The invariant that a run of the tool complains with, if it does.
fn caught_by(finished: &Finished) -> Option<String> {
    match finished.code {
        Some(0) => None,
        None => Some("it does not end".to_owned()),
        Some(_) => {
            let name = finished.stdout.split_once("VIOLATED: ")?.1.split_whitespace().next()?;
            Some(name.to_owned())
        }
    }
}

/// How many seeds a sweep ran, by its own account: `1,234 seeds in 5.6 s`.
fn seeds_done(stdout: &str) -> Option<u64> {
    let (before, _) = stdout.split_once(" seeds in ")?;
    before.lines().last()?.replace(',', "").trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(code: Option<i32>, stdout: &str) -> Finished {
        Finished { code, stdout: stdout.to_owned() }
    }

    #[test]
    fn only_a_complaint_catches_a_mutant() {
        let report = "12 seeds in 0.1 s on 2 threads\n\nVIOLATED: money at 3 ms, seed 9\n  x\n";
        assert_eq!(caught_by(&finished(Some(1), report)).as_deref(), Some("money"));
        assert_eq!(caught_by(&finished(None, "")).as_deref(), Some("it does not end"));
        assert_eq!(caught_by(&finished(Some(0), report)), None);
        // The tool was told something it cannot do: that is no finding.
        assert_eq!(caught_by(&finished(Some(2), "")), None);
    }

    #[test]
    fn the_seeds_are_read_from_the_report() {
        assert_eq!(seeds_done("x\n1,234 seeds in 5.6 s on 2 threads: ...\ny"), Some(1_234));
        assert_eq!(seeds_done("nothing"), None);
    }
}
