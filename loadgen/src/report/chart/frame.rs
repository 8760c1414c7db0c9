//! What is around the lines and bars of a chart: its size, colours, axes and legend.

use std::fmt::Write;

use super::axis::{Axis, Scale};
use super::{Color, Size, escape};

/// For an image without a page around it as well; inside a page every chart says the same.
const STYLE: &str = "\
.chart{font:12px system-ui,sans-serif;--ink:#3d4451;--faint:#dfe3e8;--paper:#fff;--c-blue:#1f5fbf;\
--c-orange:#c4560a;--c-green:#0b7a55;--c-pink:#ad2f75;--c-sky:#2a8fbd;--c-gold:#8f6a00;\
--c-gray:#77808c;--c-red:#c0202b}\
@media(prefers-color-scheme:dark){.chart{--ink:#c4cad4;--faint:#333a45;--paper:#171b21;\
--c-blue:#6ea8ff;--c-orange:#ff9d57;--c-green:#3fca97;--c-pink:#f08bc0;--c-sky:#7fd0f5;\
--c-gold:#e3bf4f;--c-gray:#97a1ae;--c-red:#ff6b6b}}\
.chart text{fill:var(--ink)}\
.chart .s{fill:var(--c-gray)}.chart .t{font-weight:600;font-size:14px}\
.chart .g{stroke:var(--faint)}\
.chart .l{fill:none;stroke-width:2;stroke-linejoin:round}.chart .h{fill:transparent}\
.chart .h:hover{fill:var(--ink);fill-opacity:.09}.chart .p{fill:var(--paper)}";

/// About the width of a character of the axes' text.
const CHARACTER: f64 = 6.8;
const LINE: f64 = 18.0;
const MARGIN: f64 = 12.0;

/// A chart's picture while it is drawn.
pub(super) struct Frame {
    size: Size,
    svg: String,
    /// Of the area where values are: its left, top, right and bottom edge.
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Frame {
    /// A picture with its title and legend, `description` being what is said to those who do not
    /// see it.
    pub(super) fn new(
        size: Size,
        title: &str,
        description: &str,
        legend: &[(&str, Color)],
    ) -> Self {
        let Size { width, height } = size;
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" \
             width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             aria-label=\"{label}\"><style>{STYLE}</style><title>{title}</title>\
             <rect class=\"p\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\
             <text class=\"t\" x=\"{MARGIN}\" y=\"24\">{title}</text>\n",
            title = escape(title),
            label = escape(&format!("{title}. {description}")),
        );
        let (left, right, bottom) = (MARGIN, width - MARGIN - 8.0, height - MARGIN);
        let mut frame = Self { size, svg, left, top: 32.0, right, bottom };
        frame.legend(legend);
        frame
    }

    /// Axes with their marks. Afterwards the area is what they left.
    pub(super) fn axes(&mut self, x: (&Axis, &Scale), y: (&Axis, &Scale)) {
        self.value_axis(y.0, y.1);
        let (axis, scale) = x;
        let mut free_from = 0.0;
        for mark in &scale.marks {
            let text = axis.unit.short(*mark);
            let half = width_of(&text) / 2.0;
            let Some(at) = self.x(scale, *mark) else { continue };
            if at - half < free_from || at > self.right + 1.0 {
                continue;
            }
            free_from = at + half + CHARACTER;
            let middle = at.min(self.size.width - half - 2.0);
            self.label(middle, self.bottom + 17.0, "middle", &text);
        }
        self.name(
            f64::midpoint(self.left, self.right),
            self.size.height - 8.0,
            "middle",
            &axis.label,
        );
    }

    /// The axis of values, with a line across the area at each mark.
    pub(super) fn value_axis(&mut self, axis: &Axis, scale: &Scale) {
        self.name(self.left, self.top + 14.0, "start", &axis.label);
        let texts: Vec<String> = scale.marks.iter().map(|mark| axis.unit.short(*mark)).collect();
        let widest = texts.iter().map(|text| width_of(text)).fold(0.0, f64::max);
        self.top += 28.0;
        self.left += widest + 8.0;
        self.bottom -= 2.0 * LINE;
        for (mark, text) in scale.marks.iter().zip(&texts) {
            let Some(at) = self.y(scale, *mark) else { continue };
            self.label(self.left - 8.0, at + 4.0, "end", text);
            let (left, right) = (self.left, self.right);
            let _ = writeln!(
                self.svg,
                "<line class=\"g\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{at:.1}\" \
                 y2=\"{at:.1}\"/>"
            );
        }
    }

    /// Where `value` is from left to right.
    pub(super) fn x(&self, scale: &Scale, value: f64) -> Option<f64> {
        Some(self.left + scale.place(value)? * (self.right - self.left))
    }

    /// Where `value` is from top to bottom.
    pub(super) fn y(&self, scale: &Scale, value: f64) -> Option<f64> {
        Some(self.bottom - scale.place(value)? * (self.bottom - self.top))
    }

    /// Text at a place, which is its `start`, `middle` or `end`.
    pub(super) fn label(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        self.text("m", x, y, anchor, text);
    }

    /// The name of an axis: quieter than its marks.
    pub(super) fn name(&mut self, x: f64, y: f64, anchor: &str, text: &str) {
        self.text("s", x, y, anchor, text);
    }

    /// Adds markup that is safe already.
    pub(super) fn draw(&mut self, markup: &str) {
        self.svg.push_str(markup);
        self.svg.push('\n');
    }

    /// Says in the middle that there is nothing to see.
    pub(super) fn nothing(&mut self) {
        let middle = (f64::midpoint(self.left, self.right), f64::midpoint(self.top, self.bottom));
        self.label(middle.0, middle.1, "middle", "nothing was recorded");
    }

    /// The picture.
    pub(super) fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }

    fn text(&mut self, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escape(text);
        let _ = writeln!(
            self.svg,
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" \
             text-anchor=\"{anchor}\">{text}</text>"
        );
    }

    /// In as many rows as it needs.
    fn legend(&mut self, entries: &[(&str, Color)]) {
        let mut x = self.left;
        for (name, color) in entries {
            let width = 24.0 + width_of(name) + 14.0;
            if x > self.left && x + width > self.right {
                x = self.left;
                self.top += LINE;
            }
            let y = self.top + 10.0;
            let class = color.class();
            let _ = writeln!(
                self.svg,
                "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"16\" height=\"4\" rx=\"2\" \
                 style=\"fill:var(--{class})\"/>",
                y - 6.0
            );
            self.label(x + 22.0, y, "start", name);
            x += width;
        }
        if !entries.is_empty() {
            self.top += LINE;
        }
    }
}

/// About how wide `text` is.
pub(super) fn width_of(text: &str) -> f64 {
    let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    f64::from(characters) * CHARACTER
}
