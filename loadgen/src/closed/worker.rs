//! One connection: turn after turn, until the end.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout_at};

use super::desk::{Desk, Setback};
use super::pace::Pace;
use super::person::Person;
use super::thread::Clock;

/// A connection that has failed so often in a row is given up.
const FAILURES_MAX: u32 = 5;
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Somebody at work.
pub(super) struct Worker<P> {
    pub(super) person: P,
    pub(super) desk: Desk,
    pub(super) pace: Rc<Pace>,
    /// Turns that are left to the thread.
    pub(super) turns: Rc<Cell<u64>>,
    pub(super) clock: Clock,
}

impl<P: Person> Worker<P> {
    /// Works until the end, and hands back what it worked with.
    pub(super) async fn work(mut self) -> (P, Desk) {
        sleep(self.clock.begin.saturating_duration_since(Instant::now())).await;
        let mut failures = 0;
        while let Some(due) = self.next_turn().await {
            match self.turn(due).await {
                Err(Setback::Failed) => failures += 1,
                Ok(()) | Err(Setback::Refused) => failures = 0,
            }
            if failures >= FAILURES_MAX {
                let given_up = &self.desk.notes.given_up;
                given_up.set(given_up.get() + 1);
                break;
            }
            if failures > 0 {
                sleep(PAUSE_AFTER_FAILURE * failures).await;
            }
        }
        (self.person, self.desk)
    }

    /// Waits for the next turn, and says when it was due; `None` at the end.
    async fn next_turn(&self) -> Option<Instant> {
        let free = Instant::now();
        if self.is_over(free) || self.turns.get() == 0 {
            return None;
        }
        let due = self.pace.next().await?;
        let now = Instant::now();
        if self.is_over(now) {
            self.pace.give_back();
            return None;
        }
        if now >= self.clock.from {
            // Somebody else may have taken the last one meanwhile.
            self.turns.set(self.turns.get().checked_sub(1)?);
            let late_us = now.saturating_duration_since(due.max(free)).as_micros() as u64;
            self.desk.notes.lateness.borrow_mut().saturating_record(late_us);
        }
        Some(due)
    }

    async fn turn(&mut self, due: Instant) -> Result<(), Setback> {
        let turn = self.person.turn(&mut self.desk, due);
        match self.clock.end.filter(|_| P::IS_CUT_OFF) {
            // Nothing that would be noted happens to whoever is cut off.
            Some(end) => timeout_at(end.into(), turn).await.unwrap_or(Ok(())),
            None => turn.await,
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.clock.end.is_some_and(|end| now >= end)
    }
}
