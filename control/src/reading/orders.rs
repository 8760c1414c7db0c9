//! The orders of an event, for whoever sells.

use onsale_core::id::{EventId, OrderId};
use onsale_core::order::OrderStatus;
use onsale_core::spec::ClassId;
use onsale_core::time::Time;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::records::{OrderRecord, records};
use super::{AsOf, Asked};
use crate::database::{Database, ReadRow, StoreError, millis, queries};
use crate::page::{Cursor, Limit, Page};
use crate::projection::column::Word;

/// Which orders are wanted: those that all of this is true of.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OrderFilter {
    /// Those that are so far.
    pub status: Option<OrderStatus>,
    /// Those with a ticket of this class.
    pub class: Option<ClassId>,
    /// Those whose money this provider takes.
    pub provider: Option<String>,
    /// Those that were placed at this time or later.
    pub placed_from: Option<Time>,
    /// Those that were placed before this time.
    pub placed_before: Option<Time>,
    /// Those of whoever has this address of e-mail, as it is compared.
    pub email_key: Option<String>,
}

/// Where a page ended: when its last order was placed, in milliseconds, and which it is.
pub type OrderCursor = Cursor<u64, OrderId>;

/// A page of an event's orders, newest first. Names and addresses are only there for whoever may
/// see them.
pub async fn orders(
    database: &Database,
    asked: &Asked,
    event: EventId,
    filter: &OrderFilter,
    (after, limit): (Option<&OrderCursor>, Limit),
    with_buyers: bool,
) -> Result<(AsOf, Page<OrderRecord, OrderCursor>), StoreError> {
    let mut snapshot = database.snapshot().await?;
    let as_of = asked.as_of(&mut snapshot, Some(event)).await?;
    let page = page(&mut snapshot, event, filter, (after, limit), with_buyers).await?;
    Ok((as_of, page))
}

/// A page, as a snapshot shows it.
pub(super) async fn page(
    snapshot: &mut AnyConnection,
    event: EventId,
    filter: &OrderFilter,
    (after, limit): (Option<&OrderCursor>, Limit),
    with_buyers: bool,
) -> Result<Page<OrderRecord, OrderCursor>, StoreError> {
    let query = sqlx::query(PAGE)
        .bind(event.to_string())
        .bind(filter.status.map_or("", |status| status.word()))
        .bind(filter.class.map_or(-1, |class| i64::from(class.0)))
        .bind(filter.provider.as_deref().unwrap_or_default().to_owned())
        .bind(filter.placed_from.map_or(0, millis))
        .bind(filter.placed_before.map_or(i64::MAX, millis))
        .bind(filter.email_key.as_deref().unwrap_or_default().to_owned())
        .bind(after.map_or(i64::MAX, |after| millis(Time::from_ms(after.sort))))
        .bind(after.map(|after| after.id.to_string()).unwrap_or_default())
        .bind(limit.rows());
    let rows = query.fetch_all(&mut *snapshot).await?;
    page_of(snapshot, &rows, limit, with_buyers).await
}

/// The page out of the rows that were fetched for it: each says which order, and when it was
/// placed.
pub(super) async fn page_of(
    snapshot: &mut AnyConnection,
    rows: &[AnyRow],
    limit: Limit,
    with_buyers: bool,
) -> Result<Page<OrderRecord, OrderCursor>, StoreError> {
    let keys: Vec<_> = rows.iter().map(key).collect::<Result<_, _>>()?;
    let Page { items, next } = Page::of(keys, limit, OrderCursor::clone);
    let ids: Vec<_> = items.iter().map(|key| key.id).collect();
    Ok(Page { items: records(snapshot, &ids, with_buyers).await?, next })
}

/// The place of an order in a list.
fn key(row: &AnyRow) -> Result<OrderCursor, StoreError> {
    Ok(Cursor { sort: row.time("placed_at")?.as_ms(), id: row.parsed("order_id")? })
}

queries! {
    PAGE = "SELECT o.order_id, o.placed_at FROM orders o
        WHERE o.event = $1
            AND ($2 = '' OR o.status = $2)
            AND ($3 < 0 OR EXISTS
                (SELECT 1 FROM order_items i WHERE i.order_id = o.order_id AND i.class = $3))
            AND ($4 = '' OR o.provider = $4)
            AND o.placed_at >= $5 AND o.placed_at < $6
            AND ($7 = '' OR o.person IN
                (SELECT a.person FROM accounts a WHERE a.email_key = $7 AND a.erased_at IS NULL))
            AND (o.placed_at, o.order_id) < ($8, $9)
        ORDER BY o.placed_at DESC, o.order_id DESC
        LIMIT $10";
}
