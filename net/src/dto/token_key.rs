//! The public keys of tokens, as JSON Web Keys (RFC 7517, RFC 8037).

use serde::Serialize;
use utoipa::ToSchema;

use super::At;
use crate::auth::keys::{TokenKey, TokenKeys};

/// A public key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Jwk {
    /// `OKP`.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// `Ed25519`.
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// The key itself.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub x: String,
    /// Its name in the header of tokens: its thumbprint (RFC 7638).
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    pub kid: String,
    /// `sig`.
    #[schema(example = "sig")]
    pub r#use: &'static str,
    /// `EdDSA`.
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
}

/// All public keys that verify tokens.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JwkSet {
    /// The one that signs first.
    pub keys: Vec<Jwk>,
}

/// A key that signs from now on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewTokenKey {
    /// Its name in the header of tokens.
    #[schema(example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    pub kid: String,
    /// When it was made.
    pub created_at: At,
}

impl From<&TokenKeys> for JwkSet {
    fn from(keys: &TokenKeys) -> Self {
        let jwk = |key: &TokenKey| Jwk {
            kty: "OKP",
            crv: "Ed25519",
            x: key.x(),
            kid: key.id().to_owned(),
            r#use: "sig",
            alg: "EdDSA",
        };
        Self { keys: keys.all().map(jwk).collect() }
    }
}
