//! Stripe's units of money. They are those of ISO 4217, with exceptions.
//!
//! Source: docs.stripe.com/currencies. Which of the currencies an account may take depends on the
//! account; Stripe says so when a page is asked for.

use onsale_core::money::{Amount, Currency};

use crate::provider::currency::exponent;

/// How many of Stripe's units make one minor unit of ISO 4217; `None` for what it cannot take.
fn scale(currency: Currency) -> Option<u64> {
    match currency.code() {
        // No decimals any more, but amounts are still given with two.
        "ISK" => Some(100),
        // Stripe counts whole ariary (MGA), ISO 4217 hundredths. Of the shilling of Uganda (UGX)
        // the documentation says both, and nobody shall be charged a hundredfold. The rest it has
        // not.
        "MGA" | "UGX" | "CLF" | "IQD" | "LYD" | "UYI" | "UYW" => None,
        _ => Some(1),
    }
}

/// Whether there are amounts of it that Stripe can take.
pub(super) fn is_taken(currency: Currency) -> bool {
    scale(currency).is_some()
}

/// The amount in Stripe's units. Of three decimals the last must be 0.
pub(super) fn to_stripe(amount: Amount, currency: Currency) -> Option<u64> {
    let units = amount.as_minor().checked_mul(scale(currency)?)?;
    (exponent(currency) < 3 || units.is_multiple_of(10)).then_some(units)
}

/// The amount of so many of Stripe's units, if it is one.
pub(super) fn from_stripe(units: u64, currency: Currency) -> Option<Amount> {
    let scale = scale(currency)?;
    units.is_multiple_of(scale).then(|| Amount::from_minor(units / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(minor: u64, code: &str) -> Option<u64> {
        to_stripe(Amount::from_minor(minor), code.parse().unwrap())
    }

    #[test]
    fn amounts_are_in_stripes_units() {
        assert_eq!(units(1_250, "EUR"), Some(1_250));
        assert_eq!(units(50_000, "VND"), Some(50_000));
        assert_eq!(units(5, "ISK"), Some(500));
        assert_eq!(units(5_120, "KWD"), Some(5_120));
        assert_eq!(units(5_124, "KWD"), None, "the last decimal must be 0");
        assert_eq!(units(1, "MGA"), None);
        assert_eq!(units(u64::MAX, "ISK"), None);
    }

    #[test]
    fn amounts_come_back_as_they_went() {
        for (minor, code) in [(1_250, "EUR"), (50_000, "VND"), (5, "ISK"), (5_120, "KWD")] {
            let currency = code.parse().unwrap();
            let there = units(minor, code).unwrap();
            assert_eq!(from_stripe(there, currency), Some(Amount::from_minor(minor)), "{code}");
        }
        assert_eq!(from_stripe(501, "ISK".parse().unwrap()), None);
    }

    #[test]
    fn what_cannot_be_counted_is_not_taken() {
        let is_taken = |code: &str| is_taken(code.parse().unwrap());
        assert!(["EUR", "JPY", "VND", "KWD", "ISK"].into_iter().all(is_taken));
        assert!(!["UGX", "MGA", "CLF"].into_iter().any(is_taken));
    }
}
