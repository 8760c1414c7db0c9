//! The report as one page that can be sent to others: everything is in the file, nothing is loaded.
//!
//! Every chart has its values as a table behind it. All text is escaped; the page has no address in
//! it that a browser would follow.

mod charts;
mod markup;

use self::charts::Figure;
use self::markup::{all, figure, list, rows, table};
use super::chart::escape;
use super::histogram_log::Tagged;
use super::verdict::{self, Standing};
use super::{Report, figures, table as text};
use crate::outcome::Outcome;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("told.js");

/// The page of a run.
pub fn page(report: &Report, latencies: &[Tagged]) -> String {
    let sentence = verdict::sentence(report);
    let mut body = head(report, &sentence);
    body.push_str(&key_figures(report));
    body.push_str(&complaints(report));
    body.push_str("<h2>How it went</h2>\n");
    for Figure { wide, narrow, caption, table } in charts::all(report, latencies) {
        body.push_str(&figure(&wide, &narrow, caption, &table));
    }
    body.push_str(&tables(report));
    body.push_str(&assumptions(report));
    document(&sentence, &body)
}

/// A page of its own around `body`, which is markup; `title` is text.
pub(crate) fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        escape(title)
    )
}

fn head(report: &Report, sentence: &str) -> String {
    let run = &report.outcome.run;
    let (class, word) = match verdict::standing(report) {
        Standing::Good => ("good", "Nothing found wrong"),
        Standing::Doubtful => ("doubtful", "Read the reservations"),
        Standing::Wrong => ("wrong", "Wrong"),
    };
    let subject = format!(
        "{} on {}. Arrivals: {}. {}, {} measured.",
        run.workload,
        run.target,
        run.arrivals,
        figures::moment(run.started_at_unix_ms),
        figures::duration_us(figures::float(run.duration_ms) * 1_000.0),
    );
    format!(
        "<header>\n<span class=\"standing {class}\">{word}</span>\n<h1>{}</h1>\n\
         <p class=\"soft\">{}</p>\n</header>\n",
        escape(sentence),
        escape(&subject)
    )
}

fn key_figures(report: &Report) -> String {
    let Outcome { totals, .. } = &report.outcome;
    let seconds = verdict::seconds(&report.outcome);
    let a_second = |count| figures::number(figures::float(count) / seconds);
    let figures = [
        ("people / s", figures::number(verdict::people_per_s(&report.outcome).unwrap_or(0.0))),
        ("requests / s", a_second(totals.requests)),
        ("half within", figures::latency_us(report.together.p50_us)),
        ("99 of 100 within", figures::latency_us(report.together.p99_us)),
        ("tickets sold", figures::count(totals.sold_tickets)),
        ("refused", figures::count(totals.refused)),
        ("failed", figures::count(totals.failed)),
        ("connections", figures::count(totals.connections_max)),
    ];
    let cells = figures
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(&value)));
    format!("<dl class=\"figures\">\n{}</dl>\n", cells.concat())
}

/// What speaks against the run.
fn complaints(report: &Report) -> String {
    let outcome = &report.outcome;
    let lists = [
        ("bad", "What must not have happened, and did", &outcome.violations),
        ("warn", "What was asked for, and was missed", &report.missed),
        ("warn", "Why these figures are to be doubted", &outcome.generator.doubts),
    ];
    all(&lists, |(class, title, found)| {
        if found.is_empty() {
            return String::new();
        }
        format!("<section class=\"card {class}\"><h2>{title}</h2>{}</section>\n", list(found))
    })
}

fn tables(report: &Report) -> String {
    let Outcome { refusals, failures, .. } = &report.outcome;
    let steps = text::steps(report);
    let mut tables = format!(
        "<h2>Steps of a purchase</h2>\n<p class=\"soft\">Corrected counts from when a request \
         was meant to be sent: what people felt. Raw counts from when it was sent.</p>\n{}",
        table("Latency of each step", &steps)
    );
    for (title, what, counts) in [("Refusals", "code", refusals), ("Failures", "kind", failures)] {
        let mut cells = vec![vec![what.to_owned(), "count".to_owned()]];
        let counts = text::counts(counts);
        cells.extend(counts.into_iter().map(|(name, n)| vec![name.to_owned(), figures::count(n)]));
        let shown = match cells.len() {
            1 => "<p>None.</p>\n".to_owned(),
            _ => table(title, &cells),
        };
        tables.extend(["<h2>", title, "</h2>\n", &shown]);
    }
    tables
}

