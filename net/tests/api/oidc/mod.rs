//! Signing in at a provider that speaks `OpenID` Connect: a real one, started by each test.

mod forged;
mod idp;
mod linking;
mod signing;
mod visits;

use jsonwebtoken::Algorithm;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use self::idp::Idp;
use self::signing::Signing;
use crate::server::{Answer, Call, Server, post, text};

/// A provider, and a server whose accounts can be opened by it.
async fn world() -> (Idp, Server) {
    signed_by(Signing::new(Algorithm::ES256, "first")).await
}

async fn signed_by(signing: Signing) -> (Idp, Server) {
    let idp = Idp::start(signing).await;
    let server = Server::with_oidc(idp.providers()).await;
    idp.go_by(&server.memory);
    (idp, server)
}

fn begin() -> Call {
    post("/api/v1/oidc/example/visits").json(&json!({"return_path": "/signed-in"}))
}

fn come_back(body: &Value) -> Call {
    post("/api/v1/oidc/example/returns").json(body)
}

/// What the page sends after the browser was at the provider.
async fn there_and_back(begun: &Value) -> Value {
    let browser = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
    let answer = browser.get(text(&begun["authorization_url"])).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{answer:?}");
    let location = answer.headers()["location"].to_str().unwrap();
    let (page, query) = location.split_once('?').unwrap();
    assert_eq!(page, "http://127.0.0.1:8080/account/signed-in/example");
    let (code, state) = query.split_once('&').unwrap();
    let after = |pair: &str| pair.split_once('=').unwrap().1.to_owned();
    json!({"visit": begun["visit"], "code": after(code), "state": after(state)})
}

/// A visit, up to where the page sends what came of it.
async fn visit(server: &Server) -> Call {
    let begun = server.accept(begin(), 200).await;
    come_back(&there_and_back(&begun).await)
}

/// A whole sign-in.
async fn sign_in(server: &Server) -> Answer {
    let call = visit(server).await;
    server.send(call).await
}
