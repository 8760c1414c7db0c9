//! Time as organisers say it and people read it: on the clocks of the place where the event is.
//!
//! What is kept is the local time and the zone (an IANA name); the point in time follows from
//! them. When clocks are set forward an hour is missing, when they are set back one comes twice: a
//! time that does not exist is refused, and one that comes twice has to say which it means, by its
//! offset from UTC.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{AmbiguousOffset, Offset};
use onsale_core::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use crate::catalogue::place::Zone;

impl Zone {
    /// How a point in time is said there.
    pub fn local(&self, at: Time) -> LocalTime {
        let timestamp = timestamp(at);
        let offset = self.time_zone().to_offset(timestamp);
        LocalTime { civil: offset.to_datetime(timestamp), offset: Some(offset) }
    }
}

/// What the clocks show, to the second, and the offset from UTC if it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    civil: DateTime,
    offset: Option<Offset>,
}

/// Why a text is no local time, or not one of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LocalTimeError {
    /// It is no time.
    #[error("must be a local time such as 2026-10-03T20:00, to the second at most")]
    Malformed,
    /// Before 1970, when nothing is sold any more.
    #[error("must be 1970 or later")]
    TooEarly,
    /// The clocks are set forward over it.
    #[error("does not exist in {zone}: the clocks are set forward then, choose another time")]
    Missing {
        /// In which zone.
        zone: String,
    },
    /// The clocks are set back over it.
    #[error("comes twice in {zone}: add {first} for the first time or {second} for the second")]
    Twice {
        /// In which zone.
        zone: String,
        /// The offset before the clocks are set back.
        first: String,
        /// The offset afterwards.
        second: String,
    },
    /// The offset is not one of the zone then.
    #[error("is at {expected} in {zone}: leave the offset out, or give that one")]
    Offset {
        /// In which zone.
        zone: String,
        /// The offset then.
        expected: String,
    },
}

/// A local time with the point in time that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the clocks show.
    pub local: LocalTime,
    /// When that is.
    pub at: Time,
}

impl LocalTime {
    /// What point in time it is in `zone`.
    ///
    /// # Errors
    /// If it is none there, or it is open which.
    pub fn resolve(self, zone: &Zone) -> Result<Moment, LocalTimeError> {
        let offset = self.offset_in(zone)?;
        self.at(offset).ok_or(LocalTimeError::TooEarly)
    }

    /// The same for a time that was resolved before: whatever has become of the zone's rules since
    /// then, what the clocks show is kept, and it is some point in time.
    pub fn resolve_again(self, zone: &Zone) -> Moment {
        self.resolve(zone).unwrap_or_else(|_| {
            let ambiguous = zone.time_zone().to_ambiguous_timestamp(self.civil).offset();
            let offset = match ambiguous {
                AmbiguousOffset::Unambiguous { offset } => offset,
                // The clocks go on as they did before.
                AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => {
                    before
                }
            };
            let moment = Self { offset: None, ..self }.at(offset);
            moment.unwrap_or(Moment { local: self, at: Time::ZERO })
        })
    }

    /// So many days later (or earlier), at the same time of the day.
    pub fn plus_days(self, days: i32) -> Option<Self> {
        let civil = self.civil.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        Some(Self { civil, offset: None })
    }

    fn offset_in(self, zone: &Zone) -> Result<Offset, LocalTimeError> {
        let name = || zone.name().to_owned();
        let possible = match zone.time_zone().to_ambiguous_timestamp(self.civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { .. } => return Err(LocalTimeError::Missing { zone: name() }),
            AmbiguousOffset::Fold { before, after } => match self.offset {
                Some(offset) if offset == before || offset == after => offset,
                _ => {
                    let (first, second) = (written(before), written(after));
                    return Err(LocalTimeError::Twice { zone: name(), first, second });
                }
            },
        };
        if self.offset.is_some_and(|offset| offset != possible) {
            return Err(LocalTimeError::Offset { zone: name(), expected: written(possible) });
        }
        Ok(possible)
    }

    /// At this offset, if that is not before 1970.
    fn at(self, offset: Offset) -> Option<Moment> {
        let timestamp = offset.to_timestamp(self.civil).ok()?;
        let at = Time::from_ms(u64::try_from(timestamp.as_millisecond()).ok()?);
        Some(Moment { local: Self { offset: Some(offset), ..self }, at })
    }
}

