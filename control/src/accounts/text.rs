//! Text that people give about themselves: names, telephone numbers, what a device calls itself.
//! None of it can break a line, hide or turn around what stands beside it.

use std::fmt;
use std::str::FromStr;

use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// Whether nothing is to be seen of it: joiners, marks of direction, fillers.
pub(super) fn is_invisible(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Joiners are part of the spelling of names in Persian and Hindi, among others.
fn is_joiner(c: char) -> bool {
    ['\u{200c}', '\u{200d}'].contains(&c)
}

/// `text` with composed letters and without blanks around it, if it is a line of at most
/// `chars_max` characters.
fn line(text: &str, chars_max: usize) -> Option<String> {
    let is_bad = |c: char| {
        c.is_control() || ['\u{2028}', '\u{2029}'].contains(&c) || is_invisible(c) && !is_joiner(c)
    };
    let text: String = text.trim().nfc().collect();
    (text.chars().count() <= chars_max && !text.chars().any(is_bad)).then_some(text)
}

/// A person's name: one that is given, and one of the family if they have it.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonName {
    given: String,
    family: String,
}

/// A part of it is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be at most 100 characters on one line, and a given name at least one")]
pub struct NotAName;

impl PersonName {
    /// The longest part, in characters.
    pub const CHARS_MAX: usize = 100;

    /// The name of these parts; `family` may be empty.
    ///
    /// # Errors
    /// If it cannot be one.
    pub fn parse(given: &str, family: &str) -> Result<Self, NotAName> {
        let part = |text| line(text, Self::CHARS_MAX).ok_or(NotAName);
        let (given, family) = (part(given)?, part(family)?);
        if given.is_empty() { Err(NotAName) } else { Ok(Self { given, family }) }
    }

    /// The given name.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The name of the family, or nothing.
    pub fn family(&self) -> &str {
        &self.family
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(..)")
    }
}

/// A telephone number in the form of E.164: a plus and 7 to 15 digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

/// The text is no telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be a telephone number with its country, such as +44 20 7946 0018")]
pub struct NotAPhone;

impl FromStr for Phone {
    type Err = NotAPhone;

    /// Blanks, hyphens, dots and parentheses between the digits mean nothing.
    fn from_str(text: &str) -> Result<Self, NotAPhone> {
        let rest = text.trim().strip_prefix('+').ok_or(NotAPhone)?;
        let digits: String = rest.chars().filter(|c| !" -.()".contains(*c)).collect();
        let is_number = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if is_number { Ok(Self(format!("+{digits}"))) } else { Err(NotAPhone) }
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(..)")
    }
}

/// What a device calls itself, for its owner to know it again: the `User-Agent` of its requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device(String);

impl Device {
    const CHARS_MAX: usize = 200;

    /// As much of it as is kept; what cannot be shown is left out.
    pub fn new(text: &str) -> Self {
        let visible = text.chars().filter(|c| !c.is_control() && !is_invisible(*c));
        Self(visible.take(Self::CHARS_MAX).collect())
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_peoples_are_names() {
        let family = PersonName::parse(" Ada ", "Lovelace").unwrap();
        assert_eq!((family.given(), family.family()), ("Ada", "Lovelace"));
        let names = ["Sukarno", "José María", "Nguyễn Thị Minh Khai", "山田", "می\u{200c}خواهم"];
        for given in names {
            assert!(PersonName::parse(given, "").is_ok(), "{given}");
        }
        let decomposed = PersonName::parse("Jose\u{301}", "").unwrap();
        assert_eq!(decomposed.given(), "José");
    }

    #[test]
    fn a_name_cannot_break_a_line_or_turn_it_around() {
        let long = "x".repeat(101);
        for wrong in ["", " ", "a\nb", "a\rBcc: eve", "a\u{2028}b", "\u{202e}ada", "a\0", &long] {
            assert_eq!(PersonName::parse(wrong, "").err(), Some(NotAName), "{wrong:?}");
        }
    }

    #[test]
    fn a_number_is_kept_as_e_164_has_it() {
        let number = |text: &str| text.parse::<Phone>().map(|phone| phone.to_string());
        assert_eq!(number(" +44 (20) 7946-0018"), Ok("+442079460018".to_owned()));
        for wrong in
            ["", "020 7946 0018", "+0123456", "+12345", "+1234567890123456", "+44\n12345678"]
        {
            assert_eq!(number(wrong), Err(NotAPhone), "{wrong:?}");
        }
    }

    #[test]
    fn a_device_is_shown_on_one_line() {
        let device = Device::new(&format!("Mozilla\r\n/5.0\u{202e}{}", "x".repeat(300)));
        assert!(device.as_str().starts_with("Mozilla/5.0xxx"));
        assert_eq!(device.as_str().chars().count(), Device::CHARS_MAX);
    }
}
