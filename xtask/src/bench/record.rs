//! What was measured, as it is kept in `docs/benchmarks.json`: the page and its charts are made of
//! this and nothing else.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::statistics::{Series, median, spread};
use crate::process::{Failure, Outcome};

/// All that was measured, in the order of the measures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// One for each target.
    pub rows: Vec<Row>,
}

/// One target and what it was measured to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The measure it belongs to: what `--only` takes.
    pub measure: String,
    /// Its own, unique name.
    pub name: String,
    /// What is compared, in words.
    pub what: String,
    /// What it should be.
    pub target: Target,
    /// What it is: the ratio of the medians of the first two series, or the median of the only one.
    pub value: f64,
    /// Of the rounds, the least and the most.
    pub spread: [f64; 2],
    /// Whether it is what it should be.
    pub met: bool,
    /// The rounds: the numerator, the denominator, and what else is worth knowing.
    pub series: Vec<Series>,
    /// What a reader must know to judge it.
    pub notes: Vec<String>,
    /// Where and how it was measured.
    pub circumstances: Circumstances,
}

/// Where and how something was measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Of the source; with `+` if it had changes that were not committed.
    pub commit: String,
    /// What to type to repeat it.
    pub command: String,
    /// Processor, kernel, compiler.
    pub machine: String,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// More is better.
    AtLeast(f64),
    /// Less is better.
    AtMost(f64),
}

impl Target {
    /// Whether `value` is good enough.
    pub fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {}", figure(*least)),
            Self::AtMost(most) => write!(f, "at most {}", figure(*most)),
        }
    }
}

impl Row {
    /// A row about one thing for each of another.
    pub fn ratio(name: &str, what: &str, target: Target, ours: Series, theirs: Series) -> Self {
        let value = ours.median() / theirs.median();
        let spread = spread(&ours.per(&theirs));
        Self::new(name, what, target, value, spread, vec![ours, theirs])
    }

    /// A row about one thing alone.
    pub fn absolute(name: &str, what: &str, target: Target, series: Series) -> Self {
        let (value, spread) = (median(&series.values), series.spread());
        Self::new(name, what, target, value, spread, vec![series])
    }

    fn new(
        name: &str,
        what: &str,
        target: Target,
        value: f64,
        spread: [f64; 2],
        series: Vec<Series>,
    ) -> Self {
        Self {
            measure: String::new(),
            name: name.to_owned(),
            what: what.to_owned(),
            target,
            value,
            spread,
            met: target.is_met_by(value),
            series,
            notes: Vec::new(),
            circumstances: Circumstances::default(),
        }
    }

    /// Adds what is worth knowing beside the ratio.
    pub fn with(mut self, series: impl IntoIterator<Item = Series>) -> Self {
        self.series.extend(series);
        self
    }

    /// Adds what a reader must know.
    pub fn note(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        self
    }

    /// `met` or `missed`.
    pub fn verdict(&self) -> &'static str {
        if self.met { "met" } else { "missed" }
    }
}

impl Record {
    /// What the file says; nothing if there is none.
    pub fn read(path: &Path) -> Outcome<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path)
            .map_err(|error| Failure(format!("{} cannot be read: {error}", path.display())))?;
        serde_json::from_str(&text).map_err(|error| {
            let path = path.display();
            Failure(format!("{path} is no record of measures ({error}): delete it to begin anew"))
        })
    }

    /// Keeps it.
    pub fn write(&self, path: &Path) -> Outcome {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure(format!("the record cannot be written: {error}")))?;
        fs::write(path, text + "\n")
            .map_err(|error| Failure(format!("{} cannot be written: {error}", path.display())))
    }

    /// Takes the rows of one measure instead of those it had; measures stay in the order of
    /// `order`, and what is in no measure any more goes.
    pub fn replace(&mut self, measure: &str, rows: Vec<Row>, order: &[&str]) {
        self.rows.retain(|row| row.measure != measure && order.contains(&&*row.measure));
        self.rows.extend(rows);
        self.rows.sort_by_key(|row| order.iter().position(|name| *name == row.measure));
    }
}

/// A number with as many digits as mean something.
pub fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => with_commas(value.round() as i64),
        size if size >= 10.0 => without_zeros(&format!("{value:.1}")),
        _ => without_zeros(&format!("{value:.2}")),
    }
}

fn without_zeros(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn with_commas(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series { values: values.to_vec(), ..Series::new("x", "1/s") }
    }

    fn row(measure: &str, name: &str) -> Row {
        let row = Row::absolute(name, "x", Target::AtMost(1.0), series(&[2.0]));
        Row { measure: measure.to_owned(), ..row }
    }

    #[test]
    fn a_ratio_is_of_medians_and_its_spread_of_rounds() {
        let (ours, theirs) = (series(&[6.0, 8.0, 30.0]), series(&[10.0, 10.0, 20.0]));
        let row = Row::ratio("a", "b", Target::AtLeast(0.9), ours, theirs);
        assert!((row.value - 0.8).abs() < 1e-9 && !row.met, "{row:?}");
        assert_eq!(row.spread.map(figure), ["0.6", "1.5"]);
    }

    #[test]
    fn a_limit_itself_is_good_enough() {
        assert!(Target::AtLeast(0.6).is_met_by(0.6) && Target::AtMost(3.0).is_met_by(3.0));
        assert!(!Target::AtLeast(0.6).is_met_by(0.59) && !Target::AtMost(3.0).is_met_by(3.01));
        assert!(!Target::AtLeast(0.6).is_met_by(f64::NAN));
    }

    #[test]
    fn one_measure_is_replaced_and_the_others_stay_where_they_were() {
        let mut record = Record { rows: vec![row("a", "a1"), row("gone", "g"), row("c", "c1")] };
        record.replace("b", vec![row("b", "b1"), row("b", "b2")], &["a", "b", "c"]);
        record.replace("a", vec![row("a", "a2")], &["a", "b", "c"]);
        let names: Vec<_> = record.rows.iter().map(|row| &*row.name).collect();
        assert_eq!(names, ["a2", "b1", "b2", "c1"]);
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        assert_eq!(Record::read(&path).unwrap(), Record::default());
        let record = Record { rows: vec![row("a", "a1").note(["noisy".to_owned()])] };
        record.write(&path).unwrap();
        assert_eq!(Record::read(&path).unwrap(), record);
        fs::write(&path, "{}").unwrap();
        assert!(Record::read(&path).unwrap_err().0.contains("delete it"));
    }

    #[test]
    fn figures_have_as_many_digits_as_mean_something() {
        let shown = [0.6, 3.0, 0.456, 20.0, 39.87, 135_012.4, -1_234.0].map(figure);
        assert_eq!(shown, ["0.6", "3", "0.46", "20", "39.9", "135,012", "-1,234"]);
    }
}
