//! Bad input to accounts: malformed, oversized, unknown, another's, expired.

use onsale_core::time::Span;
use serde_json::{Value, json};

use super::person::{PASSWORD, Person, postbox, token_in};
use crate::server::{Server, delete, get, post};

fn register(change: impl FnOnce(&mut Value)) -> crate::server::Call {
    let mut wish = json!({
        "email": "ada@example.org", "password": PASSWORD, "given_name": "Ada",
    });
    change(&mut wish);
    post("/api/v1/accounts").json(&wish)
}

#[tokio::test]
async fn what_makes_no_account_is_refused_by_name_and_changes_nothing() {
    let server = Server::with_control().await;
    let long = "x".repeat(200);
    let cases = [
        ("email", json!("ada"), "invalid_body"),
        ("email", json!("ada@example.org\r\nBcc: eve@example.org"), "invalid_body"),
        ("email", json!("ada@example.org, eve@example.org"), "invalid_body"),
        ("email", json!(format!("{long}@example.org")), "invalid_body"),
        ("email", json!(7), "invalid_body"),
        ("password", json!("short"), "invalid_body"),
        ("password", json!(long), "invalid_body"),
        ("password", json!("with\u{0}a null byte"), "invalid_body"),
        ("password", json!("password123"), "password_weak"),
        ("password", json!("ada@example.org"), "password_weak"),
        ("given_name", json!(""), "invalid_body"),
        ("given_name", json!("Ada\r\nBcc: eve@example.org"), "invalid_body"),
        ("given_name", json!("\u{202e}adA"), "invalid_body"),
        ("family_name", json!(long), "invalid_body"),
        ("purpose", json!("admin"), "invalid_body"),
        ("role", json!("admin"), "invalid_body"),
        ("person", json!("per_05bgn2v8j7rq0c4mzt3w9x1hye"), "invalid_body"),
    ];
    for (field, value, code) in cases {
        let problem = server.refuse(register(|wish| wish[field] = value), 400, code).await;
        assert!(code != "invalid_body" || problem["errors"][0]["at"] != "", "{problem}");
    }
    assert_eq!(postbox(&server).await, [], "nobody was written to");
}

#[tokio::test]
async fn a_password_of_any_length_is_compared_and_none_is_kept() {
    let server = Server::with_control().await;
    Person::new(&server, "ada@example.org").await;
    for wrong in ["", "x", &"x".repeat(10_000), "\u{0}", "correct horse batterY"] {
        let sign_in = Person::sign_in("ada@example.org", wrong);
        let answer = server.send(sign_in).await;
        assert!(["sign_in_failed", "too_many_guesses"].contains(&&*answer.code().unwrap()));
        server.memory.pass(Span::from_secs(30));
    }
    let too_large = Person::sign_in("ada@example.org", &"x".repeat(70_000));
    server.refuse(too_large, 413, "body_too_large").await;
}

#[tokio::test]
async fn unknown_addresses_are_answered_like_known_ones() {
    let server = Server::with_control().await;
    Person::new(&server, "ada@example.org").await;
    let email = |path: &str, email: &str| post(path).json(&json!({ "email": email }));
    for address in ["ada@example.org", "nobody@example.org"] {
        let answers = [
            server.send(register(|wish| wish["email"] = json!(address))).await,
            server.send(email("/api/v1/accounts/letters", address)).await,
            server.send(email("/api/v1/password-resets", address)).await,
        ];
        for answer in answers {
            assert_eq!((answer.status.as_u16(), answer.body.len()), (202, 0), "{address}");
        }
        let failed =
            server.refuse(Person::sign_in(address, "wrong password"), 401, "sign_in_failed");
        let failed = failed.await;
        assert!(!failed.to_string().contains(address), "{failed}");
    }
}

#[tokio::test]
async fn a_one_time_token_is_good_once_for_what_it_is_for() {
    let server = Server::with_control().await;
    Person::new(&server, "ada@example.org").await;
    server
        .accept(post("/api/v1/password-resets").json(&json!({"email": "ada@example.org"})), 202)
        .await;
    let token = token_in(&postbox(&server).await[0].text);
    server.refuse(Person::confirm(&token), 410, "link_invalid").await;
    let reset = |token: &str| {
        let body = json!({"token": token, "new_password": "seven olives on mars"});
        post("/api/v1/password-resets/confirmations").json(&body)
    };
    for wrong in ["", "x", &token[1..], &token.to_uppercase(), &"x".repeat(10_000)] {
        server.refuse(reset(wrong), 410, "link_invalid").await;
    }
    server.memory.pass(Span::from_mins(60));
    server.refuse(reset(&token), 410, "link_invalid").await;
}

#[tokio::test]
async fn whoever_asks_too_often_is_answered_the_same_and_nobody_is_flooded() {
    let server = Server::with_control().await;
    Person::new(&server, "ada@example.org").await;
    let ask = || post("/api/v1/password-resets").json(&json!({"email": "ADA@example.org"}));
    for _ in 0..10 {
        server.accept(ask(), 202).await;
    }
    assert_eq!(postbox(&server).await.len(), 3);
}

/// Neither a guest nor an operator has an account; and nobody has another's.
#[tokio::test]
async fn what_is_an_accounts_needs_that_account() {
    let server = Server::with_control().await;
    let guest = server.guest().await;
    let calls = [
        get("/api/v1/me"),
        get("/api/v1/me/sessions"),
        get("/api/v1/me/addresses"),
        get("/api/v1/me/export"),
        post("/api/v1/me/deletion").json(&json!({})),
        post("/api/v1/sign-out"),
        post("/api/v1/sign-out/everywhere"),
    ];
    for call in calls {
        server.refuse(call.clone(), 401, "token_required").await;
        server.refuse(call.clone().token(&guest), 403, "account_only").await;
        server.refuse(call.operator(), 403, "account_only").await;
    }
    let ada = Person::new(&server, "ada@example.org").await;
    let bob = Person::new(&server, "bob@example.org").await;
    let end = |session: &str| delete(format!("/api/v1/me/sessions/{session}")).token(&bob.token);
    server.refuse(end(&ada.session), 404, "not_found").await;
    server.refuse(end("ses_05bgn2v8j7rq0c4mzt3w9x1hye"), 404, "not_found").await;
    server.refuse(end("nonsense"), 400, "invalid_parameter").await;
    server.accept(get("/api/v1/me").token(&ada.token), 200).await;
}

/// Injection: what is text stays text.
#[tokio::test]
async fn quotes_and_wildcards_are_letters() {
    let server = Server::with_control().await;
    let quoted = "o'hara--@example.org";
    let ada = Person::new(&server, quoted).await;
    let name = "Robert'); DROP TABLE accounts;--";
    let change = crate::server::patch("/api/v1/me").token(&ada.token);
    server.accept(change.json(&json!({"given_name": name})), 200).await;
    let me = server.accept(get("/api/v1/me").token(&ada.token), 200).await;
    assert_eq!((&me["given_name"], &me["email"]), (&json!(name), &json!(quoted)));
    for like in ["o%@example.org", "_'hara--@example.org"] {
        server.refuse(Person::sign_in(like, PASSWORD), 401, "sign_in_failed").await;
    }
}
