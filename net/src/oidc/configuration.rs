//! What a provider says about itself (`OpenID` Connect Discovery 1.0) and its keys (RFC 7517).

use axum::http::Uri;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::ProviderError;
use super::http::{Http, away};
use super::settings::ProviderSettings;
use crate::outgoing::safe_uri;

/// Shorter RSA keys can be broken: 2048 bits (RFC 7518, section 3.3), in base64.
const RSA_MODULUS_CHARS_MIN: usize = 342;

/// Where a provider is asked for what.
pub(super) struct Configuration {
    /// Where people go.
    pub(super) authorization: Uri,
    /// Where a code becomes tokens.
    pub(super) token: Uri,
    /// Where its keys are.
    pub(super) keys: Uri,
    /// Where it says more of somebody, if it does.
    pub(super) user_info: Option<Uri>,
    /// Whether it wants the secret in the form: RFC 6749, section 2.3.1, would have it in a header.
    pub(super) secret_in_form: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Configuration {
    /// Asks a provider.
    pub(super) async fn ask(
        http: &Http,
        settings: &ProviderSettings,
    ) -> Result<Self, ProviderError> {
        let base = settings.issuer.trim_end_matches('/');
        let uri = format!("{base}/.well-known/openid-configuration");
        let uri: Uri = uri.parse().map_err(|error| ProviderError::Away(format!("{error}")))?;
        let document: Document = http.get(&uri, None).await?;
        // Or else it speaks for somebody else (Discovery, section 4.3).
        if document.issuer != settings.issuer {
            return Err(away(&uri, format!("it calls itself {:?}", document.issuer)));
        }
        let endpoint = |text: &str| {
            let safe = safe_uri(text, settings.is_local());
            safe.ok_or_else(|| away(&uri, format!("{text:?} is no https:// address")))
        };
        let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|known| known == method);
        Ok(Self {
            authorization: endpoint(&document.authorization_endpoint)?,
            token: endpoint(&document.token_endpoint)?,
            keys: endpoint(&document.jwks_uri)?,
            user_info: document.userinfo_endpoint.as_deref().map(endpoint).transpose()?,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }
}

/// A key that a provider signs with.
pub(super) struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    pub(super) verifying: DecodingKey,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Asks a provider for its keys. One that nobody here could use is left out.
pub(super) async fn ask_for_keys(http: &Http, uri: &Uri) -> Result<Vec<Key>, ProviderError> {
    let set: KeySet = http.get(uri, None).await?;
    Ok(set.keys.into_iter().filter_map(Key::read).collect())
}

impl Key {
    fn read(value: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            AlgorithmParameters::RSA(key) if key.n.len() >= RSA_MODULUS_CHARS_MIN => {
                Algorithm::RS256
            }
            _ => return None,
        };
        let common = &jwk.common;
        let signs =
            common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
        let is_for =
            common.key_algorithm.is_none_or(|known| known == KeyAlgorithm::from(algorithm));
        let verifying = DecodingKey::from_jwk(&jwk).ok()?;
        (signs && is_for).then(|| Self { id: jwk.common.key_id, algorithm, verifying })
    }

    /// Whether a token of this header may be signed with it.
    pub(super) fn fits(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        self.algorithm == algorithm && (id.is_none() || self.id.as_deref() == id)
    }
}
