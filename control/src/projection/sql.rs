//! Rows from the database and into it, many with one statement.

use std::collections::BTreeSet;

use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Transaction};

use super::batch::{Batch, Needs};
use super::column::{Column, Value};
use super::rows::{
    Class, Dispute, Event, Hold, Item, Order, Payment, PlanRow, Quota, Refund, Seat,
};
use super::table::{ROWS_MAX, Stored};
use crate::database::StoreError;

type Tx<'t> = Transaction<'t, Any>;

/// The rows that a batch goes on from.
pub(super) async fn load(tx: &mut Tx<'_>, needs: &Needs) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    for row in find::<Event>(tx, &needs.events).await? {
        batch.events.found(row.event, row);
    }
    for row in find::<Class>(tx, &needs.offers).await? {
        batch.classes.found((row.event, row.class), row);
    }
    for row in find::<Quota>(tx, &needs.offers).await? {
        batch.quotas.found((row.event, row.quota), row);
    }
    for row in find::<PlanRow>(tx, &needs.plans).await? {
        batch.plan_rows.found((row.event, row.first_seat), row);
    }
    for row in find::<Hold>(tx, &needs.holds).await? {
        batch.holds.found(row.hold, row);
    }
    for row in find::<Order>(tx, &needs.orders).await? {
        batch.orders.found(row.order_id, row);
    }
    for row in find::<Item>(tx, &needs.orders).await? {
        batch.items.found((row.order_id, row.item), row);
    }
    for row in find::<Payment>(tx, &needs.orders).await? {
        batch.payments.found((row.order_id, row.capture), row);
    }
    for row in find::<Refund>(tx, &needs.orders).await? {
        batch.refunds.found((row.order_id, row.refund), row);
    }
    for row in find::<Dispute>(tx, &needs.orders).await? {
        batch.disputes.found((row.order_id, row.dispute), row);
    }
    Ok(batch)
}

/// Writes what has changed; how many rows that were.
pub(super) async fn save(tx: &mut Tx<'_>, batch: &Batch) -> Result<u64, StoreError> {
    let mut rows = write(tx, batch.events.changed()).await?;
    rows += write(tx, batch.classes.changed()).await?;
    rows += write(tx, batch.quotas.changed()).await?;
    rows += write(tx, batch.quota_classes.changed()).await?;
    rows += write(tx, batch.plan_rows.changed()).await?;
    rows += remove::<Hold>(tx, batch.holds.removed().map(|hold| vec![hold.hold.value()])).await?;
    rows += write(tx, batch.holds.changed()).await?;
    let free = batch.seats.iter().filter(|(_, seat)| seat.is_none()).map(|(key, _)| key);
    rows += remove::<Seat>(tx, free.map(|(event, seat)| vec![event.value(), seat.value()])).await?;
    rows += write(tx, batch.seats.values().flatten()).await?;
    rows += write(tx, batch.orders.changed()).await?;
    rows += write(tx, batch.items.changed()).await?;
    rows += write(tx, batch.payments.changed()).await?;
    rows += write(tx, batch.refunds.changed()).await?;
    rows += write(tx, batch.disputes.changed()).await?;
    rows += write(tx, batch.counts.values()).await?;
    rows += write(tx, batch.quarters.values()).await?;
    rows += write(tx, batch.totals.values()).await?;
    Ok(rows)
}

/// The rows whose keys begin with one of these.
pub(crate) async fn find<R: Stored>(
    connection: &mut AnyConnection,
    keys: &BTreeSet<impl Column>,
) -> Result<Vec<R>, StoreError> {
    fetch(connection, R::TABLE.texts.find, keys).await?.iter().map(read::<R>).collect()
}

/// The rows that a query with room for [`ROWS_MAX`] keys finds by these.
pub(crate) async fn fetch(
    connection: &mut AnyConnection,
    text: &'static str,
    keys: &BTreeSet<impl Column>,
) -> Result<Vec<AnyRow>, StoreError> {
    let keys: Vec<_> = keys.iter().map(Column::value).collect();
    let mut rows = Vec::new();
    for keys in keys.chunks(ROWS_MAX) {
        let query = filled(keys).fold(sqlx::query(text), |query, key| key.clone().bind(query));
        rows.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}

pub(crate) fn read<R: Stored>(row: &AnyRow) -> Result<R, StoreError> {
    let values = R::TABLE.read(row)?;
    R::of(values).ok_or_else(|| {
        let what = format!("a row of {} that nobody of ours has written", R::TABLE.name);
        StoreError::Broken(sqlx::Error::Decode(what.into()))
    })
}

async fn write<'r, R: Stored + 'r>(
    tx: &mut Tx<'_>,
    rows: impl Iterator<Item = &'r R>,
) -> Result<u64, StoreError> {
    let rows: Vec<_> = rows.collect();
    let mut left = rows.as_slice();
    for (count, text) in R::TABLE.texts.write {
        while let Some((now, later)) = left.split_at_checked(count) {
            let values = now.iter().flat_map(|row| row.values());
            let statement =
                values.fold(sqlx::query(text), |statement, value| value.bind(statement));
            statement.execute(&mut **tx).await?;
            left = later;
        }
    }
    Ok(rows.len() as u64)
}

async fn remove<R: Stored>(
    tx: &mut Tx<'_>,
    keys: impl Iterator<Item = Vec<Value>>,
) -> Result<u64, StoreError> {
    let keys: Vec<_> = keys.collect();
    for keys in keys.chunks(ROWS_MAX) {
        let values = filled(keys).flatten().cloned();
        let statement = sqlx::query(R::TABLE.texts.remove);
        let statement = values.fold(statement, |statement, value| value.bind(statement));
        statement.execute(&mut **tx).await?;
    }
    Ok(keys.len() as u64)
}

/// As many as a statement has room for: the last one again and again.
fn filled<T>(keys: &[T]) -> impl Iterator<Item = &T> {
    keys.iter().chain(keys.last().into_iter().cycle()).take(ROWS_MAX)
}
