//! What can be set about payment providers. One is there when its section is.

use std::iter;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use onsale_net::provider::api::ApiUrl;
use onsale_net::provider::installation::Installation;
use onsale_net::provider::payos::{self, Payos, PayosSettings};
use onsale_net::provider::paypal::{self, Paypal, PaypalSettings};
use onsale_net::provider::razorpay::{self, Razorpay, RazorpaySettings};
use onsale_net::provider::secret::Secret as Key;
use onsale_net::provider::stripe::{self, Flow, Stripe, StripeSettings};
use onsale_net::provider::vnpay::{self, Vnpay, VnpaySettings};
use onsale_net::provider::zalopay::{self, Zalopay, ZalopaySettings};
use onsale_net::provider::{Clock, PaymentProvider};
use serde::{Deserialize, Serialize};

use super::{Secret, SettingError};

/// Who takes money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payments {
    /// Where buyers go afterwards; `?order=` and the order's id are added.
    pub return_url: Option<String>,
    /// Stripe.
    pub stripe: Option<StripeSection>,
    /// `PayPal`.
    pub paypal: Option<PaypalSection>,
    /// `VNPay`.
    pub vnpay: Option<VnpaySection>,
    /// `ZaloPay`.
    pub zalopay: Option<ZalopaySection>,
    /// payOS.
    pub payos: Option<PayosSection>,
    /// Razorpay.
    pub razorpay: Option<RazorpaySection>,
}

/// How Stripe is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StripeSection {
    /// Where its API is, if not where it usually is.
    pub api: Option<String>,
    /// The account's secret key.
    pub secret_key: Option<Secret>,
    /// The secrets of the webhook endpoint; any that fits is believed.
    pub webhook_secrets: Vec<Secret>,
    /// Whose page buyers pay on.
    pub flow: StripeFlow,
}

/// Whose page buyers pay on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StripeFlow {
    /// Stripe's.
    #[default]
    Checkout,
    /// The merchant's own, with Stripe's script in it.
    PaymentIntents,
}

/// How `PayPal` is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaypalSection {
    /// Where its API is, if not where it usually is.
    pub api: Option<String>,
    /// The name of the merchant's app.
    pub client_id: String,
    /// The app's secret.
    pub client_secret: Option<Secret>,
    /// Its names for the webhooks that lead here.
    pub webhook_ids: Vec<String>,
}

/// How `VNPay` is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VnpaySection {
    /// Where buyers pay, if not where they usually do.
    pub page: Option<String>,
    /// Where its API is, if not where it usually is.
    pub api: Option<String>,
    /// The merchant's terminal.
    pub tmn_code: String,
    /// What is signed with.
    pub hash_secret: Option<Secret>,
    /// Secrets from before: what they signed is still believed.
    pub former_hash_secrets: Vec<Secret>,
    /// The address that it is told as the server's.
    pub ip: Option<IpAddr>,
}

/// How `ZaloPay` is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ZalopaySection {
    /// Where its API is, if not where it usually is.
    pub api: Option<String>,
    /// The merchant's application.
    pub app_id: u32,
    /// What is signed with that goes there.
    pub key1: Option<Secret>,
    /// What comes from there is signed with; any that fits is believed.
    pub key2s: Vec<Secret>,
    /// Where its callbacks go, if not where the application's settings there say.
    pub callback_url: Option<String>,
}

/// How payOS is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PayosSection {
    /// Where its API is, if not where it usually is.
    pub api: Option<String>,
    /// Where its pages are, if not where they usually are.
    pub pages: Option<String>,
    /// The merchant's client id.
    pub client_id: String,
    /// The merchant's API key.
    pub api_key: Option<Secret>,
    /// What both sides sign with.
    pub checksum_key: Option<Secret>,
    /// Checksum keys from before: what they signed is still believed.
    pub former_checksum_keys: Vec<Secret>,
}

