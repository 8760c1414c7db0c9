//! Somebody with an account, and their letterbox.

use std::sync::Mutex;

use futures_util::future::BoxFuture;
use onsale_control::accounts::letters::Letter;
use onsale_control::accounts::letters::deliver::{Courier, CourierError};
use onsale_net::port::Partitions;
use serde_json::{Value, json};

use crate::server::{Call, Server, post, text};

pub const PASSWORD: &str = "correct horse battery";

/// Somebody who is signed in.
pub struct Person {
    pub id: String,
    pub session: String,
    pub token: String,
    pub refresh_token: String,
}

impl Person {
    /// Somebody with a new account.
    pub async fn new(server: &Server, email: &str) -> Self {
        server.accept(Self::register(email), 202).await;
        let token = token_in(&postbox(server).await.pop().unwrap().text);
        server.accept(Self::confirm(&token), 200).await;
        Self::signed_in(server, email).await
    }

    /// Somebody who has an account, on another device.
    pub async fn signed_in(server: &Server, email: &str) -> Self {
        Self::of(&server.accept(Self::sign_in(email, PASSWORD), 200).await)
    }

    /// Whoever an answer is about.
    pub fn of(answer: &Value) -> Self {
        let part = |name| text(&answer[name]);
        Self {
            id: part("person"),
            session: part("session"),
            token: part("access_token"),
            refresh_token: part("refresh_token"),
        }
    }

    pub fn register(email: &str) -> Call {
        post("/api/v1/accounts").json(&json!({
            "email": email, "password": PASSWORD, "given_name": "Ada", "family_name": "Lovelace",
        }))
    }

    pub fn confirm(token: &str) -> Call {
        post("/api/v1/accounts/confirmations").json(&json!({ "token": token }))
    }

    pub fn sign_in(email: &str, password: &str) -> Call {
        post("/api/v1/sign-in").json(&json!({ "email": email, "password": password }))
    }

    pub fn refresh(&self) -> Call {
        refresh(&self.refresh_token)
    }
}

pub fn refresh(token: &str) -> Call {
    post("/api/v1/sign-in/refresh").json(&json!({ "refresh_token": token }))
}

/// The token in the link of a letter with this text.
pub fn token_in(text: &str) -> String {
    let (_, rest) = text.split_once("?token=").unwrap_or_else(|| panic!("{text}"));
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Brings all letters that are due; those that came now.
pub async fn postbox(server: &Server) -> Vec<Letter> {
    let postman = Postman::default();
    let accounts = &server.control().accounts;
    while accounts.deliver_due(&postman, server.memory.now()).await.unwrap() {}
    postman.0.into_inner().unwrap()
}

#[derive(Default)]
struct Postman(Mutex<Vec<Letter>>);

impl Courier for Postman {
    fn deliver<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), CourierError>> {
        self.0.lock().unwrap().push(letter.clone());
        Box::pin(async { Ok(()) })
    }
}
