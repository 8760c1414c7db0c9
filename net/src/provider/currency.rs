//! How many decimals the currencies have that providers take. Source: ISO 4217, list one.

use onsale_core::money::{Amount, Currency};

/// How many digits of an amount in minor units stand behind the decimal point.
pub fn exponent(currency: Currency) -> u32 {
    match currency.code() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// The amount as a decimal number, such as `12.50`.
pub fn decimal(amount: Amount, currency: Currency) -> String {
    let places = exponent(currency);
    let unit = 10u64.pow(places);
    let (whole, part) = (amount.as_minor() / unit, amount.as_minor() % unit);
    match places {
        0 => whole.to_string(),
        _ => format!("{whole}.{part:0width$}", width = places as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_as_many_decimals_as_their_currency() {
        let shown = |minor, code: &str| decimal(Amount::from_minor(minor), code.parse().unwrap());
        assert_eq!(shown(1_250, "EUR"), "12.50");
        assert_eq!(shown(5, "USD"), "0.05");
        assert_eq!(shown(1_250, "JPY"), "1250");
        assert_eq!(shown(1_250, "KWD"), "1.250");
    }
}
