//! The report as text, for the end of a run in a terminal.

use std::fmt::{self, Write};

use super::{Report, figures, verdict};
use crate::outcome::{Outcome, Percentiles};

/// The whole report as lines of text.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_all(&mut text, report);
    text
}

/// Rows of cells in columns as wide as they need: the first to the left, others to the right.
pub fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = match index {
                0 => write!(line, "  {cell:<width$}"),
                _ => write!(line, "  {cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The steps with their percentiles, a heading first. Also the table of the page.
pub(super) fn steps(report: &Report) -> Vec<Vec<String>> {
    let heading = ["step", "counted", "requests", "as wished", "p50", "p90", "p99", "p99.9", "max"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for step in report.outcome.steps.iter().filter(|step| step.requests > 0) {
        let counts = [figures::count(step.requests), figures::count(step.succeeded)];
        rows.push(row(&step.name, "corrected", counts, &step.corrected));
        rows.push(row("", "raw", [String::new(), String::new()], &step.raw));
    }
    let outcome = &report.outcome.totals;
    let counts = [figures::count(outcome.requests), figures::count(outcome.succeeded)];
    rows.push(row("together", "corrected", counts, &report.together));
    rows
}

/// Counts by name, the most frequent first.
pub(super) fn counts<'a>(
    counts: impl IntoIterator<Item = (&'a String, &'a u64)>,
) -> Vec<(&'a str, u64)> {
    let mut sorted: Vec<(&str, u64)> =
        counts.into_iter().map(|(name, count)| (name.as_str(), *count)).collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    sorted
}

/// What the generator used, in one line.
pub(super) fn generator(outcome: &Outcome) -> String {
    let generator = &outcome.generator;
    format!(
        "{} of a core on its busiest thread, {} cores in all, 99 of 100 requests sent at most {} \
         late, {} of memory, {} connections at most",
        figures::percent(generator.busiest_thread_cpu),
        figures::number(generator.cpu_cores),
        figures::latency_us(generator.lateness_p99_us),
        figures::bytes(figures::float(generator.memory_bytes)),
        figures::count(outcome.totals.connections_max),
    )
}

/// What the server used, in one line.
pub(super) fn server(outcome: &Outcome) -> String {
    let Some(server) = &outcome.server else {
        return "its process was not watched".to_owned();
    };
    let disk = server.disk_busy.map_or_else(
        || "the disks not watched".to_owned(),
        |share| format!("the busiest disk had work {} of the time", figures::percent(share)),
    );
    format!(
        "{} of a core on its busiest thread, {} cores in all, {} of memory at most ({} before), \
         {} written, {disk}",
        figures::percent(server.busiest_thread_cpu),
        figures::number(server.cpu_cores),
        figures::bytes(figures::float(server.memory_max_bytes)),
        figures::bytes(figures::float(server.memory_before_bytes)),
        figures::bytes(figures::float(server.written_bytes)),
    )
}

fn row(step: &str, counted: &str, counts: [String; 2], latency: &Percentiles) -> Vec<String> {
    let mut row = vec![step.to_owned(), counted.to_owned()];
    row.extend(counts);
    let percentiles =
        [latency.p50_us, latency.p90_us, latency.p99_us, latency.p999_us, latency.max_us];
    row.extend(percentiles.map(|us| match latency.count {
        0 => "-".to_owned(),
        _ => figures::latency_us(us),
    }));
    row
}

fn write_all(text: &mut String, report: &Report) -> fmt::Result {
    let outcome = &report.outcome;
    let Outcome { run, totals, .. } = outcome;
    writeln!(text, "{}\n", verdict::sentence(report))?;
    writeln!(
        text,
        "{} on {}: {} (seed {}), {} measured\n",
        run.workload,
        run.target,
        run.arrivals,
        run.seed,
        figures::duration_us(figures::float(run.duration_ms) * 1_000.0),
    )?;
    text.push_str(&columns(&steps(report)));
    writeln!(text)?;
    if totals.arrived > 0 {
        writeln!(
            text,
            "{} came, {} did all they wanted, {} left",
            figures::counted(totals.arrived, "person", "people"),
            figures::count(totals.finished),
            figures::count(totals.left),
        )?;
    }
    writeln!(
        text,
        "tickets: {} held, {} sold",
        figures::count(totals.held_tickets),
        figures::count(totals.sold_tickets)
    )?;
    for (title, total, found) in [
        ("refused", totals.refused, &outcome.refusals),
        ("failed", totals.failed, &outcome.failures),
    ] {
        write!(text, "{title}: {}", figures::count(total))?;
        for (index, (name, count)) in counts(found).into_iter().enumerate() {
            let before = if index == 0 { " (" } else { ", " };
            write!(text, "{before}{name} {}", figures::count(count))?;
        }
        writeln!(text, "{}", if found.is_empty() { "" } else { ")" })?;
    }
    writeln!(text, "generator: {}", generator(outcome))?;
    writeln!(text, "server: {}", server(outcome))?;
    let lists = [
        ("DOUBT", &outcome.generator.doubts),
        ("MISSED", &report.missed),
        ("WRONG", &outcome.violations),
    ];
    for (word, found) in lists {
        for what in found {
            writeln!(text, "{word}: {what}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn the_table_says_all_that_was_found() {
        let (mut report, _) = example::report();
        report.outcome.generator.doubts = vec!["a thread had no rest".to_owned()];
        report.outcome.violations = vec!["seat A-1 was sold twice".to_owned()];
        let text = text(&report);
        for part in [
            "Wrong, however fast",
            "hold",
            "corrected",
            "raw",
            "refused: 4,430 (sold_out 4,310, overloaded 120)",
            "failed: 15 (timed_out 12, reset 3)",
            "generator: 41 % of a core",
            "sent at most 310 us late",
            "server: 93 % of a core",
            "DOUBT: a thread had no rest",
            "WRONG: seat A-1 was sold twice",
        ] {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["bbb".to_owned(), "200".to_owned()]];
        assert_eq!(columns(&rows), "  a      1\n  bbb  200\n");
    }

    #[test]
    fn a_step_without_answers_has_no_latency() {
        let (mut report, _) = example::report();
        report.outcome.steps[0].corrected = Percentiles::default();
        let rows = steps(&report);
        assert!(rows[1].ends_with(&["-".to_owned(), "-".to_owned()]), "{rows:?}");
    }
}
