//! Lengths of time as people write them: `250ms`, `4s`, `2m`, `1h`.

use std::time::Duration;

/// The longest that makes sense in a run: a day.
const LONGEST_MS: u64 = 24 * 3_600_000;

/// What is allowed, for messages.
pub const ALLOWED: &str = "a whole number and ms, s, m or h, at most a day, such as 250ms or 4s";

/// A length of time, or `None` if it is not [`ALLOWED`].
pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(unit_ms)?;
    (ms <= LONGEST_MS).then(|| Duration::from_millis(ms))
}

/// As [`parse`] reads it.
pub fn show(span: Duration) -> String {
    let ms = span.as_millis();
    if ms.is_multiple_of(1_000) { format!("{}s", ms / 1_000) } else { format!("{ms}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_they_are_written() {
        for (text, ms) in [("0ms", 0), ("250ms", 250), ("4s", 4_000), ("2m", 120_000)] {
            assert_eq!(parse(text), Some(Duration::from_millis(ms)));
            assert_eq!(parse(&show(Duration::from_millis(ms))), Some(Duration::from_millis(ms)));
        }
        for nonsense in ["", "4", "s", "-4s", "1.5s", "4 s", "4d", "25h", "99999999999999999999s"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
