//! Tokens: JSON Web Tokens signed with Ed25519, one kind for each purpose. The algorithm and the
//! `typ` of each kind are fixed (RFC 8725), so that none passes for another; the key is one of the
//! ring's ([`super::keys`]).
//!
//! Time is an argument: the library's own look at the clock is switched off.

use jsonwebtoken::{Algorithm, Header, Validation};
use onsale_control::id::SessionId;
use onsale_core::id::{EventId, PersonId, PlaceId};
use onsale_core::time::{Span, Time};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::keys::TokenKeys;
use crate::dto::Id;

/// Longer than any token of ours.
const TOKEN_BYTES_MAX: usize = 2_048;
const ISSUER: &str = "onsale";
/// So much may the clock of another node be ahead of ours.
const SKEW: Span = Span::from_secs(60);

/// What distinguishes one kind of token from another.
struct Purpose {
    typ: &'static str,
    audience: &'static str,
}

const ACCESS: Purpose = Purpose { typ: "at+jwt", audience: "onsale-api" };
const CHECKOUT: Purpose = Purpose { typ: "checkout+jwt", audience: "onsale-checkout" };

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The session that it belongs to is over.
    #[error("the session has ended")]
    Ended,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Malformed, of another kind, of another issuer, or not signed with a key of ours.
    #[error("the token is none of ours, or was changed")]
    Invalid,
}

/// What an access token says: who speaks. The e-mail address in a guest's is read by whoever
/// writes e-mails, not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub person: PersonId,
    /// Where they have signed in; a guest has not.
    pub session: Option<SessionId>,
    /// From when on it is not good any more.
    pub expires_at: Time,
}

/// What a checkout token says: who was let in where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Who.
    pub person: PersonId,
    /// Where.
    pub event: EventId,
    /// By which place in its waitroom.
    pub place: PlaceId,
    /// From when on it is not good any more: the end of the visit.
    pub expires_at: Time,
}

#[derive(Serialize, Deserialize)]
struct Claims<T> {
    iss: String,
    aud: String,
    sub: Id<PersonId>,
    /// Seconds since 1970, like the next two.
    iat: u64,
    nbf: u64,
    exp: u64,
    #[serde(flatten)]
    more: T,
}

#[derive(Serialize, Deserialize)]
struct AccessClaims {
    /// A guest's: there is no account to look it up in.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Id<SessionId>>,
}

#[derive(Serialize, Deserialize)]
struct CheckoutClaims {
    event: Id<EventId>,
    place: Id<PlaceId>,
}

impl TokenKeys {
    /// An access token; `None` if it cannot be signed, which a key that was checked does not do.
    pub fn access(&self, access: Access, email: Option<&str>, now: Time) -> Option<String> {
        let more = AccessClaims { email: email.map(str::to_owned), sid: access.session.map(Id) };
        self.sign(&ACCESS, access.person, now, access.expires_at, more)
    }

    /// A checkout token; `None` as for [`Self::access`].
    pub fn checkout(&self, checkout: Checkout, now: Time) -> Option<String> {
        let more = CheckoutClaims { event: Id(checkout.event), place: Id(checkout.place) };
        self.sign(&CHECKOUT, checkout.person, now, checkout.expires_at, more)
    }

    /// What an access token says, if it is good at `now`.
    pub fn verify_access(&self, token: &str, now: Time) -> Result<Access, TokenError> {
        let claims: Claims<AccessClaims> = self.verify(&ACCESS, token, now)?;
        let session = claims.more.sid.map(|Id(session)| session);
        Ok(Access { person: claims.sub.0, session, expires_at: from_seconds(claims.exp) })
    }

    /// What a checkout token says, if it is good at `now`.
    pub fn verify_checkout(&self, token: &str, now: Time) -> Result<Checkout, TokenError> {
        let claims: Claims<CheckoutClaims> = self.verify(&CHECKOUT, token, now)?;
        let CheckoutClaims { event, place } = claims.more;
        let expires_at = from_seconds(claims.exp);
        Ok(Checkout { person: claims.sub.0, event: event.0, place: place.0, expires_at })
    }

