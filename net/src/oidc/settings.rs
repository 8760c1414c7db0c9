//! What an operator says about a provider.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use thiserror::Error;

use crate::outgoing::{is_loopback, safe_uri};

/// What a provider is called here: a part of addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderName(String);

impl ProviderName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProviderName {
    type Err = NotAProvider;

    fn from_str(text: &str) -> Result<Self, NotAProvider> {
        let is_name = (1..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if is_name { Ok(Self(text.to_owned())) } else { Err(NotAProvider::Name) }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A provider, and what this server is there. It cannot be printed: there is a secret in it.
#[derive(Clone)]
pub struct ProviderSettings {
    /// What it is called here.
    pub name: ProviderName,
    /// What it calls itself: the URL that its tokens say and its configuration lies below.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server proves itself with.
    pub client_secret: String,
    /// What is asked for, `openid` among it.
    pub scopes: Vec<String>,
    /// How many sign-ins may be waiting for it at once.
    pub at_once: usize,
}

/// Why somebody is no provider. None of it shows the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAProvider {
    /// Out of range.
    #[error("at_once must be 1 to 1000")]
    AtOnce,
    /// Empty, too long, or with blanks in it.
    #[error("client_id and client_secret must be 1 to 500 visible ASCII characters each")]
    Client,
    /// Somebody could read what is said to it, or it is no URL.
    #[error(
        "issuer must be https://host without ?, and exactly what the provider calls itself; \
         http:// only for one on this machine"
    )]
    Issuer,
    /// Not what can stand in an address.
    #[error("name must be 1 to 40 small letters, digits and hyphens, beginning with a letter")]
    Name,
    /// Without `openid` there is no ID token.
    #[error("scopes must be 1 to 20 words, and \"openid\" one of them")]
    Scopes,
}

impl ProviderSettings {
    /// Whether every part makes sense.
    pub fn check(&self) -> Result<(), NotAProvider> {
        let is_word = |text: &String, max: usize| {
            (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let scopes = &self.scopes;
        if !(1..=1_000).contains(&self.at_once) {
            return Err(NotAProvider::AtOnce);
        }
        if !is_word(&self.client_id, 500) || !is_word(&self.client_secret, 500) {
            return Err(NotAProvider::Client);
        }
        let is_openid = scopes.iter().any(|scope| scope == "openid");
        if !is_openid || scopes.len() > 20 || !scopes.iter().all(|scope| is_word(scope, 100)) {
            return Err(NotAProvider::Scopes);
        }
        let issuer = safe_uri(&self.issuer, true).ok_or(NotAProvider::Issuer)?;
        let is_bare = issuer.query().is_none() && self.issuer.len() <= 500;
        if is_bare { Ok(()) } else { Err(NotAProvider::Issuer) }
    }

    /// Whether the provider is a program of this machine, such as that of a test.
    pub(super) fn is_local(&self) -> bool {
        self.issuer.parse::<Uri>().is_ok_and(|issuer| is_loopback(&issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::testing::settings;

    #[test]
    fn a_provider_is_reached_over_tls_unless_it_is_on_this_machine() {
        for issuer in
            ["https://idp.example", "https://idp.example/realms/x/", "http://127.0.0.1:8443"]
        {
            assert_eq!(settings(issuer).check(), Ok(()), "{issuer}");
        }
        for issuer in [
            "",
            "idp.example",
            "http://idp.example",
            "http://127.0.0.1.idp.example",
            "https://user:password@idp.example",
            "https://idp.example?x=1",
            "https://idp.example#x",
            "ftp://127.0.0.1",
        ] {
            assert_eq!(settings(issuer).check(), Err(NotAProvider::Issuer), "{issuer}");
        }
        assert!(safe_uri("http://127.0.0.1/token", false).is_none());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let good = settings("https://idp.example");
        let without_openid = ProviderSettings { scopes: vec!["email".to_owned()], ..good.clone() };
        assert_eq!(without_openid.check(), Err(NotAProvider::Scopes));
        let without_secret = ProviderSettings { client_secret: String::new(), ..good.clone() };
        assert_eq!(without_secret.check(), Err(NotAProvider::Client));
        assert_eq!(ProviderSettings { at_once: 0, ..good }.check(), Err(NotAProvider::AtOnce));
        for wrong in ["", "Example", "1st", "a/b", "a b", &"x".repeat(41)] {
            assert_eq!(wrong.parse::<ProviderName>(), Err(NotAProvider::Name), "{wrong:?}");
        }
    }
}
