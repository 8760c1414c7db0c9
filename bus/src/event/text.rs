//! Points in time as text.

use jiff::Timestamp;
use onsale_core::time::Time;

/// As RFC 3339 has it, in UTC with milliseconds. What is later than the year 9999 is at its end.
pub(super) fn time(at: Time) -> String {
    let ms = i64::try_from(at.as_ms()).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    format!("{timestamp:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc_with_milliseconds() {
        assert_eq!(time(Time::from_ms(1_790_848_800_217)), "2026-10-01T10:00:00.217Z");
        assert!(time(Time::MAX).starts_with("9999-12-"));
    }
}