/// How Razorpay is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RazorpaySection {
    /// Where its API is, if not where it usually is.
    pub api: Option<String>,
    /// The account's key id.
    pub key_id: String,
    /// The key's secret.
    pub key_secret: Option<Secret>,
    /// The secrets of the webhook; any that fits is believed.
    pub webhook_secrets: Vec<Secret>,
}

/// What every adapter is made with.
struct Common<'a> {
    return_url: &'a str,
    clock: &'a Clock,
    installation: &'a Installation,
}

type Provider = Arc<dyn PaymentProvider>;

/// What the notices of one provider are verified with.
pub struct Verifying {
    /// Which provider's.
    pub provider: &'static str,
    /// The setting that has it, and nothing else.
    pub setting: String,
    /// All that is believed.
    pub secrets: Vec<Key>,
}

impl Payments {
    /// What notices are verified with, for each provider that is set.
    ///
    /// # Errors
    /// If something about it is missing.
    pub fn verifying(&self) -> Result<Vec<Verifying>, SettingError> {
        let all = [
            self.stripe.as_ref().map(StripeSection::verifying),
            self.paypal.as_ref().map(PaypalSection::verifying),
            self.vnpay.as_ref().map(VnpaySection::verifying),
            self.zalopay.as_ref().map(ZalopaySection::verifying),
            self.payos.as_ref().map(PayosSection::verifying),
            self.razorpay.as_ref().map(RazorpaySection::verifying),
        ];
        all.into_iter().flatten().collect()
    }

    /// The providers that are set. `return_url` is where buyers go, if nothing else is set; the
    /// orders are those of `installation`.
    ///
    /// # Errors
    /// If something about one of them is missing or makes no sense.
    pub fn providers(
        &self,
        return_url: &str,
        clock: &Clock,
        installation: &Installation,
    ) -> Result<Vec<Provider>, SettingError> {
        let return_url = self.return_url.as_deref().unwrap_or(return_url);
        let common = Common { return_url, clock, installation };
        let all = [
            self.stripe.as_ref().map(|section| section.provider(&common)),
            self.paypal.as_ref().map(|section| section.provider(&common)),
            self.vnpay.as_ref().map(|section| section.provider(&common)),
            self.zalopay.as_ref().map(|section| section.provider(&common)),
            self.payos.as_ref().map(|section| section.provider(&common)),
            self.razorpay.as_ref().map(|section| section.provider(&common)),
        ];
        all.into_iter().flatten().collect()
    }
}

impl StripeSection {
    fn verifying(&self) -> Result<Verifying, SettingError> {
        let section = Section(stripe::NAME);
        let secrets = section.keys("webhook_secrets", &self.webhook_secrets)?;
        Ok(section.verifying("webhook_secrets", secrets))
    }

    fn provider(&self, common: &Common<'_>) -> Result<Provider, SettingError> {
        let section = Section(stripe::NAME);
        let settings = StripeSettings {
            api: section.url("api", self.api.as_ref(), stripe::API)?,
            secret_key: section.key("secret_key", self.secret_key.as_ref())?,
            webhook_secrets: self.verifying()?.secrets.into(),
            return_url: common.return_url.to_owned(),
            installation: common.installation.clone(),
            flow: match self.flow {
                StripeFlow::Checkout => Flow::Checkout,
                StripeFlow::PaymentIntents => Flow::PaymentIntents,
            },
        };
        Ok(Arc::new(Stripe::new(settings, Arc::clone(common.clock))))
    }
}

impl PaypalSection {
    fn verifying(&self) -> Result<Verifying, SettingError> {
        let section = Section(paypal::NAME);
        section.some("webhook_ids", &self.webhook_ids)?;
        let secrets = self.webhook_ids.iter().map(|id| Key::new(id.as_str())).collect();
        Ok(section.verifying("webhook_ids", secrets))
    }

