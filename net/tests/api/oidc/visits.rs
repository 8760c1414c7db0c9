//! Visits: there and back, once, and what happens when the provider is not as it should be.

use axum::http::header::RETRY_AFTER;
use jsonwebtoken::Algorithm;
use onsale_core::time::Span;
use serde_json::{Value, json};

use super::signing::Signing;
use super::{begin, come_back, sign_in, signed_by, there_and_back, visit, world};
use crate::accounts::{PASSWORD, Person};
use crate::server::{Server, get, post, standing, text};

#[tokio::test]
async fn somebody_signs_in_and_later_it_is_the_same_account() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256] {
        let (_idp, server) = signed_by(Signing::new(algorithm, "first")).await;
        let first = sign_in(&server).await;
        assert_eq!(first.status, 200, "{algorithm:?}: {first:?}");
        let first = first.json();
        assert_eq!(first["return_path"], "/signed-in");
        let me = server.accept(get("/api/v1/me").token(&text(&first["access_token"])), 200).await;
        assert_eq!((&me["email"], &me["given_name"]), (&json!("ada@example.org"), &json!("Ada")));
        assert_eq!(me["has_password"], false);
        let again = sign_in(&server).await.json();
        assert_eq!(again["person"], first["person"]);
    }
}

#[tokio::test]
async fn a_guest_signs_in_elsewhere_and_their_order_is_theirs() {
    let (_idp, server) = world().await;
    let (event, guest) = (server.event(&standing()).await, server.guest().await);
    let hold = server.hold(&event, &guest).await;
    let order = server.order(&hold, &guest).await;
    let back = visit(&server).await.token(&guest);
    let signed_in = server.accept(back, 200).await;
    let token = text(&signed_in["access_token"]);
    server.accept(get(format!("/api/v1/orders/{order}")).token(&token), 200).await;
}

#[tokio::test]
async fn the_providers_are_listed_and_others_are_not_there() {
    let (_idp, server) = world().await;
    let list = server.accept(get("/api/v1/oidc"), 200).await;
    assert_eq!(list, json!({"providers": [{"name": "example"}]}));
    let begin = post("/api/v1/oidc/other/visits").json(&json!({"return_path": "/"}));
    server.refuse(begin, 404, "not_found").await;
    let none = Server::new();
    assert_eq!(none.accept(get("/api/v1/oidc"), 200).await, json!({"providers": []}));
}

#[tokio::test]
async fn nobody_is_led_away_from_the_site() {
    let (_idp, server) = world().await;
    for path in ["https://evil.example", "//evil.example", "/\\evil.example", "x", ""] {
        let begin = post("/api/v1/oidc/example/visits").json(&json!({ "return_path": path }));
        let problem = server.refuse(begin, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "return_path");
    }
}

#[tokio::test]
async fn a_visit_is_good_once_and_only_whole() {
    let (_idp, server) = world().await;
    let [one, other] = [server.accept(begin(), 200).await, server.accept(begin(), 200).await];
    let [one, other] = [there_and_back(&one).await, there_and_back(&other).await];
    let mixed = json!({"visit": one["visit"], "state": other["state"], "code": one["code"]});
    server.refuse(come_back(&mixed), 410, "visit_over").await;
    server.accept(come_back(&one), 200).await;
    server.refuse(come_back(&one), 410, "visit_over").await;
    let late = there_and_back(&server.accept(begin(), 200).await).await;
    server.memory.pass(Span::from_mins(10));
    server.refuse(come_back(&late), 410, "visit_over").await;
    for (field, wrong) in [("code", ""), ("code", &"x".repeat(5_000))] {
        let mut body = other.clone();
        body[field] = json!(wrong);
        server.refuse(come_back(&body), 400, "invalid_body").await;
    }
}

/// A code that somebody has overheard is of no use to them: it belongs to another visit.
#[tokio::test]
async fn a_code_is_good_once_and_for_its_own_visit() {
    let (_idp, server) = world().await;
    let [ada, eve] = [server.accept(begin(), 200).await, server.accept(begin(), 200).await];
    let [ada, mut eve] = [there_and_back(&ada).await, there_and_back(&eve).await];
    eve["code"] = ada["code"].clone();
    server.refuse(come_back(&eve), 401, "provider_refused").await;
    let mut again = there_and_back(&server.accept(begin(), 200).await).await;
    let fresh = there_and_back(&server.accept(begin(), 200).await).await;
    again["code"] = fresh["code"].clone();
    server.accept(come_back(&fresh), 200).await;
    server.refuse(come_back(&again), 401, "provider_refused").await;
}

