//! What can be set about providers that people sign in at.

use std::collections::BTreeSet;

use onsale_net::oidc::{NotAProvider, OidcProviders, ProviderSettings};
use serde::{Deserialize, Serialize};

use super::{Secret, SettingError};

/// A page of buttons; nobody wants more of them.
const PROVIDERS_MAX: usize = 20;

/// A provider that speaks `OpenID` Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// What it is called here.
    pub name: String,
    /// What it calls itself.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server proves itself with.
    pub client_secret: Secret,
    /// What is asked for.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// How many sign-ins may be waiting for it at once.
    #[serde(default = "usual_at_once")]
    pub at_once: usize,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

const fn usual_at_once() -> usize {
    32
}

/// The providers that are set.
pub(super) fn providers(all: &[Oidc]) -> Result<OidcProviders, SettingError> {
    let names: BTreeSet<_> = all.iter().map(|one| &one.name).collect();
    if names.len() != all.len() || all.len() > PROVIDERS_MAX {
        return Err(SettingError::OidcNames);
    }
    let settings: Result<Vec<_>, _> = all.iter().map(Oidc::settings).collect();
    // Every one of them was checked, so that its name could be told.
    OidcProviders::new(settings?).map_err(|_| SettingError::OidcNames)
}

impl Oidc {
    fn settings(&self) -> Result<ProviderSettings, SettingError> {
        let wrong = |problem: NotAProvider| SettingError::Oidc { name: self.name.clone(), problem };
        let settings = ProviderSettings {
            name: self.name.parse().map_err(wrong)?,
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.expose().to_owned(),
            scopes: self.scopes.clone(),
            at_once: self.at_once,
        };
        settings.check().map_err(wrong)?;
        Ok(settings)
    }
}
