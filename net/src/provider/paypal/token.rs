//! `PayPal`'s access tokens: given for the client's secret, kept until shortly before they end.
//!
//! Source: developer.paypal.com, REST APIs, "Authentication": `POST /v1/oauth2/token`.

use onsale_core::time::{Span, Time};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::provider::api::{Api, temporary};
use crate::provider::secret::Secret;
use crate::provider::{AskError, Clock};

/// How long before its end a token is used no more: a call must be able to come to its end.
const SPARE: Span = Span::from_secs(60);

/// The token in use. Whoever needs one while there is none waits for whoever asks for it.
pub(super) struct Tokens {
    client_id: String,
    client_secret: Secret,
    clock: Clock,
    kept: Mutex<Option<Token>>,
}

struct Token {
    authorization: String,
    until: Time,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// In seconds.
    expires_in: u64,
}

impl Tokens {
    pub(super) fn new(client_id: String, client_secret: Secret, clock: Clock) -> Self {
        Self { client_id, client_secret, clock, kept: Mutex::new(None) }
    }

    /// The value of `Authorization` for a call to the API. A secret that is refused is no fault of
    /// what is to be done with it: that can be tried again.
    pub(super) async fn authorization(&self, api: &Api) -> Result<String, AskError> {
        let mut kept = self.kept.lock().await;
        let now = (self.clock)();
        if let Some(token) = kept.as_ref().filter(|token| now < token.until) {
            return Ok(token.authorization.clone());
        }
        let basic = self.client_secret.basic(&self.client_id);
        let headers = [("authorization", basic.as_str())];
        let form = "grant_type=client_credentials".to_owned();
        let said = api.post_form("/v1/oauth2/token", &headers, form).await?;
        let no_token = |error: AskError| temporary(format!("no access token: {error}"));
        let granted: Granted = said.success().map_err(no_token)?;
        let authorization = format!("Bearer {}", granted.access_token);
        let until = now + Span::from_ms(granted.expires_in.saturating_mul(1_000)) - SPARE;
        *kept = Some(Token { authorization: authorization.clone(), until });
        Ok(authorization)
    }

    /// Uses a token no more that the API did not take, whatever its time.
    pub(super) async fn forget(&self, authorization: &str) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|token| token.authorization == authorization) {
            *kept = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use axum::http::{HeaderMap, StatusCode, header};
    use axum::routing::post;
    use axum::{Json, Router};
    use serde_json::{Value, json};

    use super::*;
    use crate::provider::api::ApiUrl;

    /// Gives tokens for 300 seconds, numbered from 0; returns how many there were, and its address.
    async fn stand_in() -> (Arc<AtomicU64>, Api) {
        let given = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&given);
        let give = move |headers: HeaderMap, form: String| {
            let count = Arc::clone(&count);
            async move { answer(&headers, &form, &count) }
        };
        let router = Router::new().route("/v1/oauth2/token", post(give));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (given, Api::new(ApiUrl::parse(&url).unwrap()))
    }

    fn answer(
        headers: &HeaderMap,
        form: &str,
        count: &AtomicU64,
    ) -> Result<Json<Value>, StatusCode> {
        // RFC 7617 of client:secret
        let is_client = headers[header::AUTHORIZATION] == "Basic Y2xpZW50OnNlY3JldA==";
        if !is_client || form != "grant_type=client_credentials" {
            return Err(StatusCode::UNAUTHORIZED);
        }
        let number = count.fetch_add(1, Ordering::SeqCst);
        Ok(Json(json!({ "access_token": format!("A{number}"), "expires_in": 300 })))
    }

    #[tokio::test]
    async fn a_token_is_kept_until_shortly_before_its_end() {
        let (given, api) = stand_in().await;
        let now_ms = Arc::new(AtomicU64::new(1_000_000));
        let clock = Arc::clone(&now_ms);
        let clock: Clock = Arc::new(move || Time::from_ms(clock.load(Ordering::SeqCst)));
        let tokens = Tokens::new("client".into(), Secret::new("secret"), clock);
        for (pass_ms, expected) in
            [(0, "Bearer A0"), (239_999, "Bearer A0"), (1, "Bearer A1"), (0, "Bearer A1")]
        {
            now_ms.fetch_add(pass_ms, Ordering::SeqCst);
            assert_eq!(tokens.authorization(&api).await, Ok(expected.to_owned()));
        }
        tokens.forget("Bearer A0").await;
        assert_eq!(tokens.authorization(&api).await, Ok("Bearer A1".to_owned()));
        tokens.forget("Bearer A1").await;
        assert_eq!(tokens.authorization(&api).await, Ok("Bearer A2".to_owned()));
        assert_eq!(given.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn many_who_need_one_ask_once() {
        let (given, api) = stand_in().await;
        let clock: Clock = Arc::new(|| Time::ZERO);
        let tokens = Tokens::new("client".into(), Secret::new("secret"), clock);
        let asks = (0..20).map(|_| tokens.authorization(&api));
        let all = futures_util::future::join_all(asks).await;
        assert!(all.iter().all(|each| *each == Ok("Bearer A0".to_owned())));
        assert_eq!(given.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_secret_that_is_refused_can_be_mended() {
        let (_, api) = stand_in().await;
        let clock: Clock = Arc::new(|| Time::ZERO);
        let tokens = Tokens::new("client".into(), Secret::new("old"), clock);
        assert!(matches!(tokens.authorization(&api).await, Err(AskError::Temporary(_))));
    }
}
