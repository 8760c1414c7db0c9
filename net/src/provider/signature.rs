//! Signatures with a timestamp, as Stripe makes them and the sandbox does too:
//! `t=<unix seconds>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>`.
//!
//! Source: the webhook helpers of Stripe's public SDKs. Stricter in one place: a time too far in
//! the future is not believed either.

use hmac::Mac;
use onsale_core::time::{Span, Time};
use thiserror::Error;

use super::secret::{Secret, unhex};

/// How far a signature's time may be from now, in both directions.
pub const TOLERANCE: Span = Span::from_secs(300);

/// Why a signature is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The header is not there, or is not of this form.
    #[error("the signature is missing or cannot be read")]
    Missing,
    /// Somebody else made it, for something else, or with another secret.
    #[error(
        "the signature does not match: check the secret, and sign the very bytes that are sent"
    )]
    Wrong,
    /// It is too far from now.
    #[error("the signature's time is too far from now: check the clocks")]
    Untimely,
}

/// The header's value for `body`, signed at `at`.
pub fn sign(secret: &Secret, at: Time, body: &[u8]) -> String {
    let seconds = (at.as_ms() / 1_000).to_string();
    let signed = [seconds.as_bytes(), b".", body].concat();
    format!("t={seconds},v1={}", secret.hmac_sha256_hex(&signed))
}

/// Makes sure that `header` signs `body` and is not far from `now`. Of several `v1`, one must match
/// (there are two while a secret is being changed); other schemes are ignored. Takes the same time
/// whatever is wrong with a digest.
pub fn verify(secret: &Secret, header: &str, body: &[u8], now: Time) -> Result<(), SignatureError> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let named = |name| parts().filter(move |(key, _)| *key == name).map(|(_, value)| value);
    let seconds = named("t").next().ok_or(SignatureError::Missing)?;
    let at_s: u64 = seconds.parse().map_err(|_| SignatureError::Missing)?;
    let mut digests = named("v1").peekable();
    digests.peek().ok_or(SignatureError::Missing)?;

    let mac = secret.hmac_sha256().chain_update(seconds).chain_update(".").chain_update(body);
    let matches =
        |digest| unhex(digest).is_some_and(|bytes| mac.clone().verify_slice(&bytes).is_ok());
    if !digests.any(matches) {
        return Err(SignatureError::Wrong);
    }
    let at = Time::from_ms(at_s.saturating_mul(1_000));
    let timely = at.since(now) <= TOLERANCE && now.since(at) <= TOLERANCE;
    if timely { Ok(()) } else { Err(SignatureError::Untimely) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id": "ntc_1", "amount": 100}"#;

    fn now() -> Time {
        Time::from_ms(1_700_000_000_500)
    }

    fn secret() -> Secret {
        Secret::new("whsec_test_secret")
    }

    fn check(header: &str) -> Result<(), SignatureError> {
        verify(&secret(), header, BODY, now())
    }

    #[test]
    fn a_signature_says_when_and_what() {
        let header = sign(&secret(), now(), BODY);
        assert!(header.starts_with("t=1700000000,v1="));
        assert_eq!(check(&header), Ok(()));
    }

    #[test]
    fn what_is_signed_is_the_very_bytes() {
        let header = sign(&secret(), now(), BODY);
        let again = br#"{"id":"ntc_1","amount":100}"#;
        assert_eq!(verify(&secret(), &header, again, now()), Err(SignatureError::Wrong));
        let other = Secret::new("whsec_other");
        assert_eq!(verify(&other, &header, BODY, now()), Err(SignatureError::Wrong));
        let moved = header.replacen("t=1700000000", "t=1700000001", 1);
        assert_eq!(check(&moved), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_signature_needs_its_time_and_its_scheme() {
        let header = sign(&secret(), now(), BODY);
        let (time, digest) = header.split_once(',').unwrap();
        let other_scheme = header.replacen("v1=", "v0=", 1);
        for wrong in ["", "t=", time, digest, "t=soon,v1=00", "i,have,no,idea", &other_scheme] {
            assert_eq!(check(wrong), Err(SignatureError::Missing), "{wrong}");
        }
        assert_eq!(check(&format!("{time},v1=not hexadecimal")), Err(SignatureError::Wrong));
        assert_eq!(check(&format!("{time},v1=")), Err(SignatureError::Wrong));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let header = sign(&secret(), now(), BODY);
        let (time, digest) = header.split_once(',').unwrap();
        let bogus = format!("v1={}", "0".repeat(64));
        assert_eq!(check(&format!("{header},{bogus}")), Ok(()));
        assert_eq!(check(&format!("{time},{bogus},v0=abc,{digest}")), Ok(()));
    }

    #[test]
    fn the_time_must_be_near_in_both_directions() {
        let at = |s: u64| check(&sign(&secret(), Time::from_ms(s * 1_000), BODY));
        assert_eq!(at(1_700_000_000 - 299), Ok(()));
        assert_eq!(at(1_700_000_000 + 300), Ok(()));
        assert_eq!(at(1_700_000_000 - 300), Err(SignatureError::Untimely));
        assert_eq!(at(1_700_000_000 + 301), Err(SignatureError::Untimely));
    }
}
