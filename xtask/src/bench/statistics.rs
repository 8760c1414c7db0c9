//! Of several rounds: the middle one, and how far the others were from it.

use serde::{Deserialize, Serialize};

/// What one side came to, round by round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What was measured, in words.
    pub label: String,
    /// In what: `holds/s`, `us`, `bytes`.
    pub unit: String,
    /// One value a round, in order.
    pub values: Vec<f64>,
}

impl Series {
    /// No rounds yet.
    pub fn new(label: impl Into<String>, unit: &str) -> Self {
        Self { label: label.into(), unit: unit.to_owned(), values: Vec::new() }
    }

    /// The middle value; of an even number the mean of the two in the middle, of none zero.
    pub fn median(&self) -> f64 {
        median(&self.values)
    }

    /// The least and the most; zeros if there are none.
    pub fn spread(&self) -> [f64; 2] {
        spread(&self.values)
    }

    /// What this came to for each of `other`, round by round: neighbours in time shared the
    /// machine's mood.
    pub fn per(&self, other: &Self) -> Vec<f64> {
        self.values.iter().zip(&other.values).map(|(a, b)| a / b).collect()
    }
}

/// The middle value; of an even number the mean of the two in the middle, of none zero.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[upper],
        _ => f64::midpoint(sorted[upper - 1], sorted[upper]),
    }
}

/// The least and the most; zeros if there are none.
pub fn spread(values: &[f64]) -> [f64; 2] {
    let least = values.iter().copied().min_by(f64::total_cmp).unwrap_or_default();
    let most = values.iter().copied().max_by(f64::total_cmp).unwrap_or_default();
    [least, most]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        Series { values: values.to_vec(), ..Series::new("ours", "1/s") }
    }

    fn tenths(values: &[f64]) -> Vec<i64> {
        values.iter().map(|value| (value * 10.0).round() as i64).collect()
    }

    #[test]
    fn one_disturbed_round_does_not_move_the_median() {
        assert_eq!(tenths(&[series(&[10.0, 900.0, 11.0, 9.0, 12.0]).median()]), [110]);
        assert_eq!(tenths(&[median(&[4.0, 1.0, 3.0, 2.0]), median(&[])]), [25, 0]);
        assert_eq!(tenths(&spread(&[])), [0, 0]);
    }

    #[test]
    fn rounds_are_divided_by_their_neighbours_not_by_the_whole() {
        let (ours, theirs) = (series(&[30.0, 10.0]), series(&[10.0, 5.0]));
        assert_eq!(tenths(&ours.per(&theirs)), [30, 20]);
        assert_eq!(tenths(&ours.spread()), [100, 300]);
    }
}
