//! What the tests of this module have in common.

use super::ProviderSettings;

/// A provider that calls itself so.
pub(super) fn settings(issuer: &str) -> ProviderSettings {
    ProviderSettings {
        name: "example".parse().unwrap(),
        issuer: issuer.to_owned(),
        client_id: "onsale".to_owned(),
        client_secret: "a secret-of/the:tests".replace(' ', "-"),
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        at_once: 2,
    }
}
