//! Whoever runs the catalogue of a server.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::recorder::new_key;
use crate::server::Server;

/// Somebody who runs the catalogue of a server.
#[derive(Clone)]
pub struct Desk {
    base: String,
    token: String,
    http: Client,
}

/// The path of an event in the catalogue, or of something below it.
pub fn draft_path(event: &str, below: &str) -> String {
    format!("/api/v1/catalogue/events/{event}{below}")
}

impl Desk {
    /// Of this server.
    pub fn of(server: &Server) -> Self {
        let (base, token) = (server.base.clone(), server.operator_token());
        Self { base, token, http: Client::new() }
    }

    /// What the server answers to whoever has seen the latest version of an event; `None` if it is
    /// not there.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Option<(StatusCode, Value)> {
        let event = path.split('/').find(|part| part.starts_with("evt_"));
        let tag = match event.filter(|_| method != Method::GET) {
            Some(event) => self.tag(event).await?,
            None => String::new(),
        };
        let request = self.request(method, path).header("if-match", tag);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.ok()?;
        let (status, body) = (answer.status(), answer.bytes().await.ok()?);
        Some((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// The same, of a server that is there and does it.
    ///
    /// # Panics
    /// If it is not there, or refuses.
    pub async fn accept(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await.expect("the server is there");
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }

    /// A new organiser: its path.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn organiser(&self, name: &str) -> String {
        let made = self.accept(Method::POST, "/api/v1/organisers", json!({"name": name})).await;
        format!("/api/v1/organisers/{}", text(&made["id"]))
    }

    /// A draft of an organiser with a class of tickets that are on sale.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn draft(&self, organiser: &str) -> String {
        let venue = json!({
            "name": "Kulturhaus", "time_zone": "Europe/Berlin",
            "address": {"street": "Am Markt 1", "city": "Köln", "country": "DE"},
        });
        let venue = self.accept(Method::POST, &format!("{organiser}/venues"), venue).await;
        let details = json!({
            "title": "The Lanterns", "venue": venue["id"], "starts_local": "2099-12-01T20:00",
        });
        let draft = self.accept(Method::POST, &format!("{organiser}/events"), details).await;
        let draft = text(&draft["id"]);
        let configuration = json!({"currency": "EUR", "sale": {"opens_local": "2020-01-01T10:00"}});
        let class = json!({"name": "Standing", "price_minor": 2_500});
        let quota = json!({"name": "Hall", "capacity": 100, "classes": [0]});
        for (method, below, body) in [
            (Method::PUT, "/configuration", configuration),
            (Method::POST, "/classes", class),
            (Method::POST, "/quotas", quota),
        ] {
            self.accept(method, &draft_path(&draft, below), body).await;
        }
        draft
    }

    /// Has an event have all it needs.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn configure(&self, draft: &str) {
        self.accept(Method::POST, &draft_path(draft, "/configure"), Value::Null).await;
    }

    /// Publishes an event, if it is not; `None` if no answer came.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn publish(&self, event: &str) -> Option<()> {
        let publish = draft_path(event, "/publish");
        let (status, answer) = self.ask(Method::POST, &publish, Value::Null).await?;
        assert!(status.is_success(), "{answer}");
        Some(())
    }

    /// Waits until nothing is to be told of an event any more that is published.
    ///
    /// # Panics
    /// If the server is not there, or the event is not published.
    pub async fn until_settled(&self, event: &str) {
        loop {
            let asked = self.ask(Method::GET, &draft_path(event, ""), Value::Null).await;
            let (_, event) = asked.expect("the server is there");
            if event["work"]["is_settled"] == true {
                return assert_eq!(event["status"], "PUBLISHED", "{event}");
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn tag(&self, event: &str) -> Option<String> {
        let answer = self.request(Method::GET, &draft_path(event, "")).send().await.ok()?;
        Some(answer.headers().get("etag")?.to_str().ok()?.to_owned())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.header("idempotency-key", new_key());
        request.bearer_auth(&self.token).timeout(Duration::from_secs(60))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
