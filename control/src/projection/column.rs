//! How a value stands in a column: as TEXT or as BIGINT, the two types that both databases have.

use std::fmt;

use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::{OrderEnd, OrderStatus};
use onsale_core::payment::RefundCause;
use onsale_core::query::Phase;
use onsale_core::spec::{ClassId, Numbering, QuotaId};
use onsale_core::time::Time;
use onsale_core::trace::TraceId;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::rows::{Journal, RefundState, SeatState};
use crate::database::Statement;

/// What stands in a column of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// BIGINT.
    Number(Option<i64>),
    /// TEXT.
    Text(Option<String>),
}

impl Value {
    /// Hands it to a statement as its next parameter.
    pub(crate) fn bind(self, statement: Statement<'_>) -> Statement<'_> {
        match self {
            Self::Number(number) => statement.bind(number),
            Self::Text(text) => statement.bind(text),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(Some(number)) => write!(f, "{number}"),
            Self::Text(Some(text)) => f.write_str(text),
            Self::Number(None) | Self::Text(None) => f.write_str("nothing"),
        }
    }
}

/// Which type a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
}

impl Kind {
    /// What stands in a column of a row, counted from 0.
    pub(crate) fn read(self, row: &AnyRow, column: usize) -> Result<Value, sqlx::Error> {
        Ok(match self {
            Self::Number => Value::Number(row.try_get(column)?),
            Self::Text => Value::Text(row.try_get(column)?),
        })
    }
}

/// What can stand in a column.
pub(crate) trait Column: Sized {
    /// In one of which type.
    const KIND: Kind;

    /// As it stands there.
    fn value(&self) -> Value;

    /// What stands there; `None` if that is nothing of the kind.
    fn of(value: Value) -> Option<Self>;
}

/// NULL.
impl<T: Column> Column for Option<T> {
    const KIND: Kind = T::KIND;

    fn value(&self) -> Value {
        match (self, T::KIND) {
            (Some(inner), _) => inner.value(),
            (None, Kind::Number) => Value::Number(None),
            (None, Kind::Text) => Value::Text(None),
        }
    }

    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Number(None) | Value::Text(None) => Some(None),
            value => T::of(value).map(Some),
        }
    }
}

/// Declares what is TEXT: how it is written, and how it is read.
macro_rules! texts {
    ($($type:ty: $value:ident => $write:expr, $text:ident => $read:expr;)*) => { $(
        impl Column for $type {
            const KIND: Kind = Kind::Text;

            fn value(&self) -> Value {
                let $value = self;
                Value::Text(Some($write))
            }

            fn of(value: Value) -> Option<Self> {
                let Value::Text(Some($text)) = value else { return None };
                $read
            }
        }
    )* };
}

texts! {
    Journal: journal => format!("{:032x}", journal.0),
        text => u128::from_str_radix(&text, 16).ok().map(Journal);
    Currency: currency => currency.to_string(), text => text.parse().ok();
    EventId: id => id.to_string(), text => text.parse().ok();
    HoldId: id => id.to_string(), text => text.parse().ok();
    OrderId: id => id.to_string(), text => text.parse().ok();
    PersonId: id => id.to_string(), text => text.parse().ok();
    TraceId: trace => trace.to_string(), text => read_trace(&text);
    // PostgreSQL has no NUL in a text, and a provider may have one in its words.
    String: text => text.replace('\0', "\u{fffd}"), text => Some(text);
    Numbering: numbering => json(numbering), text => serde_json::from_str(&text).ok();
    Vec<Line>: lines => json(lines), text => serde_json::from_str(&text).ok();
}

fn read_trace(text: &str) -> Option<TraceId> {
    u128::from_str_radix(text, 16).ok().and_then(TraceId::new)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("rows have no shape that JSON cannot write")
}

/// Declares what is BIGINT.
macro_rules! numbers {
    ($($type:ty: $value:ident => $write:expr, $number:ident => $read:expr;)*) => { $(
        impl Column for $type {
            const KIND: Kind = Kind::Number;

            fn value(&self) -> Value {
                let $value = self;
                Value::Number(Some($write))
            }

            fn of(value: Value) -> Option<Self> {
                let Value::Number(Some($number)) = value else { return None };
                $read
            }
        }
    )* };
}

