//! From values to places along an axis, and the values that are marked on it.

use crate::report::figures;

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it counts, with its unit if the marks do not say it: `requests a second`.
    pub label: String,
    /// How its marks are written.
    pub unit: Unit,
    /// Whether each step is a factor.
    pub is_logarithmic: bool,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, as KiB and MiB.
    Bytes,
    /// Microseconds, as us, ms and s.
    Latency,
    /// `1,840`; thousands and millions as `12k`, `3M` where space is short.
    Number,
    /// One in so many is slower: 100 is `99 %`, 1,000 is `99.9 %`.
    OneIn,
    /// A share of one, as `12 %`.
    Share,
    /// Seconds, as `90 s`.
    Seconds,
}

impl Axis {
    /// Equal steps, from 0.
    pub fn linear(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), unit, is_logarithmic: false }
    }

    /// Equal factors. Only positive values have a place on it.
    pub fn logarithmic(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), unit, is_logarithmic: true }
    }
}

impl Unit {
    /// `value` in full, where there is space.
    pub fn full(self, value: f64) -> String {
        match self {
            Self::Number => figures::number(value),
            _ => self.short(value),
        }
    }

    /// `value` as a mark on an axis.
    pub fn short(self, value: f64) -> String {
        match self {
            Self::Bytes => figures::bytes(value),
            Self::Latency => figures::duration_us(value),
            Self::Number if value >= 1e6 => format!("{}M", figures::number(value / 1e6)),
            Self::Number if value >= 1e4 => format!("{}k", figures::number(value / 1e3)),
            Self::Number => figures::number(value),
            Self::OneIn => one_in(value),
            Self::Share => figures::percent(value),
            Self::Seconds => format!("{} s", figures::number(value)),
        }
    }
}

/// Nines in full: three digits would make 99.99 % of 99.999 %.
fn one_in(value: f64) -> String {
    let percent = format!("{:.6}", 100.0 - 100.0 / value.max(1.0));
    format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// An axis with its ends, which are marked values unless it is the time that ends there.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    /// The values that get a mark, from low to high.
    pub(super) marks: Vec<f64>,
}

impl Scale {
    /// A scale that has a place for all `values`, with about `marks` marks. `is_tight`: it ends
    /// where the values end.
    pub(super) fn of(
        axis: &Axis,
        values: impl Iterator<Item = f64>,
        marks: u32,
        is_tight: bool,
    ) -> Self {
        let usable =
            values.filter(|value| value.is_finite() && (!axis.is_logarithmic || *value > 0.0));
        let ends = usable.fold(None, |ends: Option<(f64, f64)>, value| {
            Some(ends.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        if axis.is_logarithmic {
            let (low, high) = ends.unwrap_or((1.0, 10.0));
            Self::logarithmic(low, high, is_tight)
        } else {
            let (low, high) = ends.unwrap_or((0.0, 1.0));
            Self::linear(low.min(0.0), high, marks, is_tight)
        }
    }

    /// Where `value` is, from 0 (low) to 1 (high); none if it has no place.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let place = if self.is_logarithmic {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        place.is_finite().then_some(place)
    }

    fn linear(low: f64, high: f64, marks: u32, is_tight: bool) -> Self {
        let span = if high > low { high - low } else { 1.0 };
        let step = nice_step(span / f64::from(marks.max(1)));
        let first = (low / step).floor();
        let last = if is_tight { (high / step).floor() } else { ((low + span) / step).ceil() };
        #[expect(clippy::cast_sign_loss, reason = "the last is not before the first")]
        let steps = (last - first).max(0.0) as u32;
        let marks: Vec<f64> = (0..=steps).map(|index| (first + f64::from(index)) * step).collect();
        let end = if is_tight && high > low { high } else { (last * step).max(low + span) };
        Self { low: first * step, high: end, is_logarithmic: false, marks }
    }

    fn logarithmic(low: f64, high: f64, is_tight: bool) -> Self {
        let first = low.log10().floor();
        let last = if high > low { high.log10().ceil() } else { first + 1.0 }.max(first + 1.0);
        // Few decades get marks between them.
        let factors: &[f64] = match last - first {
            decades if decades <= 1.0 => &[1.0, 2.0, 3.0, 5.0],
            decades if decades <= 3.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let (first, last) = (first as i32, last as i32);
        let all = (first..=last)
            .flat_map(|decade| factors.iter().map(move |factor| factor * 10_f64.powi(decade)));
        let all: Vec<f64> = all.collect();
        // From the last mark below the values to the first above them: no empty decade.
        let low_end = all.iter().copied().rfind(|mark| *mark <= low).unwrap_or(low);
        let above = all.iter().copied().find(|mark| *mark >= high && *mark > low_end);
        let high_end = if is_tight && high > low_end { high } else { above.unwrap_or(high) };
        let marks = all.into_iter().filter(|mark| (low_end..=high_end).contains(mark)).collect();
        Self { low: low_end, high: high_end, is_logarithmic: true, marks }
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below `raw`.
fn nice_step(raw: f64) -> f64 {
    let power = 10_f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0].map(|factor| factor * power);
    steps.into_iter().find(|step| *step >= raw * 0.999_999).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(is_logarithmic: bool, values: &[f64]) -> Scale {
        let axis = Axis { label: String::new(), unit: Unit::Number, is_logarithmic };
        Scale::of(&axis, values.iter().copied(), 5, false)
    }

    #[test]
    fn a_linear_axis_begins_at_0_and_is_marked_with_round_numbers() {
        assert_eq!(scale(false, &[130.0, 1_840.0]).marks, [0.0, 500.0, 1000.0, 1500.0, 2000.0]);
        assert_eq!(scale(false, &[0.0, 0.7]).marks.last(), Some(&0.8));
    }

    #[test]
    fn a_logarithmic_axis_is_marked_by_decades_and_holds_every_value() {
        let wide = scale(true, &[0.0, 120.0, 2_500_000.0]);
        assert_eq!(wide.marks, [1e2, 1e3, 1e4, 1e5, 1e6, 1e7]);
        let narrow = scale(true, &[120.0, 430.0]);
        assert_eq!(narrow.marks, [100.0, 200.0, 300.0, 500.0]);
        for value in [120.0, 430.0] {
            assert!((0.0..=1.0).contains(&narrow.place(value).unwrap()));
        }
    }

    #[test]
    fn values_without_a_place_and_no_values_at_all_make_a_scale_too() {
        for values in [&[][..], &[0.0], &[f64::NAN, f64::INFINITY], &[5.0, 5.0]] {
            for is_logarithmic in [false, true] {
                let scale = scale(is_logarithmic, values);
                assert!(scale.low < scale.high && scale.marks.len() >= 2, "{values:?} {scale:?}");
            }
        }
        assert_eq!(scale(true, &[1.0, 9.0]).place(0.0), None);
    }

    #[test]
    fn nines_are_written_in_full() {
        assert_eq!(Unit::OneIn.short(2.0), "50 %");
        assert_eq!(Unit::OneIn.short(1_000.0), "99.9 %");
        assert_eq!(Unit::OneIn.short(100_000.0), "99.999 %");
    }
}
