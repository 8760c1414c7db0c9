//! The part of `docs/benchmarks.md` that is made of the record, between two markers; the rest of
//! the page is written by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::record::{Record, Row, figure};
use super::statistics::Series;
use super::{chart, measures};
use crate::process::{Failure, Outcome};
use crate::workspace;

const BEGIN: &str = "<!-- bench: what follows is written by `cargo xtask bench` -->";
const END: &str = "<!-- bench: end -->";
/// Beside the page.
const CHARTS: &str = "charts";

/// Where everything is written.
pub struct Pages {
    /// All rounds.
    pub record: PathBuf,
    /// For people.
    pub page: PathBuf,
    /// A chart for each measure.
    pub charts: PathBuf,
}

impl Pages {
    /// Those of the repository.
    pub fn committed() -> Self {
        Self::in_folder(&workspace::root().join("docs"))
    }

    /// A copy under `target/`, without an older record.
    pub fn trial() -> Outcome<Self> {
        let pages = Self::in_folder(&workspace::target_directory()?.join("bench-quick"));
        let cannot =
            |error| Failure(format!("{} cannot be written: {error}", pages.page.display()));
        fs::create_dir_all(&pages.charts).map_err(cannot)?;
        fs::copy(Self::committed().page, &pages.page).map_err(cannot)?;
        Record::default().write(&pages.record)?;
        Ok(pages)
    }

    fn in_folder(folder: &Path) -> Self {
        Self {
            record: folder.join("benchmarks.json"),
            page: folder.join("benchmarks.md"),
            charts: folder.join(CHARTS),
        }
    }

    /// Writes the record and the page's part that is made of it.
    pub fn write(&self, record: &Record) -> Outcome {
        record.write(&self.record)?;
        let cannot = |error| Failure(format!("{}: {error}", self.page.display()));
        let page = fs::read_to_string(&self.page).map_err(cannot)?;
        let page = replace_part(&page, &part(record))?;
        fs::write(&self.page, page).map_err(cannot)?;
        fs::create_dir_all(&self.charts).map_err(cannot)?;
        for name in measures::names() {
            let rows = rows_of(record, name);
            if !rows.is_empty() {
                fs::write(self.charts.join(format!("{name}.svg")), drawn(name, &rows))
                    .map_err(cannot)?;
            }
        }
        Ok(())
    }
}

/// `page` with `part` between its markers.
fn replace_part(page: &str, part: &str) -> Outcome<String> {
    let once = |marker| page.matches(marker).count() == 1;
    let (begin, end) = (page.find(BEGIN), page.find(END));
    match (begin, end) {
        (Some(begin), Some(end)) if begin < end && once(BEGIN) && once(END) => {
            Ok(format!("{}{BEGIN}\n\n{}\n\n{}", &page[..begin], part.trim(), &page[end..]))
        }
        _ => Err(Failure(format!(
            "docs/benchmarks.md must have each of these lines once, in this order:\n{BEGIN}\n{END}"
        ))),
    }
}

fn part(record: &Record) -> String {
    let mut text = "\
## The hot path

Server on one processor, load on the other, ours and the peer in turns; medians, and in brackets
the least and the most of the rounds. All rounds are in [benchmarks.json](benchmarks.json).

| measure | ours | compared with | is (rounds) | target | |
|---|--:|--:|--:|--:|---|
"
    .to_owned();
    for row in &record.rows {
        let theirs = row.series.get(1).map_or_else(|| "-".to_owned(), in_a_table);
        let ours = row.series.first().map_or_else(String::new, in_a_table);
        let [least, most] = row.spread.map(figure);
        let (what, target, verdict) = (&row.what, row.target, row.verdict());
        let value = figure(row.value);
        let _ = writeln!(
            text,
            "| {what} | {ours} | {theirs} | {value} ({least} to {most}) | {target} | {verdict} |"
        );
    }
    for name in measures::names() {
        let rows = rows_of(record, name);
        if let Some(first) = rows.first() {
            let _ = write!(text, "\n{}", section(first, &rows));
        }
    }
    text
}

fn rows_of<'a>(record: &'a Record, measure: &str) -> Vec<&'a Row> {
    record.rows.iter().filter(|row| row.measure == measure).collect()
}

/// All series of a measure, each once: rows may share a peer.
fn series_of<'a>(rows: &[&'a Row]) -> Vec<&'a Series> {
    let mut all = Vec::new();
    for series in rows.iter().flat_map(|row| &row.series) {
        if !all.contains(&series) {
            all.push(series);
        }
    }
    all
}

