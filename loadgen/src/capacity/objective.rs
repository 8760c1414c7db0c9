//! What is asked of a server, as a planner writes it: `p99<50ms,errors<0.1%,hold.p99<80ms`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::outcome::{Outcome, Percentiles};
use crate::report::figures;

/// Refusals that mean the server could not do its work: all others are answers.
pub const ERROR_CODES: [&str; 3] = ["internal_error", "overloaded", "stopping"];

/// What is asked, all of it at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    clauses: Vec<Clause>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq)]
struct Clause {
    /// Of this step; without one, of all steps together.
    step: Option<String>,
    limit: Limit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    /// The latency at a percentile, from the intended start.
    Latency { at: Percentile, below_us: f64 },
    /// The share of requests without an answer, or with one that says the server cannot.
    Errors { below: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Percentile {
    P50,
    P90,
    P99,
    P999,
    Max,
    Mean,
}

const PERCENTILES: [(&str, Percentile); 6] = [
    ("p50", Percentile::P50),
    ("p90", Percentile::P90),
    ("p99", Percentile::P99),
    ("p99.9", Percentile::P999),
    ("max", Percentile::Max),
    ("mean", Percentile::Mean),
];

/// Why a text is no objective.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ObjectiveError {
    /// Nothing is asked.
    #[error("an objective asks for something: p99<50ms,errors<0.1%")]
    Empty,
    /// No comparison.
    #[error("\"{0}\" has no limit: write it as p99<50ms or errors<0.1%")]
    NoLimit(String),
    /// Not something that is measured.
    #[error(
        "\"{0}\" is not measured: take p50, p90, p99, p99.9, max, mean or errors, after the name \
         of a step and a dot if it is for one step only (hold.p99)"
    )]
    UnknownMeasure(String),
    /// Not a time.
    #[error("\"{0}\" is no time: write it with its unit (us, ms or s), as in 50ms")]
    NoTime(String),
    /// Not a share.
    #[error("\"{0}\" is no share: write it as 0.1%, above 0 % and at most 100 %")]
    NoShare(String),
    /// Errors are counted over all requests.
    #[error("errors are counted over all steps together: write errors<0.1% without \"{0}\"")]
    ErrorsOfStep(String),
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let clauses = parts.map(clause).collect::<Result<Vec<_>, _>>()?;
        if clauses.is_empty() { Err(ObjectiveError::Empty) } else { Ok(Self { clauses }) }
    }
}

impl Objective {
    /// Says in which points the objective was missed, one sentence each; none if it was met.
    /// `together`: the latencies of all steps together.
    pub fn missed(&self, outcome: &Outcome, together: &Percentiles) -> Vec<String> {
        self.clauses.iter().filter_map(|clause| clause.missed(outcome, together)).collect()
    }

    /// How near the measured values come to the limits: 1.0 is the limit of the nearest (or the
    /// one missed most), 0.5 half of it.
    pub fn nearness(&self, outcome: &Outcome, together: &Percentiles) -> f64 {
        let near = self.clauses.iter().map(|clause| clause.nearness(outcome, together));
        near.fold(0.0, f64::max)
    }
}

/// The share of requests that the server failed to answer, or refused because it could not.
pub fn error_share(outcome: &Outcome) -> f64 {
    let refused = ERROR_CODES.iter().filter_map(|code| outcome.refusals.get(*code)).sum::<u64>();
    figures::share(outcome.totals.failed + refused, outcome.totals.requests)
}

impl Clause {
    fn missed(&self, outcome: &Outcome, together: &Percentiles) -> Option<String> {
        let measured = self.measured(outcome, together);
        match (self.limit, measured) {
            (_, None) => {
                Some(format!("{self} was asked for, but nothing of the kind was measured"))
            }
            (Limit::Latency { below_us, .. }, Some(us)) if us >= below_us => {
                Some(format!("{self} was asked for, it was {}", figures::duration_us(us)))
            }
            (Limit::Errors { below }, Some(share)) if share >= below => {
                Some(format!("{self} was asked for, it was {}", figures::percent(share)))
            }
            _ => None,
        }
    }

    fn nearness(&self, outcome: &Outcome, together: &Percentiles) -> f64 {
        let limit = match self.limit {
            Limit::Latency { below_us, .. } => below_us,
            Limit::Errors { below } => below,
        };
        self.measured(outcome, together).map_or(f64::INFINITY, |measured| measured / limit)
    }

    fn measured(&self, outcome: &Outcome, together: &Percentiles) -> Option<f64> {
        let Limit::Latency { at, .. } = self.limit else {
            return (outcome.totals.requests > 0).then(|| error_share(outcome));
        };
        let percentiles = match &self.step {
            None => together,
            Some(step) => &outcome.steps.iter().find(|found| found.name == *step)?.corrected,
        };
        (percentiles.count > 0).then(|| figures::float(at.of(percentiles)))
    }
}

