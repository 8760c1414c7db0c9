//! HMACs in lower-case hexadecimal, as all providers but `PayPal` sign, and who may call an API.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use sha2::{Sha256, Sha512};

/// The HMAC-SHA256 of `message`.
pub fn hmac_sha256(key: &str, message: &[u8]) -> String {
    // HMAC takes keys of every length (RFC 2104, section 2), so this cannot fail.
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length of key");
    hex(&mac.chain_update(message).finalize().into_bytes())
}

/// The HMAC-SHA512 of `message`.
pub fn hmac_sha512(key: &str, message: &[u8]) -> String {
    let mac = Hmac::<Sha512>::new_from_slice(key.as_bytes()).expect("any length of key");
    hex(&mac.chain_update(message).finalize().into_bytes())
}

/// Whether a request has this user and password (RFC 7617).
pub fn is_basic(headers: &HeaderMap, user: &str, password: &str) -> bool {
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
    headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

/// Whether a request has this bearer token (RFC 6750).
pub fn is_bearer(headers: &HeaderMap, token: &str) -> bool {
    let expected = format!("Bearer {token}");
    headers.get(header::AUTHORIZATION).is_some_and(|value| value.as_bytes() == expected.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hmac_is_the_one_that_stripe_publishes() {
        // stripe-node, test/crypto/helpers.ts
        let expected = "f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd";
        assert_eq!(hmac_sha256("test_secret", b""), expected);
    }
}
