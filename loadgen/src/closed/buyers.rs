//! The guests that take turns at a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::ClosedError;
use super::desk::{Ask, Desk, text};
use super::person::Start;

/// The guests of one connection.
pub(super) struct Buyers {
    tokens: Vec<String>,
    wanted: usize,
    next: usize,
    prepared: Arc<AtomicU64>,
}

impl Buyers {
    /// Those of this connection's share of all buyers.
    pub(super) fn new(start: Start) -> Self {
        let wanted = buyers_of_one(start.plan.buyers, start.plan.connections.get());
        let mut tokens = start.tokens;
        tokens.truncate(wanted);
        Self { tokens, wanted, next: 0, prepared: start.prepared }
    }

    /// One guest, whatever the plan says.
    pub(super) fn one(mut start: Start) -> Self {
        start.tokens.truncate(1);
        Self { tokens: start.tokens, wanted: 1, next: 0, prepared: start.prepared }
    }

    /// Opens the sessions that are missing, and lets the server see every token once.
    pub(super) async fn prepare(&mut self, desk: &mut Desk) -> Result<(), ClosedError> {
        while self.tokens.len() < self.wanted {
            let token = open_session(desk).await?;
            self.tokens.push(token);
        }
        let stage = Arc::clone(&desk.stage);
        for token in &self.tokens {
            let path = ["/api/v1/events/", stage.events.first().map_or("", String::as_str)];
            let look = Ask { method: "GET", path: &path, token: Some(token), ..Ask::default() };
            let what = "the first look of a guest (if its token is from a file, delete the file)";
            desk.prepare(what, look, |_| Some(())).await?;
            self.prepared.fetch_add(1, Relaxed);
        }
        Ok(())
    }

    /// The token of whoever is next; the first comes again after the last.
    pub(super) fn next(&mut self) -> &str {
        let turn = self.next % self.tokens.len().max(1);
        self.next = turn + 1;
        self.tokens.get(turn).map_or("", String::as_str)
    }

    /// The token of somebody who has not had a turn; `None` if there is nobody left.
    pub(super) fn newcomer(&mut self) -> Option<String> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    pub(super) fn into_tokens(self) -> Vec<String> {
        self.tokens
    }
}

/// How many guests take turns at one of so many connections.
pub(super) fn buyers_of_one(buyers: u32, connections: u32) -> usize {
    buyers.div_ceil(connections).max(1) as usize
}

/// The token of a new guest.
pub(super) async fn open_session(desk: &mut Desk) -> Result<String, ClosedError> {
    let session = Ask {
        method: "POST",
        path: &["/api/v1/sessions"],
        body: br#"{"email":"load@example.org"}"#,
        ..Ask::default()
    };
    desk.prepare("a guest's session", session, |body| text(body, "access_token").map(str::to_owned))
        .await
}