impl Percentile {
    fn of(self, percentiles: &Percentiles) -> u64 {
        match self {
            Self::P50 => percentiles.p50_us,
            Self::P90 => percentiles.p90_us,
            Self::P99 => percentiles.p99_us,
            Self::P999 => percentiles.p999_us,
            Self::Max => percentiles.max_us,
            Self::Mean => percentiles.mean_us,
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.clauses.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{clause}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.step {
            write!(f, "{step}.")?;
        }
        match self.limit {
            Limit::Errors { below } => write!(f, "errors < {}", figures::percent(below)),
            Limit::Latency { at, below_us } => {
                let name = PERCENTILES.iter().find(|(_, percentile)| *percentile == at);
                let name = name.map_or("", |(name, _)| name);
                write!(f, "{name} < {}", figures::duration_us(below_us))
            }
        }
    }
}

fn clause(text: &str) -> Result<Clause, ObjectiveError> {
    let (what, limit) =
        text.split_once('<').ok_or_else(|| ObjectiveError::NoLimit(text.to_owned()))?;
    let (what, limit) = (what.trim(), limit.trim_start_matches('=').trim());
    let (step, measure) = match split_step(what) {
        (Some(step), measure) => (Some(step.to_owned()), measure),
        (None, measure) => (None, measure),
    };
    if measure == "errors" {
        return match step {
            Some(step) => Err(ObjectiveError::ErrorsOfStep(step)),
            None => Ok(Clause { step, limit: Limit::Errors { below: share(limit)? } }),
        };
    }
    let at = PERCENTILES.iter().find(|(name, _)| *name == measure);
    let (_, at) = at.ok_or_else(|| ObjectiveError::UnknownMeasure(what.to_owned()))?;
    Ok(Clause { step, limit: Limit::Latency { at: *at, below_us: time_us(limit)? } })
}

/// The step, if one is named, and what is measured; `p99.9` has a dot too.
fn split_step(what: &str) -> (Option<&str>, &str) {
    if PERCENTILES.iter().any(|(name, _)| *name == what) {
        return (None, what);
    }
    match what.split_once('.') {
        Some((step, measure)) if !step.is_empty() => (Some(step), measure),
        _ => (None, what),
    }
}

fn time_us(text: &str) -> Result<f64, ObjectiveError> {
    let units = [("us", 1.0), ("µs", 1.0), ("ms", 1_000.0), ("s", 1_000_000.0)];
    let found = units.iter().find_map(|(unit, us)| {
        let value: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        (value.is_finite() && value > 0.0).then_some(value * us)
    });
    found.ok_or_else(|| ObjectiveError::NoTime(text.to_owned()))
}

fn share(text: &str) -> Result<f64, ObjectiveError> {
    let value = text.strip_suffix('%').and_then(|value| value.trim().parse::<f64>().ok());
    let value = value.filter(|value| *value > 0.0 && *value <= 100.0);
    value.map(|value| value / 100.0).ok_or_else(|| ObjectiveError::NoShare(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn parsed(text: &str) -> Result<Objective, ObjectiveError> {
        text.parse()
    }

    fn missed(text: &str) -> Vec<String> {
        let (report, _) = example::report();
        parsed(text).unwrap().missed(&report.outcome, &report.together)
    }

    #[test]
    fn what_is_written_is_understood() {
        let objective = parsed(" p99<50ms , errors < 0.1%,hold.p99.9<=1.5s").unwrap();
        assert_eq!(objective.to_string(), "p99 < 50 ms, errors < 0.1 %, hold.p99.9 < 1.5 s");
    }

    #[test]
    fn nonsense_is_told_what_to_write() {
        for (text, hint) in [
            ("", "p99<50ms"),
            ("p99", "has no limit"),
            ("p98<5ms", "\"p98\" is not measured"),
            ("hold.p98<5ms", "\"hold.p98\" is not measured"),
            (".p99<5ms", "is not measured"),
            ("p99<50", "\"50\" is no time"),
            ("p99<-5ms", "no time"),
            ("p99<infs", "no time"),
            ("errors<0.1", "\"0.1\" is no share"),
            ("errors<101%", "no share"),
            ("hold.errors<1%", "all steps together"),
        ] {
            let error = parsed(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }

    #[test]
    fn an_objective_is_met_below_its_limits_only() {
        let (report, _) = example::report();
        let p99_us = report.together.p99_us;
        assert!(missed(&format!("p99<{}us", p99_us + 1)).is_empty());
        assert_eq!(missed(&format!("p99<{p99_us}us")).len(), 1);
        assert!(missed("p50<1us,max<1us")[1].starts_with("max < 1 us was asked for, it was"));
    }

    #[test]
    fn a_step_that_nobody_took_is_not_fast() {
        assert!(missed("teleport.p99<1s")[0].contains("nothing of the kind"));
    }

    #[test]
    fn errors_are_what_the_server_could_not_do_and_not_what_it_may_refuse() {
        let (mut report, _) = example::report();
        report.outcome.totals.failed = 0;
        report.outcome.refusals =
            [("sold_out".to_owned(), 500), ("overloaded".to_owned(), 3)].into();
        report.outcome.totals.requests = 1_000;
        assert!((error_share(&report.outcome) - 0.003).abs() < 1e-9);
        report.outcome.totals.failed = 7;
        assert!((error_share(&report.outcome) - 0.01).abs() < 1e-9);
    }
}
