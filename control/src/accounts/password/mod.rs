//! Passwords: what may be one ([`strength`]), and how they are kept ([`hash`]), which is done by
//! threads of their own ([`pool`]).

pub mod hash;
pub mod pool;
pub mod strength;

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// A password as somebody typed it, in the form in which it is hashed: composed letters, every
/// kind of blank the same (`OpaqueString` of RFC 8265), so that it does not depend on the keyboard.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a password has not the shape of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// It has characters that no keyboard types twice alike.
    #[error("must not have control characters")]
    Control,
    /// It is too long.
    #[error("must have at most {} characters", Password::CHARS_MAX)]
    TooLong,
    /// It is too short.
    #[error("must have at least {} characters", Password::CHARS_MIN)]
    TooShort,
}

impl Password {
    /// The shortest that may be chosen, in characters.
    pub const CHARS_MIN: usize = 10;
    /// The longest, in characters.
    pub const CHARS_MAX: usize = 128;

    /// A password that is to be chosen.
    ///
    /// # Errors
    /// If it is no password, however strong.
    pub fn chosen(text: &str) -> Result<Self, ShapeError> {
        let password = Self::typed(text);
        match password.0.chars().count() {
            _ if text.chars().any(char::is_control) => Err(ShapeError::Control),
            ..Self::CHARS_MIN => Err(ShapeError::TooShort),
            Self::CHARS_MIN..=Self::CHARS_MAX => Ok(password),
            _ => Err(ShapeError::TooLong),
        }
    }

    /// A password that is to be compared. One that is too long to be any costs as much as others.
    pub fn typed(text: &str) -> Self {
        let normal = text.nfc().map(|c| if c.is_whitespace() { ' ' } else { c });
        Self(normal.take(Self::CHARS_MAX + 1).collect())
    }

    fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_password_is_one_on_every_keyboard() {
        let (composed, decomposed) = ("Jos\u{e9} at noon", "Jose\u{301}\u{a0}at\u{3000}noon");
        assert_eq!(Password::chosen(composed), Password::chosen(decomposed));
        assert_eq!(format!("{:?}", Password::typed("secret")), "Password(..)");
    }

    #[test]
    fn a_password_has_10_to_128_characters_of_any_script() {
        assert!(Password::chosen(&"山".repeat(10)).is_ok());
        assert!(Password::chosen(&"x".repeat(128)).is_ok());
        assert_eq!(Password::chosen("123456789"), Err(ShapeError::TooShort));
        assert_eq!(Password::chosen(&"x".repeat(129)), Err(ShapeError::TooLong));
        assert_eq!(Password::chosen("line\nbreak, 123"), Err(ShapeError::Control));
    }

    #[test]
    fn a_cut_password_is_never_one_that_was_chosen() {
        let typed = Password::typed(&"x".repeat(10_000));
        assert!(typed != Password::chosen(&"x".repeat(128)).unwrap());
        assert!(typed.as_bytes().len() < 1_000);
    }
}
