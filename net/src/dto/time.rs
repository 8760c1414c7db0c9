//! Points in time as text.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use onsale_core::time::Time;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A point in time as RFC 3339 has it: written in UTC with milliseconds, read with any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(pub Time);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = i64::try_from(self.0.as_ms()).unwrap_or(i64::MAX);
        // Whatever is later than the year 9999 is at its end.
        let timestamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX);
        write!(f, "{timestamp:.3}")
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let timestamp: Timestamp = text.parse().map_err(|_| {
            de::Error::custom(format_args!("{text:?} is no RFC 3339 time with an offset"))
        })?;
        let ms = u64::try_from(timestamp.as_millisecond())
            .map_err(|_| de::Error::custom("a time before 1970"))?;
        Ok(Self(Time::from_ms(ms)))
    }
}

impl PartialSchema for At {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A point in time: RFC 3339, UTC, milliseconds."))
            .examples(["2026-10-03T10:00:00.000Z"])
            .into()
    }
}

impl ToSchema for At {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Time")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds_and_read_with_any_offset() {
        let at = At(Time::from_ms(1_790_848_800_217));
        assert_eq!(at.to_string(), "2026-10-01T10:00:00.217Z");
        let read: At = serde_json::from_str("\"2026-10-01T12:00:00.217+02:00\"").unwrap();
        assert_eq!(read, at);
        assert!(At(Time::MAX).to_string().starts_with("9999-12-"));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in ["1790848800217", "\"2026-10-01\"", "\"1969-12-31T23:59:59Z\"", "\"now\""] {
            assert!(serde_json::from_str::<At>(wrong).is_err(), "{wrong}");
        }
    }
}
