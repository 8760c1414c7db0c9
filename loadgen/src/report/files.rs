//! The files that a run leaves in its directory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::histogram_log::{self, HistogramLogError, Tagged};
use super::{Report, html, json};

/// The report for programs.
pub const JSON: &str = "outcome.json";
/// The latencies of each step.
pub const HISTOGRAM_LOG: &str = "latencies.hlog";
/// The report for people.
pub const HTML: &str = "report.html";

/// Why a report could not be written or read.
#[derive(Debug, Error)]
pub enum FilesError {
    /// The file system said no.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// No report.
    #[error("{}: {source}", .path.display())]
    Json {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: json::ReadError,
    },
    /// No histograms.
    #[error("{}: {source}", .path.display())]
    HistogramLog {
        /// Where.
        path: PathBuf,
        /// What is wrong with it.
        source: HistogramLogError,
    },
}

/// Makes sure that `directory` is there and can be written, before hours are spent on a run.
pub fn prepare(directory: &Path) -> Result<(), FilesError> {
    let failed = |source| FilesError::Io { path: directory.to_owned(), source };
    fs::create_dir_all(directory).map_err(failed)?;
    let trial = directory.join(".onsale-loadgen");
    fs::write(&trial, b"").and_then(|()| fs::remove_file(&trial)).map_err(failed)
}

/// Writes all files of a run; returns where the page is.
pub fn write(
    directory: &Path,
    report: &Report,
    latencies: &[Tagged],
) -> Result<PathBuf, FilesError> {
    prepare(directory)?;
    create(&directory.join(JSON), |out| json::write(out, report))?;
    let path = directory.join(HISTOGRAM_LOG);
    let mut log = Vec::new();
    histogram_log::write(&mut log, &report.outcome.run, latencies)
        .map_err(|source| FilesError::HistogramLog { path: path.clone(), source })?;
    create(&path, |out| out.write_all(&log))?;
    write_page(directory, report, latencies)
}

/// Writes the page alone; returns where it is.
pub fn write_page(
    directory: &Path,
    report: &Report,
    latencies: &[Tagged],
) -> Result<PathBuf, FilesError> {
    let path = directory.join(HTML);
    create(&path, |out| out.write_all(html::page(report, latencies).as_bytes()))?;
    Ok(path)
}

/// Reads what a run left. Without the histograms the page has a chart less.
pub fn read(directory: &Path) -> Result<(Report, Vec<Tagged>), FilesError> {
    let path = directory.join(JSON);
    let bytes = fs::read(&path).map_err(|source| FilesError::Io { path: path.clone(), source })?;
    let report = json::read(&bytes).map_err(|source| FilesError::Json { path, source })?;
    let path = directory.join(HISTOGRAM_LOG);
    let latencies = match fs::read(&path) {
        Ok(bytes) => histogram_log::read(&bytes)
            .map_err(|source| FilesError::HistogramLog { path, source })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(FilesError::Io { path, source }),
    };
    Ok((report, latencies))
}

fn create(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), FilesError> {
    let write = || {
        let mut out = BufWriter::new(File::create(path)?);
        fill(&mut out)?;
        out.flush()
    };
    write().map_err(|source| FilesError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn a_run_is_found_again_in_its_directory() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("made/as/needed");
        let (report, latencies) = example::report();
        let page = write(&place, &report, &latencies).unwrap();
        assert_eq!(read(&place).unwrap(), (report.clone(), latencies.clone()));
        assert_eq!(fs::read_to_string(page).unwrap(), html::page(&report, &latencies));
    }

    #[test]
    fn a_directory_that_cannot_be_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a-file");
        fs::write(&file, "x").unwrap();
        let error = prepare(&file.join("below")).unwrap_err().to_string();
        assert!(error.contains("a-file"), "{error}");
    }
}
