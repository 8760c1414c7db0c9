//! What is done with a run that came to its end.

use std::fs;
use std::path::Path;

use super::Found;
use super::error::CliError;
use crate::measure::StepHistograms;
use crate::report::verdict::{self, Standing};
use crate::report::{self, Report, files, table};

/// Prints a report and writes its files, if they are wanted.
pub(super) fn conclude(
    report: &Report,
    steps: &[StepHistograms],
    out: Option<&Path>,
) -> Result<Found, CliError> {
    print!("{}", table::text(report));
    if let Some(directory) = out {
        let page = files::write(directory, report, &report::latencies(steps))?;
        println!("the page: {}", page.display());
    }
    Ok(found(report))
}

/// Makes the page again.
pub(super) fn again(directory: &Path) -> Result<Found, CliError> {
    let (report, latencies) = files::read(directory)?;
    print!("{}", table::text(&report));
    let page = files::write_page(directory, &report, &latencies)?;
    println!("the page: {}", page.display());
    Ok(found(&report))
}

/// Before anything is run: that what it finds can be kept, and what is asked of it.
pub(super) fn prepare(out: Option<&Path>) -> Result<(), CliError> {
    Ok(out.map_or(Ok(()), files::prepare)?)
}

/// Writes `text` beside the report.
pub(super) fn keep(directory: &Path, name: &str, text: &str) -> Result<(), CliError> {
    let path = directory.join(name);
    fs::write(&path, text).map_err(|source| files::FilesError::Io { path, source }.into())
}

/// Doubts are no fault of the server, nor of anybody who reads the exit code.
fn found(report: &Report) -> Found {
    let is_wrong = verdict::standing(report) == Standing::Wrong;
    if is_wrong || !report.missed.is_empty() || report.together.count == 0 {
        Found::Wanting
    } else {
        Found::Fine
    }
}
