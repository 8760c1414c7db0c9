//! What a run found, for people and for programs.
//!
//! - `terminal`: while it runs; `table`: when it is over
//! - `html`: one page to show to others, with the charts of [`chart`]
//! - `json`, `histogram_log`: for programs, and for making the page again
//! - `verdict`: the one sentence that all of them begin with
//!
//! Deliberately absent: measuring, and files other than those of [`files`].

pub mod chart;
#[cfg(test)]
pub(crate) mod example;
pub mod figures;
pub mod files;
pub mod histogram_log;
pub mod html;
pub mod json;
pub mod machine;
pub mod table;
pub mod terminal;
pub mod verdict;

use serde::{Deserialize, Serialize};

use self::histogram_log::{RAW, Tagged};
use self::machine::Machine;
use crate::capacity::objective::Objective;
use crate::measure::{StepHistograms, histogram, merge, percentiles};
use crate::outcome::{Outcome, Percentiles};

/// What a run found, where, and against what it is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Of this form: [`json::FORMAT`].
    pub format: u32,
    /// Where the generator ran.
    pub machine: Machine,
    /// What was asked, if anything was: `p99 < 50 ms`.
    pub objective: Option<String>,
    /// In which points that was missed.
    pub missed: Vec<String>,
    /// Latency of all steps together, from the moment each was meant to begin, without those
    /// that the server holds back until there is news.
    pub together: Percentiles,
    /// What the run found.
    pub outcome: Outcome,
}

impl Report {
    /// Of a run on this machine, held against `objective`.
    pub fn new(outcome: Outcome, steps: &[StepHistograms], objective: Option<&Objective>) -> Self {
        let mut all = histogram();
        for step in steps.iter().filter(|step| !step.kind.is_held_back) {
            merge(&mut all, &step.corrected);
        }
        let together = percentiles(&all);
        let missed = objective.map(|objective| objective.missed(&outcome, &together));
        Self {
            format: json::FORMAT,
            machine: Machine::here(),
            objective: objective.map(ToString::to_string),
            missed: missed.unwrap_or_default(),
            together,
            outcome,
        }
    }
}

/// The latencies of all steps that were taken, as they are logged.
pub fn latencies(steps: &[StepHistograms]) -> Vec<Tagged> {
    let taken = steps.iter().filter(|step| step.requests > 0);
    let tagged = taken.flat_map(|step| {
        let name = step.kind.name;
        [
            Tagged { tag: name.to_owned(), histogram: step.corrected.clone() },
            Tagged { tag: format!("{name}{RAW}"), histogram: step.raw.clone() },
        ]
    });
    tagged.collect()
}