    fn provider(&self, common: &Common<'_>) -> Result<Provider, SettingError> {
        let section = Section(paypal::NAME);
        let settings = PaypalSettings {
            api: section.url("api", self.api.as_ref(), paypal::API)?,
            client_id: section.text("client_id", &self.client_id)?,
            client_secret: section.key("client_secret", self.client_secret.as_ref())?,
            webhook_ids: self.verifying()?.secrets.into(),
            return_url: common.return_url.to_owned(),
            installation: common.installation.clone(),
        };
        Ok(Arc::new(Paypal::new(settings, Arc::clone(common.clock))))
    }
}

impl VnpaySection {
    fn verifying(&self) -> Result<Verifying, SettingError> {
        let section = Section(vnpay::NAME);
        let used = section.key("hash_secret", self.hash_secret.as_ref())?;
        let secrets = iter::once(used).chain(self.former_hash_secrets.iter().map(key)).collect();
        Ok(section.verifying("former_hash_secrets", secrets))
    }

    fn provider(&self, common: &Common<'_>) -> Result<Provider, SettingError> {
        let section = Section(vnpay::NAME);
        let settings = VnpaySettings {
            page: section.url("page", self.page.as_ref(), vnpay::PAGE)?,
            api: section.url("api", self.api.as_ref(), vnpay::API)?,
            tmn_code: section.text("tmn_code", &self.tmn_code)?,
            hash_secret: section.key("hash_secret", self.hash_secret.as_ref())?,
            notice_secrets: self.verifying()?.secrets.into(),
            return_url: common.return_url.to_owned(),
            installation: common.installation.clone(),
            ip: self.ip.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        };
        Ok(Arc::new(Vnpay::new(settings, Arc::clone(common.clock))))
    }
}

impl ZalopaySection {
    fn verifying(&self) -> Result<Verifying, SettingError> {
        let section = Section(zalopay::NAME);
        let secrets = section.keys("key2s", &self.key2s)?;
        Ok(section.verifying("key2s", secrets))
    }

    fn provider(&self, common: &Common<'_>) -> Result<Provider, SettingError> {
        let section = Section(zalopay::NAME);
        if self.app_id == 0 {
            return Err(section.missing("app_id"));
        }
        let settings = ZalopaySettings {
            api: section.url("api", self.api.as_ref(), zalopay::API)?,
            app_id: self.app_id,
            key1: section.key("key1", self.key1.as_ref())?,
            key2s: self.verifying()?.secrets.into(),
            callback_url: self.callback_url.clone(),
            return_url: common.return_url.to_owned(),
            installation: common.installation.clone(),
        };
        Ok(Arc::new(Zalopay::new(settings, Arc::clone(common.clock))))
    }
}

impl PayosSection {
    fn verifying(&self) -> Result<Verifying, SettingError> {
        let section = Section(payos::NAME);
        let used = section.key("checksum_key", self.checksum_key.as_ref())?;
        let secrets = iter::once(used).chain(self.former_checksum_keys.iter().map(key)).collect();
        Ok(section.verifying("former_checksum_keys", secrets))
    }

    fn provider(&self, common: &Common<'_>) -> Result<Provider, SettingError> {
        let section = Section(payos::NAME);
        let settings = PayosSettings {
            api: section.url("api", self.api.as_ref(), payos::API)?,
            pages: section.url("pages", self.pages.as_ref(), payos::PAGES)?,
            client_id: section.text("client_id", &self.client_id)?,
            api_key: section.key("api_key", self.api_key.as_ref())?,
            checksum_key: section.key("checksum_key", self.checksum_key.as_ref())?,
            notice_secrets: self.verifying()?.secrets.into(),
            return_url: common.return_url.to_owned(),
            installation: common.installation.clone(),
        };
        Ok(Arc::new(Payos::new(settings)))
    }
}

impl RazorpaySection {
    fn verifying(&self) -> Result<Verifying, SettingError> {
        let section = Section(razorpay::NAME);
        let secrets = section.keys("webhook_secrets", &self.webhook_secrets)?;
        Ok(section.verifying("webhook_secrets", secrets))
    }

