//! Charts as SVG text: no library, no script, no font from elsewhere.
//!
//! A chart is complete in itself: its colours follow the reader's light or dark setting, it can
//! stand inside a page or be a file of its own that a page shows as an image. It is drawn for a
//! width: what is to be read on a phone is drawn a second time with [`Size::NARROW`], not shrunk.
//!
//! ```
//! use onsale_loadgen::report::chart::{Axis, LineChart, Series, Size, Unit};
//!
//! let chart = LineChart {
//!     title: "Holds by connections".to_owned(),
//!     x: Axis::logarithmic("connections", Unit::Number),
//!     y: Axis::linear("holds a second", Unit::Number),
//!     series: vec![Series::new("onsale", vec![(64.0, 21_000.0), (1_000.0, 34_000.0)])],
//! };
//! assert!(chart.svg(Size::WIDE).starts_with("<svg"));
//! ```

mod axis;
mod bars;
mod frame;
mod lines;
mod xml;

pub use axis::{Axis, Unit};
pub use bars::{Bar, BarChart};
pub use lines::LineChart;
pub use xml::escape;

/// How large a chart is drawn, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// From side to side.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Size {
    /// For a screen or a document.
    pub const WIDE: Self = Self { width: 760.0, height: 320.0 };
    /// For a phone.
    pub const NARROW: Self = Self { width: 360.0, height: 280.0 };
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As the legend calls it.
    pub name: String,
    /// From left to right. What cannot be drawn (not finite, or not positive on a logarithmic
    /// axis) is a gap.
    pub points: Vec<(f64, f64)>,
    /// Its colour; without one, the next in order.
    pub color: Option<Color>,
}

impl Series {
    /// A line in the next colour.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, color: None }
    }

    /// The same line in this colour.
    #[must_use]
    pub fn colored(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }
}

/// A colour that can be told from the others, by the colour-blind too, on light and on dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are colours")]
pub enum Color {
    Blue,
    Orange,
    Green,
    Pink,
    Sky,
    Gold,
    Gray,
    Red,
}

impl Color {
    /// In which lines take them.
    const ORDER: [Self; 8] = [
        Self::Blue,
        Self::Orange,
        Self::Green,
        Self::Pink,
        Self::Sky,
        Self::Gold,
        Self::Gray,
        Self::Red,
    ];

    /// That of the line of this index, unless it has one of its own.
    fn of(index: usize, own: Option<Self>) -> Self {
        own.unwrap_or(Self::ORDER[index % Self::ORDER.len()])
    }

    fn class(self) -> &'static str {
        match self {
            Self::Blue => "c-blue",
            Self::Orange => "c-orange",
            Self::Green => "c-green",
            Self::Pink => "c-pink",
            Self::Sky => "c-sky",
            Self::Gold => "c-gold",
            Self::Gray => "c-gray",
            Self::Red => "c-red",
        }
    }
}
