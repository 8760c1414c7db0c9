//! Two sets of read models, row by row.

use std::cmp::Ordering;
use std::fmt;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use sqlx::AnyConnection;

use crate::database::StoreError;
use crate::projection::column::Value;
use crate::projection::rows::TABLES;
use crate::projection::table::Table;

/// A row that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    table: &'static str,
    key: String,
    live: Option<String>,
    rebuilt: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.table, self.key)?;
        match (&self.live, &self.rebuilt) {
            (Some(live), Some(rebuilt)) => write!(f, "{live} is {rebuilt} by the facts"),
            (Some(live), None) => write!(f, "there is {live}, and nothing by the facts"),
            (None, Some(rebuilt)) => write!(f, "there is nothing, and {rebuilt} by the facts"),
            (None, None) => f.write_str("is not there"),
        }
    }
}

/// Hands over whatever is not the same in both; how many rows were made anew. Two rows are in
/// memory, however many there are.
pub(super) async fn compare(
    live: &mut AnyConnection,
    rebuilt: &mut AnyConnection,
    mut report: impl FnMut(Difference),
) -> Result<u64, StoreError> {
    let mut rows = 0;
    for table in TABLES {
        let (mut live, mut rebuilt) = (stream(live, table), stream(rebuilt, table));
        let (mut one, mut other) = (live.try_next().await?, rebuilt.try_next().await?);
        loop {
            rows += u64::from(other.is_some());
            let order = match (&one, &other) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => key(table, one).cmp(key(table, other)),
            };
            if one != other {
                let live = one.as_ref().filter(|_| order.is_le());
                report(difference(table, live, other.as_ref().filter(|_| order.is_ge())));
            }
            if order.is_le() {
                one = live.try_next().await?;
            }
            if order.is_ge() {
                other = rebuilt.try_next().await?;
            } else {
                rows -= u64::from(other.is_some());
            }
        }
    }
    Ok(rows)
}

type Row = Vec<Value>;

fn stream<'c>(
    connection: &'c mut AnyConnection,
    table: &'static Table,
) -> BoxStream<'c, Result<Row, StoreError>> {
    let rows = sqlx::query(table.texts.list).fetch(connection);
    rows.map(|row| table.read(&row?)).boxed()
}

/// Keys are ids of one length and numbers: every database sorts them as Rust does.
fn key<'r>(table: &Table, row: &'r Row) -> &'r [Value] {
    &row[..table.key.len()]
}

fn difference(table: &Table, live: Option<&Row>, rebuilt: Option<&Row>) -> Difference {
    let any = live.or(rebuilt).map_or(&[] as &[Value], |row| key(table, row));
    let differs = |column: &usize| match (live, rebuilt) {
        (Some(live), Some(rebuilt)) => live[*column] != rebuilt[*column],
        _ => true,
    };
    let text = |row: &Row| {
        let names = table.fields().map(|field| field.name).enumerate().skip(table.key.len());
        let parts = names.filter(|(column, _)| differs(column));
        let parts: Vec<_> =
            parts.map(|(column, name)| format!("{name} = {}", row[column])).collect();
        parts.join(", ")
    };
    let key: Vec<_> = any.iter().map(ToString::to_string).collect();
    Difference {
        table: table.name,
        key: key.join(" "),
        live: live.map(text),
        rebuilt: rebuilt.map(text),
    }
}
