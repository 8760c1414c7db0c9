//! Access tokens and checkout tokens: missing, forged, expired, of another kind or another person.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use onsale_core::id::PersonId;
use onsale_core::time::{Span, Time};
use onsale_net::auth::keys::{KeyFile, TokenKeys, new_signing_key};
use onsale_net::auth::token::Access;
use serde_json::{Value, json};

use crate::memory::START;
use crate::server::{OPERATOR, Server, get, post, queued, standing, text};

fn orders() -> String {
    "/api/v1/orders/ord_0000000000000".to_owned()
}

#[tokio::test]
async fn without_a_token_one_is_asked_for() {
    let server = Server::new();
    let answer = server.send(get(orders())).await;
    assert_eq!(answer.code().as_deref(), Some("token_required"));
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
    let event = server.event(&standing()).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).json(&wish);
    server.refuse(hold, 401, "token_required").await;
    let define = post("/api/v1/events").json(&standing());
    server.refuse(define, 401, "token_required").await;
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let server = Server::new();
    let token = server.guest().await;
    let [header, claims, signature] = parts(&token);
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let mut changed = read(&claims);
    changed["sub"] = json!(PersonId::from_u128(1).to_string());
    let none = json!({"typ": "at+jwt", "alg": "none"});
    let untyped = json!({"typ": "JWT", "alg": "EdDSA"});
    let pkcs8 = new_signing_key(&[8; 32]).unwrap();
    let foreign = TokenKeys::of(&[KeyFile { created_at: Time::ZERO, pkcs8 }]).unwrap();
    let access = Access { person: PersonId::from_u128(1), session: None, expires_at: Time::MAX };
    let forged = [
        format!("{header}.{claims}.{flipped}{}", &signature[1..]),
        format!("{header}.{}.{signature}", write(&changed)),
        format!("{}.{claims}.", write(&none)),
        format!("{}.{claims}.{signature}", write(&none)),
        format!("{}.{claims}.{signature}", write(&untyped)),
        format!("{header}.{claims}"),
        foreign.access(access, Some("eve@example.org"), START).unwrap(),
        format!("{OPERATOR}x"),
        OPERATOR[1..].to_owned(),
        String::new(),
        "x".repeat(5_000),
    ];
    for wrong in forged {
        let answer = server.send(get(orders()).token(&wrong)).await;
        assert_eq!(answer.code().as_deref(), Some("token_invalid"), "{wrong}");
        assert_eq!(answer.headers["www-authenticate"], "Bearer error=\"invalid_token\"");
    }
    let basic = get(orders()).header("authorization", "Basic YWRhOmFkYQ==");
    server.refuse(basic, 401, "token_invalid").await;
    // A bad token is no way to be nobody in particular, either.
    let event = server.event(&standing()).await;
    let show = get(format!("/api/v1/events/{event}"));
    server.accept(show.clone(), 200).await;
    server.refuse(show.token("x"), 401, "token_invalid").await;
}

/// Also one that the cache knows.
#[tokio::test]
async fn an_expired_token_is_refused() {
    let server = Server::new();
    let token = server.guest().await;
    server.refuse(get(orders()).token(&token), 404, "not_found").await;
    server.memory.pass(Span::from_mins(7 * 24 * 60 + 1));
    server.refuse(get(orders()).token(&token), 401, "token_expired").await;
    let (_, other_core) = crate::server::router_to(server.memory.clone());
    let answer = crate::server::send(&other_core, get(orders()).token(&token)).await;
    assert_eq!(answer.code().as_deref(), Some("token_expired"));
}

#[tokio::test]
async fn buyers_and_operators_each_do_their_own() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let calls = [
        post("/api/v1/events").json(&standing()),
        post(format!("/api/v1/events/{event}/cancel")),
        get(format!("/api/v1/events/{event}/audit")),
    ];
    for call in calls {
        server.refuse(call.token(&token), 403, "forbidden").await;
    }
    let refund = post("/api/v1/orders/ord_0000000000000/refunds").json(&json!({"tickets": "all"}));
    server.refuse(refund.token(&token), 404, "not_found").await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).operator().json(&wish);
    server.refuse(hold, 403, "buyer_only").await;
}

#[tokio::test]
async fn a_token_keeps_the_address_and_the_state_does_not() {
    let server = Server::new();
    let session = post("/api/v1/sessions").json(&json!({"email": "ada@example.org"}));
    let session = server.accept(session, 201).await;
    let [header, claims, _] = parts(&text(&session["access_token"]));
    let (header, claims) = (read(&header), read(&claims));
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("EdDSA")));
    assert_eq!(claims["email"], "ada@example.org");
    assert_eq!(claims["sub"], session["person"]);
    for claim in ["iss", "aud", "exp", "nbf", "iat"] {
        assert!(!claims[claim].is_null(), "{claim}");
    }
    let other = post("/api/v1/sessions").json(&json!({"email": "ada@example.org"}));
    assert_ne!(server.accept(other, 201).await["person"], session["person"]);
}

#[tokio::test]
async fn a_hold_behind_a_waitroom_needs_an_admission() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&queued()).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    server.refuse(hold.clone(), 403, "admission_required").await;
    let admission = server.admission(&event, &token).await;
    server.accept(hold.header("checkout-token", admission), 201).await;
}

#[tokio::test]
async fn a_checkout_token_is_for_one_person_and_one_event() {
    let server = Server::new();
    let (ada, eve) = (server.guest().await, server.guest().await);
    let (event, other) = (server.event(&queued()).await, server.event(&queued()).await);
    let admission = server.admission(&event, &ada).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = |event: &str, token: &str, checkout: &str| {
        let call = post(format!("/api/v1/events/{event}/holds")).token(token).json(&wish);
        call.header("checkout-token", checkout)
    };
    server.refuse(hold(&event, &eve, &admission), 403, "checkout_token_mismatch").await;
    server.refuse(hold(&other, &ada, &admission), 403, "checkout_token_mismatch").await;
    // Neither kind of token passes for the other.
    server.refuse(hold(&event, &ada, &ada), 403, "checkout_token_invalid").await;
    server.refuse(get(orders()).token(&admission), 401, "token_invalid").await;
    let [_, claims, signature] = parts(&admission);
    let none = write(&json!({"typ": "checkout+jwt", "alg": "none"}));
    for forged in [format!("{none}.{claims}."), format!("{none}.{claims}.{signature}")] {
        server.refuse(hold(&event, &ada, &forged), 403, "checkout_token_invalid").await;
    }
    server.memory.pass(Span::from_mins(16));
    server.refuse(hold(&event, &ada, &admission), 403, "checkout_token_expired").await;
}

/// The token is still good, the visit is over: the rules have the last word.
#[tokio::test]
async fn a_visit_that_was_ended_is_over() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&queued()).await;
    let admission = server.admission(&event, &token).await;
    let [_, claims, _] = parts(&admission);
    let place = text(&read(&claims)["place"]);
    let leave = crate::server::delete(format!("/api/v1/places/{place}")).token(&token);
    server.accept(leave, 204).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    let hold = hold.header("checkout-token", admission);
    server.refuse(hold, 403, "admission_required").await;
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn write(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}
