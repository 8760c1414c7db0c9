//! One buyer of the crowd: what a person does on such a day, with the mistakes that people and
//! providers make.

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::client::{Answer, Client, ClientError, With};
use super::events::DemoEvents;

/// How often a buyer asks again when the server is too busy.
const ATTEMPTS: u32 = 30;

/// How long one look waits for news, in milliseconds.
const PATIENCE_MS: u64 = 20_000;

/// How many people may be ahead of somebody who listens instead of asking now and then.
const NEAR: u64 = 1_000;

/// How it ended for a buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// With tickets.
    Bought(u32),
    /// Nothing was left.
    SoldOut,
    /// They changed their mind with the tickets in the cart.
    Abandoned,
    /// The payment came to nothing; whatever was paid is refunded.
    NotPaid,
    /// They were refused for another reason.
    Refused,
    /// The server did not answer in time.
    Lost,
}

/// The path of a place, and the checkout token that came with its admission.
type Admission = (String, String);

/// A person with a phone.
pub(super) struct Buyer<'a> {
    client: &'a Client,
    events: &'a DemoEvents,
    number: u64,
    dice: ChaCha8Rng,
    token: String,
}

impl<'a> Buyer<'a> {
    pub(super) fn new(client: &'a Client, events: &'a DemoEvents, seed: u64, number: u64) -> Self {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        dice.set_stream(number);
        Self { client, events, number, dice, token: String::new() }
    }

    /// Lives through the sale.
    pub(super) async fn live(mut self) -> Ending {
        self.attend().await.unwrap_or(Ending::Lost)
    }

    async fn attend(&mut self) -> Result<Ending, ClientError> {
        let email = json!({ "email": format!("buyer{}@example.org", self.number) });
        let session = self.post("/api/v1/sessions", None, None, Some(&email)).await?;
        let Some(token) = session.text("access_token") else { return Ok(Ending::Lost) };
        token.clone_into(&mut self.token);
        let party = 1 + self.below(4);
        if self.below(50) == 0 {
            let events = self.events;
            return self.shop(&events.club, None, party.min(2)).await;
        }
        let (place, checkout) = match self.queue(party).await? {
            Ok(admission) => admission,
            Err(ending) => return Ok(ending),
        };
        let events = self.events;
        let ending = self.shop(&events.arena, Some(&checkout), party).await?;
        if matches!(ending, Ending::Abandoned | Ending::SoldOut) {
            self.delete(&place).await?;
        }
        Ok(ending)
    }

    /// Stands in the line of the arena; with the admission comes a checkout token.
    async fn queue(&mut self, party: u32) -> Result<Result<Admission, Ending>, ClientError> {
        let path = format!("/api/v1/events/{}/waitroom", self.events.arena);
        let key = format!("join-{}", self.number);
        let joined = self.post(&path, Some(&key), None, Some(&json!({ "party": party }))).await?;
        let Some(place) = joined.text("id") else { return Ok(Err(Ending::Refused)) };
        let path = format!("/api/v1/places/{place}");
        let near = format!("{path}?wait_ms={PATIENCE_MS}&seen=QUEUED");
        let mut is_near = false;
        loop {
            let status = self.get(if is_near { &near } else { &path }).await?;
            match status.text("state") {
                Some("ADMITTED") => {
                    let token = status.text("checkout_token").unwrap_or_default();
                    return Ok(Ok((path, token.to_owned())));
                }
                Some("QUEUED") if status.body["sold_out"] == true => {
                    self.delete(&path).await?;
                    return Ok(Err(Ending::SoldOut));
                }
                // Near the head the line goes fast: whoever is there listens.
                Some("QUEUED") if status.body["ahead"].as_u64().is_some_and(|n| n < NEAR) => {
                    is_near = true;
                }
                Some("QUEUED") => {
                    let after_ms = status.body["poll_after_ms"].as_u64().unwrap_or(2_000);
                    sleep(Duration::from_millis(after_ms)).await;
                }
                _ => return Ok(Err(Ending::Refused)),
            }
        }
    }

