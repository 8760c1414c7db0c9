//! What somebody has bought, wherever.

use onsale_core::id::{EventId, PersonId};
use onsale_core::order::OrderStatus;
use onsale_core::time::Time;
use sqlx::AnyConnection;

use super::orders::{OrderCursor, page_of};
use super::records::OrderRecord;
use super::{AsOf, Asked};
use crate::database::{Database, StoreError, millis, queries};
use crate::page::{Limit, Page};
use crate::projection::column::Word;

/// Which orders are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Those that are so far.
    pub status: Option<OrderStatus>,
    /// Those of this event.
    pub event: Option<EventId>,
}

/// A page of somebody's orders, newest first.
pub async fn history(
    database: &Database,
    asked: &Asked,
    person: PersonId,
    filter: HistoryFilter,
    (after, limit): (Option<&OrderCursor>, Limit),
) -> Result<(AsOf, Page<OrderRecord, OrderCursor>), StoreError> {
    let mut snapshot = database.snapshot().await?;
    let as_of = asked.as_of(&mut snapshot, None).await?;
    Ok((as_of, page(&mut snapshot, person, filter, (after, limit)).await?))
}

/// All of somebody's orders, newest first, all as they were at one moment.
pub async fn all_of(
    database: &Database,
    asked: &Asked,
    person: PersonId,
) -> Result<(AsOf, Vec<OrderRecord>), StoreError> {
    let mut snapshot = database.snapshot().await?;
    let as_of = asked.as_of(&mut snapshot, None).await?;
    let (mut orders, mut after) = (Vec::new(), None);
    loop {
        let from = (after.as_ref(), Limit::LARGEST);
        let found = page(&mut snapshot, person, HistoryFilter::default(), from).await?;
        orders.extend(found.items);
        after = found.next;
        if after.is_none() {
            return Ok((as_of, orders));
        }
    }
}

/// A page, as a snapshot shows it.
async fn page(
    snapshot: &mut AnyConnection,
    person: PersonId,
    filter: HistoryFilter,
    (after, limit): (Option<&OrderCursor>, Limit),
) -> Result<Page<OrderRecord, OrderCursor>, StoreError> {
    let query = sqlx::query(PAGE)
        .bind(person.to_string())
        .bind(filter.status.map_or("", |status| status.word()))
        .bind(filter.event.map(|event| event.to_string()).unwrap_or_default())
        .bind(after.map_or(i64::MAX, |after| millis(Time::from_ms(after.sort))))
        .bind(after.map(|after| after.id.to_string()).unwrap_or_default())
        .bind(limit.rows());
    let rows = query.fetch_all(&mut *snapshot).await?;
    page_of(snapshot, &rows, limit, false).await
}

queries! {
    PAGE = "SELECT order_id, placed_at FROM orders
        WHERE person = $1
            AND ($2 = '' OR status = $2)
            AND ($3 = '' OR event = $3)
            AND (placed_at, order_id) < ($4, $5)
        ORDER BY placed_at DESC, order_id DESC
        LIMIT $6";
}
