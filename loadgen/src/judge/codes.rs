//! The codes that the API may refuse with: those of `docs/errors.md`, which the server's own tests
//! keep up to date.

use std::collections::BTreeMap;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

/// The sandbox's payment page is for people: what it refuses has no code but this one of ours.
pub const PAYMENT_PAGE: &str = "payment_page";

/// Whether clients are told of this code.
pub fn is_documented(code: &str) -> bool {
    let is_code = |line: &str| {
        let cell = line.strip_prefix("| `").and_then(|rest| rest.split_once('`'));
        cell.is_some_and(|(known, _)| known == code)
    };
    DOCUMENT.lines().any(is_code)
}

/// What to say of codes that nobody was told of.
pub(super) fn undocumented(refusals: &BTreeMap<String, u64>) -> Vec<String> {
    let strange = refusals.iter().filter(|(code, _)| *code != PAYMENT_PAGE && !is_documented(code));
    let words = strange.map(|(code, times)| {
        format!("the code `{code}` is in no documentation, and refused {times} requests")
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_table_and_nothing_else() {
        for code in ["sold_out", "overloaded", "admission_required", "unsupported_media_type"] {
            assert!(is_documented(code), "{code}");
        }
        for word in ["", "code", "title", "out_of_luck", "checkout_token", "X-Request-Id"] {
            assert!(!is_documented(word), "{word}");
        }
        let refusals = BTreeMap::from([("sold_out".into(), 5), (PAYMENT_PAGE.into(), 1)]);
        assert!(undocumented(&refusals).is_empty());
    }
}
