//! Amounts as `PayPal` writes them: a decimal number as text, and a currency.
//!
//! Source: developer.paypal.com, REST APIs, "Currency codes".

use onsale_core::money::{Amount, Currency};
use serde::{Deserialize, Serialize};

use crate::provider::AskError;
use crate::provider::api::refused;
use crate::provider::currency::{decimal, exponent};

/// What `PayPal` takes. Unconfirmed for accounts of every country: Brazil's, China's and Malaysia's
/// money is taken within those countries only, and `PayPal` says so when it is asked.
const TAKEN: [&str; 24] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY",
    "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD",
];

/// What has no decimals at `PayPal`, although ISO 4217 gives it two.
const WHOLE: [&str; 2] = ["HUF", "TWD"];

/// Whether `PayPal` takes money of this kind.
pub(super) fn takes(currency: Currency) -> bool {
    TAKEN.contains(&currency.code())
}

/// An amount at `PayPal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Money {
    currency_code: String,
    value: String,
}

impl Money {
    /// This amount at `PayPal`; refused where `PayPal` does not know such small parts.
    pub(super) fn of(amount: Amount, currency: Currency) -> Result<Self, AskError> {
        let code = currency.code();
        let value = decimal(amount, currency);
        let value = match value.split_once('.') {
            Some((whole, part)) if WHOLE.contains(&code) => {
                let is_whole = part.bytes().all(|digit| digit == b'0');
                let whole = is_whole.then(|| whole.to_owned());
                whole.ok_or_else(|| refused(format!("PayPal takes no parts of a {code}")))?
            }
            _ => value,
        };
        Ok(Self { currency_code: code.to_owned(), value })
    }

    /// The amount that this is, or `None` if it is none.
    pub(super) fn read(&self) -> Option<(Amount, Currency)> {
        let currency: Currency = self.currency_code.parse().ok()?;
        let places = exponent(currency) as usize;
        let (whole, part) = self.value.split_once('.').unwrap_or((&self.value, ""));
        let part = part.trim_end_matches('0');
        let is_number = !whole.is_empty()
            && part.len() <= places
            && whole.bytes().chain(part.bytes()).all(|digit| digit.is_ascii_digit());
        let minor = format!("{whole}{part:0<places$}").parse().ok().filter(|_| is_number)?;
        Some((Amount::from_minor(minor), currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(minor: u64, code: &str) -> Result<String, AskError> {
        Money::of(Amount::from_minor(minor), code.parse().unwrap()).map(|money| money.value)
    }

    fn read(value: &str, code: &str) -> Option<u64> {
        let money = Money { currency_code: code.into(), value: value.into() };
        money.read().map(|(amount, _)| amount.as_minor())
    }

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        assert_eq!(value(1_250, "EUR"), Ok("12.50".into()));
        assert_eq!(value(5, "USD"), Ok("0.05".into()));
        assert_eq!(value(1_250, "JPY"), Ok("1250".into()));
        assert_eq!(value(125_000, "HUF"), Ok("1250".into()));
        assert!(matches!(value(125_001, "TWD"), Err(AskError::Refused(_))));
    }

    #[test]
    fn an_amount_is_read_back_as_written() {
        for (minor, code) in [(0, "EUR"), (1, "USD"), (1_250, "JPY"), (125_000, "HUF")] {
            assert_eq!(read(&value(minor, code).unwrap(), code), Some(minor), "{minor} {code}");
        }
        assert_eq!(read("12.5", "EUR"), Some(1_250));
        assert_eq!(read("1250.00", "JPY"), Some(1_250));
        assert_eq!(read("1250.00", "HUF"), Some(125_000));
    }

    #[test]
    fn what_is_no_amount_is_not_read() {
        for wrong in ["", ".5", "-1", "+1", "1,5", "12.505", "1e3", "١", "99999999999999999999"] {
            assert_eq!(read(wrong, "EUR"), None, "{wrong}");
        }
        assert_eq!(read("12.5", "JPY"), None);
        assert_eq!(read("12.50", "eur"), None);
    }

    #[test]
    fn dong_are_not_taken() {
        assert!(takes("USD".parse().unwrap()) && takes("JPY".parse().unwrap()));
        for not_taken in ["VND", "INR", "KRW", "KWD", "RUB"] {
            assert!(!takes(not_taken.parse().unwrap()), "{not_taken}");
        }
    }
}