    async fn shop(
        &mut self,
        event: &str,
        checkout: Option<&str>,
        party: u32,
    ) -> Result<Ending, ClientError> {
        let Some(hold) = self.hold(event, checkout, party).await? else {
            return Ok(Ending::SoldOut);
        };
        if self.below(20) == 0 {
            self.delete(&format!("/api/v1/holds/{hold}")).await?;
            return Ok(Ending::Abandoned);
        }
        let is_easy = self.below(2) == 0;
        let wish = json!({ "hold": hold, "provider": "sandbox", "accept_other_seats": is_easy });
        let key = format!("order-{}", self.number);
        let placed = self.post("/api/v1/orders", Some(&key), None, Some(&wish)).await?;
        let Some(order) = placed.text("id") else { return Ok(Ending::Refused) };
        self.pay(&format!("/api/v1/orders/{order}"), party).await
    }

    /// Tries the classes in an order of their own until something can be had. A few ask for seats
    /// by number, and some of those ask for the same.
    async fn hold(
        &mut self,
        event: &str,
        checkout: Option<&str>,
        party: u32,
    ) -> Result<Option<String>, ClientError> {
        let path = format!("/api/v1/events/{event}/holds");
        let first = self.below(3);
        let attempts = if checkout.is_some() { 7 } else { 4 };
        for attempt in 0..attempts {
            let class = (first + attempt) % 3;
            let wish = if checkout.is_none() {
                json!({ "class": class, "count": party })
            } else if attempt == 0 && self.below(10) == 0 {
                let seat = self.below(9_000);
                json!({ "class": 0, "seats": [seat] })
            } else if attempt < 4 {
                json!({ "class": class, "best": { "count": party, "may_split": true } })
            } else {
                // What is left at the very end are the places for wheelchair users.
                let party = party.min(2);
                json!({ "class": class, "best": { "count": party, "accessible": true } })
            };
            let key = format!("hold-{}-{attempt}", self.number);
            let body = json!({ "wishes": [wish] });
            let answer = self.post(&path, Some(&key), checkout, Some(&body)).await?;
            if let Some(hold) = answer.text("id") {
                return Ok(Some(hold.to_owned()));
            }
        }
        Ok(None)
    }

    async fn pay(&mut self, order: &str, party: u32) -> Result<Ending, ClientError> {
        let behaviour = match self.below(100) {
            0..88 => "pay",
            88..92 => "decline",
            92..95 => "duplicate",
            95..97 => "duplicate_capture",
            97..99 => "reordered",
            _ => "wrong_amount",
        };
        let mut is_paid = false;
        let mut seen = String::new();
        loop {
            let path = format!("{order}?wait_ms={PATIENCE_MS}&seen={seen}");
            let shown = self.get(if seen.is_empty() { order } else { &path }).await?;
            match shown.text("status") {
                Some("PENDING") => {}
                Some("COMPLETED") => return Ok(Ending::Bought(party)),
                Some(_) => return Ok(Ending::NotPaid),
                None => return Ok(Ending::Lost),
            }
            if let Some(url) = shown.body["payment"]["url"].as_str().filter(|_| !is_paid) {
                let wish = json!({ "behaviour": behaviour });
                is_paid = self.post(url, None, None, Some(&wish)).await?.status.is_success();
            }
            shown.text("version").unwrap_or_default().clone_into(&mut seen);
        }
    }

    async fn delete(&mut self, path: &str) -> Result<Answer, ClientError> {
        self.ask(Method::DELETE, path, None, None, None).await
    }

    async fn get(&mut self, path: &str) -> Result<Answer, ClientError> {
        self.ask(Method::GET, path, None, None, None).await
    }

    async fn post(
        &mut self,
        path: &str,
        key: Option<&str>,
        checkout: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        self.ask(Method::POST, path, key, checkout, body).await
    }

    /// Asks, and asks again under the same key while the server is too busy or an answer got lost.
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        checkout: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        let mut attempt = 0;
        loop {
            let bearer = Some(self.token.as_str()).filter(|token| !token.is_empty());
            let with = With { bearer, checkout, key, body };
            let outcome = self.client.send(method.clone(), path, with).await;
            attempt += 1;
            let pause = match &outcome {
                _ if attempt >= ATTEMPTS => return outcome,
                Ok(answer) if answer.status == StatusCode::SERVICE_UNAVAILABLE => {
                    answer.retry_after.unwrap_or(Duration::from_secs(1))
                }
                Ok(_) => return outcome,
                Err(_) => Duration::from_secs(1),
            };
            sleep(pause + Duration::from_millis(u64::from(self.below(500)))).await;
        }
    }

    /// A number below `bound`, by the buyer's own dice.
    fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.dice.next_u32()) * u64::from(bound)) >> 32) as u32
    }
}
