//! How a control plane is set up to be tested.

use onsale_control::catalogue::CatalogueSettings;
use onsale_control::webhooks::WebhookRules;
use onsale_net::oidc::OidcProviders;
use onsale_net::provider::Providers;

/// How a control plane is set up.
pub struct Rules {
    pub catalogue: CatalogueSettings,
    pub oidc: OidcProviders,
    /// Who takes money, if not the till.
    pub providers: Option<Providers>,
    pub webhooks: WebhookRules,
}

impl Default for Rules {
    fn default() -> Self {
        // The walk through all operations makes many endpoints.
        let (endpoints_max, per_organiser_max) = (10_000, 10_000);
        Self {
            catalogue: CatalogueSettings::default(),
            oidc: OidcProviders::default(),
            providers: None,
            webhooks: WebhookRules { endpoints_max, per_organiser_max, private_addresses: false },
        }
    }
}
