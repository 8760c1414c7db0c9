//! Arrivals as they were recorded, from a CSV file with a header:
//!
//! ```csv
//! at_ms,people
//! 0,12
//! 1000,340
//! 2000,95
//! ```
//!
//! So many people came from that moment until the next line's; the last line lasts as long as the
//! one before it (a single one, a second). With the header `at_ms` alone each line is one person,
//! who came at that very moment. Moments are milliseconds from the beginning and never go back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

/// A trace may last a week.
const AT_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// In one line.
const PEOPLE_MAX: u32 = 10_000_000;
/// How long a single line lasts, in milliseconds.
const ALONE_MS: u64 = 1_000;

/// Arrivals as they were recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    path: PathBuf,
    spans: Vec<Crowd>,
}

/// People who came within a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowd {
    pub(super) from_us: u64,
    pub(super) until_us: u64,
    pub(super) people: u32,
}

/// Why a trace cannot be used.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("cannot read the trace {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is nonsense.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it, and what is allowed.
        problem: String,
    },
}

impl Trace {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, TraceError> {
        let text = fs::read_to_string(path)
            .map_err(|source| TraceError::Io { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, TraceError> {
        let wrong = |line: usize, problem: String| {
            Err(TraceError::Line { path: path.to_owned(), line: line + 1, problem })
        };
        let mut lines = text.lines().map(str::trim_end).enumerate();
        let has_people = match lines.next() {
            Some((_, "at_ms,people")) => true,
            Some((_, "at_ms")) => false,
            _ => return wrong(0, "the header must be `at_ms,people` or `at_ms`".into()),
        };
        let mut moments: Vec<(u64, u32)> = Vec::new();
        for (number, line) in lines {
            let moment = match moment(line, has_people) {
                Ok(moment) => moment,
                Err(problem) => return wrong(number, problem),
            };
            if let Some((before, _)) = moments.last().filter(|(before, _)| *before > moment.0) {
                let problem = format!("{} ms is before the line above, {before} ms", moment.0);
                return wrong(number, problem);
            }
            moments.push(moment);
        }
        if moments.iter().all(|(_, people)| *people == 0) {
            return wrong(0, "nobody comes: no line has any people".into());
        }
        let spans = if has_people { spread(&moments) } else { exact(&moments) };
        Ok(Self { path: path.to_owned(), spans })
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Until when somebody may come.
    pub fn duration(&self) -> Duration {
        // A person at the very end still comes.
        let until_us = self.spans.last().map_or(0, |span| span.until_us);
        Duration::from_micros(until_us + 1)
    }

    pub(super) fn spans(&self) -> &[Crowd] {
        &self.spans
    }
}

fn moment(line: &str, has_people: bool) -> Result<(u64, u32), String> {
    let (at, people) = match line.split_once(',') {
        Some((at, people)) if has_people => (at, people),
        None if !has_people => (line, "1"),
        _ if has_people => {
            return Err(format!("`{line}` must be `at_ms,people`, such as 1000,340"));
        }
        _ => return Err(format!("`{line}` must be milliseconds alone, such as 1000")),
    };
    let at_ms = at.trim().parse().ok().filter(|at_ms| *at_ms <= AT_MS_MAX).ok_or_else(|| {
        format!("`{at}` is no moment: milliseconds from the beginning, at most a week")
    })?;
    let people = people.trim().parse().ok().filter(|people| *people <= PEOPLE_MAX);
    let people =
        people.ok_or_else(|| format!("`{line}`: people must be from 0 to {PEOPLE_MAX}"))?;
    Ok((at_ms, people))
}

fn spread(moments: &[(u64, u32)]) -> Vec<Crowd> {
    let last_ms = match moments {
        [.., (before, _), (last, _)] if last > before => last - before,
        _ => ALONE_MS,
    };
    let ends = moments.iter().skip(1).map(|(at_ms, _)| *at_ms);
    let end_ms = moments.last().map(|(at_ms, _)| at_ms + last_ms);
    let crowds = moments.iter().zip(ends.chain(end_ms));
    let crowd = |(&(from_ms, people), until_ms): (&(u64, u32), u64)| Crowd {
        from_us: from_ms * 1_000,
        until_us: until_ms * 1_000,
        people,
    };
    crowds.map(crowd).collect()
}

fn exact(moments: &[(u64, u32)]) -> Vec<Crowd> {
    let crowd = |&(at_ms, people): &(u64, u32)| Crowd {
        from_us: at_ms * 1_000,
        until_us: at_ms * 1_000,
        people,
    };
    moments.iter().map(crowd).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Trace, String> {
        Trace::parse(Path::new("opening.csv"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_lasts_until_the_next_one() {
        let trace = parse("at_ms,people\n0,12\n1000,340\r\n1500,0\n").unwrap();
        let spans: Vec<_> = trace.spans.iter().map(|s| (s.from_us, s.until_us, s.people)).collect();
        assert_eq!(
            spans,
            [(0, 1_000_000, 12), (1_000_000, 1_500_000, 340), (1_500_000, 2_000_000, 0)]
        );
        let trace = parse("at_ms\n5\n5\n9").unwrap();
        assert_eq!(trace.spans.len(), 3);
        assert!(trace.duration() > Duration::from_millis(9));
    }

    #[test]
    fn nonsense_is_told_with_its_line() {
        for (text, says) in [
            ("", "opening.csv:1: the header"),
            ("1,2\n", "opening.csv:1: the header"),
            ("at_ms,people\n", "opening.csv:1: nobody"),
            ("at_ms,people\n0,5\n\n", "opening.csv:3: `` must be"),
            ("at_ms,people\n0,5\nabc,5", "opening.csv:3: `abc`"),
            ("at_ms,people\n0,-5", "opening.csv:2: `0,-5`: people"),
            ("at_ms,people\n9,5\n8,5", "opening.csv:3: 8 ms is before"),
            ("at_ms,people\n9", "opening.csv:2: `9` must be `at_ms,people`"),
            ("at_ms\n9,1", "milliseconds alone"),
            ("at_ms\n99999999999", "at most a week"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