numbers! {
    bool: flag => i64::from(*flag), number => Some(number != 0);
    i64: number => *number, number => Some(number);
    u32: number => i64::from(*number), number => number.try_into().ok();
    // More than 63 bits are no time and no money that there is.
    u64: number => saturated(*number), number => number.try_into().ok();
    Amount: amount => saturated(amount.as_minor()),
        number => Some(Amount::from_minor(number.try_into().ok()?));
    ClassId: class => i64::from(class.0), number => number.try_into().ok().map(ClassId);
    PartitionId: partition => i64::from(partition.number()),
        number => number.try_into().ok().and_then(PartitionId::new);
    QuotaId: quota => i64::from(quota.0), number => number.try_into().ok().map(QuotaId);
    SeatIndex: seat => i64::from(seat.0), number => number.try_into().ok().map(SeatIndex);
    Time: time => saturated(time.as_ms()), number => Some(Time::from_ms(number.try_into().ok()?));
}

fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What stands in a column as one of a few words.
pub(crate) trait Word {
    /// Which.
    fn word(&self) -> &'static str;
}

/// Declares how the variants of a type are called in a column.
macro_rules! words {
    ($($type:ty { $($variant:ident $word:literal,)* })*) => { $(
        impl Word for $type {
            fn word(&self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl Column for $type {
            const KIND: Kind = Kind::Text;

            fn value(&self) -> Value {
                Value::Text(Some(self.word().to_owned()))
            }

            fn of(value: Value) -> Option<Self> {
                let Value::Text(Some(text)) = value else { return None };
                match text.as_str() {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )* };
}

words! {
    OrderEnd {
        Cancelled "CANCELLED",
        EventCancelled "EVENT_CANCELLED",
        Declined "DECLINED",
        IntentRefused "INTENT_REFUSED",
        Mismatch "MISMATCH",
        Expired "EXPIRED",
    }
    OrderStatus {
        Pending "PENDING",
        Completed "COMPLETED",
        Failed "FAILED",
        Cancelled "CANCELLED",
        Expired "EXPIRED",
        Refunded "REFUNDED",
        PartiallyRefunded "PARTIALLY_REFUNDED",
    }
    Phase {
        Defined "DEFINED",
        Open "OPEN",
        Cancelled "CANCELLED",
    }
    RefundCause {
        Asked "ASKED",
        Duplicate "DUPLICATE",
        EventCancelled "EVENT_CANCELLED",
        Late "LATE",
        Mismatch "MISMATCH",
        Disputed "DISPUTED",
    }
    RefundState {
        Wanted "WANTED",
        Done "DONE",
        Refused "REFUSED",
    }
    SeatState {
        Blocked "BLOCKED",
        Held "HELD",
        Ordered "ORDERED",
        Sold "SOLD",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept<T: Column>(value: &T) -> Option<T> {
        T::of(value.value())
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let event: EventId = "evt_0000001".parse().unwrap();
        assert_eq!(kept(&OrderId::new(event, 7)), Some(OrderId::new(event, 7)));
        assert_eq!(kept(&TraceId::new(0xab)), Some(TraceId::new(0xab)));
        assert_eq!(kept(&None::<Time>), Some(None));
        assert_eq!(kept(&OrderStatus::PartiallyRefunded), Some(OrderStatus::PartiallyRefunded));
        let lines = vec![Line {
            class: ClassId(1),
            count: 2,
            price: Amount::from_minor(8_900),
            seats: vec![SeatIndex(3), SeatIndex(4)],
        }];
        assert_eq!(kept(&lines), Some(lines));
    }

    #[test]
    fn what_a_column_cannot_hold_is_kept_as_near_as_it_can() {
        assert_eq!(kept(&"a\0b".to_owned()).as_deref(), Some("a\u{fffd}b"));
        assert_eq!(Amount::from_minor(u64::MAX).value(), Value::Number(Some(i64::MAX)));
        assert_eq!(Time::MAX.value(), Value::Number(Some(i64::MAX)));
    }

    #[test]
    fn what_somebody_else_has_written_is_not_believed() {
        assert_eq!(u32::of(Value::Number(Some(-1))), None);
        assert_eq!(OrderStatus::of(Value::Text(Some("SHIPPED".to_owned()))), None);
        assert_eq!(EventId::of(Value::Text(None)), None);
    }
}
