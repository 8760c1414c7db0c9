//! ID tokens that are not what they must be.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use onsale_core::time::Span;
use onsale_net::port::Partitions;
use serde_json::{Value, json};

use super::idp::Forge;
use super::signing::Signing;
use super::{sign_in, signed_by, visit, world};
use crate::memory::START;

/// Seconds since 1970 when a test begins.
fn start() -> u64 {
    START.as_ms() / 1_000
}

#[tokio::test]
async fn an_id_token_that_says_something_else_signs_nobody_in() {
    let (idp, server) = world().await;
    let wrong = [
        ("nonce", json!("of-another-visit")),
        ("nonce", Value::Null),
        ("aud", json!("another-client")),
        ("aud", json!(["another-client"])),
        ("aud", json!(["on-sale", "another-client"])),
        ("aud", json!([])),
        ("azp", json!("another-client")),
        ("iss", json!("https://evil.example")),
        ("exp", json!(start() - 60)),
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("iat", json!(start() + 120)),
        ("nbf", json!(start() + 120)),
        ("at_hash", json!("of-another-token")),
        ("sub", json!("")),
        ("sub", json!("x".repeat(256))),
        ("sub", json!("\u{e4}da")),
        ("sub", Value::Null),
    ];
    for (claim, value) in wrong {
        let said = format!("{claim}: {value}");
        idp.world().twist = Box::new(move |claims| claims[claim] = value.clone());
        let answer = sign_in(&server).await;
        assert_eq!(answer.code().as_deref(), Some("provider_refused"), "{said}");
        assert_eq!(answer.status, 401);
    }
}

#[tokio::test]
async fn what_may_be_said_is_taken() {
    let (idp, server) = world().await;
    // The left half of the hash of the provider's access token.
    let hash = BASE64_URL_SAFE_NO_PAD.encode(half_of_the_hash());
    let right = [
        json!({"aud": ["on-sale"]}),
        json!({"aud": ["another", "on-sale"], "azp": "on-sale"}),
        json!({"azp": "on-sale"}),
        json!({"at_hash": hash}),
        // The clocks differ.
        json!({"exp": start() - 59, "iat": start() - 300}),
        json!({"iat": start() + 59}),
    ];
    for more in right {
        let said = more.to_string();
        idp.world().twist = Box::new(move |claims| {
            for (name, value) in more.as_object().unwrap() {
                claims[name] = value.clone();
            }
        });
        assert_eq!(sign_in(&server).await.status, 200, "{said}");
    }
}

fn half_of_the_hash() -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let hash: [u8; 32] = Sha256::digest("an-access-token-of-the-provider").into();
    *hash.first_chunk().unwrap()
}

#[tokio::test]
async fn only_a_key_of_the_provider_signs_for_it() {
    let (idp, server) = signed_by(Signing::of_seed(1, "first")).await;
    let public = idp.world().published[0]["x"].as_str().unwrap().to_owned();
    let public = BASE64_URL_SAFE_NO_PAD.decode(public).unwrap();
    let symmetric = move |claims: &Value| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("first".to_owned());
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&public)).unwrap()
    };
    let unsigned = |claims: &Value| {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({"alg": "none", "kid": "first"})), part(claims))
    };
    let forgeries: [Forge; 7] = [
        Box::new(|claims| Signing::of_seed(2, "first").sign(claims)),
        Box::new(|claims| Signing::new(Algorithm::ES256, "first").sign(claims)),
        Box::new(symmetric),
        Box::new(unsigned),
        Box::new(|claims| Signing::of_seed(1, "other").sign(claims)),
        Box::new(|_| "no token".to_owned()),
        Box::new(|claims| Signing::of_seed(1, "first").sign(claims) + &"x".repeat(20_000)),
    ];
    for forgery in forgeries {
        idp.world().forge = Some(forgery);
        let back = visit(&server).await;
        server.refuse(back, 401, "provider_refused").await;
    }
    idp.world().forge = Some(Box::new(|claims| Signing::of_seed(1, "first").sign(claims)));
    assert_eq!(sign_in(&server).await.status, 200, "the provider's own is taken");
}

#[tokio::test]
async fn keys_roll_over_and_are_not_asked_for_by_every_stranger() {
    let (idp, server) = signed_by(Signing::of_seed(1, "first")).await;
    assert_eq!(sign_in(&server).await.status, 200);
    let second = Signing::of_seed(2, "second");
    idp.world().signing = second.clone();
    let before = idp.world().asked["/keys"];
    for _ in 0..3 {
        assert_eq!(sign_in(&server).await.code().as_deref(), Some("provider_refused"));
    }
    assert_eq!(idp.world().asked["/keys"], before, "not within seconds");
    server.memory.pass(Span::from_secs(10));
    assert_eq!(sign_in(&server).await.code().as_deref(), Some("provider_refused"));
    assert_eq!(idp.world().asked["/keys"], before + 1);
    idp.world().published.push(second.published());
    server.memory.pass(Span::from_secs(10));
    assert_eq!(sign_in(&server).await.status, 200);
    // A key that was withdrawn is believed for an hour at most.
    idp.world().published.clear();
    assert!(server.memory.now().as_ms() < START.as_ms() + 60_000);
    server.memory.pass(Span::from_mins(60));
    assert_eq!(sign_in(&server).await.code().as_deref(), Some("provider_refused"));
}

/// Keys that are for something else, or that nobody here could use, are passed over.
#[tokio::test]
async fn strange_keys_beside_the_right_one_do_no_harm() {
    let (idp, server) = world().await;
    let mut for_encryption = idp.world().signing.published();
    for_encryption["use"] = json!("enc");
    let strange = [
        json!({"kty": "XYZ", "kid": "first"}),
        json!({"kty": "RSA", "kid": "first", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "oct", "kid": "first", "k": "c2VjcmV0"}),
        json!("no key"),
        for_encryption,
    ];
    idp.world().published.splice(0..0, strange);
    assert_eq!(sign_in(&server).await.status, 200);
}
