//! Money: whole minor units, and a currency. No floating point, no negative amounts, no overflow.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An amount in the minor unit of its currency (cents, yen). Never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Amount(u64);

impl Amount {
    /// Nothing to pay.
    pub const ZERO: Self = Self(0);
    /// The most that one price may be: a million million minor units. A whole order of the largest
    /// size stays far below what 64 bits hold.
    pub const MAX_PRICE: Self = Self(1_000_000_000_000);

    /// An amount of `minor` minor units.
    pub const fn from_minor(minor: u64) -> Self {
        Self(minor)
    }

    /// The amount in minor units.
    pub const fn as_minor(self) -> u64 {
        self.0
    }

    /// Whether there is nothing to pay.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` past the largest amount.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The rest, or `None` if `other` is more.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// `count` times this amount, or `None` past the largest amount.
    pub const fn checked_mul(self, count: u32) -> Option<Self> {
        match self.0.checked_mul(count as u64) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }
}

/// An ISO 4217 currency code: three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code, such as `EUR`.
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        match text.as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(CurrencyError),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is no currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a currency is three capital letters of ISO 4217, such as EUR")]
pub struct CurrencyError;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn money_never_wraps() {
        assert_eq!(Amount::from_minor(u64::MAX).checked_add(Amount::from_minor(1)), None);
        assert_eq!(Amount::ZERO.checked_sub(Amount::from_minor(1)), None);
        assert_eq!(Amount::from_minor(u64::MAX).checked_mul(2), None);
        assert_eq!(Amount::from_minor(250).checked_mul(4), Some(Amount::from_minor(1_000)));
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("EUR".parse::<Currency>().unwrap().to_string(), "EUR");
        for wrong in ["", "eur", "EURO", "E1R", "€"] {
            assert_eq!(wrong.parse::<Currency>(), Err(CurrencyError), "{wrong}");
        }
    }
}
