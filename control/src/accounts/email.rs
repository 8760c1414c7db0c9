//! E-mail addresses: as they were typed, and as they are compared.
//!
//! Local parts may be of any script (RFC 6531), domains too (IDNA, UTS 46). Two addresses are one
//! when their keys are the same: the domain in its ASCII form, the local part without regard to
//! case and to compatibility characters (NFKC with case folding). A key only says that no two
//! accounts may have both; letters always go to the address that an account has, never to one
//! that somebody typed and that is merely like it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use super::text::is_invisible;

/// An e-mail address. Whether somebody reads there, only a letter can tell.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    local: String,
    /// As it was typed.
    domain: String,
    domain_ascii: String,
    key: String,
}

/// The text is no e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be an e-mail address of at most 254 bytes, such as ada@example.org")]
pub struct NotAnEmail;

impl Email {
    /// RFC 5321: the longest path, without its angle brackets.
    pub const BYTES_MAX: usize = 254;
    /// RFC 5321: the longest local part.
    const LOCAL_BYTES_MAX: usize = 64;

    /// The address in `text`; blanks around it are no part of it.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim_matches(' ');
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let local: String = local.nfc().collect();
        let folded = folded(&local);
        let domain_ascii = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnEmail)?;
        // Its own form must be good, and what it is compared as: some characters become an @.
        let is_good = [local.as_str(), folded.as_str()].into_iter().all(is_local)
            && is_host(&domain_ascii)
            && !domain.chars().any(is_invisible)
            && text.len() <= Self::BYTES_MAX
            && local.len() + domain_ascii.len() < Self::BYTES_MAX;
        if !is_good {
            return Err(NotAnEmail);
        }
        let key = format!("{folded}@{domain_ascii}");
        Ok(Self { local, domain: domain.to_owned(), domain_ascii, key })
    }

    /// What it is compared by.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What stands before the @.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// Where the mail is brought: in ASCII, as the DNS has it.
    pub fn host(&self) -> &str {
        &self.domain_ascii
    }

    /// Whether both surely have the same mailbox: alike but for the case of ASCII letters. Keys
    /// are the same for more, which a mail server may well tell apart.
    pub fn is_same_mailbox(&self, other: &Self) -> bool {
        self.domain_ascii == other.domain_ascii && self.local.eq_ignore_ascii_case(&other.local)
    }
}

/// UAX 15 and Unicode 3.13: normalised, folded, and normalised again, which folding may undo.
fn folded(text: &str) -> String {
    let normal: String = text.nfkc().collect();
    UniCase::unicode(normal).to_folded_case().nfkc().collect()
}

/// A dot-atom of RFC 5322, with the letters of RFC 6531.
fn is_local(text: &str) -> bool {
    let is_atom = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~".contains(c)
            || !(c.is_ascii() || c.is_control() || c.is_whitespace() || is_invisible(c))
    };
    (1..=Email::LOCAL_BYTES_MAX).contains(&text.len())
        && text.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

/// More than one label, and no address of the internet protocol.
fn is_host(ascii: &str) -> bool {
    let last = ascii.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|last| !last.is_empty() && !last.bytes().all(|byte| byte.is_ascii_digit()))
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// Not in a log by accident.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        Email::parse(text).unwrap_or_else(|_| panic!("{text}")).key().to_owned()
    }

    #[test]
    fn an_address_is_shown_as_it_was_typed() {
        let email = Email::parse(" Ada.Lovelace+tickets@Bücher.Example ").unwrap();
        assert_eq!(email.to_string(), "Ada.Lovelace+tickets@Bücher.Example");
        assert_eq!(
            (email.local(), email.host()),
            ("Ada.Lovelace+tickets", "xn--bcher-kva.example")
        );
        assert_eq!(format!("{email:?}"), "Email(..)");
    }

    #[test]
    fn what_people_take_for_one_address_has_one_key() {
        for (one, other) in [
            ("ADA@EXAMPLE.ORG", "ada@example.org"),
            ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
            ("STRASSE@example.org", "straße@example.org"),
            ("ΟΔΥΣΣΕΥΣ@example.org", "οδυσσευς@example.org"),
            ("jose\u{301}@example.org", "José@example.org"),
            ("ada\u{ff10}@example.org", "ada0@example.org"),
            ("ada@example\u{3002}org", "ada@example.org"),
        ] {
            assert_eq!(key(one), key(other), "{one} and {other}");
        }
    }

    /// Letters that only look alike are other letters: two people may have both.
    #[test]
    fn homographs_are_not_one() {
        for (one, other) in [
            ("paypal@example.org", "p\u{430}yp\u{430}l@example.org"),
            ("ada@example.org", "ada@ex\u{430}mple.org"),
            ("mike@example.org", "m\u{131}ke@example.org"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn one_key_is_not_one_mailbox() {
        let email = |text| Email::parse(text).unwrap();
        assert!(email("Ada@Example.org").is_same_mailbox(&email("ada@example.org")));
        let (plain, wide) = (email("ada0@example.org"), email("ada\u{ff10}@example.org"));
        assert_eq!(plain.key(), wide.key());
        assert!(!plain.is_same_mailbox(&wide));
    }

    #[test]
    fn addresses_are_told_from_other_text() {
        for right in [
            "ada@example.org",
            "a.b+c@mail.example.co.uk",
            "o'hara@example.ie",
            "jürgen@bücher.example",
            "用户@例子.广告",
            "अजय@डाटा.भारत",
        ] {
            assert!(Email::parse(right).is_ok(), "{right}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("ada@{}.org", "a.".repeat(130));
        for wrong in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "a b@example.org",
            "a@b@example.org",
            "a@-b.example",
            "a@b..example",
            "a@example.org.",
            "a\n@example.org",
            "a@exam\nple.org",
            "ada@example.org\n",
            ".ada@example.org",
            "a..b@example.org",
            "ada.@example.org",
            "ada@127.0.0.1",
            "ada@[127.0.0.1]",
            "\"ada\"@example.org",
            "<ada@example.org>",
            "ada,bob@example.org",
            "Ada <ada@example.org>",
            "ada@example.org\r\nBcc: eve@example.org",
            "a\0da@example.org",
            "ada\u{ff20}b@example.org",
            "ada\u{2024}\u{2024}b@example.org",
            "ada\u{200b}@example.org",
            "\u{202e}ada@example.org",
            "ada@exa\u{ad}mple.org",
            &long,
            &longer,
        ] {
            assert_eq!(Email::parse(wrong).err(), Some(NotAnEmail), "{wrong:?}");
        }
    }
}
