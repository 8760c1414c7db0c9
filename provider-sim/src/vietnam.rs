//! Dates as Vietnam's providers write them: local ones, seven hours ahead all year.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const STAMP: &str = "%Y%m%d%H%M%S";
const VIETNAM: Offset = Offset::constant(7);

/// A point in time as `yyyymmddhhmmss`.
pub(crate) fn stamp(unix_s: u64) -> String {
    let seconds = i64::try_from(unix_s).unwrap_or(i64::MAX);
    let timestamp = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    VIETNAM.to_datetime(timestamp).strftime(STAMP).to_string()
}

/// The day as `yymmdd`.
pub(crate) fn day(unix_s: u64) -> String {
    stamp(unix_s)[2..8].to_owned()
}

/// The point in time, in Unix seconds.
pub(crate) fn unstamp(text: &str) -> Option<u64> {
    let is_stamp = text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit());
    let local = DateTime::strptime(STAMP, text).ok().filter(|_| is_stamp)?;
    u64::try_from(VIETNAM.to_timestamp(local).ok()?.as_second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_vietnam() {
        assert_eq!(stamp(1_704_042_000), "20240101000000");
        assert_eq!(day(1_704_041_999), "231231");
        assert_eq!(unstamp("20240101000000"), Some(1_704_042_000));
        for wrong in ["", "2024010100000", "20241301000000", "2024010100000x"] {
            assert_eq!(unstamp(wrong), None, "{wrong}");
        }
    }
}
