//! The keys of tokens: published, and rotated without anybody noticing.

use std::io;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use onsale_control::access::audit::{AuditFilter, list};
use onsale_control::page::Limit;
use onsale_core::time::Time;
use onsale_net::auth::keys::{KeyFile, KeyStore};
use serde_json::Value;

use crate::accounts::Person;
use crate::server::{Server, get, post, queued, send, text};

/// Where keys are put in tests: nowhere.
pub struct Drawer;

impl KeyStore for Drawer {
    fn put(&self, _: &KeyFile) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, _: Time) -> io::Result<()> {
        Ok(())
    }
}

fn kid(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap();
    text(&serde_json::from_slice::<Value>(&header).unwrap()["kid"])
}

async fn published(server: &Server) -> Vec<Value> {
    let answer = server.send(get("/.well-known/jwks.json")).await;
    assert_eq!(answer.headers["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    answer.json()["keys"].as_array().unwrap().clone()
}

/// As another program would, with nothing but what is published.
#[tokio::test]
async fn anybody_can_verify_a_token_by_the_published_keys() {
    let server = Server::new();
    let token = server.guest().await;
    let keys = published(&server).await;
    let key = keys.iter().find(|key| key["kid"] == kid(&token)).unwrap();
    for (member, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("use", "sig"), ("alg", "EdDSA")] {
        assert_eq!(key[member], value);
    }
    assert!(key.get("d").is_none(), "only the public half");
    let verifying = DecodingKey::from_ed_components(key["x"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["onsale-api"]);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    jsonwebtoken::decode::<Value>(&token, &verifying, &validation).unwrap();
}

#[tokio::test]
async fn a_rotation_signs_nobody_out_and_every_core_signs_with_the_new_key() {
    let server = Server::with_control().await;
    let other_core = server.other_core();
    let (guest, ada) = (server.guest().await, Person::new(&server, "ada@example.org").await);
    let event = server.event(&queued()).await;
    let admission = server.admission(&event, &guest).await;
    let new = server.accept(post("/api/v1/token-keys").operator(), 201).await;
    let log = list(server.database(), AuditFilter::default(), None, Limit::DEFAULT).await.unwrap();
    assert_eq!((&*log.items[0].action, &*log.items[0].outcome), ("token_keys.rotate", "done"));
    assert_eq!(log.items[0].object, new["kid"].as_str().map(str::to_owned));
    let keys = published(&server).await;
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[0]["kid"], &keys[1]["kid"]), (&new["kid"], &kid(&guest).into()));

    for token in [&guest, &ada.token] {
        let order = get("/api/v1/orders/ord_0000000000000").token(token);
        let answer = send(&other_core, order).await;
        assert_eq!(answer.code().as_deref(), Some("not_found"), "the token is still good");
    }
    let wish = serde_json::json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&guest).json(&wish);
    server.accept(hold.header("checkout-token", admission), 201).await;

    let session = post("/api/v1/sessions").json(&serde_json::json!({"email": "bob@example.org"}));
    let session = send(&other_core, session).await.json();
    assert_eq!(kid(&text(&session["access_token"])), text(&new["kid"]));
}

#[tokio::test]
async fn only_an_operator_rotates_keys_and_not_without_end() {
    let server = Server::with_control().await;
    let ada = Person::new(&server, "ada@example.org").await;
    let rotate = || post("/api/v1/token-keys");
    server.refuse(rotate(), 401, "token_required").await;
    server.refuse(rotate().token(&ada.token), 403, "forbidden").await;
    for _ in 1..16 {
        server.accept(rotate().operator(), 201).await;
    }
    let full = server.refuse(rotate().operator(), 409, "full").await;
    assert_eq!(full["what"], "token key");
    assert_eq!(published(&server).await.len(), 16);
}
