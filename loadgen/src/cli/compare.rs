//! `compare`: two servers in turn.

use std::path::Path;

use super::arguments::CompareArguments;
use super::error::CliError;
use super::{Found, closed as closed_command, open};
use crate::closed::{self, Plan};
use crate::compare::{self, Sample, Side};
use crate::report::figures::{duration_us, float, number};
use crate::report::{Report, verdict};
use crate::target::Target;

pub(super) fn run(arguments: &CompareArguments) -> Result<Found, CliError> {
    let plan = |target: &str, token: Option<&Path>| -> Result<Plan, CliError> {
        let target = Target::parse(target, arguments.i_own_this_host)?;
        let mut plan = closed_command::plan(target, &arguments.load);
        plan.operator_token = token.map(open::token_in).transpose()?;
        Ok(plan)
    };
    let a = plan(&arguments.a, arguments.operator_token_file_a.as_deref())?;
    let b = plan(&arguments.b, arguments.operator_token_file_b.as_deref())?;
    let mut found = Found::Fine;
    let pairs = compare::alternate(arguments.rounds.get(), &mut |side| {
        let plan = if side == Side::A { &a } else { &b };
        let finished = closed::run(plan, &mut |_| {})?;
        let report = Report::new(finished.outcome, &finished.steps, None);
        for what in report.outcome.violations.iter().chain(&report.outcome.generator.doubts) {
            eprintln!("{side:?}: {what}");
        }
        if !report.outcome.violations.is_empty() || report.together.count == 0 {
            found = Found::Wanting;
        }
        let sample = sample(&report);
        let (rate, p99) = (number(sample.throughput), duration_us(sample.p99_us));
        eprintln!("{side:?}: {rate} answers a second, p99 {p99}");
        Ok::<_, CliError>(sample)
    })?;
    print!("{}", compare::text(&arguments.a, &arguments.b, &pairs));
    Ok(found)
}

fn sample(report: &Report) -> Sample {
    Sample {
        throughput: float(report.outcome.totals.succeeded) / verdict::seconds(&report.outcome),
        p50_us: float(report.together.p50_us),
        p99_us: float(report.together.p99_us),
    }
}
