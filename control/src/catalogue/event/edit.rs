//! A change of an event that nobody else changes meanwhile: it is still as whoever asks has seen
//! it, its life allows the change, and what is done to it is in the audit log, all in one
//! transaction.

use onsale_core::id::EventId;
use sqlx::{Any, Transaction};

use super::error::EventError;
use super::record::{self, Event};
use super::status::{Approval, Status, Step};
use crate::access::Action;
use crate::access::audit::{self, By, Deed, Outcome};
use crate::catalogue::versioned::Versioned;
use crate::database::{Database, millis, queries};
use crate::version::Version;

const VERSIONED: Versioned = Versioned { what: "event", raise: RAISE, current: VERSION };

/// A change that is under way. Dropped unfinished, nothing has changed.
pub(super) struct Edit<'a> {
    pub transaction: Transaction<'static, Any>,
    /// The event as it was before.
    pub event: Event,
    by: &'a By,
    /// Where the change leads.
    status: Status,
}

impl<'a> Edit<'a> {
    /// Begins with an event that is still as it was `seen`.
    pub async fn begin(
        database: &Database,
        by: &'a By,
        id: EventId,
        seen: Version,
    ) -> Result<Self, EventError> {
        let mut transaction = database.begin().await?;
        VERSIONED.take(&mut transaction, id.to_string(), seen).await?;
        let event = record::find_in(&mut transaction, id).await?;
        let status = event.status;
        Ok(Self { transaction, event, by, status })
    }

    /// Takes a step, if it may be taken; `approval` is the platform's rule.
    pub fn step(&mut self, step: Step, approval: Approval) -> Result<(), EventError> {
        self.status = self.event.status.after(step, approval.max(self.event.approval))?;
        Ok(())
    }

    /// Begins with a change of the event, which is of that kind.
    pub async fn change(
        database: &Database,
        by: &'a By,
        id: EventId,
        seen: Version,
        step: Step,
    ) -> Result<Self, EventError> {
        let mut edit = Self::begin(database, by, id, seen).await?;
        edit.step(step, Approval::Needed)?;
        Ok(edit)
    }

    /// Has it all take effect.
    pub async fn finish(mut self, action: Action, detail: &str) -> Result<Event, EventError> {
        let id = self.event.id;
        sqlx::query(MOVE)
            .bind(id.to_string())
            .bind(self.status.name())
            .bind(millis(self.by.at))
            .execute(&mut *self.transaction)
            .await?;
        let deed = Deed::new(action).of_event(id).saying(detail);
        audit::write(&mut self.transaction, self.by, &deed, Outcome::Done).await?;
        let event = record::find_in(&mut self.transaction, id).await?;
        self.transaction.commit().await?;
        Ok(event)
    }
}

queries! {
    RAISE = "UPDATE events SET version = version + 1 WHERE event = $1 AND version = $2";
    VERSION = "SELECT version FROM events WHERE event = $1";
    MOVE = "UPDATE events SET status = $2, updated_at = $3 WHERE event = $1";
}
