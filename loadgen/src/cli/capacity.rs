//! `capacity`: the highest rate at which an objective holds.

use super::arguments::CapacityArguments;
use super::error::CliError;
use super::{Found, open, reports};
use crate::capacity::objective::Objective;
use crate::capacity::search::{self, Range, Step};
use crate::capacity::table;
use crate::measure::StepHistograms;
use crate::report::{self, Report, files};
use crate::run;
use crate::schedule::Schedule;

pub(super) fn run(arguments: &CapacityArguments) -> Result<Found, CliError> {
    let CapacityArguments { target, server, people, out, .. } = arguments;
    let objective: Objective = arguments.objective.parse()?;
    let schedule = Schedule::Constant { rate: arguments.start };
    let mut plan = open::plan(target, server, people, schedule, arguments.step)?;
    reports::prepare(out.as_deref())?;
    let range = Range {
        start: arguments.start,
        highest: arguments.highest,
        precision: arguments.precision / 100.0,
    };
    let mut runs: Vec<(f64, Report)> = Vec::new();
    let mut best: Option<(f64, Vec<StepHistograms>)> = None;
    let found = search::search(range, &mut |rate| {
        plan.schedule = Schedule::Constant { rate };
        // Other people every time: the search is not for what suits one seed.
        plan.seed = people.seed + runs.len() as u64;
        let finished = run::run(&plan, &mut |_| {})?;
        let report = Report::new(finished.outcome, &finished.steps, Some(&objective));
        eprintln!("{}", table::line(rate, &report));
        let step = step(&report, &objective);
        if step.is_met && best.as_ref().is_none_or(|(highest, _)| rate >= *highest) {
            best = Some((rate, finished.steps));
        }
        runs.push((rate, report));
        if plan.stop.is_wanted() { Err(CliError::Stopped) } else { Ok(step) }
    })?;
    let text = table::text(found, &runs, &arguments.size_for);
    print!("{text}");
    if let Some(directory) = out {
        reports::keep(directory, "capacity.txt", &text)?;
        let report = best.as_ref().and_then(|(rate, _)| at(*rate, &runs));
        if let (Some(report), Some((_, steps))) = (report, &best) {
            files::write(directory, report, &report::latencies(steps))?;
        }
    }
    let is_wrong = runs.iter().any(|(_, report)| !report.outcome.violations.is_empty());
    Ok(if found.rate.is_none() || is_wrong { Found::Wanting } else { Found::Fine })
}

fn step(report: &Report, objective: &Objective) -> Step {
    let Report { outcome, together, missed, .. } = report;
    Step {
        is_met: missed.is_empty() && outcome.violations.is_empty(),
        nearness: objective.nearness(outcome, together),
        is_doubtful: !outcome.generator.doubts.is_empty(),
    }
}

fn at(rate: f64, runs: &[(f64, Report)]) -> Option<&Report> {
    #[expect(clippy::float_cmp, reason = "it is one of theirs")]
    let found = runs.iter().rfind(|(tried, report)| *tried == rate && report.missed.is_empty());
    found.map(|(_, report)| report)
}
