//! Signing in at a provider that speaks `OpenID` Connect (Core 1.0): by authorization code, with
//! PKCE (RFC 7636), a state and a nonce. Where a provider is asked for what, it says itself.
//!
//! Everything here is done on the slow pool, never on a core that sells. Deliberately absent: which
//! account somebody gets, and the visit that is under way (`onsale_control::accounts::identity`).

mod configuration;
mod http;
mod id_token;
mod known;
mod settings;
#[cfg(test)]
mod testing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use onsale_control::accounts::identity::Claims;
use onsale_control::accounts::identity::visit::{Returned, Visit};
use onsale_control::secret::fingerprint;
use onsale_core::time::Time;
use serde::Deserialize;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::configuration::Configuration;
use self::http::{Http, away, json};
use self::id_token::{About, Expected};
use self::known::Known;
pub use self::settings::{NotAProvider, ProviderName, ProviderSettings};

/// How long a provider may take for all that one request needs of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a provider did not do what it was to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProviderError {
    /// It cannot be reached, or what it says makes no sense. Why is for the operator.
    #[error("the provider does not answer as it should: {0}")]
    Away(String),
    /// Too many wait for it.
    #[error("too many are waiting for the provider")]
    Busy,
    /// It does not vouch for whoever came back, or not so that it could be believed.
    #[error("the provider does not vouch for this sign-in: {0}")]
    Refused(&'static str),
}

fn refused(why: &'static str) -> ProviderError {
    ProviderError::Refused(why)
}

/// The providers that people can sign in at, by name. A cheap handle.
#[derive(Clone, Default)]
pub struct OidcProviders(Arc<BTreeMap<ProviderName, Provider>>);

impl OidcProviders {
    /// These; of two with one name, the last. None of them is asked for anything yet.
    pub fn new(all: impl IntoIterator<Item = ProviderSettings>) -> Result<Self, NotAProvider> {
        let provider = |settings: ProviderSettings| {
            let name = settings.name.clone();
            Provider::new(settings).map(|provider| (name, provider))
        };
        let all: Result<_, _> = all.into_iter().map(provider).collect();
        Ok(Self(Arc::new(all?)))
    }

    /// The one with this name.
    pub fn get(&self, name: &ProviderName) -> Option<&Provider> {
        self.0.get(name)
    }

    /// What they are called.
    pub fn names(&self) -> impl Iterator<Item = &ProviderName> {
        self.0.keys()
    }
}

/// A provider. A cheap handle.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    settings: ProviderSettings,
    http: Http,
    known: Known,
    room: Semaphore,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct TokenProblem {
    error: String,
}

impl Provider {
    fn new(settings: ProviderSettings) -> Result<Self, NotAProvider> {
        settings.check()?;
        let room = Semaphore::new(settings.at_once);
        let (http, known) = (Http::new(), Known::default());
        Ok(Self(Arc::new(Inner { settings, http, known, room })))
    }

