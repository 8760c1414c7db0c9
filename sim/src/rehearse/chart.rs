//! A rehearsal as a picture: tickets, queue and people inside, one above the other, over the same
//! time. An SVG without scripts, fonts or colours of a page: it is read on white and on black.

use std::fmt::Write as _;

use super::Report;
use super::measure::Sample;
use super::report::duration;
use crate::figures::{float, number};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 94.0;
const PANEL: f64 = 150.0;
const GAP: f64 = 52.0;
const BOTTOM: f64 = 56.0;
/// As many points as there are pixels to tell them apart.
const POINTS_MAX: usize = 800;

/// Greys that stand out from white and from black alike; hues told apart by those who see few
/// (Okabe and Ito's palette).
const TEXT: &str = "#7a7f87";
const GRID: &str = "#8a8f9855";
const SOLD: &str = "#009e73";
const HELD: &str = "#e69f00";
const WAITING: &str = "#0072b2";
const INSIDE: &str = "#cc79a7";

/// Draws the chart.
pub fn svg(report: &Report) -> String {
    let samples = thinned(&report.samples);
    let scale = Scale::of(&samples);
    let panels: Vec<Panel> = panels(report, &samples);
    let height = TOP + float(panels.len() as u64) * (PANEL + GAP) - GAP + BOTTOM;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"system-ui, sans-serif\" \
         font-size=\"13\" fill=\"{TEXT}\" role=\"img\">\n"
    );
    write_title(&mut out, report);
    let mut top = TOP;
    for panel in &panels {
        write_panel(&mut out, panel, &samples, &scale, top);
        top += PANEL + GAP;
    }
    write_time_axis(&mut out, &scale, panels.len(), top - GAP);
    out.push_str("</svg>\n");
    out
}

/// Where a time is from left to right.
struct Scale {
    from_ms: i64,
    to_ms: i64,
}

impl Scale {
    fn of(samples: &[Sample]) -> Self {
        let from_ms = samples.first().map_or(0, |sample| sample.at_ms);
        let to_ms = samples.last().map_or(1, |sample| sample.at_ms).max(from_ms + 1);
        Self { from_ms, to_ms }
    }

    fn x(&self, at_ms: i64) -> f64 {
        let (passed, all) = (at_ms - self.from_ms, self.to_ms - self.from_ms);
        let share = float(passed.max(0).unsigned_abs()) / float(all.unsigned_abs());
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }
}

struct Panel {
    title: &'static str,
    max: u64,
    /// A line to compare with, and what it is.
    limit: Option<(u64, &'static str)>,
    /// Drawn one on top of the other.
    areas: Vec<Area>,
}

struct Area {
    name: &'static str,
    colour: &'static str,
    from: fn(&Sample) -> u32,
    to: fn(&Sample) -> u32,
}

fn panels(report: &Report, samples: &[Sample]) -> Vec<Panel> {
    let most = |of: fn(&Sample) -> u32| samples.iter().map(of).max().map_or(0, u64::from);
    let area = |name, colour, from, to| Area { name, colour, from, to };
    let mut panels = vec![Panel {
        title: "Tickets",
        max: most(|sample| sample.sold + sample.held).max(report.capacity.into()),
        limit: Some((report.capacity.into(), "all tickets")),
        areas: vec![
            area("sold", SOLD, |_| 0, |sample| sample.sold),
            area("held", HELD, |sample| sample.sold, |sample| sample.sold + sample.held),
        ],
    }];
    if report.queue.is_some() || report.waiting_at_end > 0 {
        panels.push(Panel {
            title: "People in the queue",
            max: most(|sample| sample.waiting),
            limit: None,
            areas: vec![area("waiting", WAITING, |_| 0, |sample| sample.waiting)],
        });
        panels.push(Panel {
            title: "People inside",
            max: most(|sample| sample.inside),
            limit: None,
            areas: vec![area("inside", INSIDE, |_| 0, |sample| sample.inside)],
        });
    }
    panels
}

fn write_title(out: &mut String, report: &Report) {
    let outcome = report
        .sold_out_after_ms
        .map_or_else(|| "not sold out".to_owned(), |ms| format!("sold out after {}", duration(ms)));
    let queue = report.queue.map_or_else(String::new, |queue| {
        let (half, most) = (duration(queue.p50_ms), duration(queue.p95_ms));
        format!(" · queue: half {half}, 95 % {most} or less")
    });
    let _ = writeln!(
        out,
        "<title>{name}</title>\n<text x=\"{LEFT}\" y=\"26\" font-size=\"19\" \
         font-weight=\"600\">{name}</text>\n<text x=\"{LEFT}\" y=\"46\">{buyers} buyers for \
         {capacity} tickets · {outcome}{queue}</text>",
        name = escaped(&report.event),
        buyers = number(report.buyers.into()),
        capacity = number(report.capacity.into()),
    );
}

fn write_panel(out: &mut String, panel: &Panel, samples: &[Sample], scale: &Scale, top: f64) {
    let bottom = top + PANEL;
    let step = nice_step(panel.max);
    // Up to the next tick.
    let ceiling = (panel.max.div_ceil(step) * step).max(step);
    let y = |value: u64| bottom - float(value) / float(ceiling) * PANEL;
    write_legend(out, panel, top - 9.0);
    for value in (0..=ceiling).step_by(step as usize) {
        let (at, right) = (y(value), WIDTH - RIGHT);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"{GRID}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.5,
            number(value)
        );
    }
    for area in &panel.areas {
        let _ = writeln!(
            out,
            "<path d=\"{}\" fill=\"{colour}\" fill-opacity=\"0.45\" stroke=\"{colour}\" \
             stroke-width=\"1.5\" stroke-linejoin=\"round\"/>",
            outline(area, samples, scale, &y),
            colour = area.colour
        );
    }
    if let Some((value, _)) = panel.limit {
        let (at, right) = (y(value), WIDTH - RIGHT);
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"{TEXT}\" \
             stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>"
        );
    }
}

