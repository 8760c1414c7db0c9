//! Text that people write and others read: composed (Unicode NFC), bounded, and without characters
//! that hide what it says.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::catalogue::fold::{fold, like};

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// There is none.
    #[error("must not be empty")]
    Empty,
    /// It is too long.
    #[error("must have at most {chars_max} characters")]
    TooLong {
        /// The most there may be.
        chars_max: usize,
    },
    /// Something that is not seen, or makes the rest look like something else.
    #[error("must have no control characters, and none that turn the direction of writing")]
    Hidden,
}

/// One line of 1 to `MAX` characters, with no blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

/// Several lines of up to `MAX` characters in all, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    /// The line in `text`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let line = checked(text, MAX, |_| false)?;
        if line.is_empty() { Err(TextError::Empty) } else { Ok(Self(line)) }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: see [`fold`].
    pub(crate) fn key(&self) -> String {
        fold(&self.0)
    }
}

impl<const MAX: usize> FromStr for Line<MAX> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::parse(text)
    }
}

impl<const MAX: usize> Prose<MAX> {
    /// The text in `text`; its lines end in `\n`.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.replace("\r\n", "\n");
        checked(&text, MAX, |c| c == '\n' || c == '\t').map(Self)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody looks for, anywhere in names as they are compared; everything if they typed
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(String);

impl Wanted {
    /// The longest, in characters.
    pub const CHARS_MAX: usize = 100;

    /// What has this in it.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        checked(text, Self::CHARS_MAX, |_| false).map(Self)
    }

    /// As a pattern for `LIKE ... ESCAPE '!'`.
    pub(crate) fn pattern(&self) -> String {
        like(&self.0)
    }
}

fn checked(text: &str, chars_max: usize, may: impl Fn(char) -> bool) -> Result<String, TextError> {
    // As it was sent, which is also what a schema counts; and before it is composed, so that a huge
    // one costs nothing.
    if text.chars().take(chars_max + 1).count() > chars_max {
        return Err(TextError::TooLong { chars_max });
    }
    let text = text.trim();
    if text.chars().any(|c| (c.is_control() && !may(c)) || turns(c)) {
        return Err(TextError::Hidden);
    }
    Ok(text.nfc().collect())
}

/// Marks that override the direction of writing, and with it the order in which text is read
/// (Unicode technical standard 39).
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_visible_and_composed() {
        assert_eq!(Line::<80>::parse("  Open air "), Ok(Line("Open air".to_owned())));
        assert_eq!(Line::<80>::parse("Cafe\u{301}").unwrap().as_str(), "Café");
        assert_eq!(Line::<80>::parse("x' OR '1'='1").unwrap().as_str(), "x' OR '1'='1");
        assert_eq!(Line::<3>::parse(" \t"), Err(TextError::Empty));
        assert_eq!(Line::<3>::parse("four"), Err(TextError::TooLong { chars_max: 3 }));
        assert_eq!(Line::<3>::parse(" two"), Err(TextError::TooLong { chars_max: 3 }));
        for hidden in ["a\nb", "a\0b", "a\u{202e}b"] {
            assert_eq!(Line::<80>::parse(hidden), Err(TextError::Hidden), "{hidden:?}");
        }
    }

    #[test]
    fn prose_has_lines_and_may_be_empty() {
        assert_eq!(Prose::<80>::parse("one\r\ntwo\n").unwrap().as_str(), "one\ntwo");
        assert_eq!(Prose::<80>::parse("").unwrap().as_str(), "");
        assert_eq!(Prose::<80>::parse("a\u{7}"), Err(TextError::Hidden));
    }

    #[test]
    fn whoever_looks_for_nothing_finds_everything() {
        assert_eq!(Wanted::default().pattern(), "%%");
        assert_eq!(Wanted::parse(" 100% ").unwrap().pattern(), "%100!%%");
        assert_eq!(Wanted::parse("a\0"), Err(TextError::Hidden));
    }
}
