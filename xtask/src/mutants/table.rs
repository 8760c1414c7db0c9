//! What became of the mutants, for the terminal and for `docs/mutants.md`.

use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use super::Fate;
use super::patch::Patch;
use crate::process::{Failure, Outcome};
use crate::workspace;

/// A mutant and what became of it.
pub(super) struct Row {
    pub(super) patch: Patch,
    pub(super) fate: Fate,
    /// Building included.
    pub(super) took: Duration,
}

/// One row, as soon as it is known.
pub(super) fn line(row: &Row) -> String {
    let [by, seeds, seconds] = cells(row);
    format!("{:<32} {by:<24} {seeds:>10} seeds {seconds:>8} s", row.patch.name)
}

/// The whole table, and how many were caught.
pub(super) fn text(rows: &[Row]) -> String {
    let lines: Vec<_> = rows.iter().map(line).collect();
    let caught = rows.iter().filter(|row| matches!(row.fate, Fate::Caught { .. })).count();
    format!("{}\n{caught} of {} caught", lines.join("\n"), rows.len())
}

/// Writes `docs/mutants.md`.
pub(super) fn write(rows: &[Row], seeds: u64) -> Outcome {
    let path = workspace::root().join("docs/mutants.md");
    fs::write(&path, markdown(rows, seeds))
        .map_err(|error| Failure(format!("{} cannot be written: {error}", path.display())))
}

fn markdown(rows: &[Row], seeds: u64) -> String {
    let mut text = format!(
        "# Planted bugs\n\nEach patch in [sim/mutants](../sim/mutants) breaks the product in one \
         realistic way. `cargo xtask mutants`\nbuilds the simulator with it and runs up to {seeds} \
         seeds from 0 on, then the corpus. This table is\nwhat it wrote with `--write`; the \
         seconds include the build.\n\n\
         | mutant | what is broken | caught by | seeds | seconds |\n|---|---|---|--:|--:|\n"
    );
    for row in rows {
        let [by, seeds, seconds] = cells(row);
        let Patch { name, what, .. } = &row.patch;
        let _ = writeln!(text, "| {name} | {what} | {by} | {seeds} | {seconds} |");
    }
    text
}

fn cells(row: &Row) -> [String; 3] {
    let (by, seeds) = match &row.fate {
        Fate::Caught { by, seeds: 0 } => (by.clone(), "corpus".to_owned()),
        Fate::Caught { by, seeds } => (by.clone(), seeds.to_string()),
        Fate::Survived { seeds } => ("SURVIVED".to_owned(), seeds.to_string()),
        Fate::DoesNotApply => ("DOES NOT APPLY".to_owned(), "-".to_owned()),
        Fate::DoesNotBuild => ("DOES NOT BUILD".to_owned(), "-".to_owned()),
    };
    [by, seeds, format!("{:.1}", row.took.as_secs_f64())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, fate: Fate) -> Row {
        let patch = Patch { name: name.into(), what: "It leaks.".into(), path: "a.patch".into() };
        Row { patch, fate, took: Duration::from_millis(1_250) }
    }

    #[test]
    fn the_table_says_who_caught_what_and_what_survived() {
        let rows = [
            row("a", Fate::Caught { by: "money".into(), seeds: 12 }),
            row("b", Fate::Caught { by: "replay".into(), seeds: 0 }),
            row("c", Fate::Survived { seeds: 20_000 }),
        ];
        let text = markdown(&rows, 20_000);
        assert!(text.contains("| a | It leaks. | money | 12 | 1.2 |"), "{text}");
        assert!(text.contains("| b | It leaks. | replay | corpus |"), "{text}");
        assert!(text.contains("| c | It leaks. | SURVIVED | 20000 |"), "{text}");
        assert!(super::text(&rows).ends_with("2 of 3 caught"));
    }
}
