//! How long a receiver wants to be left alone (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Nobody waits longer, whatever is asked.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// What the header says, as seconds or as a date; `None` if it says nothing that is understood.
pub(super) fn read(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(text, now)?,
    };
    Some(wait.min(LONGEST))
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    // A date of HTTP is one of RFC 2822, in GMT.
    let at = DateTimeParser::new().parse_timestamp(date).ok()?;
    let now = Timestamp::try_from(now).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(value: &str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        // 1994-11-06T08:49:37Z, as in the example of RFC 9110.
        read(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
    }

    #[test]
    fn seconds_and_dates_are_understood_within_a_day() {
        let seconds = |value| after(value).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("99999999"), Some(86_400));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "it is over");
        assert_eq!(seconds("soon"), None);
        assert_eq!(read(&HeaderMap::new(), SystemTime::now()), None);
    }
}
