//! The last attempts to send something to an endpoint: for whoever looks why nothing arrives.

use onsale_core::time::{Span, Time};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::THING;
use crate::catalogue::CatalogueError;
use crate::database::{Database, ReadRow, StoreError, millis, queries, undecodable};
use crate::id::WebhookId;
use crate::page::{Cursor, Limit, Page};

/// How many attempts of an endpoint are kept.
pub const KEPT: usize = 100;

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id of what was sent.
    pub event: String,
    /// Its type.
    pub kind: String,
    /// How often it was tried by then, since the server began to.
    pub attempt: u32,
    /// What the receiver answered, of HTTP, if it did.
    pub status: Option<u16>,
    /// Why it was not taken; `None` if it was.
    pub failure: Option<String>,
    /// How long it took.
    pub took: Span,
    /// When it was begun.
    pub at: Time,
}

/// Where a page ended: the number of the last attempt, and whose it was.
pub type DeliveryCursor = Cursor<u64, WebhookId>;

/// A page of the last attempts, newest first, each with its number.
pub async fn list(
    database: &Database,
    id: WebhookId,
    after: Option<DeliveryCursor>,
    limit: Limit,
) -> Result<Page<(u64, Delivery), DeliveryCursor>, CatalogueError> {
    let is_there = database.find(sqlx::query(IS_THERE).bind(id.to_string())).await?.is_some();
    if !is_there {
        return Err(CatalogueError::NotFound(THING));
    }
    let before = after.map_or(i64::MAX, |after| i64::try_from(after.sort).unwrap_or(i64::MAX));
    let query = sqlx::query(LIST).bind(id.to_string()).bind(before).bind(limit.rows());
    let rows = database.find_all(query).await?;
    let deliveries = rows.iter().map(delivery).collect::<Result<_, _>>()?;
    Ok(Page::of(deliveries, limit, |(number, _)| Cursor { sort: *number, id }))
}

/// Writes down what was tried, the oldest first, and forgets what came before the last [`KEPT`].
/// Nothing is written of an endpoint that is no more.
pub async fn note(
    database: &Database,
    id: WebhookId,
    tried: &[Delivery],
) -> Result<(), StoreError> {
    let mut transaction = database.begin().await?;
    for delivery in &tried[tried.len().saturating_sub(KEPT)..] {
        let note = sqlx::query(NOTE)
            .bind(id.to_string())
            .bind(delivery.event.clone())
            .bind(delivery.kind.clone())
            .bind(i64::from(delivery.attempt))
            .bind(delivery.status.map(i64::from))
            .bind(delivery.failure.clone())
            .bind(i64::try_from(delivery.took.as_ms()).unwrap_or(i64::MAX))
            .bind(millis(delivery.at));
        note.execute(&mut *transaction).await?;
    }
    let forget =
        sqlx::query(FORGET).bind(id.to_string()).bind(i64::try_from(KEPT).unwrap_or(i64::MAX));
    forget.execute(&mut *transaction).await?;
    Ok(transaction.commit().await?)
}

fn delivery(row: &AnyRow) -> Result<(u64, Delivery), StoreError> {
    let status: Option<i64> = row.try_get("status")?;
    let status = status.map(u16::try_from).transpose();
    let delivery = Delivery {
        event: row.text("event")?.to_owned(),
        kind: row.text("kind")?.to_owned(),
        attempt: row.small("attempt")?,
        status: status.map_err(|error| undecodable("status", error))?,
        failure: row.text_if_any("failure")?.map(str::to_owned),
        took: Span::from_ms(row.number("duration_ms")?),
        at: row.time("at")?,
    };
    Ok((row.number("number")?, delivery))
}

queries! {
    IS_THERE = "SELECT webhook FROM webhook_endpoints WHERE webhook = $1";
    LIST = "SELECT number, event, kind, attempt, status, failure, duration_ms, at
        FROM webhook_deliveries WHERE webhook = $1 AND number < $2
        ORDER BY number DESC LIMIT $3";
    NOTE = "INSERT INTO webhook_deliveries (webhook, number, event, kind, attempt, status, failure,
            duration_ms, at)
        SELECT e.webhook,
            1 + COALESCE((SELECT MAX(number) FROM webhook_deliveries WHERE webhook = $1), 0),
            CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT),
            CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT)
        FROM webhook_endpoints e WHERE e.webhook = $1";
    FORGET = "DELETE FROM webhook_deliveries WHERE webhook = $1 AND number <=
        (SELECT MAX(number) FROM webhook_deliveries WHERE webhook = $1) - CAST($2 AS BIGINT)";
}
