//! Latencies as an `HdrHistogram` interval log (V2, compressed), which the usual tools read.
//!
//! One interval, the whole run; one line for each step and way of counting, told apart by tag:
//! `hold` from the moment a request was meant to be sent, `hold.raw` from the moment it was sent.

use std::io::{self, Cursor, Write};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, IntervalLogWriterError, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializeError, V2DeflateSerializer};
use thiserror::Error;

use crate::outcome::Description;

/// Microseconds in the histograms; the log's column of maxima is in milliseconds.
const US_PER_MS: f64 = 1_000.0;

/// What the tag of a raw histogram ends with.
pub const RAW: &str = ".raw";

/// The latencies of one step, counted in one way, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Tagged {
    /// Which: `hold`, `hold.raw`.
    pub tag: String,
    /// How long each took.
    pub histogram: Histogram<u64>,
}

impl Tagged {
    /// Whether it counts from the moment a request was sent, not from when it was meant to be.
    pub fn is_raw(&self) -> bool {
        self.tag.ends_with(RAW)
    }
}

/// Why a log was not written or not read.
#[derive(Debug, Error)]
pub enum HistogramLogError {
    /// It cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A histogram does not fit the format.
    #[error("the latencies of {tag} cannot be encoded: {source}")]
    Encode {
        /// Whose.
        tag: String,
        /// Why.
        source: V2DeflateSerializeError,
    },
    /// Not a log.
    #[error("byte {offset} is not part of an HdrHistogram log")]
    Syntax {
        /// From the start of the file.
        offset: usize,
    },
    /// A line whose histogram cannot be decoded.
    #[error("the latencies of {tag} are damaged: {reason}. Take the file from the run again")]
    Damaged {
        /// Whose.
        tag: String,
        /// What is the matter.
        reason: String,
    },
}

/// Writes the log of a run.
pub fn write(
    out: &mut impl Write,
    run: &Description,
    latencies: &[Tagged],
) -> Result<(), HistogramLogError> {
    let began = Duration::from_millis(run.started_at_unix_ms);
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment(&format!("onsale-loadgen, {}, microseconds", run.workload))
        .with_start_time(SystemTime::UNIX_EPOCH + began)
        .with_max_value_divisor(US_PER_MS)
        .begin_log_with(out, &mut serializer)?;
    for Tagged { tag, histogram } in latencies {
        let lasted = Duration::from_millis(run.duration_ms);
        log.write_histogram(histogram, began, lasted, Tag::new(tag)).map_err(
            |error| match error {
                IntervalLogWriterError::IoError(error) => HistogramLogError::Io(error),
                IntervalLogWriterError::SerializeError(source) => {
                    HistogramLogError::Encode { tag: tag.clone(), source }
                }
            },
        )?;
    }
    Ok(())
}

/// Reads a log, of ours or of anybody's. A line without a tag is `all`.
pub fn read(bytes: &[u8]) -> Result<Vec<Tagged>, HistogramLogError> {
    let mut deserializer = Deserializer::new();
    let mut latencies = Vec::new();
    for entry in IntervalLogIterator::new(bytes) {
        use hdrhistogram::serialization::interval_log::LogIteratorError::ParseError;
        let entry = entry.map_err(|ParseError { offset }| HistogramLogError::Syntax { offset })?;
        let LogEntry::Interval(interval) = entry else { continue };
        let tag = interval.tag().map_or("all", |tag| tag.as_str()).to_owned();
        let damaged = |reason: String| HistogramLogError::Damaged { tag: tag.clone(), reason };
        let encoded = STANDARD.decode(interval.encoded_histogram());
        let encoded = encoded.map_err(|error| damaged(error.to_string()))?;
        let histogram = deserializer.deserialize(&mut Cursor::new(encoded));
        let histogram = histogram.map_err(|error| damaged(error.to_string()))?;
        latencies.push(Tagged { tag, histogram });
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn what_was_written_is_read_to_the_last_value() {
        let (report, latencies) = example::report();
        let mut log = Vec::new();
        write(&mut log, &report.outcome.run, &latencies).unwrap();
        assert_eq!(read(&log).unwrap(), latencies);
        let text = String::from_utf8(log).unwrap();
        assert!(text.starts_with("#[Histogram log format version 1.3]"), "{text}");
        assert!(text.contains("\nTag=hold,") && text.contains("\nTag=hold.raw,"), "{text}");
        assert!(text.contains("HISTFAAA"), "not the compressed V2 encoding: {text}");
    }

    #[test]
    fn a_damaged_line_is_named() {
        let log = b"Tag=hold,0.0,1.0,2.7,HISTFAAAnonsense\n";
        let error = read(log).unwrap_err();
        assert!(error.to_string().contains("hold"), "{error}");
    }
}
