//! How a webhook is signed: `v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>`, one
//! for each secret, with blanks between them.
//!
//! Source: Standard Webhooks 1.0.0, sections "Signature scheme" and "Webhook headers".

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

/// How a secret begins as text.
const PREFIX: &str = "whsec_";

/// How many bytes a secret has at least and at most.
const BYTES_MIN: usize = 24;
const BYTES_MAX: usize = 64;

/// What a receiver knows us by. It cannot be printed, only used.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

/// The text is no secret. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be whsec_ and the base64 of {BYTES_MIN} to {BYTES_MAX} random bytes")]
pub struct NotASecret;

impl SigningSecret {
    /// Reads a secret as receivers are told it.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotASecret)?;
        let bytes = BASE64_STANDARD.decode(digits).map_err(|_| NotASecret)?;
        let is_long_enough = (BYTES_MIN..=BYTES_MAX).contains(&bytes.len());
        if is_long_enough { Ok(Self(bytes)) } else { Err(NotASecret) }
    }

    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        // HMAC takes keys of every length (RFC 2104, section 2), so this cannot fail.
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        let mac = parts.into_iter().fold(mac, Mac::chain_update);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

/// The value of `webhook-signature`: while a secret is being changed there are two, and a receiver
/// takes either.
pub(super) fn signatures(
    secrets: &[SigningSecret],
    id: &str,
    timestamp_s: u64,
    body: &[u8],
) -> String {
    let timestamp = timestamp_s.to_string();
    let each = secrets.iter().map(|secret| secret.sign(id, &timestamp, body));
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = concat!("whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP_S: u64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = SigningSecret::parse(SECRET).unwrap();
        assert_eq!(signatures(&[secret], ID, TIMESTAMP_S, BODY), SIGNATURE);
    }

    #[test]
    fn while_secrets_change_each_signs() {
        let old = SigningSecret::parse(SECRET).unwrap();
        let new = format!("whsec_{}", BASE64_STANDARD.encode([7; 32]));
        let new = SigningSecret::parse(&new).unwrap();
        let both = signatures(&[new.clone(), old], ID, TIMESTAMP_S, BODY);
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, signatures(&[new], ID, TIMESTAMP_S, BODY));
        assert_eq!(second, SIGNATURE);
    }

    #[test]
    fn what_is_no_secret_is_refused_and_a_secret_does_not_show() {
        let of = |bytes: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![1; bytes]));
        for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!", &of(23), &of(65)] {
            assert_eq!(SigningSecret::parse(wrong), Err(NotASecret), "{wrong}");
        }
        let secret = SigningSecret::parse(&of(64)).unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(..)");
    }
}
