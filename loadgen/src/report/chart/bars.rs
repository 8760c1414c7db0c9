//! A chart of bars, each with its name: side by side, with the value at its end.

use std::fmt::Write;

use super::axis::{Axis, Scale};
use super::frame::{Frame, width_of};
use super::{Color, Size, escape};

const ROW: f64 = 26.0;

/// Bars from left to right, one below the other: names stay readable however long they are.
#[derive(Clone, Debug, PartialEq)]
pub struct BarChart {
    /// Above it.
    pub title: String,
    /// What the bars count. Bars begin at 0, so it is linear whatever it says.
    pub value: Axis,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Before it.
    pub name: String,
    /// How long it is; what is negative or not finite has no bar.
    pub value: f64,
    /// Its colour.
    pub color: Color,
}

impl BarChart {
    /// As SVG, `width` wide and as high as it needs to be.
    pub fn svg(&self, width: f64) -> String {
        let rows = u32::try_from(self.bars.len().max(1)).unwrap_or(u32::MAX);
        let size = Size { width, height: 74.0 + f64::from(rows) * ROW };
        let mut frame = Frame::new(size, &self.title, &self.description(), &[]);
        frame.name(frame.left, frame.top + 10.0, "start", &self.value.label);
        frame.top += 22.0;
        if self.bars.is_empty() {
            frame.nothing();
        }
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| width_of(&text)).fold(0.0, f64::max) + 10.0
        };
        let values = widest(&mut self.bars.iter().map(|bar| self.value.unit.full(bar.value)));
        let names = widest(&mut self.bars.iter().map(|bar| bar.name.clone()));
        frame.right -= values;
        frame.left += names.min((frame.right - frame.left) / 2.0);
        let axis = Axis::linear(self.value.label.clone(), self.value.unit);
        let scale = Scale::of(&axis, self.bars.iter().map(|bar| bar.value), 5, true);
        for (index, bar) in (0_u32..).zip(&self.bars) {
            let top = frame.top + f64::from(index) * ROW;
            self.draw(&mut frame, &scale, bar, top);
        }
        frame.finish()
    }

    fn draw(&self, frame: &mut Frame, scale: &Scale, bar: &Bar, top: f64) {
        let end = frame.x(scale, bar.value).unwrap_or(frame.left).max(frame.left);
        let value = self.value.unit.full(bar.value);
        frame.label(frame.left - 8.0, top + 14.0, "end", &bar.name);
        let mut markup = String::new();
        let _ = write!(
            markup,
            "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"18\" rx=\"3\" \
             style=\"fill:var(--{})\"><title>{}: {}</title></rect>",
            frame.left,
            end - frame.left,
            bar.color.class(),
            escape(&bar.name),
            escape(&value),
        );
        frame.draw(&markup);
        frame.label(end + 6.0, top + 14.0, "start", &value);
    }

    fn description(&self) -> String {
        let bars = self
            .bars
            .iter()
            .map(|bar| format!("{}: {}.", bar.name, self.value.unit.full(bar.value)));
        let bars: Vec<String> = bars.collect();
        format!("{}. {}", self.value.label, bars.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Unit;
    use super::*;

    fn widths(svg: &str) -> Vec<f64> {
        let parts = svg.split("height=\"18\"").filter_map(|part| part.rsplit_once("width=\""));
        parts.filter_map(|(_, rest)| rest.trim_end_matches(['"', ' ']).parse().ok()).collect()
    }

    #[test]
    fn bars_are_as_long_as_their_values_and_say_them() {
        let bar = |name: &str, value| Bar { name: name.to_owned(), value, color: Color::Blue };
        let value = Axis::linear("a second", Unit::Number);
        let bars = vec![bar("ours <1>", 20_000.0), bar("theirs", 5_000.0), bar("none", f64::NAN)];
        let svg = BarChart { title: "Holds".to_owned(), value, bars }.svg(600.0);
        let widths = widths(&svg);
        assert!((widths[0] / widths[1] - 4.0).abs() < 0.01, "{widths:?}");
        assert!(svg.contains(">20,000</text>") && svg.contains("ours &lt;1&gt;: 20,000"));
        assert!(!svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn no_bars_are_said() {
        let value = Axis::linear("", Unit::Number);
        let svg = BarChart { title: String::new(), value, bars: Vec::new() }.svg(600.0);
        assert!(svg.contains("nothing was recorded"));
    }
}
