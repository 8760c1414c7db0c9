//! Two servers side by side: run in turn, so that whatever the machine does meanwhile happens to
//! both, and compared by the ratios of each pair.

use std::fmt::Write;

use crate::report::figures::{self, number};
use crate::report::table::columns;

/// Of two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are only names")]
pub enum Side {
    A,
    B,
}

/// What one run of one side found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Answers as wished, per second.
    pub throughput: f64,
    /// Latency, half were faster.
    pub p50_us: f64,
    /// Latency, 99 of 100 were faster.
    pub p99_us: f64,
}

/// How B is to A, by the pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// Half of the pairs are below it.
    pub median: f64,
    /// The lower end of the spread.
    pub low: f64,
    /// The upper end of the spread.
    pub high: f64,
    /// How probable it is that the spread holds the true median, whatever the noise looks like.
    pub confidence: f64,
}

/// What can be said from a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// B has more.
    More,
    /// B has less.
    Less,
    /// The spread holds 1, or there are too few pairs: they may be equal.
    CannotTell,
}

/// How probable it must be to be said.
const CONFIDENCE: f64 = 0.95;

/// Runs both sides `rounds` times: A B, B A, A B, ... Returns the pairs.
pub fn alternate<E>(
    rounds: u32,
    measure: &mut dyn FnMut(Side) -> Result<Sample, E>,
) -> Result<Vec<(Sample, Sample)>, E> {
    let mut pairs = Vec::new();
    for round in 0..rounds {
        if round.is_multiple_of(2) {
            let a = measure(Side::A)?;
            pairs.push((a, measure(Side::B)?));
        } else {
            let b = measure(Side::B)?;
            pairs.push((measure(Side::A)?, b));
        }
    }
    Ok(pairs)
}

impl Ratio {
    /// Of `of` B to A; none without pairs in which both are above 0.
    ///
    /// The spread is between two of the ratios in order, as far in as the binomial distribution
    /// allows with `CONFIDENCE` (the sign test's interval for a median): it supposes nothing
    /// about the noise but that the pairs are independent.
    pub fn of(pairs: &[(Sample, Sample)], of: fn(&Sample) -> f64) -> Option<Self> {
        let ratios = pairs.iter().map(|(a, b)| of(b) / of(a));
        let mut ratios: Vec<f64> =
            ratios.filter(|ratio| ratio.is_finite() && *ratio > 0.0).collect();
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len().checked_sub(1)?;
        let median = f64::midpoint(ratios[last / 2], ratios[last.div_ceil(2)]);
        let mut inward = 0;
        while inward < last / 2 && coverage(ratios.len(), inward + 1) >= CONFIDENCE {
            inward += 1;
        }
        let confidence = coverage(ratios.len(), inward);
        Some(Self { median, low: ratios[inward], high: ratios[last - inward], confidence })
    }

    /// What can be said.
    pub fn telling(&self) -> Telling {
        match self {
            ratio if ratio.confidence < CONFIDENCE => Telling::CannotTell,
            ratio if ratio.low > 1.0 => Telling::More,
            ratio if ratio.high < 1.0 => Telling::Less,
            _ => Telling::CannotTell,
        }
    }
}

/// How probable it is that the median of what `count` values were drawn from lies between the one
/// `inward` from the lowest and the one `inward` from the highest.
fn coverage(count: usize, inward: usize) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let mut chance = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut outside = 0.0;
    for k in 0..=u32::try_from(inward).unwrap_or(u32::MAX) {
        outside += chance;
        chance *= f64::from(count - k) / f64::from(k + 1);
    }
    (1.0 - 2.0 * outside).max(0.0)
}

