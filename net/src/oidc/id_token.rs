//! Who a provider says somebody is: an ID token, verified as `OpenID` Connect Core 1.0, section
//! 3.1.3.7, has it. The algorithm is one of three; time is an argument, as with our own tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Validation};
use onsale_control::accounts::email::Email;
use onsale_control::accounts::text::PersonName;
use onsale_core::time::{Span, Time};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use super::configuration::Key;
use super::{ProviderError, refused};

/// Longer than any ID token that a browser's cookies could take.
const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// So much may the provider's clock differ from ours.
const SKEW: Span = Span::from_secs(60);
/// What somebody is called whose provider says no name.
const NAMELESS: &str = "Somebody";

/// What must be in an ID token.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    /// The access token that came with it.
    pub(super) access_token: Option<&'a str>,
    pub(super) now: Time,
}

#[derive(Deserialize)]
struct IdToken {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    /// Seconds since 1970, like the next two.
    exp: u64,
    iat: u64,
    nbf: Option<u64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    #[serde(flatten)]
    about: About,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// What a provider says about somebody, in an ID token or where it says more.
#[derive(Deserialize)]
pub(super) struct About {
    pub(super) sub: String,
    pub(super) email: Option<String>,
    /// Some providers write a text.
    email_verified: Option<Value>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    preferred_username: Option<String>,
}

/// What the header of an ID token says: the id of its key, and how it is signed.
pub(super) fn header(token: &str) -> Result<(Option<String>, Algorithm), ProviderError> {
    let header = (token.len() <= TOKEN_BYTES_MAX).then(|| jsonwebtoken::decode_header(token));
    let header = header.and_then(Result::ok).ok_or_else(|| refused("its ID token is none"))?;
    let is_known = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA].contains(&header.alg);
    // What must be understood, and is not (RFC 7515, section 4.1.11).
    if !is_known || header.crit.is_some() {
        return Err(refused("its ID token is signed in a way that is not taken here"));
    }
    Ok((header.kid, header.alg))
}

/// What an ID token says that is signed with this key and is what it must be.
pub(super) fn verify(
    token: &str,
    algorithm: Algorithm,
    key: &Key,
    expected: &Expected<'_>,
) -> Result<About, ProviderError> {
    let data = jsonwebtoken::decode::<IdToken>(token, &key.verifying, &signature_only(algorithm));
    let says = data.map_err(|_| refused("the signature of its ID token is wrong"))?.claims;
    if says.iss != expected.issuer {
        return Err(refused("its ID token is of another issuer"));
    }
    if !says.is_for(expected.client_id) {
        return Err(refused("its ID token is for somebody else"));
    }
    says.check_time(expected.now)?;
    if says.nonce.as_deref() != Some(expected.nonce) {
        return Err(refused("its ID token is of another sign-in"));
    }
    let hashes = says.at_hash.as_deref().zip(expected.access_token);
    if hashes.is_some_and(|(hash, token)| hash != half_hash(algorithm, token)) {
        return Err(refused("its ID token came with another access token"));
    }
    // Section 2: at most 255 ASCII characters.
    let subject = &says.about.sub;
    if !(1..=255).contains(&subject.len()) || !subject.is_ascii() {
        return Err(refused("its ID token names nobody"));
    }
    Ok(says.about)
}

/// Everything else is looked at here.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

/// Section 3.1.3.6: the left half of what the token is hashed to, by the hash of the signature.
pub(super) fn half_hash(algorithm: Algorithm, access_token: &str) -> String {
    match algorithm {
        Algorithm::EdDSA => BASE64_URL_SAFE_NO_PAD.encode(&Sha512::digest(access_token)[..32]),
        _ => BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token)[..16]),
    }
}

impl IdToken {
    /// Whether it is for this client. Where it is for others too, it must have been asked for by
    /// this one.
    fn is_for(&self, client_id: &str) -> bool {
        let is_asker = self.azp.as_deref().map(|asker| asker == client_id);
        match &self.aud {
            Audience::One(one) => one == client_id && is_asker.unwrap_or(true),
            Audience::Many(all) => {
                let is_alone = all.len() == 1;
                all.iter().any(|one| one == client_id) && is_asker.unwrap_or(is_alone)
            }
        }
    }

    fn check_time(&self, now: Time) -> Result<(), ProviderError> {
        let at = |seconds: u64| Time::from_ms(seconds.saturating_mul(1_000));
        if at(self.exp) + SKEW <= now {
            return Err(refused("its ID token has expired"));
        }
        if at(self.iat.max(self.nbf.unwrap_or_default())) > now + SKEW {
            return Err(refused("its ID token is not good yet: compare the clocks"));
        }
        Ok(())
    }
}

impl About {
    /// Their address, if the provider has verified it.
    pub(super) fn verified_email(&self) -> Option<Email> {
        let is_verified = match &self.email_verified {
            Some(Value::Bool(is_verified)) => *is_verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        self.email.as_ref().filter(|_| is_verified)?.parse().ok()
    }

    /// Their name, as well as it is known.
    pub(super) fn person_name(&self) -> PersonName {
        let of = |text: &Option<String>| text.clone().unwrap_or_default();
        let (given, family) = (of(&self.given_name), of(&self.family_name));
        let whole = [of(&self.name), of(&self.preferred_username), NAMELESS.to_owned()];
        let whole = whole.iter().map(|name| (name.as_str(), ""));
        let mut names = [(given.as_str(), family.as_str())].into_iter().chain(whole);
        let name = names.find_map(|(given, family)| PersonName::parse(given, family).ok());
        name.expect("the last of them is a name")
    }
}
