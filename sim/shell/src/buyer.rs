//! People who buy: they take seats or places, think, order, pay in time, late, twice or not at all,
//! and tell the history what they were told.

use std::net::SocketAddr;
use std::time::Duration;

use madsim::rand::{Rng, thread_rng};
use madsim::task;
use madsim::time::{Instant, sleep};
use onsale_core::id::OrderId;
use onsale_core::time::Time;
use onsale_net::dto::At;
use serde_json::{Value, json};

use crate::bank::{Bank, NAME};
use crate::client::{Answer, Ask, Client};
use crate::history::{History, Order};
use crate::swarm::{chance, up_to_ms};

/// What is for sale, and where.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The server.
    pub server: SocketAddr,
    /// An event with few numbered seats.
    pub house: String,
    /// An event with room for everybody: class 0 is free, class 1 is not.
    pub club: String,
}

/// Somebody who buys, as a new person each time.
pub struct Buyer {
    shop: Shop,
    bank: Bank,
    history: History,
    client: Client,
    token: String,
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Two seats of the house, side by side.
    Seats,
    /// A free place in the club.
    Free,
    /// A paid place in the club.
    Paid,
}

/// How somebody pays.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Abandon,
    Cancel,
    Decline,
    Late,
    Once,
    Twice,
}

impl Buyer {
    /// A buyer of this name.
    pub fn new(shop: Shop, bank: Bank, history: History, name: &str) -> Self {
        let client = Client::new(shop.server, name);
        Self { shop, bank, history, client, token: String::new() }
    }

    /// Tries to buy something a number of times, giving up on answers at `until`.
    pub async fn shop(&mut self, purchases: usize, until: Instant) {
        for _ in 0..purchases {
            sleep(up_to_ms(3_000)).await;
            let wish = match thread_rng().gen_range(0..10) {
                0..6 => Wish::Seats,
                6..8 => Wish::Free,
                _ => Wish::Paid,
            };
            self.buy(wish, draw_manner(), until).await;
        }
    }

    /// Buys at once and pays; answers whether the order was seen completed.
    pub async fn buy_properly(&mut self, wish: Wish, until: Instant) -> bool {
        self.buy(wish, Manner::Once, until).await == Some(true)
    }

    /// `None` if no answer came, or nothing was to be had.
    async fn buy(&mut self, wish: Wish, manner: Manner, until: Instant) -> Option<bool> {
        self.sign_in(until).await?;
        let event = if wish == Wish::Seats { &self.shop.house } else { &self.shop.club }.clone();
        let hold = self.hold(&event, wish, until).await?;
        sleep(up_to_ms(4_000)).await;
        if chance(0.1) && matches!(manner, Manner::Cancel) {
            return self.release(&hold, until).await;
        }
        let (order, status) = self.order(&event, &hold, until).await?;
        if status == "PENDING" {
            self.pay(&order, &hold, manner, until).await?;
        }
        self.see_the_end(&order, &hold, until).await
    }

    async fn sign_in(&mut self, until: Instant) -> Option<()> {
        let ask = Ask::post("/api/v1/sessions", json!({ "email": "buyer@example.org" }));
        let session = created(&self.client.insist(&ask, until).await?)?;
        text(&session, "access_token").clone_into(&mut self.token);
        self.client.speak_for(&self.token);
        Some(())
    }

    async fn hold(&mut self, event: &str, wish: Wish, until: Instant) -> Option<String> {
        let wishes = match wish {
            Wish::Seats => json!([{ "class": 0, "count": 2 }]),
            Wish::Free => json!([{ "class": 0, "count": 1 }]),
            Wish::Paid => json!([{ "class": 1, "count": 1 }]),
        };
        let ask = Ask::post(format!("/api/v1/events/{event}/holds"), json!({ "wishes": wishes }));
        let answer = self.client.insist(&ask, until).await?;
        let Some(hold) = created(&answer) else {
            self.history.count(format!("hold refused: {}", text(&answer.json(), "code")));
            return None;
        };
        self.history.count("hold");
        let seats = hold["lines"][0]["seats"].as_array().into_iter().flatten();
        let seats: Vec<_> = seats.filter_map(Value::as_u64).collect();
        let id = text(&hold, "id").to_owned();
        self.history.held(event, &id, &seats, now(), time(&hold, "expires_at"));
        Some(id)
    }

    async fn release(&mut self, hold: &str, until: Instant) -> Option<bool> {
        self.history.given_up(hold);
        self.history.count("release");
        let _ = self.client.insist(&Ask::delete(format!("/api/v1/holds/{hold}")), until).await?;
        Some(false)
    }

