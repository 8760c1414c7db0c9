//! Numbers as people read them: `1,840`, `43 ms`, `12 MiB`, `0.1 %`.

/// A whole number in groups of three: `1,840,000`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with about three digits that mean something: `0.0123`, `4.56`, `78.9`, `1,234`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "-".to_owned();
    }
    if size >= 99.95 || size == 0.0 {
        let sign = if value <= -0.5 { "-" } else { "" };
        #[expect(clippy::cast_sign_loss, reason = "it is not negative")]
        return format!("{sign}{}", count(size.round() as u64));
    }
    #[expect(clippy::cast_sign_loss, reason = "cut off at 0")]
    let decimals = (2.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
    trimmed(&format!("{value:.decimals$}"))
}

/// Microseconds in the unit that fits: `85 us`, `4.2 ms`, `1.5 s`.
pub fn duration_us(value: f64) -> String {
    match value {
        value if value < 1_000.0 => format!("{} us", number(value)),
        value if value < 1_000_000.0 => format!("{} ms", number(value / 1_000.0)),
        value => format!("{} s", number(value / 1_000_000.0)),
    }
}

/// Microseconds, as they are counted.
pub fn latency_us(value: u64) -> String {
    duration_us(float(value))
}

/// Bytes in the unit that fits: `512 B`, `12 KiB`, `1.5 GiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = value;
    let mut unit = 0;
    while scaled >= 1_024.0 && unit + 1 < UNITS.len() {
        scaled /= 1_024.0;
        unit += 1;
    }
    format!("{} {}", number(scaled), UNITS[unit])
}

/// A share of one: `0.1 %`, `87 %`.
pub fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// A moment in milliseconds since 1970, in UTC: `2026-05-01 09:30:00 UTC`.
pub fn moment(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000;
    let (year, month, day) = civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `one thing`, `2 things`.
pub fn counted(value: u64, one: &str, many: &str) -> String {
    if value == 1 { format!("1 {one}") } else { format!("{} {many}", count(value)) }
}

/// A count for arithmetic. Above 2^53 it is rounded, which no chart shows.
#[expect(clippy::cast_precision_loss, reason = "said above")]
pub fn float(value: u64) -> f64 {
    value as f64
}

/// `part` of `whole`; 0 of nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar.
fn civil(day: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    let mut left = day;
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped_and_small_ones_keep_three_digits() {
        assert_eq!(count(1_840_000), "1,840,000");
        assert_eq!(count(12), "12");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(0.012_34), "0.0123");
        assert_eq!(number(4.2), "4.2");
        assert_eq!(number(78.94), "78.9");
        assert_eq!(number(99.99), "100");
        assert_eq!(number(12_345.6), "12,346");
        assert_eq!(number(f64::NAN), "-");
    }

    #[test]
    fn every_figure_has_the_unit_that_fits() {
        assert_eq!(latency_us(85), "85 us");
        assert_eq!(latency_us(4_200), "4.2 ms");
        assert_eq!(latency_us(1_500_000), "1.5 s");
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(12.0 * 1024.0 * 1024.0), "12 MiB");
        assert_eq!(percent(0.001), "0.1 %");
    }

    #[test]
    fn a_moment_is_a_date_of_the_calendar() {
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(moment(1_777_627_800_000), "2026-05-01 09:30:00 UTC");
    }
}