#[tokio::test]
async fn an_address_opens_an_account_only_if_the_provider_has_verified_it() {
    for (verified, is_same) in
        [(json!(false), false), (json!("no"), false), (Value::Null, false), (json!(true), true)]
    {
        let (idp, server) = world().await;
        let ada = Person::new(&server, "ada@example.org").await;
        idp.world().person["email_verified"] = verified;
        let signed_in = sign_in(&server).await.json();
        assert_eq!(signed_in["person"] == json!(ada.id), is_same);
        server.accept(Person::sign_in("ada@example.org", PASSWORD), 200).await;
    }
}

#[tokio::test]
async fn an_address_that_is_said_elsewhere_is_asked_for_there() {
    let (idp, server) = world().await;
    let user_info = format!("{}/userinfo", idp.issuer);
    idp.world().configuration = json!({ "userinfo_endpoint": user_info });
    idp.world().twist = Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("email")));
    let token = text(&sign_in(&server).await.json()["access_token"]);
    let me = server.accept(get("/api/v1/me").token(&token), 200).await;
    assert_eq!(me["email"], "ada@example.org");
    idp.world().person["sub"] = json!("eve-at-idp");
    idp.world().twist = Box::new(|claims| {
        claims["sub"] = json!("ada-at-idp");
        claims["email"] = Value::Null;
    });
    let back = visit(&server).await;
    server.refuse(back, 401, "provider_refused").await;
}

#[tokio::test]
async fn a_provider_that_wants_the_secret_in_the_form_gets_it_there() {
    let (idp, server) = world().await;
    let methods = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    idp.world().configuration = methods;
    assert_eq!(sign_in(&server).await.status, 200);
}

#[tokio::test]
async fn without_the_provider_people_are_told_what_to_do() {
    let (idp, server) = world().await;
    idp.stop().await;
    let answer = server.send(begin()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_deref()), (503, Some("provider_away")));
    assert_eq!(answer.headers[RETRY_AFTER], "30");
    // The rest goes on.
    Person::new(&server, "ada@example.org").await;
}

#[tokio::test]
async fn a_provider_whose_configuration_makes_no_sense_is_away() {
    let huge = format!("{{\"x\":\"{}\"}}", "x".repeat(300_000));
    for (status, body) in
        [(200, huge.as_str()), (200, "no JSON"), (200, "{}"), (302, ""), (500, "")]
    {
        let (idp, server) = world().await;
        let wrong = (status, body.to_owned());
        idp.world().wrong.insert("/.well-known/openid-configuration", wrong);
        let problem = server.refuse(begin(), 503, "provider_away").await;
        assert!(!problem.to_string().contains("127.0.0.1"), "that is for the operator: {problem}");
        // It is asked anew, and not believed for an hour.
        idp.world().wrong.clear();
        server.accept(begin(), 200).await;
    }
    for (field, value) in [
        ("issuer", "https://idp.example"),
        ("token_endpoint", "http://idp.example/token"),
        ("jwks_uri", "file:///etc/passwd"),
        ("authorization_endpoint", "javascript:alert(1)"),
    ] {
        let (idp, server) = world().await;
        idp.world().configuration = json!({ field: value });
        server.refuse(begin(), 503, "provider_away").await;
    }
}

#[tokio::test]
async fn a_provider_that_fails_on_the_way_back_is_away() {
    let huge = format!("{{\"id_token\":\"{}\"}}", "x".repeat(300_000));
    for (path, status, body) in [
        ("/token", 200, huge.as_str()),
        ("/token", 200, "{}"),
        ("/token", 500, ""),
        ("/token", 401, "{\"error\":\"invalid_client\"}"),
        ("/keys", 200, huge.as_str()),
        ("/keys", 200, "{}"),
        ("/keys", 404, ""),
    ] {
        let (idp, server) = world().await;
        idp.world().wrong.insert(path, (status, body.to_owned()));
        let back = visit(&server).await;
        server.refuse(back, 503, "provider_away").await;
        idp.world().wrong.clear();
        assert_eq!(sign_in(&server).await.status, 200, "{path}");
    }
}