/// The end of the year 9999 for whatever is later.
pub(crate) fn timestamp(at: Time) -> Timestamp {
    let ms = i64::try_from(at.as_ms()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

impl FromStr for LocalTime {
    type Err = LocalTimeError;

    fn from_str(text: &str) -> Result<Self, LocalTimeError> {
        let pieces = Pieces::parse(text).map_err(|_| LocalTimeError::Malformed)?;
        let time = pieces.time().filter(|time| time.subsec_nanosecond() == 0);
        let time = time.filter(|_| pieces.time_zone_annotation().is_none());
        let civil = pieces.date().to_datetime(time.ok_or(LocalTimeError::Malformed)?);
        if civil.year() < 1970 {
            return Err(LocalTimeError::TooEarly);
        }
        Ok(Self { civil, offset: pieces.to_numeric_offset() })
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil)?;
        self.offset.map_or(Ok(()), |offset| f.write_str(&written(offset)))
    }
}

/// An offset as RFC 3339 has it, to the minute: `+02:00`. Those of before 1970 had seconds, too.
fn written(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LocalTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn resolve(text: &str, zone_name: &str) -> Result<Moment, LocalTimeError> {
        text.parse::<LocalTime>().unwrap().resolve(&zone(zone_name))
    }

    #[test]
    fn a_local_time_is_a_point_in_time_in_its_zone() {
        let summer = resolve("2026-07-01T20:00", "Europe/Berlin").unwrap();
        assert_eq!(summer.local.to_string(), "2026-07-01T20:00:00+02:00");
        assert_eq!(summer.at, Time::from_ms(1_782_928_800_000));
        let winter = resolve("2026-12-01T20:00:00", "America/New_York").unwrap();
        assert_eq!(winter.local.to_string(), "2026-12-01T20:00:00-05:00");
        let nepal = resolve("2026-12-01T20:00:00", "Asia/Kathmandu").unwrap();
        assert_eq!(nepal.local.to_string(), "2026-12-01T20:00:00+05:45");
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_refused() {
        let missing = resolve("2026-03-29T02:30", "Europe/Berlin");
        assert!(matches!(missing, Err(LocalTimeError::Missing { .. })), "{missing:?}");
        assert!(resolve("2026-03-29T02:30", "Africa/Lagos").is_ok());
    }

    #[test]
    fn a_time_that_comes_twice_must_say_which() {
        let twice = resolve("2026-10-25T02:30", "Europe/Berlin").unwrap_err().to_string();
        assert!(twice.contains("+02:00") && twice.contains("+01:00"), "{twice}");
        let first = resolve("2026-10-25T02:30+02:00", "Europe/Berlin").unwrap();
        let second = resolve("2026-10-25T02:30+01:00", "Europe/Berlin").unwrap();
        assert_eq!(second.at.since(first.at).as_ms(), 3_600_000);
        assert!(resolve("2026-10-25T02:30+03:00", "Europe/Berlin").is_err());
    }

    #[test]
    fn an_offset_of_another_place_is_refused() {
        let wrong = resolve("2026-07-01T20:00+01:00", "Europe/Berlin").unwrap_err().to_string();
        assert!(wrong.contains("+02:00"), "{wrong}");
        assert!(resolve("2026-07-01T20:00Z", "Europe/Berlin").is_err());
        assert!(resolve("2026-07-01T20:00Z", "UTC").is_ok());
    }

    #[test]
    fn what_is_written_is_read_back_even_if_the_rules_have_changed() {
        for text in ["2026-07-01T20:00", "2026-10-25T02:30+01:00"] {
            let moment = resolve(text, "Europe/Berlin").unwrap();
            let again: LocalTime = moment.local.to_string().parse().unwrap();
            assert_eq!(again.resolve_again(&zone("Europe/Berlin")), moment);
        }
        // Written when there was a summer time that there is no more.
        let stored: LocalTime = "2026-07-01T20:00:00+03:00".parse().unwrap();
        let moment = stored.resolve_again(&zone("Europe/Berlin"));
        assert_eq!(moment, resolve("2026-07-01T20:00", "Europe/Berlin").unwrap());
    }

    #[test]
    fn what_is_no_local_time_is_refused() {
        for wrong in [
            "",
            "2026-10-03",
            "20:00",
            "2026-02-30T20:00",
            "2026-10-03T20:00:00.5",
            "2026-10-03T20:00[Europe/Berlin]",
            "1969-12-31T23:59",
            "tomorrow",
        ] {
            assert!(wrong.parse::<LocalTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_are_counted_by_the_calendar() {
        let one: LocalTime = "2026-03-28T23:00".parse().unwrap();
        assert_eq!(one.plus_days(2).unwrap().to_string(), "2026-03-30T23:00:00");
        assert_eq!(one.plus_days(-27).unwrap().to_string(), "2026-03-01T23:00:00");
        assert_eq!(one.plus_days(i32::MAX), None);
    }
}
