//! All orders of an event, a page at a time, all as they were when it began.

use std::time::Duration;

use onsale_core::id::EventId;
use sqlx::{Any, Transaction};

use super::orders::page;
use super::records::OrderRecord;
use super::{AsOf, Asked, OrderCursor, OrderFilter};
use crate::database::{Database, StoreError};
use crate::page::Limit;

/// The longest that whoever takes the pages may take for one.
pub const EXPORT_PAUSE_MAX: Duration = Duration::from_secs(60);

/// The orders of an event, newest first. Holds a connection and a page of orders, however many
/// there are.
pub struct Export {
    snapshot: Transaction<'static, Any>,
    as_of: AsOf,
    event: EventId,
    filter: OrderFilter,
    with_buyers: bool,
    after: Option<OrderCursor>,
    is_over: bool,
}

impl Export {
    /// Begins. Names and addresses are only there for whoever may see them.
    pub async fn begin(
        database: &Database,
        asked: &Asked,
        event: EventId,
        filter: OrderFilter,
        with_buyers: bool,
    ) -> Result<Self, StoreError> {
        let mut snapshot = database.long_snapshot(EXPORT_PAUSE_MAX).await?;
        let as_of = asked.as_of(&mut snapshot, Some(event)).await?;
        let (after, is_over) = (None, false);
        Ok(Self { snapshot, as_of, event, filter, with_buyers, after, is_over })
    }

    /// As of when all of it is.
    pub fn as_of(&self) -> AsOf {
        self.as_of
    }

    /// The next orders; `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<OrderRecord>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let from = (self.after.as_ref(), Limit::LARGEST);
        let found = page(&mut self.snapshot, self.event, &self.filter, from, self.with_buyers);
        let found = found.await?;
        self.is_over = found.next.is_none();
        self.after = found.next;
        Ok(Some(found.items))
    }
}
