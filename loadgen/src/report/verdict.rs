//! The one sentence that says how it went, and what speaks against it.

use super::{Report, figures};
use crate::outcome::Outcome;

/// How a run is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing speaks against it.
    Good,
    /// It is right, but too slow, or cut short, or the generator was what was measured.
    Doubtful,
    /// Something happened that must not.
    Wrong,
}

/// How `report` is to be taken.
pub fn standing(report: &Report) -> Standing {
    if !report.outcome.violations.is_empty() {
        Standing::Wrong
    } else if report.missed.is_empty() && report.outcome.generator.doubts.is_empty() {
        Standing::Good
    } else {
        Standing::Doubtful
    }
}

/// The run in one sentence.
pub fn sentence(report: &Report) -> String {
    let outcome = &report.outcome;
    if let Some(first) = outcome.violations.first() {
        let also = match outcome.violations.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        return format!("Wrong, however fast: {first}{also}");
    }
    if report.together.count == 0 {
        return format!("Nothing was answered by {}", outcome.run.target);
    }
    let load = load(outcome);
    match (&report.objective, report.missed.first()) {
        (Some(_), Some(missed)) => format!("{load} were too many: {missed}"),
        (Some(objective), None) => {
            format!("{load} were served within the objective {objective}{}", stock(outcome))
        }
        (None, _) => format!(
            "{load}: half of the answers came within {}, 99 of 100 within {}{}",
            figures::latency_us(report.together.p50_us),
            figures::latency_us(report.together.p99_us),
            stock(outcome)
        ),
    }
}

/// People a second where people come, else requests a second.
pub fn load(outcome: &Outcome) -> String {
    let (rate, what) = people_per_s(outcome).map_or_else(
        || (figures::float(outcome.totals.requests) / seconds(outcome), "requests"),
        |rate| (rate, "people"),
    );
    format!("{} {what} a second", figures::number(rate))
}

/// How many people came each second while people came: a run goes on after the last has come. None
/// where nobody did.
pub fn people_per_s(outcome: &Outcome) -> Option<f64> {
    let last = outcome.series.iter().rposition(|second| second.arrived > 0)?;
    // The last second may be a part of one only.
    let whole = &outcome.series[..last.max(1)];
    let came = whole.iter().map(|second| second.arrived).sum::<u64>();
    Some(figures::float(came) / figures::float(whole.len() as u64))
}

/// How long was measured, never 0.
pub fn seconds(outcome: &Outcome) -> f64 {
    figures::float(outcome.run.duration_ms.max(1)) / 1_000.0
}

fn stock(outcome: &Outcome) -> String {
    match outcome.totals.sold_tickets {
        0 => String::new(),
        sold => format!("; {}, none twice", figures::counted(sold, "ticket sold", "tickets sold")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn a_run_is_said_in_its_own_figures() {
        let (mut report, _) = example::report();
        assert!(sentence(&report).starts_with("1,840 people a second: half"), "{report:?}");
        report.objective = Some("p99 < 50 ms".to_owned());
        let met = sentence(&report);
        assert!(met.contains("within the objective p99 < 50 ms; "), "{met}");
        report.missed = vec!["p99 < 50 ms was asked for, it was 80 ms".to_owned()];
        let missed = sentence(&report);
        assert!(missed.contains("were too many: p99 < 50 ms was asked for"), "{missed}");
        assert_eq!(standing(&report), Standing::Doubtful);
    }

    #[test]
    fn the_time_after_the_last_arrival_does_not_thin_out_the_load() {
        let (mut report, _) = example::report();
        let rate = people_per_s(&report.outcome).unwrap();
        let after = crate::outcome::Second::default();
        report.outcome.series.extend(vec![after; 30]);
        report.outcome.run.duration_ms += 30_000;
        assert_eq!(people_per_s(&report.outcome), Some(rate));
        report.outcome.series.clear();
        assert_eq!(people_per_s(&report.outcome), None);
    }

    #[test]
    fn fast_and_wrong_is_wrong() {
        let (mut report, _) = example::report();
        report.outcome.violations = vec!["seat A-1 was sold twice".to_owned(), "b".to_owned()];
        assert_eq!(standing(&report), Standing::Wrong);
        let said = sentence(&report);
        assert!(said.contains("seat A-1 was sold twice, and 1 more"), "{said}");
    }

    #[test]
    fn no_answer_is_no_speed() {
        let (mut report, _) = example::report();
        report.together = crate::outcome::Percentiles::default();
        assert!(sentence(&report).starts_with("Nothing was answered"));
    }
}
