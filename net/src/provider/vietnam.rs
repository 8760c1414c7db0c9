//! What Vietnam's providers have in common: dong, and dates in GMT+7.

use jiff::Timestamp;
use jiff::tz::Offset;
use onsale_core::money::Currency;
use onsale_core::time::Time;

/// Vietnam has had no summer time, and no other offset, since 1975 (IANA, `Asia/Ho_Chi_Minh`).
const VIETNAM: Offset = Offset::constant(7);

/// Whether `currency` is the dong, whose minor unit is itself.
pub(super) fn is_dong(currency: Currency) -> bool {
    currency.code() == "VND"
}

/// The dong.
pub(super) fn dong() -> Currency {
    "VND".parse().expect("VND is three capital letters")
}

/// The point in time as `yyyymmddhhmmss` in Vietnam.
pub(super) fn stamp(at: Time) -> String {
    written(at, "%Y%m%d%H%M%S")
}

/// The day as `yymmdd` in Vietnam.
pub(super) fn day(at: Time) -> String {
    written(at, "%y%m%d")
}

/// The time of the day as `hhmmss` in Vietnam.
pub(super) fn time_of_day(at: Time) -> String {
    written(at, "%H%M%S")
}

fn written(at: Time, format: &str) -> String {
    let ms = i64::try_from(at.as_ms()).unwrap_or(i64::MAX);
    // Whatever is later than the year 9999 is at its end.
    let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
    VIETNAM.to_datetime(timestamp).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_vietnam() {
        // 2024-05-21T02:17:51.703Z
        let morning = Time::from_ms(1_716_257_871_703);
        assert_eq!(stamp(morning), "20240521091751");
        assert_eq!((day(morning), time_of_day(morning)), ("240521".into(), "091751".into()));
        // 2023-12-31T17:00:00Z: the new year is there.
        let new_year = Time::from_ms(1_704_042_000_000);
        assert_eq!(stamp(new_year), "20240101000000");
        assert_eq!(stamp(Time::from_ms(1_704_041_999_999)), "20231231235959");
        // 2024-02-28T17:00:00Z: a leap day.
        assert_eq!(day(Time::from_ms(1_709_139_600_000)), "240229");
        assert_eq!(stamp(Time::ZERO), "19700101070000");
        assert!(stamp(Time::MAX).starts_with("9999"));
    }

    #[test]
    fn the_dong_has_no_smaller_unit() {
        assert!(is_dong(dong()));
        assert_eq!(crate::provider::currency::exponent(dong()), 0);
        assert!(!is_dong("USD".parse().unwrap()));
    }
}
