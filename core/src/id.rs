//! Ids say where their thing lives, so that finding it needs no look-up.
//!
//! An [`EventId`] is 12 bits of partition and 20 bits of place in it. Everything that belongs to an
//! event (orders, holds, places in the waitroom) is the event's id in the high half and a dense
//! number in the low half. As text an id is a prefix and Crockford's base 32: `ord_0000400000003`.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The unit of ownership: a set of events with one journal and one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionId(u16);

impl PartitionId {
    /// How many partitions the id of an event has room for.
    pub const COUNT_MAX: u16 = 1 << 12;
    /// The one that every data directory has.
    pub const FIRST: Self = Self(0);

    /// The partition with this number, or `None` from [`Self::COUNT_MAX`] on.
    pub const fn new(number: u16) -> Option<Self> {
        if number < Self::COUNT_MAX { Some(Self(number)) } else { None }
    }

    /// Its number, from 0.
    pub const fn number(self) -> u16 {
        self.0
    }
}

/// A concert, a match: what tickets are sold for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(u32);

impl EventId {
    /// How many events one partition has room for.
    pub const PER_PARTITION_MAX: u32 = 1 << 20;

    /// The `index`-th event of a partition, or `None` from [`Self::PER_PARTITION_MAX`] on.
    pub const fn new(partition: PartitionId, index: u32) -> Option<Self> {
        if index < Self::PER_PARTITION_MAX {
            Some(Self(((partition.0 as u32) << 20) | index))
        } else {
            None
        }
    }

    /// The partition that owns the event.
    pub const fn partition(self) -> PartitionId {
        PartitionId((self.0 >> 20) as u16)
    }

    /// Which of its partition's events this is, from 0.
    pub const fn index(self) -> u32 {
        self.0 & (Self::PER_PARTITION_MAX - 1)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("evt_")?;
        base32::write(f, u128::from(self.0), 7)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix("evt_").ok_or(IdError::Prefix { expected: "evt_" })?;
        let value = base32::read(digits, 7)?;
        u32::try_from(value).map(Self).map_err(|_| IdError::Digits)
    }
}

/// Declares the id of a thing that belongs to an event and is numbered densely from 0.
macro_rules! numbered_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name {
            /// The event it belongs to.
            pub event: EventId,
            /// Its number within the event, dense from 0.
            pub number: u32,
        }

        impl $name {
            /// The `number`-th of `event`.
            pub const fn new(event: EventId, number: u32) -> Self {
                Self { event, number }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                let value = (u64::from(self.event.0) << 32) | u64::from(self.number);
                base32::write(f, u128::from(value), 13)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let digits =
                    text.strip_prefix($prefix).ok_or(IdError::Prefix { expected: $prefix })?;
                let value = u64::try_from(base32::read(digits, 13)?).map_err(|_| IdError::Digits)?;
                Ok(Self { event: EventId((value >> 32) as u32), number: value as u32 })
            }
        }
    };
}

numbered_id! {
    /// Stock that somebody has taken for a while.
    HoldId, "hld_"
}
numbered_id! {
    /// A purchase, from its placing to its end.
    OrderId, "ord_"
}
numbered_id! {
    /// Somebody's place in the waitroom of an event.
    PlaceId, "plc_"
}
numbered_id! {
    /// A ticket that was issued.
    TicketId, "tkt_"
}

/// Who a buyer is to the rules: a number that says nothing about the human being. Names, addresses
/// and the like never come into this crate, so that the journal can stay for ever.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(u128);

impl PersonId {
    /// The person with this number; drawn at random by whoever lets people in.
    pub const fn from_u128(value: u128) -> Self {
        Self(value)
    }

    /// Their number.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("per_")?;
        base32::write(f, self.0, 26)
    }
}

impl fmt::Debug for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PersonId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.strip_prefix("per_").ok_or(IdError::Prefix { expected: "per_" })?;
        base32::read(digits, 26).map(Self)
    }
}

/// The text is no id of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// It is the id of something else, or no id at all.
    #[error("an id here begins with {expected}")]
    Prefix {
        /// How an id of this kind begins.
        expected: &'static str,
    },
    /// It has too few, too many or impossible digits.
    #[error("the id has too few, too many or impossible digits: copy it whole, in lower case")]
    Digits,
}

/// Crockford's base 32 in lower case, at a fixed width: ids sort as text as they do as numbers.
pub mod base32 {
    use super::IdError;
    use core::fmt;

    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

    /// Of 128 bits.
    const WIDTH_MAX: usize = 26;

    /// Writes the lowest `5 * width` bits. In one piece: whoever escapes or counts what is
    /// written does so once, not for each digit.
    ///
    /// # Errors
    /// If `f` fails.
    ///
    /// # Panics
    /// If `width` is more than 26 digits.
    pub fn write(f: &mut fmt::Formatter<'_>, value: u128, width: usize) -> fmt::Result {
        let mut digits = [b'0'; WIDTH_MAX];
        let mut rest = value;
        for digit in digits[..width].iter_mut().rev() {
            *digit = DIGITS[rest as usize & 31];
            rest >>= 5;
        }
        f.write_str(str::from_utf8(&digits[..width]).map_err(|_| fmt::Error)?)
    }

    /// The value of exactly `width` digits.
    ///
    /// # Errors
    /// [`IdError::Digits`] if they are others, or more than 128 bits.
    pub fn read(text: &str, width: usize) -> Result<u128, IdError> {
        if text.len() != width {
            return Err(IdError::Digits);
        }
        text.bytes().try_fold(0u128, |value, byte| {
            let digit = DIGITS.iter().position(|&d| d == byte).ok_or(IdError::Digits)?;
            let shifted = value.checked_mul(32).ok_or(IdError::Digits)?;
            Ok(shifted | digit as u128)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn an_id_says_where_its_thing_lives() {
        let event = EventId::new(PartitionId::new(4_095).unwrap(), 1_048_575).unwrap();
        let order = OrderId::new(event, u32::MAX);
        let read: OrderId = order.to_string().parse().unwrap();
        assert_eq!(read, order);
        assert_eq!(read.event.partition().number(), 4_095);
        assert_eq!(read.event.index(), 1_048_575);
    }

    #[test]
    fn ids_are_read_back_as_written_and_nothing_else_is() {
        let person = PersonId::from_u128(u128::MAX);
        assert_eq!(person.to_string().parse(), Ok(person));
        assert_eq!("evt_0000001".parse::<OrderId>(), Err(IdError::Prefix { expected: "ord_" }));
        for wrong in ["evt_", "evt_000001", "evt_000000I", "evt_zzzzzzz", "evt_00000010"] {
            assert_eq!(wrong.parse::<EventId>(), Err(IdError::Digits), "{wrong}");
        }
        assert_eq!("per_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<PersonId>(), Err(IdError::Digits));
    }
}
