//! People over HTTP: an operator and buyers.

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::recorder::{Recorder, Wish, new_key};

/// An answer: its status and its JSON; null where there is none.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// A text member of the body.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.body[member].as_str()
    }
}

/// Whoever runs the events.
pub struct Operator {
    base: String,
    token: String,
    http: Client,
}

/// A buyer with a guest session.
#[derive(Clone)]
pub struct Shopper {
    base: String,
    person: String,
    token: String,
    http: Client,
    recorder: Recorder,
}

impl Operator {
    /// The operator of a server.
    pub fn new(base: &str, token: String) -> Self {
        Self { base: base.to_owned(), token, http: Client::new() }
    }

    /// Defines and opens an event; answers its id.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn open(&self, definition: &Value) -> String {
        let defined = self.ask(Method::POST, "/api/v1/events", Some(definition)).await;
        let id = defined.text("id").unwrap_or_else(|| panic!("{defined:?}")).to_owned();
        let opened = self.ask(Method::POST, &format!("/api/v1/events/{id}/open"), None).await;
        assert!(opened.status.is_success(), "{opened:?}");
        id
    }

    /// An event as it is shown.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn event(&self, event: &str) -> Value {
        self.shown(&format!("/api/v1/events/{event}")).await
    }

    /// The books of an event.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn audit(&self, event: &str) -> Value {
        self.shown(&format!("/api/v1/events/{event}/audit")).await
    }

    async fn shown(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path, None).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer.body
    }

    /// The books of an event, once every payment that was under way at a kill has been heard of.
    /// The sandbox sends what it could not deliver; whoever did not pay has time left, so nothing
    /// else is waited for.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn settled(&self, event: &str) -> Value {
        loop {
            let books = self.audit(event).await;
            let all_in = books["captured_minor"] == books["ticket_value_minor"];
            if all_in && books["refunding_minor"] == 0 {
                return books;
            }
            tokio::task::yield_now().await;
        }
    }

    /// An order, whosever it is.
    pub async fn order(&self, order: &str) -> Answer {
        self.ask(Method::GET, &format!("/api/v1/orders/{order}"), None).await
    }

    /// Looks at anything.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// Asks for anything to be done.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Looks at something that is no JSON.
    ///
    /// # Panics
    /// If the server refuses, or the answer breaks off.
    pub async fn text(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let answer = request.send().await.and_then(reqwest::Response::error_for_status);
        answer.expect("the server answers").text().await.expect("all of it comes")
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let key = (self.token.as_str(), &*new_key());
        send(&self.http, method, &format!("{}{path}", self.base), key, body)
            .await
            .expect("the server is there")
    }
}

impl Shopper {
    /// Opens a guest session; `None` if the server is not there.
    pub async fn new(base: &str) -> Option<Self> {
        Self::recorded(base, &Recorder::default()).await
    }

    /// As [`Self::new`]; whatever is asked and told from then on is written down.
    pub async fn recorded(base: &str, recorder: &Recorder) -> Option<Self> {
        let http = Client::new();
        let body = json!({ "email": "shopper@example.org" });
        let url = format!("{base}/api/v1/sessions");
        let session = send(&http, Method::POST, &url, ("", &new_key()), Some(&body)).await?;
        let (person, token) = (session.text("person")?, session.text("access_token")?);
        let (person, token) = (person.to_owned(), token.to_owned());
        Some(Self { base: base.to_owned(), person, token, http, recorder: recorder.clone() })
    }

