//! What a search found, as text.

use std::fmt::{self, Write};

use super::objective::error_share;
use super::saturation;
use super::search::{Bound, Found};
use super::sizing::{self, Need};
use crate::outcome::ServerUse;
use crate::report::figures::{self, float, number};
use crate::report::table::columns;
use crate::report::{Report, verdict};

const RUNS: [&str; 10] = [
    "people/s",
    "answers/s",
    "p50",
    "p99",
    "errors",
    "server",
    "client",
    "disk busy",
    "written",
    "held",
];
const NEEDS: [&str; 7] =
    ["people/s", "cores", "connections", "memory", "written/s", "traffic in", "traffic out"];

/// All of it: the knee, the runs with their rates, what saturates, and what the knee and the
/// `targets` (else twice and ten times the knee) need.
pub fn text(found: Found, runs: &[(f64, Report)], targets: &[f64]) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_all(&mut text, found, runs, targets);
    text
}

/// The result in one sentence.
pub fn headline(found: Found) -> String {
    let Some(rate) = found.rate.map(number) else {
        return "The objective held at no rate that was tried".to_owned();
    };
    match found.bound {
        Bound::Missed(above) => {
            format!("{rate} people a second: at {} the objective is missed", number(above))
        }
        Bound::Generator(above) => format!(
            "At least {rate} people a second: at {} the generator was the bottleneck; give it more \
             threads, or a machine of its own",
            number(above)
        ),
        Bound::Highest => {
            format!("At least {rate} people a second: nothing higher was to be tried (--highest)")
        }
    }
}

/// A run in one line, while the search goes on.
pub fn line(rate: f64, report: &Report) -> String {
    let row = row(rate, report);
    format!(
        "{} people/s: p50 {}, p99 {}, errors {}, held: {}",
        row[0], row[2], row[3], row[4], row[9]
    )
}

fn row(rate: f64, report: &Report) -> Vec<String> {
    let outcome = &report.outcome;
    let of_server = |of: fn(&ServerUse) -> Option<String>| {
        outcome.server.as_ref().and_then(of).unwrap_or_else(|| "-".to_owned())
    };
    let answered_per_s = float(outcome.totals.succeeded) / verdict::seconds(outcome);
    vec![
        number(rate),
        number(answered_per_s),
        figures::latency_us(report.together.p50_us),
        figures::latency_us(report.together.p99_us),
        figures::percent(error_share(outcome)),
        of_server(|server| Some(figures::percent(server.busiest_thread_cpu))),
        figures::percent(outcome.generator.busiest_thread_cpu),
        of_server(|server| server.disk_busy.map(figures::percent)),
        of_server(|server| Some(figures::bytes(float(server.written_bytes)))),
        held(report).to_owned(),
    ]
}

fn held(report: &Report) -> &'static str {
    match report.outcome {
        ref outcome if !outcome.violations.is_empty() => "WRONG",
        ref outcome if !outcome.generator.doubts.is_empty() => "in doubt",
        _ if report.missed.is_empty() => "yes",
        _ => "no",
    }
}

fn write_all(
    text: &mut String,
    found: Found,
    runs: &[(f64, Report)],
    targets: &[f64],
) -> fmt::Result {
    writeln!(text, "{}\n", headline(found))?;
    let mut rows = vec![RUNS.map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(|(rate, report)| row(*rate, report)));
    text.push_str(&columns(&rows));
    text.push_str("  server and client: of a core, the busiest thread\n");
    if let Some((rate, report)) = at_limit(found, runs) {
        writeln!(text, "\nAt {} people a second, at its limit is", number(rate))?;
        for reason in saturation::reasons(&report.outcome) {
            writeln!(text, "  - {reason}")?;
        }
    }
    let Some((rate, report)) = found.rate.and_then(|rate| last_at(rate, runs)) else {
        return Ok(());
    };
    let mut rates = vec![rate];
    rates.extend(if targets.is_empty() { vec![rate * 2.0, rate * 10.0] } else { targets.to_vec() });
    write_sizing(text, report, &rates)
}