    /// Where whoever begins a visit goes. They come back to a page of `site_url`.
    pub async fn authorization_url(
        &self,
        visit: &Visit,
        site_url: &str,
        now: Time,
    ) -> Result<String, ProviderError> {
        let configuration = self.patiently(self.configuration(now)).await?;
        let settings = &self.0.settings;
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri(site_url))
            .append_pair("scope", &settings.scopes.join(" "))
            .append_pair("state", visit.state.expose())
            .append_pair("nonce", &visit.nonce)
            .append_pair("code_challenge", &fingerprint(&visit.verifier))
            .append_pair("code_challenge_method", "S256")
            .finish();
        let uri = &configuration.authorization;
        let joint = if uri.query().is_some() { '&' } else { '?' };
        Ok(format!("{uri}{joint}{query}"))
    }

    /// Who came back with this code.
    pub async fn claims(
        &self,
        code: &str,
        returned: &Returned,
        site_url: &str,
        now: Time,
    ) -> Result<Claims, ProviderError> {
        self.patiently(async {
            let configuration = self.configuration(now).await?;
            let tokens = self.exchange(&configuration, code, returned, site_url).await?;
            let mut about = self.verify(&configuration, &tokens, &returned.nonce, now).await?;
            if about.email.is_none() {
                about = self.ask_for_more(&configuration, &tokens, about).await?;
            }
            Ok(Claims {
                provider: self.0.settings.name.to_string(),
                issuer: self.0.settings.issuer.clone(),
                verified_email: about.verified_email(),
                name: about.person_name(),
                subject: about.sub,
            })
        })
        .await
    }

    /// At most so many at once, and none for ever.
    async fn patiently<T>(
        &self,
        work: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let _place = self.0.room.try_acquire().map_err(|_| ProviderError::Busy)?;
        let silent = |_| ProviderError::Away("it keeps silent".to_owned());
        timeout(PATIENCE, work).await.map_err(silent)?
    }

    async fn configuration(&self, now: Time) -> Result<Arc<Configuration>, ProviderError> {
        let Inner { http, settings, known, .. } = &*self.0;
        known.configuration(http, settings, now).await
    }

    /// One for each provider, so that none can pass for another (RFC 9700, section 4.4.2.2).
    fn redirect_uri(&self, site_url: &str) -> String {
        format!("{site_url}/account/signed-in/{}", self.0.settings.name)
    }

    async fn exchange(
        &self,
        configuration: &Configuration,
        code: &str,
        returned: &Returned,
        site_url: &str,
    ) -> Result<Tokens, ProviderError> {
        let (form, authorization) = self.token_request(configuration, code, returned, site_url);
        let (http, uri) = (&self.0.http, &configuration.token);
        let answer = http.post(uri, authorization, form).await?;
        if answer.status == StatusCode::OK {
            return json(&answer, uri);
        }
        match json::<TokenProblem>(&answer, uri) {
            Ok(problem) if problem.error == "invalid_grant" => {
                Err(refused("its code was used, has expired or is of another sign-in"))
            }
            // That is for whoever has configured it: the client or its secret is wrong.
            Ok(problem) => Err(away(uri, format!("it answers {:?}", problem.error))),
            Err(_) => Err(away(uri, format!("it answers {}", answer.status))),
        }
    }

    /// The form that a code is exchanged with, and what proves who sends it.
    fn token_request(
        &self,
        configuration: &Configuration,
        code: &str,
        returned: &Returned,
        site_url: &str,
    ) -> (String, Option<HeaderValue>) {
        let ProviderSettings { client_id, client_secret, .. } = &self.0.settings;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", &self.redirect_uri(site_url))
            .append_pair("code_verifier", &returned.verifier);
        if configuration.secret_in_form {
            form.append_pair("client_id", client_id).append_pair("client_secret", client_secret);
            return (form.finish(), None);
        }
        (form.finish(), basic(client_id, client_secret))
    }

    async fn verify(
        &self,
        configuration: &Configuration,
        tokens: &Tokens,
        nonce: &str,
        now: Time,
    ) -> Result<About, ProviderError> {
        let Inner { settings, http, known, .. } = &*self.0;
        let (id, algorithm) = id_token::header(&tokens.id_token)?;
        let key = known.key(http, configuration, (id.as_deref(), algorithm), now).await?;
        let expected = Expected {
            issuer: &settings.issuer,
            client_id: &settings.client_id,
            nonce,
            access_token: tokens.access_token.as_deref(),
            now,
        };
        id_token::verify(&tokens.id_token, algorithm, &key, &expected)
    }

    /// Some providers say an address only where they are asked for it (Core, section 5.3).
    async fn ask_for_more(
        &self,
        configuration: &Configuration,
        tokens: &Tokens,
        about: About,
    ) -> Result<About, ProviderError> {
        let access_token = tokens.access_token.as_ref();
        let Some((uri, token)) = configuration.user_info.as_ref().zip(access_token) else {
            return Ok(about);
        };
        let more: About = self.0.http.get(uri, secret_header(format!("Bearer {token}"))).await?;
        if more.sub == about.sub { Ok(more) } else { Err(refused("it speaks of two people")) }
    }
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form.
fn basic(client_id: &str, client_secret: &str) -> Option<HeaderValue> {
    let [id, secret] =
        [client_id, client_secret].map(|text| byte_serialize(text.as_bytes()).collect::<String>());
    secret_header(format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))))
}

/// A header that no log shows; `None` if it cannot be one.
fn secret_header(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use onsale_control::secret::Token;
    use tokio::net::TcpListener;

    use super::testing::settings;
    use super::*;

    /// Two wait for it until that is given up; whoever comes beside them is told so at once.
    #[tokio::test(start_paused = true)]
    async fn a_silent_provider_keeps_few_and_none_for_ever() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", silent.local_addr().unwrap());
        let provider = Provider::new(settings(&issuer)).unwrap();
        let visit = Visit {
            token: Token::random(),
            state: Token::random(),
            nonce: "nonce".to_owned(),
            verifier: "verifier".to_owned(),
            expires_at: Time::MAX,
        };
        let ask = || provider.authorization_url(&visit, "https://site.example", Time::ZERO);
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        assert!(matches!(one, Err(ProviderError::Away(_))), "{one:?}");
        assert!(matches!(two, Err(ProviderError::Away(_))), "{two:?}");
        assert_eq!(three, Err(ProviderError::Busy));
        assert!(matches!(ask().await, Err(ProviderError::Away(_))), "there is room again");
    }
}