/// The comparison as text.
pub fn text(a: &str, b: &str, pairs: &[(Sample, Sample)]) -> String {
    let mut text = format!("A = {a}\nB = {b}\n\n");
    let heading = ["round", "A answers/s", "B answers/s", "A p50", "B p50", "A p99", "B p99"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    for (round, (a, b)) in (1_u64..).zip(pairs) {
        let mut row = vec![figures::count(round), number(a.throughput), number(b.throughput)];
        row.extend([a.p50_us, b.p50_us, a.p99_us, b.p99_us].map(figures::duration_us));
        rows.push(row);
    }
    text.push_str(&columns(&rows));
    text.push('\n');
    let ratios = [
        ("throughput", Ratio::of(pairs, |sample| sample.throughput)),
        ("p50", Ratio::of(pairs, |sample| sample.p50_us)),
        ("p99", Ratio::of(pairs, |sample| sample.p99_us)),
    ];
    for (name, ratio) in ratios {
        let said = ratio.map_or_else(|| "nothing to compare".to_owned(), |ratio| sentence(&ratio));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name}: {said}");
    }
    text
}

fn sentence(ratio: &Ratio) -> String {
    let said = match ratio.telling() {
        Telling::More => "B has more".to_owned(),
        Telling::Less => "B has less".to_owned(),
        Telling::CannotTell if ratio.confidence < CONFIDENCE => {
            "too few rounds to tell: six are the least".to_owned()
        }
        Telling::CannotTell => "the spread is too wide to tell: they may be equal".to_owned(),
    };
    format!(
        "B is {} of A, spread {} to {} ({} sure): {said}",
        number(ratio.median),
        number(ratio.low),
        number(ratio.high),
        figures::percent(ratio.confidence)
    )
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn sample(throughput: f64) -> Sample {
        Sample { throughput, p50_us: 1_000.0, p99_us: 9_000.0 }
    }

    fn ratio(of_b: &[f64]) -> Ratio {
        let pairs: Vec<_> = of_b.iter().map(|b| (sample(100.0), sample(*b))).collect();
        Ratio::of(&pairs, |sample| sample.throughput).unwrap()
    }

    #[test]
    fn the_sides_take_turns_at_going_first() {
        let mut order = Vec::new();
        let Ok(pairs) = alternate::<Infallible>(3, &mut |side| {
            order.push(side);
            Ok(sample(if side == Side::A { 100.0 } else { 200.0 }))
        });
        assert_eq!(order, [Side::A, Side::B, Side::B, Side::A, Side::A, Side::B]);
        assert!(pairs.iter().all(|(a, b)| b.throughput > a.throughput));
    }

    #[test]
    fn a_clear_difference_is_told_and_noise_is_not() {
        let clear = ratio(&[130.0, 120.0, 125.0, 119.0, 131.0, 122.0]);
        assert_eq!(clear.telling(), Telling::More);
        assert!((clear.median - 1.235).abs() < 1e-9, "{clear:?}");
        assert_eq!(ratio(&[90.0, 110.0, 95.0, 105.0, 99.0, 103.0]).telling(), Telling::CannotTell);
        assert_eq!(ratio(&[50.0; 6]).telling(), Telling::Less);
    }

    #[test]
    fn few_rounds_tell_nothing_however_clear_they_look() {
        for rounds in 1..=5 {
            assert_eq!(ratio(&vec![200.0; rounds]).telling(), Telling::CannotTell, "{rounds}");
        }
        assert!((ratio(&[200.0; 5]).confidence - 0.9375).abs() < 1e-9);
        assert!((ratio(&[200.0; 6]).confidence - 0.968_75).abs() < 1e-9);
    }

    #[test]
    fn with_many_rounds_one_outlier_does_not_widen_the_spread() {
        let mut many = vec![120.0; 11];
        many.push(3.0);
        let ratio = ratio(&many);
        assert!(ratio.low > 1.0 && ratio.confidence >= CONFIDENCE, "{ratio:?}");
        assert_eq!(ratio.telling(), Telling::More);
    }

    #[test]
    fn the_text_says_what_is_compared_and_what_cannot_be_told() {
        let pairs = [(sample(100.0), sample(200.0)); 2];
        let text = text("http://127.0.0.1:1", "http://127.0.0.1:2", &pairs);
        assert!(text.contains("A = http://127.0.0.1:1") && text.contains("B is 2 of A"), "{text}");
        assert!(text.contains("too few rounds to tell"), "{text}");
    }
}
