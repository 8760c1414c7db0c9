//! Whole purchases: from the waitroom to the ticket, each by a buyer of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::ClosedError;
use super::buyers::Buyers;
use super::desk::{Ask, Desk, Setback, expect, not_understood, text};
use super::person::{Person, Start, held_back, prompt};
use crate::measure::StepKind;

/// How long the server may hold an answer back.
const WAIT: Duration = Duration::from_secs(20);

/// Somebody who buys one ticket, and then the next as somebody else.
pub(super) struct Purchaser {
    buyers: Buyers,
}

/// The position of a step.
#[derive(Clone, Copy)]
enum Step {
    Session,
    Join,
    Poll,
    Hold,
    Order,
    Page,
    Pay,
    Ticket,
}

#[derive(Deserialize)]
struct Place {
    state: String,
    checkout_token: Option<String>,
}

#[derive(Deserialize)]
struct Order {
    status: String,
    payment: Payment,
    tickets: Vec<IgnoredAny>,
    version: String,
}

#[derive(Deserialize)]
struct Payment {
    url: Option<String>,
}

impl Person for Purchaser {
    const STEPS: &'static [StepKind] = &[
        prompt("session"),
        prompt("join"),
        held_back("poll"),
        prompt("hold"),
        prompt("order"),
        held_back("page"),
        prompt("pay"),
        held_back("ticket"),
    ];

    fn new(start: Start) -> Self {
        Self { buyers: Buyers::new(start) }
    }

    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        self.buyers.prepare(desk).await
    }

    async fn turn(&mut self, desk: &mut Desk, due: Instant) -> Result<(), Setback> {
        let begun = Instant::now();
        let stage = Arc::clone(&desk.stage);
        let event = stage.events[0].as_str();
        let token = match self.buyers.newcomer() {
            Some(token) => token,
            // More purchases than buyers were prepared for.
            None => session(desk, due).await?,
        };
        let visit = Visit { token: &token, event };
        let place = visit.join(desk, due).await?;
        let checkout = visit.admission(desk, &place).await?;
        let hold = visit.hold(desk, &checkout).await?;
        desk.held(0, &hold, 1, begun);
        let order = visit.order(desk, &hold).await?;
        visit.pay(desk, &order).await?;
        if desk.notes.counts(begun) {
            let mut recorder = desk.notes.recorder.borrow_mut();
            recorder.sold(1);
            recorder.finished();
        }
        Ok(())
    }

    fn into_tokens(self) -> Vec<String> {
        // A place in a waitroom is for this event only: the guests can come again.
        self.buyers.into_tokens()
    }
}

async fn session(desk: &mut Desk, due: Instant) -> Result<String, Setback> {
    let open = Ask {
        method: "POST",
        path: &["/api/v1/sessions"],
        body: br#"{"email":"load@example.org"}"#,
        ..Ask::default()
    };
    desk.ask(Step::Session as usize, due, open, |reply| {
        text(expect(reply, 201)?, "access_token").map(str::to_owned).ok_or_else(not_understood)
    })
    .await
}

/// One buyer's way through one event.
struct Visit<'a> {
    token: &'a str,
    event: &'a str,
}

impl Visit<'_> {
    async fn join(&self, desk: &mut Desk, due: Instant) -> Result<String, Setback> {
        let path = ["/api/v1/events/", self.event, "/waitroom"];
        self.create(desk, Step::Join, due, &path, None, br#"{"party":1}"#).await
    }

    /// Waits until the place is admitted; the checkout token that comes with it.
    async fn admission(&self, desk: &mut Desk, place: &str) -> Result<String, Setback> {
        let path = ["/api/v1/places/", place, "?wait_ms=20000&seen=QUEUED"];
        loop {
            let seen: Place = self.look(desk, Step::Poll, &path).await?;
            match (seen.state.as_str(), seen.checkout_token) {
                ("ADMITTED", Some(token)) => return Ok(token),
                ("QUEUED", _) => {}
                _ => return Err(Setback::Refused),
            }
        }
    }

    async fn hold(&self, desk: &mut Desk, checkout: &str) -> Result<String, Setback> {
        let path = ["/api/v1/events/", self.event, "/holds"];
        let body = br#"{"wishes":[{"class":0,"count":1}]}"#;
        self.create(desk, Step::Hold, Instant::now(), &path, Some(checkout), body).await
    }

    async fn order(&self, desk: &mut Desk, hold: &str) -> Result<String, Setback> {
        let body = format!(r#"{{"hold":"{hold}","provider":"sandbox"}}"#);
        let path = ["/api/v1/orders"];
        self.create(desk, Step::Order, Instant::now(), &path, None, body.as_bytes()).await
    }

    /// Waits for the address to pay at, pays there, and waits for the ticket.
    async fn pay(&self, desk: &mut Desk, order: &str) -> Result<(), Setback> {
        let mut version = String::new();
        let mut step = Step::Page;
        loop {
            let news = ["/api/v1/orders/", order, "?wait_ms=20000&seen=", &version];
            let path = if version.is_empty() { &news[..2] } else { &news };
            let seen: Order = self.look(desk, step, path).await?;
            match (seen.status.as_str(), &seen.payment.url) {
                ("COMPLETED", _) if seen.tickets.len() == 1 => return Ok(()),
                ("PENDING", Some(url)) if matches!(step, Step::Page) => {
                    self.pay_at(desk, url).await?;
                    step = Step::Ticket;
                }
                ("PENDING", _) => {}
                _ => return Err(Setback::Refused),
            }
            version = seen.version;
        }
    }

    async fn pay_at(&self, desk: &mut Desk, url: &str) -> Result<(), Setback> {
        // The sandbox is the server itself, whatever it is called from outside.
        let path = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = path.find('/').map_or("/", |at| &path[at..]);
        let pay = Ask {
            method: "POST",
            path: &[path],
            body: br#"{"behaviour":"pay"}"#,
            ..Ask::default()
        };
        let step = Step::Pay as usize;
        desk.ask(step, Instant::now(), pay, |reply| expect(reply, 200).map(|_| ())).await
    }

    /// Makes something, and returns its id.
    async fn create(
        &self,
        desk: &mut Desk,
        step: Step,
        due: Instant,
        path: &[&str],
        checkout: Option<&str>,
        body: &[u8],
    ) -> Result<String, Setback> {
        let token = Some(self.token);
        let ask =
            Ask { method: "POST", path, token, checkout, is_keyed: true, body, ..Ask::default() };
        desk.ask(step as usize, due, ask, |reply| {
            text(expect(reply, 201)?, "id").map(str::to_owned).ok_or_else(not_understood)
        })
        .await
    }

    async fn look<T: for<'de> Deserialize<'de>>(
        &self,
        desk: &mut Desk,
        step: Step,
        path: &[&str],
    ) -> Result<T, Setback> {
        let token = Some(self.token);
        let ask = Ask { method: "GET", path, token, more_time: WAIT, ..Ask::default() };
        desk.ask(step as usize, Instant::now(), ask, |reply| {
            serde_json::from_slice(expect(reply, 200)?).map_err(|_| not_understood())
        })
        .await
    }
}