/// The chart of a measure: what has the unit of its first series.
fn drawn(measure: &str, rows: &[&Row]) -> String {
    let ours: Vec<_> = rows.iter().filter_map(|row| row.series.first()).collect();
    let mut series = series_of(rows);
    series.retain(|series| is_comparable(series, &ours));
    let ours: Vec<_> = ours.iter().map(|series| &*series.label).collect();
    chart::svg(measures::about(measure), &series, &ours)
}

/// Whether one chart can show them: both count a second, or have the same unit.
fn is_comparable(series: &Series, ours: &[&Series]) -> bool {
    let rate = |series: &Series| series.unit.ends_with("/s");
    ours.iter().any(|other| other.unit == series.unit || (rate(other) && rate(series)))
}

fn in_a_table(series: &Series) -> String {
    format!("{} {}", figure(series.median()), series.unit)
}

/// What is to be said of a measure: its chart, its rounds, its notes, and how to repeat it.
fn section(first: &Row, rows: &[&Row]) -> String {
    let about = measures::about(&first.measure);
    let mut text = format!(
        "### {about}\n\n![{about}]({CHARTS}/{}.svg)\n\n| | median | rounds |\n|---|--:|---|\n",
        first.measure
    );
    for series in series_of(rows) {
        let rounds: Vec<_> = series.values.iter().map(|value| figure(*value)).collect();
        let (label, median) = (&series.label, in_a_table(series));
        let _ = writeln!(text, "| {label} | {median} | {} |", rounds.join(", "));
    }
    let notes: BTreeSet<_> = rows.iter().flat_map(|row| &row.notes).collect();
    for note in notes {
        let _ = write!(text, "\n- {note}");
    }
    text.push('\n');
    let how = &first.circumstances;
    let _ = write!(text, "\n`{}`, commit {}, {}.\n", how.command, how.commit, how.machine);
    text
}

#[cfg(test)]
mod tests {
    use super::super::record::Target;
    use super::*;

    fn row() -> Row {
        let series = |label: &str, unit, values: &[f64]| Series {
            values: values.to_vec(),
            ..Series::new(label, unit)
        };
        let ours = series("durable holds", "holds/s", &[80_000.0, 81_000.0, 60_000.0]);
        let theirs = series("do-nothing", "requests/s", &[100_000.0, 90_000.0, 100_000.0]);
        let row = Row::ratio("nothing-64", "holds ÷ nothing", Target::AtLeast(0.4), ours, theirs);
        Row { measure: measures::names()[0].to_owned(), ..row }.note(["noisy".to_owned()])
    }

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let page = format!("# By hand\n\n{BEGIN}\nold\n{END}\n\n## By hand, too\n");
        let page = replace_part(&page, "new\n").unwrap();
        assert_eq!(page, format!("# By hand\n\n{BEGIN}\n\nnew\n\n{END}\n\n## By hand, too\n"));
        assert_eq!(replace_part(&page, "new").unwrap(), page);
    }

    #[test]
    fn a_page_without_its_markers_is_not_touched() {
        for page in ["", BEGIN, END, &format!("{END}{BEGIN}"), &format!("{BEGIN}{END}{END}")] {
            assert!(replace_part(page, "new").unwrap_err().0.contains(BEGIN), "{page}");
        }
    }

    #[test]
    fn the_page_of_the_repository_has_its_markers() {
        let page = fs::read_to_string(Pages::committed().page).unwrap();
        assert!(replace_part(&page, "new").is_ok());
    }

    #[test]
    fn a_row_says_its_ratio_its_rounds_its_target_and_whether_it_is_met() {
        let text = part(&Record { rows: vec![row()] });
        let line = "| holds ÷ nothing | 80,000 holds/s | 100,000 requests/s | \
                    0.8 (0.6 to 0.9) | at least 0.4 | met |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| durable holds | 80,000 holds/s | 80,000, 81,000, 60,000 |"));
        assert!(text.contains("\n- noisy\n"), "{text}");
    }

    #[test]
    fn a_peer_that_rows_share_is_drawn_once_and_other_units_are_not() {
        let memory = Series { values: vec![9e9], ..Series::new("memory", "bytes") };
        let (first, second) = (row(), row().with([memory]));
        let drawn = drawn("nothing", &[&first, &second]);
        assert_eq!(drawn.matches("<rect").count(), 2, "{drawn}");
        assert!(!drawn.contains("memory"), "{drawn}");
    }
}
