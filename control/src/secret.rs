//! Bytes that nobody can foresee, and how what is made of them is kept: by its fingerprint, so that
//! whoever reads the database cannot use it.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// So many random bytes.
///
/// # Panics
/// If the operating system has none, which it promises to have once it has started.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// 256 random bits as text, to be shown once: whoever sends it back has had it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn random() -> Self {
        Self(encode(&random::<32>()))
    }

    /// The text, for whoever is to have it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// How a secret that was drawn at random is kept: SHA-256, since there is nothing to guess.
pub fn fingerprint(secret: impl AsRef<[u8]>) -> String {
    encode(&Sha256::digest(secret))
}

/// Bytes as text that fits into a URL.
pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Exactly so many bytes out of such text.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Four characters for three bytes: what is longer need not be looked at.
    let bytes = (text.len() <= N.div_ceil(3) * 4).then(|| BASE64_URL_SAFE_NO_PAD.decode(text));
    bytes?.ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_by_its_fingerprint_and_does_not_show() {
        let (one, other) = (Token::random(), Token::random());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 43);
        assert_eq!(format!("{one:?}"), "Token(..)");
        assert_ne!(fingerprint(one.expose()), fingerprint(other.expose()));
        // FIPS 180-4, appendix B.1, in base64.
        assert_eq!(fingerprint("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }

    #[test]
    fn text_is_read_back_whole_or_not_at_all() {
        let bytes = random::<48>();
        assert_eq!(decode(&encode(&bytes)), Some(bytes));
        assert_eq!(decode::<32>(&encode(&bytes)), None);
        assert_eq!(decode::<3>("ab*c"), None);
    }
}