    async fn order(&mut self, event: &str, hold: &str, until: Instant) -> Option<(String, String)> {
        let body = json!({ "hold": hold, "provider": NAME, "accept_other_seats": chance(0.3) });
        let answer = self.client.insist(&Ask::post("/api/v1/orders", body), until).await?;
        let Some(order) = created(&answer) else {
            self.history.count(format!("order refused: {}", text(&answer.json(), "code")));
            return None;
        };
        let (id, status) = (text(&order, "id").to_owned(), text(&order, "status").to_owned());
        let details =
            Order { event: event.to_owned(), token: self.token.clone(), is_completed: false };
        self.history.ordered(hold, &id, details, time(&order, "expires_at"));
        self.history.count("order");
        Some((id, status))
    }

    async fn pay(&mut self, order: &str, hold: &str, manner: Manner, until: Instant) -> Option<()> {
        self.history.count(format!("manner: {manner:?}"));
        let id: OrderId = order.parse().expect("the server's ids are ids");
        match manner {
            Manner::Abandon => {}
            Manner::Cancel => {
                self.history.given_up(hold);
                let ask = Ask::post(format!("/api/v1/orders/{order}/cancel"), json!({}));
                self.client.insist(&ask, until).await?;
                if chance(0.3) {
                    self.tell_later(id, Duration::ZERO, Manner::Once);
                }
            }
            Manner::Decline => {
                self.history.given_up(hold);
                self.wait_for_page(order, until).await?;
                self.tell_later(id, Duration::ZERO, Manner::Decline);
            }
            Manner::Late => self.tell_later(id, Duration::from_secs(30), Manner::Once),
            Manner::Once | Manner::Twice => {
                self.wait_for_page(order, until).await?;
                self.tell_later(id, Duration::ZERO, Manner::Once);
                if matches!(manner, Manner::Twice) {
                    self.tell_later(id, Duration::from_millis(100), Manner::Once);
                }
            }
        }
        Some(())
    }

    /// The bank does its part beside.
    fn tell_later(&self, order: OrderId, after: Duration, manner: Manner) {
        let (bank, server) = (self.bank.clone(), self.shop.server);
        task::spawn(async move {
            sleep(after).await;
            match manner {
                Manner::Decline => bank.decline(server, order).await,
                _ => bank.pay(server, order).await,
            }
        });
    }

    async fn wait_for_page(&mut self, order: &str, until: Instant) -> Option<()> {
        self.look_until(order, until, |shown| shown["payment"]["status"] != "PREPARING").await?;
        Some(())
    }

    async fn see_the_end(&mut self, order: &str, hold: &str, until: Instant) -> Option<bool> {
        let shown = self.look_until(order, until, |shown| shown["status"] != "PENDING").await?;
        let status = text(&shown, "status").to_owned();
        let is_completed = status == "COMPLETED";
        if is_completed {
            self.history.completed(order, hold, &seats_of(&shown), now());
        } else {
            self.history.given_up(hold);
        }
        self.history.count(format!("order {status}"));
        Some(is_completed)
    }

    /// Looks, and waits for changes, until it is `enough`.
    async fn look_until(
        &mut self,
        order: &str,
        until: Instant,
        enough: impl Fn(&Value) -> bool,
    ) -> Option<Value> {
        let mut path = format!("/api/v1/orders/{order}");
        loop {
            let answer = self.client.insist(&Ask::get(&path), until).await?;
            assert_eq!(answer.status, 200, "an acknowledged order cannot be seen: {answer:?}");
            let shown = answer.json();
            if enough(&shown) {
                return Some(shown);
            }
            let seen = text(&shown, "version");
            path = format!("/api/v1/orders/{order}?wait_ms=5000&seen={seen}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The seats of an order's valid tickets.
pub fn seats_of(order: &Value) -> Vec<u64> {
    let tickets = order["tickets"].as_array().into_iter().flatten();
    let valid = tickets.filter(|ticket| ticket["valid"] == true);
    valid.filter_map(|ticket| ticket["seat"]["index"].as_u64()).collect()
}

fn draw_manner() -> Manner {
    match thread_rng().gen_range(0..20) {
        0..2 => Manner::Abandon,
        2..4 => Manner::Cancel,
        4..6 => Manner::Decline,
        6..8 => Manner::Late,
        8..10 => Manner::Twice,
        _ => Manner::Once,
    }
}

fn created(answer: &Answer) -> Option<Value> {
    (answer.status == 201).then(|| answer.json())
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn time(value: &Value, member: &str) -> Time {
    let At(time) = serde_json::from_value(value[member].clone()).expect("a time");
    time
}

/// The server's clock shows the same: nothing here makes it jump.
fn now() -> Time {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_ms(since_epoch.expect("after 1970").as_millis() as u64)
}
