//! Whole sales, drawn and run by the simulator, made into rows.

mod crashes;
mod rebuilds;
mod sales;
mod views;

use onsale_core::time::Time;

use self::sales::{Sale, sales};
use super::column::{Column, Value};
use super::rows::TABLES;
use super::{Checkpoint, Journal, Numbered, checkpoint, project};
use crate::database::Database;
use crate::testing::{TestDatabase, databases};

/// The journal of every partition.
const JOURNAL: Journal = Journal(0x_0005_a1e5);

/// All rows of all tables.
type Dump = Vec<(&'static str, Vec<Vec<Value>>)>;

/// All rows as they are at one moment.
async fn dump(database: &Database) -> Dump {
    let mut snapshot = database.snapshot().await.unwrap();
    let mut tables = Vec::new();
    for table in TABLES {
        let rows = sqlx::query(table.texts.list).fetch_all(&mut *snapshot).await.unwrap();
        tables.push((table.name, rows.iter().map(|row| table.read(row).unwrap()).collect()));
    }
    tables
}

/// Takes in a whole history, or what is left of it, so many decisions at a time.
async fn project_all(database: &Database, sale: &Sale, at_once: usize) {
    let mut from = checkpoint(database, sale.partition, JOURNAL).await.unwrap();
    let begun = sale.decisions.partition_point(|decision| decision.first <= from.fact);
    for decisions in sale.decisions[begun..].chunks(at_once) {
        from = project(database, &from, decisions).await.unwrap().checkpoint;
    }
}

/// Removes all rows of read models.
async fn clear(database: &Database) {
    let mut transaction = database.begin().await.unwrap();
    for table in TABLES {
        sqlx::query(table.texts.clear).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// A time as a column has it.
fn kept(time: Time) -> Time {
    Column::of(time.value()).unwrap()
}

databases! {
    async fn the_rows_do_not_depend_on_how_the_facts_came_in(database: TestDatabase) {
        let other = TestDatabase::sqlite().await;
        for sale in sales(40..41) {
            project_all(&database, &sale, 1_000).await;
            project_all(&other, &sale, 3).await;
        }
        assert_eq!(dump(&database).await, dump(&other).await);
    }
}