/// Along the upper edge and back along the lower one.
fn outline(area: &Area, samples: &[Sample], scale: &Scale, y: &dyn Fn(u64) -> f64) -> String {
    let point = |sample: &Sample, value: u32| {
        format!("{:.1} {:.1}", scale.x(sample.at_ms), y(value.into()))
    };
    let upper = samples.iter().map(|sample| point(sample, (area.to)(sample)));
    let lower = samples.iter().rev().map(|sample| point(sample, (area.from)(sample)));
    format!("M{}Z", upper.chain(lower).collect::<Vec<_>>().join("L"))
}

fn write_legend(out: &mut String, panel: &Panel, y: f64) {
    let _ =
        writeln!(out, "<text x=\"{LEFT}\" y=\"{y:.1}\" font-weight=\"600\">{}</text>", panel.title);
    let mut x = LEFT + 160.0;
    for area in &panel.areas {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" rx=\"2\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            y - 10.5,
            area.colour,
            x + 18.0,
            area.name
        );
        x += 90.0;
    }
    if let Some((_, name)) = panel.limit {
        let _ = writeln!(
            out,
            "<line x1=\"{x:.1}\" x2=\"{:.1}\" y1=\"{1:.1}\" y2=\"{1:.1}\" stroke=\"{TEXT}\" \
             stroke-width=\"1.5\" stroke-dasharray=\"6 4\"/>\
             <text x=\"{2:.1}\" y=\"{y:.1}\">{name}</text>",
            x + 22.0,
            y - 4.5,
            x + 30.0
        );
    }
}

fn write_time_axis(out: &mut String, scale: &Scale, panels: usize, y: f64) {
    let step_ms = time_step(scale.to_ms - scale.from_ms);
    let first = scale.from_ms.div_euclid(step_ms) * step_ms;
    let mut at = if first < scale.from_ms { first + step_ms } else { first };
    while at <= scale.to_ms {
        let x = scale.x(at);
        for panel in 0..panels {
            let top = TOP + float(panel as u64) * (PANEL + GAP);
            let _ = writeln!(
                out,
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top:.1}\" y2=\"{:.1}\" \
                 stroke=\"{GRID}\"/>",
                top + PANEL
            );
        }
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            y + 21.0,
            time_label(at, step_ms)
        );
        at += step_ms;
    }
    let x = f64::midpoint(LEFT, WIDTH - RIGHT);
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">time from the opening on</text>",
        y + 43.0
    );
}

/// 1, 2 or 5 times a power of ten, so that a panel has at most five ticks above zero.
fn nice_step(max: u64) -> u64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if step * factor * 5 >= max {
                return step * factor;
            }
        }
        step *= 10;
    }
}

/// A step that people count time in, so that there are at most twelve.
fn time_step(all_ms: i64) -> i64 {
    const SECONDS: [i64; 13] = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400];
    let fits = SECONDS.iter().find(|seconds| **seconds * 1_000 * 12 >= all_ms);
    fits.copied().unwrap_or(86_400) * 1_000
}

fn time_label(at_ms: i64, step_ms: i64) -> String {
    match (at_ms, step_ms) {
        (0, _) => "opening".to_owned(),
        (_, ..60_000) => format!("{} s", at_ms / 1_000),
        (_, ..3_600_000) => format!("{} min", at_ms / 60_000),
        _ => format!("{} h", at_ms / 3_600_000),
    }
}

/// Not more samples than can be seen, the last always among them.
fn thinned(samples: &[Sample]) -> Vec<Sample> {
    let every = samples.len().div_ceil(POINTS_MAX).max(1);
    let mut thinned: Vec<_> = samples.iter().copied().step_by(every).collect();
    if thinned.last() != samples.last() {
        thinned.extend(samples.last());
    }
    thinned
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        assert_eq!([1, 5, 6, 11, 50_000, 730_000].map(nice_step), [1, 1, 2, 5, 10_000, 200_000]);
        assert_eq!(time_step(55_000), 5_000);
        assert_eq!(time_step(2 * 3_600_000), 600_000);
        assert_eq!(time_label(-600_000, 600_000), "-10 min");
    }

    #[test]
    fn the_last_sample_is_always_drawn() {
        let sample = |at_ms| Sample { at_ms, ..Sample::default() };
        let samples: Vec<_> = (0..5_000).map(sample).collect();
        let thinned = thinned(&samples);
        assert!(thinned.len() <= POINTS_MAX + 1);
        assert_eq!(thinned.last(), samples.last());
    }

    #[test]
    fn a_name_cannot_break_the_picture() {
        assert_eq!(escaped("<Rock & Roll>"), "&lt;Rock &amp; Roll&gt;");
    }
}
