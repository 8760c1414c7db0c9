//! What became of the mutants, for the terminal and for `docs/mutants.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
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

/// Writes rows into `docs/mutants.md`. It keeps those of other `patches`, as they were found when
/// those were run.
pub(super) fn write(rows: &[Row], patches: &[Patch], seeds: u64) -> Outcome {
    let mut lines = read()?;
    lines.retain(|name, _| patches.iter().any(|patch| patch.name == *name));
    lines.extend(rows.iter().map(|row| (row.patch.name.clone(), markdown_line(row))));
    fs::write(path(), markdown(&lines, seeds)).map_err(|error| cannot("written", &error))
}

/// The patches that have no row there.
pub(super) fn missing(patches: &[Patch]) -> Outcome<Vec<&str>> {
    let lines = read()?;
    let names = patches.iter().map(|patch| patch.name.as_str());
    Ok(names.filter(|name| !lines.contains_key(*name)).collect())
}

fn read() -> Outcome<BTreeMap<String, String>> {
    let text = fs::read_to_string(path()).map_err(|error| cannot("read", &error))?;
    Ok(lines_in(&text))
}

fn path() -> PathBuf {
    workspace::root().join("docs/mutants.md")
}

fn cannot(be: &str, error: &std::io::Error) -> Failure {
    Failure(format!("{} cannot be {be}: {error}", path().display()))
}

/// The rows of a table, by the mutant's name.
fn lines_in(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let named = rows.filter_map(|row| Some((row.split('|').nth(1)?.trim().to_owned(), row)));
    named.map(|(name, row)| (name, row.to_owned())).collect()
}

fn markdown(lines: &BTreeMap<String, String>, seeds: u64) -> String {
    let lines: Vec<_> = lines.values().map(String::as_str).collect();
    format!(
        "# Planted bugs\n\nEach patch in [sim/mutants](../sim/mutants) breaks the product in one \
         realistic way. `cargo xtask mutants`\nbuilds the simulator with it and runs up to {seeds} \
         seeds from 0 on, then the corpus. A row is what\nit wrote with `--write` when that patch \
         was run last; the seconds include the build.\n\n\
         | mutant | what is broken | caught by | seeds | seconds |\n|---|---|---|--:|--:|\n{}\n",
        lines.join("\n")
    )
}

fn markdown_line(row: &Row) -> String {
    let [by, seeds, seconds] = cells(row);
    let Patch { name, what, .. } = &row.patch;
    format!("| {name} | {what} | {by} | {seeds} | {seconds} |")
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
        let lines = rows.each_ref().map(markdown_line);
        assert_eq!(lines[0], "| a | It leaks. | money | 12 | 1.2 |");
        assert_eq!(lines[1], "| b | It leaks. | replay | corpus | 1.2 |");
        assert_eq!(lines[2], "| c | It leaks. | SURVIVED | 20000 | 1.2 |");
        assert!(super::text(&rows).ends_with("2 of 3 caught"));
    }
    #[test]
    fn a_table_is_read_as_it_was_written() {
        let line =
            |name: &str| (name.to_owned(), format!("| {name} | It leaks. | money | 1 | 2.0 |"));
        let lines = BTreeMap::from(["a", "b-c"].map(line));
        assert_eq!(lines_in(&markdown(&lines, 20_000)), lines);
    }
}
