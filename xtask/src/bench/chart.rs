//! A chart of a measure as SVG: a bar for each series, and a line from its least to its most round.
//!
//! Deliberately absent: any other kind of chart, and the load generator's, which this program would
//! have to be built with before anything else in CI.

use std::fmt::Write as _;

use super::record::figure;
use super::statistics::Series;

const WIDTH: f64 = 760.0;
const ROW: f64 = 44.0;
/// Where bars begin and where the longest ends; values stand behind them.
const LEFT: f64 = 16.0;
const RIGHT: f64 = 600.0;
/// What is compared, and with what: told apart by the colour-blind too, on light and on dark.
const COLORS: [&str; 2] = ["#0072b2", "#d55e00"];

/// Series of one unit, one below the other; `ours` are the labels of those that stand out.
pub fn svg(title: &str, series: &[&Series], ours: &[&str]) -> String {
    let height = 44.0 + ROW * series.len() as f64;
    let most = series.iter().map(|series| series.spread()[1]).fold(0.0, f64::max);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}</title>\n\
         <style>text {{ font: 14px system-ui, sans-serif; fill: #222 }} \
         .range {{ stroke: #222 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} \
         .range {{ stroke: #ddd }} }}</style>\n\
         <text x=\"{LEFT}\" y=\"24\" font-weight=\"bold\">{}</text>\n",
        escape(title),
        escape(title),
    );
    for (index, series) in series.iter().enumerate() {
        let is_ours = ours.contains(&&*series.label);
        let color = COLORS[usize::from(!is_ours)];
        draw(&mut svg, series, most, color, 44.0 + ROW * index as f64);
    }
    svg + "</svg>\n"
}

fn draw(svg: &mut String, series: &Series, most: f64, color: &str, top: f64) {
    let at = |value: f64| if most > 0.0 { LEFT + (RIGHT - LEFT) * value / most } else { LEFT };
    let (median, [least, greatest]) = (series.median(), series.spread());
    let label = escape(&series.label);
    let _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{:.1}\">{label}</text>\n\
         <rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" fill=\"{color}\"/>\n\
         <line class=\"range\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\">{} {}</text>",
        top + 12.0,
        top + 18.0,
        at(median) - LEFT,
        at(least),
        at(greatest),
        at(greatest) + 8.0,
        top + 30.0,
        figure(median),
        escape(&series.unit),
        middle = top + 25.0,
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(label: &str, values: &[f64]) -> Series {
        Series { values: values.to_vec(), ..Series::new(label, "holds/s") }
    }

    #[test]
    fn bars_are_as_long_as_their_medians_and_say_them() {
        let (ours, theirs) = (series("ours", &[400.0, 300.0, 350.0]), series("<theirs>", &[40.0]));
        let svg = svg("Holds", &[&ours, &theirs], &["ours"]);
        assert!(svg.contains(r##"width="511.0" height="14" fill="#0072b2""##), "{svg}");
        assert!(svg.contains(r##"width="58.4" height="14" fill="#d55e00""##), "{svg}");
        assert!(svg.contains(r#"x1="454.0" x2="600.0""#), "{svg}");
        assert!(svg.contains(">350 holds/s</text>") && svg.contains("&lt;theirs&gt;"), "{svg}");
    }

    #[test]
    fn nothing_but_zeros_has_bars_without_length() {
        let svg = svg("Holds", &[&series("ours", &[0.0])], &[]);
        assert!(svg.contains("width=\"0.0\"") && !svg.contains("NaN"), "{svg}");
    }
}
