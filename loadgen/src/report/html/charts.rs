//! The charts of the page, with what is behind them.

use super::super::chart::{Axis, Color, LineChart, Series, Size, Unit};
use super::super::figures::{self, float};
use super::{Report, Tagged};
use crate::outcome::Second;

/// Where the last point of a distribution is: one in a million is slower.
const ONE_IN_MAX: f64 = 1e6;
/// Rows of a table behind a chart: more would be read by nobody; the JSON file has all.
const ROWS_MAX: usize = 600;

/// A chart, drawn twice, and the table behind it, heading first.
pub(super) struct Figure {
    pub(super) wide: String,
    pub(super) narrow: String,
    pub(super) caption: &'static str,
    pub(super) table: Vec<Vec<String>>,
}

/// All charts, in their order.
pub(super) fn all(report: &Report, latencies: &[Tagged]) -> Vec<Figure> {
    let series = report.outcome.series.as_slice();
    let mut all = vec![throughput(series), latency(series)];
    if series.iter().any(|second| second.queued.or(second.held).or(second.sold).is_some()) {
        all.push(stock(series));
    }
    if !latencies.is_empty() {
        all.push(distribution(latencies));
    }
    all
}

fn throughput(series: &[Second]) -> Figure {
    let lines = vec![
        over_time(series, "offered", Color::Gray, |second| Some(second.requests)),
        over_time(series, "answered", Color::Blue, |second| Some(second.succeeded)),
        over_time(series, "refused", Color::Orange, |second| Some(second.refused)),
        over_time(series, "failed", Color::Red, |second| Some(second.failed)),
    ];
    let y = Axis::linear("requests a second", Unit::Number);
    let caption = "What was sent each second, and how it was answered.";
    timed("Requests a second", y, lines, caption)
}

fn latency(series: &[Second]) -> Figure {
    let lines = vec![
        over_time(series, "p50: half were faster", Color::Blue, |second| Some(second.p50_us)),
        over_time(series, "p99: 99 of 100 were faster", Color::Orange, |second| {
            Some(second.p99_us)
        }),
        over_time(series, "generator late", Color::Gray, |second| Some(second.lateness_us)),
    ];
    let y = Axis::logarithmic("from the moment it was meant to be sent", Unit::Latency);
    let caption = "All steps together. Each line across is the same factor above the one below.";
    timed("Latency second by second", y, lines, caption)
}

fn stock(series: &[Second]) -> Figure {
    let lines = vec![
        over_time(series, "queued", Color::Gray, |second| second.queued),
        over_time(series, "held", Color::Orange, |second| second.held),
        over_time(series, "sold", Color::Green, |second| second.sold),
    ];
    let y = Axis::linear("people queued, tickets held and sold", Unit::Number);
    let caption = "At the end of each second, as the server says.";
    timed("Queue, holds and sales", y, lines, caption)
}

/// The usual plot of a latency histogram: each step to the right is ten times as rare.
fn distribution(latencies: &[Tagged]) -> Figure {
    let corrected = latencies.iter().filter(|tagged| !tagged.is_raw());
    let shown: Vec<&Tagged> = corrected.filter(|tagged| !tagged.histogram.is_empty()).collect();
    let lines = shown.iter().map(|tagged| Series::new(tagged.tag.clone(), rarities(tagged)));
    let chart = LineChart {
        title: "Latency by share of requests".to_owned(),
        x: Axis::logarithmic("share of requests that were faster", Unit::OneIn),
        y: Axis::logarithmic("from the moment it was meant to be sent", Unit::Latency),
        series: lines.collect(),
    };
    let mut heading = vec!["faster".to_owned()];
    heading.extend(shown.iter().map(|tagged| tagged.tag.clone()));
    let mut table = vec![heading];
    for one_in in [2.0, 4.0, 10.0, 20.0, 100.0, 1e3, 1e4, 1e5] {
        let mut row = vec![Unit::OneIn.full(one_in)];
        row.extend(shown.iter().map(|tagged| {
            let us = tagged.histogram.value_at_quantile(1.0 - 1.0 / one_in);
            figures::latency_us(us)
        }));
        table.push(row);
    }
    let caption =
        "Each step of a purchase, corrected. Each mark to the right is ten times as rare.";
    drawn(&chart, caption, table)
}

/// From one in one to as rare as there are values for.
fn rarities(tagged: &Tagged) -> Vec<(f64, f64)> {
    let rarest = float(tagged.histogram.len()).min(ONE_IN_MAX);
    let steps = (rarest.log10() * 16.0).ceil() as i32;
    let rarity = |step: i32| 10_f64.powf(f64::from(step) / 16.0).min(rarest);
    (0..=steps)
        .map(rarity)
        .map(|one_in| {
            let us = tagged.histogram.value_at_quantile(1.0 - 1.0 / one_in);
            (one_in, float(us.max(1)))
        })
        .collect()
}

fn over_time(
    series: &[Second],
    name: &str,
    color: Color,
    of: fn(&Second) -> Option<u64>,
) -> Series {
    let value = |second: &Second| of(second).map_or(f64::NAN, float);
    let points = series.iter().map(|second| (float(second.at_s), value(second)));
    Series::new(name, points.collect()).colored(color)
}

fn timed(title: &str, y: Axis, series: Vec<Series>, caption: &'static str) -> Figure {
    let x = Axis::linear("time since the start", Unit::Seconds);
    let chart = LineChart { title: title.to_owned(), x, y, series };
    let mut heading = vec!["second".to_owned()];
    heading.extend(chart.series.iter().map(|series| series.name.clone()));
    let mut table = vec![heading];
    let count = chart.series.first().map_or(0, |series| series.points.len());
    for index in (0..count).step_by(count.div_ceil(ROWS_MAX).max(1)) {
        let mut row = vec![figures::number(chart.series[0].points[index].0)];
        row.extend(chart.series.iter().map(|series| chart.y.unit.full(series.points[index].1)));
        table.push(row);
    }
    drawn(&chart, caption, table)
}

fn drawn(chart: &LineChart, caption: &'static str, table: Vec<Vec<String>>) -> Figure {
    let (wide, narrow) = (chart.svg(Size::WIDE), chart.svg(Size::NARROW));
    Figure { wide, narrow, caption, table }
}
