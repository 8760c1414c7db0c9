//! Somebody who buys, over HTTP: keeps their connection, gives up waiting for an answer, and asks
//! again under the same key.

use std::time::Duration;

use tokio::time::sleep;

use serde_json::json;

use crate::http::{Answer, Call, Line, send};
use crate::stage::Scene;

/// How long to wait before asking again.
const AGAIN: Duration = Duration::from_millis(300);

/// How often to ask before something must be wrong with the server.
const TRIES: u32 = 400;

/// Somebody with a session.
pub struct Person {
    scene: Scene,
    name: String,
    id: String,
    token: String,
    line: Option<Line>,
    keys: u32,
}

impl Person {
    /// Opens a session.
    pub async fn arrive(scene: &Scene, name: &str) -> Self {
        scene.event().await;
        let body = json!({ "email": format!("{name}@example.org") });
        let (scene, name) = (scene.clone(), name.to_owned());
        let (id, token) = (String::new(), String::new());
        let mut person = Self { scene, name, id, token, line: None, keys: 0 };
        let session = person.insist(&Call::post("/api/v1/sessions", &body)).await;
        person.id = session.text("person");
        person.token = session.text("access_token");
        person
    }

    /// The request for a hold of so many tickets, under a new key.
    pub async fn wish_hold(&mut self, count: u32) -> Call {
        let body =
            json!({ "wishes": [{ "class": 0, "best": { "count": count, "may_split": true } }] });
        let event = self.scene.event().await;
        self.keyed(&format!("/api/v1/events/{event}/holds"), &body)
    }

    /// The request to order a hold, under a new key.
    pub fn wish_order(&mut self, hold: &str) -> Call {
        let body = json!({ "hold": hold, "provider": "sandbox", "accept_other_seats": false });
        self.keyed("/api/v1/orders", &body)
    }

    /// The request to cancel an order, under a new key.
    pub fn wish_cancel(&mut self, order: &str) -> Call {
        self.keyed(&format!("/api/v1/orders/{order}/cancel"), &json!({}))
    }

    fn keyed(&mut self, path: &str, body: &serde_json::Value) -> Call {
        self.keys += 1;
        let key = format!("{}-{}", self.name, self.keys);
        Call::post(path, body).token(&self.token).key(&key)
    }

    /// The request to see an order.
    pub fn wish_look(&self, order: &str) -> Call {
        Call::get(format!("/api/v1/orders/{order}")).token(&self.token)
    }

    /// Asks once; `None` if no answer came.
    pub async fn ask(&mut self, call: &Call) -> Option<Answer> {
        let op = self.scene.asked(Some(&self.id), call);
        let answer = self.send(call).await;
        self.scene.told(op, call, answer.as_ref());
        answer
    }

    /// Asks until there is an answer, always under the same key.
    ///
    /// # Panics
    /// If none ever comes.
    pub async fn insist(&mut self, call: &Call) -> Answer {
        let op = self.scene.asked(Some(&self.id), call);
        for _ in 0..TRIES {
            match self.send(call).await {
                Some(answer) if answer.status != 503 => {
                    self.scene.told(op, call, Some(&answer));
                    return answer;
                }
                _ => sleep(AGAIN).await,
            }
        }
        panic!("{} is never answered: {} {}", self.name, call.method, call.path)
    }

    /// Over the connection that is there, or a new one.
    async fn send(&mut self, call: &Call) -> Option<Answer> {
        let mut line = match self.line.take() {
            Some(line) => line,
            None => Line::open("server").await?,
        };
        let answer = line.send(call).await?;
        self.line = Some(line);
        Some(answer)
    }

    /// Places an order of so many tickets; `None` if there are none to be had.
    pub async fn place(&mut self, count: u32) -> Option<String> {
        let wish = self.wish_hold(count).await;
        let hold = self.insist(&wish).await;
        if hold.status != 201 {
            return None;
        }
        let wish = self.wish_order(&hold.text("id"));
        let order = self.insist(&wish).await;
        (order.status == 201).then(|| order.text("id"))
    }

    /// Waits for the page on which an order is paid; `None` if there will be none.
    pub async fn page(&mut self, order: &str) -> Option<String> {
        let wish = self.wish_look(order);
        loop {
            let shown = self.insist(&wish).await.json();
            if let Some(url) = shown["payment"]["url"].as_str() {
                return Some(url.to_owned());
            }
            if shown["status"] != "PENDING" {
                return None;
            }
            sleep(AGAIN).await;
        }
    }

    /// Pays on that page, or has the card declined there.
    pub async fn pay(&mut self, url: &str, behaviour: &str) {
        let path = url.strip_prefix("http://bank").expect("pages are the bank's");
        let call = Call::post(path, &json!({ "behaviour": behaviour }));
        while send("bank", &call).await.is_none_or(|answer| answer.status != 200) {
            sleep(AGAIN).await;
        }
    }

    /// Waits until an order waits for nothing any more; answers its status.
    pub async fn end(&mut self, order: &str) -> String {
        let mut seen = String::new();
        loop {
            let path = format!("/api/v1/orders/{order}?wait_ms=3000&seen={seen}");
            let path = if seen.is_empty() { format!("/api/v1/orders/{order}") } else { path };
            let wish = Call::get(path).token(&self.token).patient(Duration::from_secs(3));
            let shown = self.insist(&wish).await;
            if shown.text("status") != "PENDING" {
                return shown.text("status");
            }
            seen = shown.text("version");
        }
    }

    /// Buys so many tickets; answers the order and its end, or nothing if there were none.
    pub async fn buy(&mut self, count: u32) -> Option<(String, String)> {
        let order = self.place(count).await?;
        if let Some(page) = self.page(&order).await {
            self.pay(&page, "pay").await;
        }
        let end = self.end(&order).await;
        Some((order, end))
    }
}
