//! Keys shared with a provider, kept out of logs and error messages.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha512};

/// A key shared with a provider. It cannot be printed, only used.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The key made of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for a header that carries them.
    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The value of `Authorization` for a user with this secret as password (RFC 7617).
    pub(super) fn basic(&self, user: &str) -> String {
        let credentials = [user.as_bytes(), b":", self.expose()].concat();
        format!("Basic {}", BASE64_STANDARD.encode(credentials))
    }

    /// An HMAC-SHA256 with this key, before anything was put in.
    pub fn hmac_sha256(&self) -> Hmac<Sha256> {
        // HMAC takes keys of every length (RFC 2104, section 2), so this cannot fail.
        Hmac::new_from_slice(&self.0).expect("HMAC takes keys of every length")
    }

    /// The HMAC-SHA256 of `message` in lower-case hexadecimal.
    pub fn hmac_sha256_hex(&self, message: &[u8]) -> String {
        hex(&self.hmac_sha256().chain_update(message).finalize().into_bytes())
    }

    /// The HMAC-SHA512 of `message` in lower-case hexadecimal.
    pub(super) fn hmac_sha512_hex(&self, message: &[u8]) -> String {
        hex(&self.hmac_sha512().chain_update(message).finalize().into_bytes())
    }

    /// Whether `digest` is the HMAC-SHA256 of `message` in hexadecimal. Takes the same time
    /// wherever they differ.
    pub(super) fn is_hmac_sha256_hex(&self, message: &[u8], digest: &str) -> bool {
        let mac = self.hmac_sha256().chain_update(message);
        unhex(digest).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
    }

    /// The same for HMAC-SHA512.
    pub(super) fn is_hmac_sha512_hex(&self, message: &[u8], digest: &str) -> bool {
        let mac = self.hmac_sha512().chain_update(message);
        unhex(digest).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
    }

    fn hmac_sha512(&self) -> Hmac<Sha512> {
        // As above.
        Hmac::new_from_slice(&self.0).expect("HMAC takes keys of every length")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// `bytes` in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes that `text` is the hexadecimal of, or `None`.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_the_one_that_stripe_publishes() {
        // stripe-node, test/crypto/helpers.ts
        let secret = Secret::new("test_secret");
        for (message, expected) in [
            ("", "f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd"),
            (
                r#"{"obj1":"hello","obj2":"world"}"#,
                "bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363",
            ),
            ("\u{1F600}", "837da296d05c4fe31f61d5d7ead035099d9585a5bcde87de952012a78f0b0c43"),
        ] {
            assert_eq!(secret.hmac_sha256_hex(message.as_bytes()), expected);
        }
    }

    #[test]
    fn a_secret_does_not_show() {
        let shown = format!("{:?}", Secret::new("whsec_very_secret"));
        assert_eq!(shown, "Secret(..)");
    }

    #[test]
    fn hexadecimal_reads_what_it_writes_and_nothing_else() {
        assert_eq!(unhex(&hex(&[0, 9, 0xa0, 0xff])), Some(vec![0, 9, 0xa0, 0xff]));
        for wrong in ["0", "0g", "é", "0x00", "000"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }
}
