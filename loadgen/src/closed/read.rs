//! Scenarios that change nothing: the route that does nothing, a look at one's place, and waiting.

use std::time::{Duration, Instant};

use super::buyers::{Buyers, open_session};
use super::desk::{Ask, Desk, Setback, expect, not_understood, text};
use super::person::{Person, Start, held_back, prompt};
use super::{ClosedError, Scenario};
use crate::measure::StepKind;

/// The longest that the server holds an answer back.
const WAIT: Duration = Duration::from_secs(25);

/// Somebody who asks whether the server is alive.
pub(super) struct Prober;

impl Person for Prober {
    const STEPS: &'static [StepKind] = &[prompt(Scenario::Healthz.name())];

    fn new(_: Start) -> Self {
        Self
    }

    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        desk.open().await
    }

    async fn turn(&mut self, desk: &mut Desk, due: Instant) -> Result<(), Setback> {
        let probe = Ask { method: "GET", path: &["/healthz"], ..Ask::default() };
        let is_alive = |body: &[u8]| text(body, "status") == Some("alive");
        desk.ask(0, due, probe, |reply| {
            is_alive(expect(reply, 200)?).then_some(()).ok_or_else(not_understood)
        })
        .await
    }

    fn into_tokens(self) -> Vec<String> {
        Vec::new()
    }
}

/// Somebody with a place in a waitroom that does not open.
struct Waiting {
    /// How many others stand in the line before.
    others: u32,
    buyers: Buyers,
    token: String,
    place: String,
}

impl Waiting {
    fn new(start: Start) -> Self {
        let others = start.plan.queue.div_ceil(start.plan.connections.get());
        Self { others, buyers: Buyers::one(start), token: String::new(), place: String::new() }
    }

    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        for _ in 0..self.others {
            let token = open_session(desk).await?;
            join(desk, &token).await?;
        }
        self.buyers.prepare(desk).await?;
        self.buyers.next().clone_into(&mut self.token);
        self.place = join(desk, &self.token).await?;
        Ok(())
    }

    /// Asks for the place, with this behind its path.
    async fn look(
        &self,
        desk: &mut Desk,
        due: Instant,
        query: &str,
        more_time: Duration,
    ) -> Result<(), Setback> {
        let look = Ask {
            method: "GET",
            path: &["/api/v1/places/", &self.place, query],
            token: Some(&self.token),
            more_time,
            ..Ask::default()
        };
        desk.ask(0, due, look, |reply| {
            let is_mine = text(expect(reply, 200)?, "id") == Some(&self.place);
            is_mine.then_some(()).ok_or_else(not_understood)
        })
        .await
    }
}

/// Takes a place in the line; its id.
async fn join(desk: &mut Desk, token: &str) -> Result<String, ClosedError> {
    let event = desk.stage.events.first().cloned().unwrap_or_default();
    let join = Ask {
        method: "POST",
        path: &["/api/v1/events/", &event, "/waitroom"],
        token: Some(token),
        is_keyed: true,
        body: br#"{"party":1}"#,
        ..Ask::default()
    };
    desk.prepare("a place in the waitroom", join, |body| text(body, "id").map(str::to_owned)).await
}

/// Somebody who looks at their place all the time.
pub(super) struct Looker(Waiting);

impl Person for Looker {
    const STEPS: &'static [StepKind] = &[prompt(Scenario::Status.name())];

    fn new(start: Start) -> Self {
        Self(Waiting::new(start))
    }

    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        self.0.prepare(desk).await
    }

    async fn turn(&mut self, desk: &mut Desk, due: Instant) -> Result<(), Setback> {
        self.0.look(desk, due, "", Duration::ZERO).await
    }

    fn into_tokens(self) -> Vec<String> {
        self.0.buyers.into_tokens()
    }
}

/// Somebody who waits for news that do not come.
pub(super) struct Idler(Waiting);

impl Person for Idler {
    const STEPS: &'static [StepKind] = &[held_back(Scenario::Idle.name())];
    const IS_CUT_OFF: bool = true;

    fn new(start: Start) -> Self {
        Self(Waiting::new(start))
    }

    async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        self.0.prepare(desk).await
    }

    async fn turn(&mut self, desk: &mut Desk, due: Instant) -> Result<(), Setback> {
        self.0.look(desk, due, "?wait_ms=25000&seen=QUEUED", WAIT).await
    }

    fn into_tokens(self) -> Vec<String> {
        self.0.buyers.into_tokens()
    }
}