fn assumptions(report: &Report) -> String {
    let Report { outcome, machine, .. } = report;
    let run = &outcome.run;
    let known = [
        ("Processor", format!("{}, {} cores", machine.processor, machine.cores)),
        ("Memory", figures::bytes(figures::float(machine.memory_bytes))),
        ("System", machine.kernel.clone()),
        ("Generator", text::generator(outcome)),
        ("Server", text::server(outcome)),
        ("Model", format!("{}, {} threads, seed {}", run.model, run.threads, run.seed)),
        ("Objective", report.objective.clone().unwrap_or_else(|| "none was given".to_owned())),
    ];
    let notes = [
        "The generator ran on the machine above. With a loopback target the server ran there too, \
         shared its cores, and no network was between them.",
        "In the open model people come by the schedule whether or not the server keeps up, so a \
         slow answer does not thin out the load.",
        "Requests that the server holds back until there is news (long polls) are not in the \
         latency of all steps together; each has its own line in the table of steps.",
        "The seed repeats who comes and what they intend, not what the server answers.",
    ];
    format!(
        "<h2>Machine and assumptions</h2>\n{}{}",
        rows("Machine and assumptions", &known),
        list(&notes.map(str::to_owned))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn example_page() -> String {
        let (report, latencies) = example::report();
        page(&report, &latencies)
    }

    #[test]
    fn the_page_loads_nothing() {
        let page = example_page();
        for loading in ["<link", " src=", " href=", "@import", "url(", "<img", "<iframe", "fetch("]
        {
            assert!(!page.contains(loading), "{loading:?} is in the page");
        }
        let addresses = page.replace("http://www.w3.org/2000/svg", "");
        let addresses = addresses.replace("http://127.0.0.1:8080", "");
        assert!(!addresses.contains("http"), "an address from elsewhere");
    }

    #[test]
    fn every_chart_is_there_for_screen_phone_and_reader() {
        let page = example_page();
        for title in [
            "Requests a second",
            "Latency second by second",
            "Queue, holds and sales",
            "Latency by share of requests",
        ] {
            assert_eq!(page.matches(&format!("<title>{title}</title>")).count(), 2, "{title}");
        }
        assert_eq!(page.matches("<figure").count(), 4);
        assert_eq!(page.matches("role=\"img\"").count(), 8);
        assert_eq!(page.matches("<details>").count(), 4);
        assert!(page.contains("<td>7,360</td>") || page.contains("<td>7,397</td>"));
    }

    #[test]
    fn the_title_is_the_verdict() {
        let page = example_page();
        assert!(page.contains("<title>1,840 people a second: half of the answers"), "{page}");
        assert!(page.contains("Nothing found wrong"));
    }

    #[test]
    fn text_from_outside_stays_text() {
        let (mut report, latencies) = example::report();
        let evil = "</script><script>alert(1)</script>";
        report.outcome.run.workload = evil.to_owned();
        report.outcome.violations = vec![evil.to_owned()];
        report.outcome.generator.doubts = vec![evil.to_owned()];
        report.outcome.refusals.insert(evil.to_owned(), 1);
        report.outcome.steps[0].name = evil.to_owned();
        report.machine.processor = evil.to_owned();
        let page = page(&report, &latencies);
        assert!(!page.contains("<script>alert"));
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(page.contains("&lt;script&gt;alert(1)"));
    }

    #[test]
    fn a_run_of_nothing_still_makes_a_page() {
        let (mut report, _) = example::report();
        report.outcome.series.clear();
        report.outcome.steps.clear();
        report.outcome.run.duration_ms = 0;
        report.outcome.server = None;
        let page = page(&report, &[]);
        assert!(page.contains("nothing was recorded") && !page.contains("NaN"));
    }
}
