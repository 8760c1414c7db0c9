//! Read models that are made anew are the same, or take the place of what is wrong.

use super::*;
use crate::projection::rebuild::{Difference, Rebuild};

/// Lays the live rows beside new ones of the same facts; what differs.
async fn checked(database: &TestDatabase, sale: &Sale) -> Vec<String> {
    let rebuild = Rebuild::begin(database.settings()).await.unwrap();
    let (live, checkpoints) = rebuild.live().await.unwrap();
    let taken = checkpoints.first().map_or(0, |checkpoint| checkpoint.fact);
    // A server goes on meanwhile.
    project_all(database, sale, 10).await;
    let old = sale.decisions.iter().filter(|decision| decision.first <= taken);
    let from = Checkpoint::beginning(sale.partition, JOURNAL);
    project(rebuild.fresh(), &from, &old.cloned().collect::<Vec<_>>()).await.unwrap();
    let mut differences = Vec::new();
    let report = |difference: Difference| differences.push(difference.to_string());
    let rows = rebuild.compare(live, report).await.unwrap();
    assert!(rows > 20, "only {rows} rows");
    rebuild.end().await.unwrap();
    differences
}

/// A sale with something of everything.
fn sale() -> Sale {
    sales(40..41).next().unwrap()
}

databases! {
    async fn rows_that_were_written_live_are_those_that_the_facts_lead_to(database: TestDatabase) {
        let sale = sale();
        let (begun, rest) = sale.decisions.split_at(sale.decisions.len() / 2);
        let from = Checkpoint::beginning(sale.partition, JOURNAL);
        project(&database, &from, begun).await.unwrap();
        assert!(!rest.is_empty());
        assert_eq!(checked(&database, &sale).await, Vec::<String>::new());
        assert_eq!(checked(&database, &sale).await, Vec::<String>::new());
    }

    async fn what_is_not_as_the_facts_say_is_named(database: TestDatabase) {
        let sale = sale();
        project_all(&database, &sale, 100).await;
        let orders = sqlx::query("SELECT order_id, provider FROM orders ORDER BY order_id");
        let rows = orders.fetch_all(&mut *database.reader().await.unwrap()).await.unwrap();
        let [first, second, ..] = &rows[..] else { panic!("{} orders", rows.len()) };
        let id = |row: &sqlx::any::AnyRow| sqlx::Row::get::<String, _>(row, "order_id");
        let (first, second) = (id(first), id(second));
        let change = sqlx::query("UPDATE orders SET provider = 'bank' WHERE order_id = $1");
        database.change(change.bind(first.clone())).await.unwrap();
        let remove = sqlx::query("DELETE FROM orders WHERE order_id = $1");
        database.change(remove.bind(second.clone())).await.unwrap();
        let invent = "INSERT INTO sale_class_counts VALUES ('evt_zzzzzzz', 1, 2, 3, 4)";
        database.change(sqlx::query(invent)).await.unwrap();
        let found = checked(&database, &sale).await;
        assert_eq!(found.len(), 3, "{found:#?}");
        let changed = "provider = bank is provider = sandbox by the facts";
        assert!(found.contains(&format!("orders {first}: {changed}")), "{found:#?}");
        let missing = format!("orders {second}: there is nothing, and event = evt_");
        assert!(found.iter().any(|line| line.starts_with(&missing)), "{found:#?}");
        let extra = "sale_class_counts evt_zzzzzzz 1: there is held = 2, sold = 3, blocked = 4";
        assert!(found.iter().any(|line| line.starts_with(extra)), "{found:#?}");
    }

    async fn new_rows_take_the_place_of_wrong_ones_and_the_server_goes_on(database: TestDatabase) {
        let sale = sale();
        let other = TestDatabase::sqlite().await;
        project_all(&other, &sale, 100).await;
        let (begun, _) = sale.decisions.split_at(sale.decisions.len() / 2);
        let from = Checkpoint::beginning(sale.partition, JOURNAL);
        project(&database, &from, &sale.decisions).await.unwrap();
        let spoil = sqlx::query("UPDATE orders SET total_minor = 1");
        database.change(spoil).await.unwrap();
        let rebuild = Rebuild::begin(database.settings()).await.unwrap();
        rebuild.migrate().await.unwrap();
        project(rebuild.fresh(), &from, begun).await.unwrap();
        rebuild.adopt().await.unwrap();
        rebuild.end().await.unwrap();
        // What is left of the facts is taken in by whoever did so before.
        project_all(&database, &sale, 100).await;
        assert_eq!(dump(&database).await, dump(&other).await);
    }
}