    fn sign<T: Serialize>(
        &self,
        purpose: &Purpose,
        person: PersonId,
        now: Time,
        until: Time,
        more: T,
    ) -> Option<String> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: purpose.audience.to_owned(),
            sub: Id(person),
            iat: now.as_ms() / 1_000,
            nbf: now.as_ms() / 1_000,
            exp: until.as_ms().div_ceil(1_000),
            more,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(purpose.typ.to_owned());
        let key = self.newest();
        header.kid = Some(key.id().to_owned());
        jsonwebtoken::encode(&header, &claims, &key.signing).ok()
    }

    fn verify<T: DeserializeOwned>(
        &self,
        purpose: &Purpose,
        token: &str,
        now: Time,
    ) -> Result<Claims<T>, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        if header.typ.as_deref() != Some(purpose.typ) {
            return Err(TokenError::Invalid);
        }
        let key = header.kid.and_then(|id| self.find(&id)).ok_or(TokenError::Invalid)?;
        let data = jsonwebtoken::decode(token, &key.verifying, &validation(purpose));
        let claims: Claims<T> = data.map_err(|_| TokenError::Invalid)?.claims;
        if now + SKEW < from_seconds(claims.nbf.max(claims.iat)) {
            return Err(TokenError::Invalid);
        }
        if now >= from_seconds(claims.exp) {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }
}

fn validation(purpose: &Purpose) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "nbf", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[purpose.audience]);
    // By the operating system's clock; `verify` looks at the one that everything else goes by.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation
}

