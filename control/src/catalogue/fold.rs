//! Text as it is compared when people look for something: without case and without accents, so
//! that `cafe` finds `Café` and `STRASSE` finds `Straße`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What two texts share that are one to whoever looks for them. Decomposed for compatibility
/// (Unicode annex 15), without marks, to upper case and back: that is close to full case folding,
/// and the same for a letter wherever it stands.
pub(crate) fn fold(text: &str) -> String {
    let letters = text.nfkd().filter(|letter| !is_combining_mark(*letter));
    let folded: String =
        letters.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a folded text is like that has these words somewhere: for `LIKE ... ESCAPE '!'`.
pub(crate) fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in fold(text).chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_blanks_make_no_difference() {
        let alike = [
            ("Straße", "STRASSE"),
            ("Café", "cafe\u{301}"),
            ("CAFÉ", "cafe"),
            ("ΟΔΟΣ", "οδος"),
            ("Łódź", "ŁÓDŹ"),
            ("ﬁnal", "FINAL"),
            ("  Lanterns \t live ", "lanterns live"),
        ];
        for (one, other) in alike {
            assert_eq!(fold(one), fold(other), "{one}");
        }
        assert_ne!(fold("Lanterns"), fold("Lantern"));
    }

    #[test]
    fn what_means_something_in_a_pattern_stands_for_itself() {
        assert_eq!(like("100% Rock_'n'!"), "%100!% rock!_'n'!!%");
    }
}
