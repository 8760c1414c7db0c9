//! Durable holds: each by another buyer than the last, each under a key of its own.

use std::sync::Arc;
use std::time::Instant;

use super::buyers::Buyers;
use super::desk::{Ask, Desk, Setback, expect, not_understood, text};
use super::person::{Person, Start, prompt};
use super::{ClosedError, Plan, Scenario};
use crate::measure::StepKind;

/// Of an event with seats, so much is sold before the next one is: the last seats are apart.
const SHARE_PERCENT: u64 = 95;

/// Whoever takes holds.
pub(super) struct Holder {
    buyers: Buyers,
    body: &'static [u8],
    tickets: u64,
    holds: u64,
    /// How many holds of an event are for this connection.
    holds_of_event: u64,
}

impl Person for Holder {
    const STEPS: &'static [StepKind] = &[prompt("hold")];

    fn new(start: Start) -> Self {
        let (tickets, body): (u64, &[u8]) = match start.plan.scenario {
            Scenario::HoldSeats => (2, br#"{"wishes":[{"class":0,"best":{"count":2}}]}"#),
            _ => (1, br#"{"wishes":[{"class":0,"count":1}]}"#),
        };
        let holds_of_event = holds_of_event(&start.plan, tickets);
        Self { buyers: Buyers::new(start), body, tickets, holds: 0, holds_of_event }
    }

    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        self.buyers.prepare(desk).await
    }

    async fn turn(&mut self, desk: &mut Desk, due: Instant) -> Result<(), Setback> {
        let stage = Arc::clone(&desk.stage);
        let last = stage.events.len().saturating_sub(1);
        let event = (self.holds / self.holds_of_event).min(last as u64) as usize;
        self.holds += 1;
        let hold = Ask {
            method: "POST",
            path: &["/api/v1/events/", &stage.events[event], "/holds"],
            token: Some(self.buyers.next()),
            is_keyed: true,
            body: self.body,
            ..Ask::default()
        };
        let sent = Instant::now();
        let id = desk.ask(0, due, hold, |reply| {
            let id = text(expect(reply, 201)?, "id").ok_or_else(not_understood)?;
            Ok(id.to_owned())
        });
        let id = id.await?;
        desk.held(event, &id, self.tickets, sent);
        Ok(())
    }

    fn into_tokens(self) -> Vec<String> {
        self.buyers.into_tokens()
    }
}

fn holds_of_event(plan: &Plan, tickets: u64) -> u64 {
    let sold = u64::from(plan.event_size) * SHARE_PERCENT / 100;
    (sold / tickets / u64::from(plan.connections.get())).max(1)
}