    fn provider(&self, common: &Common<'_>) -> Result<Provider, SettingError> {
        let section = Section(razorpay::NAME);
        let settings = RazorpaySettings {
            api: section.url("api", self.api.as_ref(), razorpay::API)?,
            key_id: section.text("key_id", &self.key_id)?,
            key_secret: section.key("key_secret", self.key_secret.as_ref())?,
            webhook_secrets: self.verifying()?.secrets.into(),
            return_url: common.return_url.to_owned(),
            installation: common.installation.clone(),
        };
        Ok(Arc::new(Razorpay::new(settings, Arc::clone(common.clock))))
    }
}

fn key(secret: &Secret) -> Key {
    Key::new(secret.expose())
}

/// Where a setting stands.
struct Section(&'static str);

impl Section {
    fn url(&self, name: &str, set: Option<&String>, usual: &str) -> Result<ApiUrl, SettingError> {
        let parsed = ApiUrl::parse(set.map_or(usual, String::as_str));
        parsed.map_err(|problem| self.problem(name, problem.to_string()))
    }

    fn text(&self, name: &str, set: &str) -> Result<String, SettingError> {
        if set.is_empty() { Err(self.missing(name)) } else { Ok(set.to_owned()) }
    }

    fn key(&self, name: &str, set: Option<&Secret>) -> Result<Key, SettingError> {
        let set = set.filter(|secret| !secret.expose().is_empty());
        set.map(key).ok_or_else(|| self.missing(name))
    }

    fn keys(&self, name: &str, set: &[Secret]) -> Result<Vec<Key>, SettingError> {
        self.some(name, set)?;
        set.iter().map(|one| self.key(name, Some(one))).collect()
    }

    fn some<T>(&self, name: &str, set: &[T]) -> Result<(), SettingError> {
        if set.is_empty() { Err(self.missing(name)) } else { Ok(()) }
    }

    /// All that is believed, which only the setting of this name has.
    fn verifying(&self, name: &str, secrets: Vec<Key>) -> Verifying {
        Verifying { provider: self.0, setting: self.name_of(name), secrets }
    }

    fn missing(&self, name: &str) -> SettingError {
        self.problem(name, "set it: nothing works without".to_owned())
    }

    fn problem(&self, name: &str, problem: String) -> SettingError {
        SettingError::Payment { name: self.name_of(name), problem }
    }

    fn name_of(&self, name: &str) -> String {
        format!("payments.{}.{name}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::time::Time;

    use super::*;

    fn providers(text: &str) -> Result<Vec<&'static str>, String> {
        let payments: Payments = toml::from_str(text).map_err(|error| error.to_string())?;
        let clock: Clock = Arc::new(|| Time::ZERO);
        let all = payments.providers("https://shop.example/return", &clock, &Installation::of(1));
        let names = all.map(|all| all.iter().map(|provider| provider.name()).collect());
        names.map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_is_there_when_its_section_is() {
        assert_eq!(providers(""), Ok(vec![]));
        let both = "[stripe]\nsecret_key = \"sk\"\nwebhook_secrets = [\"whsec\"]\n\
                    [vnpay]\ntmn_code = \"T\"\nhash_secret = \"s\"";
        assert_eq!(providers(both), Ok(vec!["stripe", "vnpay"]));
    }

    #[test]
    fn what_is_missing_or_unsafe_is_named() {
        for (text, name) in [
            ("[stripe]", "payments.stripe.secret_key"),
            ("[stripe]\nsecret_key = \"sk\"", "payments.stripe.webhook_secrets"),
            ("[zalopay]\nkey1 = \"k\"", "payments.zalopay.app_id"),
            ("[paypal]\nwebhook_ids = [\"W\"]", "payments.paypal.client_id"),
            ("[payos]\napi = \"http://payos.example\"", "payments.payos.api"),
            ("[razorpay]\nkey_id = \"rzp\"", "payments.razorpay.key_secret"),
        ] {
            let problem = providers(text).unwrap_err();
            assert!(problem.starts_with(name), "{text}: {problem}");
        }
    }
}