    /// Asks for anything; `None` if no answer came.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Answer> {
        let wish = Wish {
            method,
            path: path.to_owned(),
            person: self.person.clone(),
            token: self.token.clone(),
            key: new_key(),
            body: body.cloned(),
        };
        self.recorder.ask(&self.http, &self.base, &wish).await
    }

    /// Holds the best `count` tickets of a class.
    pub async fn hold(&self, event: &str, class: u16, count: u32) -> Option<Answer> {
        let body = json!({ "wishes": [{ "class": class, "count": count }] });
        self.ask(Method::POST, &format!("/api/v1/events/{event}/holds"), Some(&body)).await
    }

    /// Orders what is held, to be paid by the sandbox.
    pub async fn order(&self, hold: &str) -> Option<Answer> {
        self.order_by(hold, "sandbox").await
    }

    /// Orders what is held.
    pub async fn order_by(&self, hold: &str, provider: &str) -> Option<Answer> {
        let body = json!({ "hold": hold, "provider": provider, "accept_other_seats": false });
        self.ask(Method::POST, "/api/v1/orders", Some(&body)).await
    }

    /// Waits for the page, pays, and waits for the end of the order; `None` if the server went
    /// away meanwhile.
    pub async fn pay(&self, order: &str) -> Option<Answer> {
        let path = format!("/api/v1/orders/{order}");
        let mut seen = String::new();
        let mut is_paid = false;
        loop {
            let look = format!("{path}?wait_ms=5000&seen={seen}");
            let shown =
                self.ask(Method::GET, if seen.is_empty() { &path } else { &look }, None).await?;
            if shown.text("status")? != "PENDING" {
                return Some(shown);
            }
            if let Some(url) = shown.body["payment"]["url"].as_str().filter(|_| !is_paid) {
                let wish = json!({ "behaviour": "pay" });
                is_paid = self.ask(Method::POST, url, Some(&wish)).await?.status.is_success();
            }
            shown.text("version")?.clone_into(&mut seen);
        }
    }

    /// Waits until an order has what is looked for; `None` if the server went away meanwhile.
    pub async fn until<T>(&self, order: &str, look: impl Fn(&Answer) -> Option<T>) -> Option<T> {
        let path = format!("/api/v1/orders/{order}");
        let mut shown = self.ask(Method::GET, &path, None).await?;
        loop {
            if let Some(found) = look(&shown) {
                return Some(found);
            }
            let seen = shown.text("version")?;
            let wait = format!("{path}?wait_ms=5000&seen={seen}");
            shown = self.ask(Method::GET, &wait, None).await?;
        }
    }

    /// Where an order is paid, once that is known; `None` if the server went away, or the order
    /// is over.
    pub async fn page(&self, order: &str) -> Option<String> {
        let url = |shown: &Answer| match shown.body["payment"]["url"].as_str() {
            Some(url) => Some(Some(url.to_owned())),
            None if shown.body["status"] != "PENDING" => Some(None),
            None => None,
        };
        self.until(order, url).await?
    }

    /// Waits for the end of an order that nobody pays; `None` if the server went away meanwhile.
    pub async fn end_of(&self, order: &str) -> Option<Answer> {
        let path = format!("/api/v1/orders/{order}");
        let mut shown = self.ask(Method::GET, &path, None).await?;
        // The payment page comes first, the end second.
        for _ in 0..3 {
            let seen = shown.text("version")?.to_owned();
            if shown.text("status")? == "PENDING" {
                let look = format!("{path}?wait_ms=5000&seen={seen}");
                shown = self.ask(Method::GET, &look, None).await?;
            }
        }
        Some(shown)
    }

    /// Buys `count` tickets; `None` if the server went away, or there were none.
    pub async fn buy(&self, event: &str, class: u16, count: u32) -> Option<Answer> {
        let hold = self.hold(event, class, count).await?;
        let order = self.order(hold.text("id")?).await?;
        self.pay(order.text("id")?).await
    }
}

/// Sends once, as whoever has the token and under the key; `None` if no whole answer came.
pub(crate) async fn send(
    http: &Client,
    method: Method,
    url: &str,
    (token, key): (&str, &str),
    body: Option<&Value>,
) -> Option<Answer> {
    let mut request = http
        .request(method, url)
        .header("accept", "application/json")
        .header("idempotency-key", key)
        .timeout(std::time::Duration::from_secs(60));
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.ok()?;
    let status = response.status();
    let bytes = response.bytes().await.ok()?;
    Some(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) })
}

fn class(name: &str, price_minor: u64) -> Value {
    let window = json!({
        "opens_at": "2020-01-01T00:00:00.000Z",
        "closes_at": "2100-01-01T00:00:00.000Z"
    });
    json!({ "name": name, "price_minor": price_minor, "window": window })
}

/// A house of `rows` rows of 20 seats, one class, no waitroom.
pub fn small_house(rows: i32) -> Value {
    let rows: Vec<_> = (0..rows)
        .map(|row| {
            json!({
                "label": (row + 1).to_string(),
                "seats": 20,
                "first": { "x_cm": -500, "y_cm": row * 100 },
                "step": { "x_cm": 50, "y_cm": 0 }
            })
        })
        .collect();
    json!({
        "name": "A small house",
        "currency": "EUR",
        "classes": [class("Stalls", 5_000)],
        "plan": {
            "focal_point": { "x_cm": 0, "y_cm": -300 },
            "sections": [{ "name": "Stalls", "class": 0, "rows": rows }]
        }
    })
}

/// A club with room for `capacity` people.
pub fn club(capacity: u32) -> Value {
    json!({
        "name": "A club",
        "currency": "EUR",
        "classes": [class("Standing", 2_500)],
        "quotas": [{ "name": "House", "capacity": capacity, "classes": [0] }]
    })
}
