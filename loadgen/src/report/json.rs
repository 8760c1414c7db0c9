//! A report as JSON: the outcome with what was asked and the machine, for programs and for later.

use std::io::{self, Write};

use serde::Deserialize;
use thiserror::Error;

use super::Report;

/// The form that is written. A form that cannot be read as this one gets the next number.
pub const FORMAT: u32 = 1;

/// Why a file is no report.
#[derive(Debug, Error)]
pub enum ReadError {
    /// Not JSON, or not of a report.
    #[error("it is no report of onsale-loadgen: {0}")]
    Malformed(#[from] serde_json::Error),
    /// From another version.
    #[error("it has format {found}, this version reads {FORMAT}: use the version that wrote it")]
    Format {
        /// What it says.
        found: u32,
    },
}

/// Writes `report`.
pub fn write(out: &mut impl Write, report: &Report) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    out.write_all(b"\n")
}

/// Reads what was written.
pub fn read(bytes: &[u8]) -> Result<Report, ReadError> {
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let Head { format } = serde_json::from_slice(bytes)?;
    if format != FORMAT {
        return Err(ReadError::Format { found: format });
    }
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn a_report_comes_back_as_it_was() {
        let (report, _) = example::report();
        let mut text = Vec::new();
        write(&mut text, &report).unwrap();
        assert_eq!(read(&text).unwrap(), report);
    }

    #[test]
    fn what_is_no_report_or_a_later_one_is_refused_with_its_reason() {
        let error = read(b"{\"hello\": 1}").unwrap_err().to_string();
        assert!(error.contains("no report") && error.contains("format"), "{error}");
        let error = read(b"{\"format\": 9}").unwrap_err().to_string();
        assert!(error.contains("format 9"), "{error}");
    }
}