/// The run that shows the limit: the last at the rate that was too much. None if no limit was met.
fn at_limit(found: Found, runs: &[(f64, Report)]) -> Option<(f64, &Report)> {
    match found.bound {
        Bound::Missed(rate) | Bound::Generator(rate) => last_at(rate, runs),
        Bound::Highest => None,
    }
}

fn last_at(rate: f64, runs: &[(f64, Report)]) -> Option<(f64, &Report)> {
    #[expect(clippy::float_cmp, reason = "it is one of theirs")]
    let found = runs.iter().rfind(|(tried, _)| *tried == rate);
    found.map(|(rate, report)| (*rate, report))
}

fn write_sizing(text: &mut String, report: &Report, rates: &[f64]) -> fmt::Result {
    let mut rows = vec![NEEDS.map(str::to_owned).to_vec()];
    rows.extend(sizing::needs(report, rates).iter().map(need_row));
    writeln!(text, "\nWhat it takes:")?;
    text.push_str(&columns(&rows));
    if let Some(bytes) = sizing::written_bytes_per_ticket(report) {
        writeln!(text, "  written for each ticket sold: {}", figures::bytes(bytes))?;
    }
    writeln!(text, "\nAssuming that")?;
    for assumption in sizing::assumptions(report) {
        writeln!(text, "  - {assumption}")?;
    }
    Ok(())
}

fn need_row(need: &Need) -> Vec<String> {
    let of_server = |of: fn(&sizing::ServerNeed) -> String| {
        need.server.as_ref().map_or_else(|| "-".to_owned(), of)
    };
    let bits = |value: f64| format!("{} Mbit/s", number(value / 1e6));
    vec![
        number(need.rate),
        of_server(|server| number(server.cores)),
        number(need.connections.ceil()),
        of_server(|server| figures::bytes(server.memory_bytes)),
        of_server(|server| figures::bytes(server.written_bytes_per_s)),
        bits(need.in_bits_per_s),
        bits(need.out_bits_per_s),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn runs() -> Vec<(f64, Report)> {
        let good = example::report().0;
        let mut bad = good.clone();
        bad.missed = vec!["p99 < 5 ms was asked for, it was 9 ms".to_owned()];
        vec![(1_840.0, good), (2_000.0, bad)]
    }

    #[test]
    fn the_knee_its_reason_and_what_it_takes_are_said() {
        let found = Found { rate: Some(1_840.0), bound: Bound::Missed(2_000.0) };
        let text = text(found, &runs(), &[]);
        for part in [
            "1,840 people a second: at 2,000 the objective is missed",
            "At 2,000 people a second, at its limit is",
            "the server's processor: its busiest thread used 93 %",
            "  18,400 ",
            "written for each ticket sold",
            "Assuming that",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn what_may_be_more_is_said_to_be_at_least() {
        for bound in [Bound::Highest, Bound::Generator(9_000.0)] {
            let text = headline(Found { rate: Some(1_840.0), bound });
            assert!(text.starts_with("At least 1,840"), "{text}");
        }
        let all_held = text(Found { rate: Some(1_840.0), bound: Bound::Highest }, &runs(), &[]);
        assert!(!all_held.contains("at its limit"), "no limit was met: {all_held}");
        let none = text(Found { rate: None, bound: Bound::Missed(1.0) }, &[], &[]);
        assert!(none.contains("held at no rate"), "{none}");
    }

    #[test]
    fn wrong_and_doubtful_are_not_held() {
        let mut report = example::report().0;
        assert_eq!(held(&report), "yes");
        report.outcome.generator.doubts = vec!["late".to_owned()];
        assert_eq!(held(&report), "in doubt");
        report.outcome.violations = vec!["sold twice".to_owned()];
        assert_eq!(held(&report), "WRONG");
    }
}
