//! A chart of lines over an axis of numbers, most often time.

use std::fmt::Write;

use super::axis::{Axis, Scale};
use super::frame::Frame;
use super::{Color, Series, Size, escape};

/// What the reader can point at: more would be narrower than a pixel.
const COLUMNS_MAX: usize = 240;

/// Lines over an axis of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct LineChart {
    /// Above it.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The lines, the most important last: it is drawn on top.
    pub series: Vec<Series>,
}

impl LineChart {
    /// As SVG. Each column of values has them as a tooltip.
    pub fn svg(&self, size: Size) -> String {
        let colors: Vec<Color> = self
            .series
            .iter()
            .enumerate()
            .map(|(index, series)| Color::of(index, series.color))
            .collect();
        let names = self.series.iter().map(|series| series.name.as_str());
        let legend: Vec<(&str, Color)> = names.zip(colors.iter().copied()).collect();
        let mut frame = Frame::new(size, &self.title, &self.description(), &legend);
        let marks = if size.width < 500.0 { 4 } else { 8 };
        let xs = Scale::of(&self.x, self.points().map(|point| point.0), marks, true);
        let ys = Scale::of(&self.y, self.points().map(|point| point.1), 5, false);
        frame.axes((&self.x, &xs), (&self.y, &ys));
        if self.points().next().is_none() {
            frame.nothing();
        }
        for (series, color) in self.series.iter().zip(&colors) {
            let line = line(&frame, &xs, &ys, series, *color);
            frame.draw(&line);
        }
        let columns = self.columns(&frame, &xs);
        frame.draw(&columns);
        frame.finish()
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.series.iter().flat_map(|series| series.points.iter().copied())
    }

    /// Each line's range, for those who do not see it.
    fn description(&self) -> String {
        let mut text = format!("{} by {}.", self.y.label, self.x.label);
        for series in &self.series {
            let values =
                series.points.iter().map(|point| point.1).filter(|value| value.is_finite());
            let ends = values.fold(None, |ends: Option<(f64, f64)>, value| {
                Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
            });
            if let Some((low, high)) = ends {
                let (low, high) = (self.y.unit.full(low), self.y.unit.full(high));
                let _ = write!(text, " {}: from {low} to {high}.", series.name);
            }
        }
        text
    }

    /// An invisible column for each value from left to right, with the values of all lines there.
    fn columns(&self, frame: &Frame, scale: &Scale) -> String {
        let mut all: Vec<f64> =
            self.points().map(|point| point.0).filter(|x| x.is_finite()).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        let every = all.len().div_ceil(COLUMNS_MAX).max(1);
        let shown: Vec<f64> = all.into_iter().step_by(every).collect();
        let places: Vec<f64> =
            shown.iter().map(|x| frame.x(scale, *x).unwrap_or(frame.left)).collect();
        let mut columns = String::new();
        for (index, x) in shown.iter().enumerate() {
            let at = places[index];
            let from = if index == 0 { at - 4.0 } else { f64::midpoint(places[index - 1], at) };
            let to = places.get(index + 1).map_or(at + 4.0, |next| f64::midpoint(at, *next));
            let _ = writeln!(
                columns,
                "<rect class=\"h\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
                 <title>{}</title></rect>",
                frame.top,
                to - from,
                frame.bottom - frame.top,
                escape(&self.at(*x)),
            );
        }
        columns
    }

    /// What all lines say at `x`.
    fn at(&self, x: f64) -> String {
        let mut text = self.x.unit.full(x);
        for series in &self.series {
            #[expect(clippy::float_cmp, reason = "it is one of theirs")]
            let here = series.points.iter().find(|point| point.0 == x);
            if let Some((_, value)) = here {
                let _ = write!(text, "\n{}: {}", series.name, self.y.unit.full(*value));
            }
        }
        text
    }
}

/// A line with its gaps; a point alone is a dot.
fn line(frame: &Frame, xs: &Scale, ys: &Scale, series: &Series, color: Color) -> String {
    let class = color.class();
    let places = series.points.iter().map(|(x, y)| frame.x(xs, *x).zip(frame.y(ys, *y)));
    let places: Vec<Option<(f64, f64)>> = places.collect();
    let mut drawn = String::new();
    for part in places.split(Option::is_none) {
        let points: Vec<(f64, f64)> = part.iter().copied().flatten().collect();
        match points[..] {
            [] => {}
            [(x, y)] => {
                let _ = write!(
                    drawn,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" style=\"fill:var(--{class})\"/>"
                );
            }
            _ => {
                let _ = write!(
                    drawn,
                    "<polyline class=\"l\" style=\"stroke:var(--{class})\" points=\""
                );
                for (x, y) in points {
                    let _ = write!(drawn, "{x:.1},{y:.1} ");
                }
                drawn.push_str("\"/>");
            }
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::super::Unit;
    use super::*;

    fn chart(series: Vec<Series>, y: Axis) -> String {
        let x = Axis::linear("time", Unit::Seconds);
        LineChart { title: "A & <b>".to_owned(), x, y, series }.svg(Size::WIDE)
    }

    #[test]
    fn each_line_is_named_drawn_and_told_by_pointing_at_it() {
        let svg = chart(
            vec![
                Series::new("offered", vec![(0.0, 100.0), (1.0, 2_000.0)]),
                Series::new("<answered>", vec![(0.0, 90.0), (1.0, 1_840.0)]).colored(Color::Red),
            ],
            Axis::linear("a second", Unit::Number),
        );
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(svg.contains("A &amp; &lt;b&gt;") && !svg.contains("<answered>"));
        assert!(svg.contains("1 s\noffered: 2,000\n&lt;answered&gt;: 1,840"), "{svg}");
        assert!(svg.contains("offered: from 100 to 2,000."), "{svg}");
        assert!(svg.contains("stroke:var(--c-red)"));
    }

    #[test]
    fn what_has_no_place_is_a_gap() {
        let points = vec![(0.0, 10.0), (1.0, 20.0), (2.0, 0.0), (3.0, 20.0), (4.0, 40.0)];
        let svg = chart(vec![Series::new("p99", points)], Axis::logarithmic("", Unit::Latency));
        assert_eq!(svg.matches("<polyline").count(), 2);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn one_point_is_seen_and_none_is_said() {
        let axis = Axis::linear("", Unit::Number);
        let one = chart(vec![Series::new("a", vec![(1.0, 5.0)])], axis.clone());
        assert!(one.contains("<circle") && !one.contains("NaN"), "{one}");
        assert!(chart(Vec::new(), axis).contains("nothing was recorded"));
    }

    #[test]
    fn a_day_of_seconds_has_no_more_columns_than_can_be_pointed_at() {
        let points = (0..86_400).map(|at| (f64::from(at), 1.0)).collect();
        let svg = chart(vec![Series::new("a", points)], Axis::linear("", Unit::Number));
        assert!(svg.matches("class=\"h\"").count() <= COLUMNS_MAX);
    }
}