fn from_seconds(seconds: u64) -> Time {
    Time::from_ms(seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use ed25519_dalek::SigningKey;
    use jsonwebtoken::EncodingKey;
    use onsale_core::id::PartitionId;

    use super::*;
    use crate::auth::keys::{KeyFile, new_signing_key};

    const NOW: Time = Time::from_ms(1_790_848_800_217);
    const LATER: Time = Time::from_ms(1_790_849_700_217);

    fn keys(seed: u8) -> TokenKeys {
        TokenKeys::of(&[file(seed, Time::ZERO)]).unwrap()
    }

    fn file(seed: u8, created_at: Time) -> KeyFile {
        KeyFile { created_at, pkcs8: new_signing_key(&[seed; 32]).unwrap() }
    }

    fn access_token(keys: &TokenKeys) -> String {
        let access = Access { person: PersonId::from_u128(7), session: None, expires_at: LATER };
        keys.access(access, Some("ada@example.org"), NOW).unwrap()
    }

    #[test]
    fn a_token_is_good_until_its_end_and_says_what_was_signed() {
        let keys = keys(1);
        let event = EventId::new(PartitionId::new(3).unwrap(), 5).unwrap();
        let person = PersonId::from_u128(7);
        let expires_at = Time::from_ms(LATER.as_ms() + 783);
        let checkout = Checkout { person, event, place: PlaceId::new(event, 11), expires_at };
        let token = keys.checkout(checkout, NOW).unwrap();
        assert_eq!(keys.verify_checkout(&token, NOW), Ok(checkout));
        let access = access_token(&keys);
        assert_eq!(keys.verify_access(&access, NOW).unwrap().person, person);
        let end = Time::from_ms(LATER.as_ms() + 783);
        assert_eq!(keys.verify_access(&access, end), Err(TokenError::Expired));
    }

    #[test]
    fn whoever_signed_in_is_told_from_a_guest() {
        let keys = keys(1);
        let person = PersonId::from_u128(7);
        for session in [None, Some(SessionId::random())] {
            let access = Access { person, session, expires_at: LATER };
            let token = keys.access(access, None, NOW).unwrap();
            assert_eq!(keys.verify_access(&token, NOW).unwrap().session, session);
        }
    }

    #[test]
    fn no_kind_of_token_passes_for_another() {
        let keys = keys(1);
        assert_eq!(keys.verify_checkout(&access_token(&keys), NOW), Err(TokenError::Invalid));
    }

    /// Each of the two marks is enough to tell the kinds apart.
    #[test]
    fn both_the_type_and_the_audience_of_a_token_count() {
        let keys = keys(1);
        let sign = |typ, audience| {
            let more = AccessClaims { email: None, sid: None };
            let purpose = Purpose { typ, audience };
            keys.sign(&purpose, PersonId::from_u128(7), NOW, LATER, more).unwrap()
        };
        assert!(keys.verify_access(&sign(ACCESS.typ, ACCESS.audience), NOW).is_ok());
        for (typ, audience) in [("JWT", ACCESS.audience), (ACCESS.typ, CHECKOUT.audience)] {
            let token = sign(typ, audience);
            assert_eq!(keys.verify_access(&token, NOW), Err(TokenError::Invalid), "{typ}");
        }
    }

    #[test]
    fn a_token_of_another_key_or_without_a_signature_is_refused() {
        let token = access_token(&keys(1));
        assert_eq!(keys(2).verify_access(&token, NOW), Err(TokenError::Invalid));
        let claims = token.split('.').nth(1).unwrap();
        let header = BASE64_URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none"}"#);
        for forged in [format!("{header}.{claims}."), format!("{header}.{claims}.AAAA")] {
            assert_eq!(keys(1).verify_access(&forged, NOW), Err(TokenError::Invalid));
        }
    }

    /// The public key as an HMAC secret: the classic confusion of algorithms.
    #[test]
    fn a_token_signed_by_another_algorithm_is_refused() {
        let public = SigningKey::from_bytes(&[1; 32]).verifying_key();
        let token = access_token(&keys(1));
        let claims = token.split('.').nth(1).unwrap();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        let secret = EncodingKey::from_secret(public.as_bytes());
        let forged = jsonwebtoken::encode(&header, &claims, &secret).unwrap();
        assert_eq!(keys(1).verify_access(&forged, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn an_older_key_still_verifies_and_the_newest_signs() {
        let before = access_token(&keys(1));
        let ring = TokenKeys::of(&[file(1, Time::ZERO), file(2, NOW)]).unwrap();
        assert!(ring.verify_access(&before, NOW).is_ok());
        let after = access_token(&ring);
        assert!(keys(2).verify_access(&after, NOW).is_ok());
        assert_eq!(keys(1).verify_access(&after, NOW), Err(TokenError::Invalid));
    }

    /// A token names its key, and no other is tried.
    #[test]
    fn a_token_without_a_key_or_with_another_ones_name_is_refused() {
        let ring = TokenKeys::of(&[file(1, Time::ZERO), file(2, NOW)]).unwrap();
        let token = access_token(&ring);
        let claims = token.split('.').nth(1).unwrap();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        let others = keys(1).newest().id().to_owned();
        for kid in [None, Some("unknown".to_owned()), Some(others)] {
            let mut header = Header::new(Algorithm::EdDSA);
            (header.typ, header.kid) = (Some("at+jwt".to_owned()), kid);
            let forged = jsonwebtoken::encode(&header, &claims, &ring.newest().signing).unwrap();
            assert_eq!(ring.verify_access(&forged, NOW), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn the_clock_of_another_node_may_be_a_minute_ahead() {
        let keys = keys(1);
        let token = access_token(&keys);
        let minutes_before = |minutes: u64| Time::from_ms(NOW.as_ms() - minutes * 60_000);
        assert!(keys.verify_access(&token, minutes_before(1)).is_ok());
        assert_eq!(keys.verify_access(&token, minutes_before(2)), Err(TokenError::Invalid));
    }
}
