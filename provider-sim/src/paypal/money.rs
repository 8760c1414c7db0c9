//! Amounts as `PayPal` writes them, and in minor units of ISO 4217.

/// What `PayPal` takes.
const TAKEN: &str = "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN \
                     SEK SGD THB TWD USD";

/// Whether `PayPal` takes this.
pub(super) fn is_taken(currency: &str) -> bool {
    TAKEN.split(' ').any(|taken| taken == currency)
}

/// The number of this many minor units.
pub(super) fn value(minor: u64, currency: &str) -> String {
    if has_decimals(currency) {
        format!("{}.{:02}", minor / 100, minor % 100)
    } else {
        (minor / cents(currency)).to_string()
    }
}

/// How many minor units this number is, if `PayPal` takes it.
pub(super) fn minor(value: &str, currency: &str) -> Option<u64> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match value.split_once('.') {
        None => {
            value.parse::<u64>().ok().filter(|_| is_number(value))?.checked_mul(cents(currency))
        }
        Some((whole, part)) if has_decimals(currency) && is_number(part) && part.len() <= 2 => {
            let whole = whole.parse::<u64>().ok().filter(|_| is_number(whole))?;
            let part: u64 = format!("{part:0<2}").parse().ok()?;
            whole.checked_mul(100)?.checked_add(part)
        }
        Some(_) => None,
    }
}

fn has_decimals(currency: &str) -> bool {
    !matches!(currency, "HUF" | "JPY" | "TWD")
}

/// How many minor units a whole one has.
fn cents(currency: &str) -> u64 {
    if currency == "JPY" { 1 } else { 100 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_and_read() {
        for (minor_units, currency, text) in
            [(1_250, "EUR", "12.50"), (5, "USD", "0.05"), (1_250, "JPY", "1250"), (500, "HUF", "5")]
        {
            assert_eq!(value(minor_units, currency), text);
            assert_eq!(minor(text, currency), Some(minor_units));
        }
        assert_eq!(minor("12.5", "EUR"), Some(1_250));
        for (text, currency) in
            [("12.505", "EUR"), ("-1", "EUR"), ("+1", "EUR"), ("", "EUR"), ("12.0", "JPY")]
        {
            assert_eq!(minor(text, currency), None, "{text} {currency}");
        }
        assert!(is_taken("EUR") && !is_taken("VND") && !is_taken(""));
    }
}
