//! `onsale rebuild`: read models from the facts, without a server.

use onsale_control::database::{Database, DatabaseSettings};
use onsale_storage::journal::BLOCK_BYTES;
use tokio::runtime::Runtime;

use crate::support::{FACTS, Place, Sold};

/// Changes what is in the place's own database.
fn spoil(sold: &Sold, statement: &'static str) {
    let settings = DatabaseSettings::sqlite(&sold.place.path("onsale-data/control.db"));
    Runtime::new().unwrap().block_on(async {
        let database = Database::open(&settings).unwrap();
        let mut transaction = database.begin().await.unwrap();
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        database.close().await;
    });
}

#[test]
fn read_models_are_made_of_the_facts_alone_and_mended_where_they_are_wrong() {
    let sold = Sold::new();
    let made = sold.place.onsale(&["rebuild"]);
    assert!(made.succeeds().starts_with(&format!("took in {FACTS} facts, wrote ")), "{made:?}");
    let same = sold.place.onsale(&["rebuild", "--check"]);
    assert!(same.succeeds().contains("all are as the facts say"), "{same:?}");
    spoil(&sold, "UPDATE sale_class_counts SET held = held + 1");
    let wrong = sold.place.onsale(&["rebuild", "--check"]);
    wrong.refuses(1, &["1 rows are not as the facts say", "`onsale rebuild`"]);
    assert!(wrong.out.contains("held = 41 is held = 40 by the facts"), "{wrong:?}");
    sold.place.onsale(&["rebuild"]).succeeds();
    sold.place.onsale(&["rebuild", "--check"]).succeeds();
}

#[test]
fn models_of_another_journal_make_room_for_those_of_this_one() {
    let sold = Sold::new();
    sold.place.onsale(&["rebuild"]).succeeds();
    spoil(&sold, "UPDATE sale_checkpoints SET journal = '00000000000000000000000000000007'");
    let wrong = sold.place.onsale(&["rebuild", "--check"]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.out.contains("sale_checkpoints 1: there is journal = "), "{wrong:?}");
    sold.place.onsale(&["rebuild"]).succeeds();
    sold.place.onsale(&["rebuild", "--check"]).succeeds();
}

#[test]
fn what_stands_in_the_way_of_new_ones_is_said_in_a_line_and_the_old_ones_stay() {
    let place = Place::new();
    place.onsale(&["rebuild"]).refuses(2, &["is no data directory"]);
    let sold = Sold::new();
    sold.place.onsale(&["rebuild"]).succeeds();
    // A byte in a decision that was written for good.
    let first = "0000000002.segment";
    sold.overwrite(first, BLOCK_BYTES as u64 + 100, &[0xff]);
    let damaged = sold.place.onsale(&["rebuild"]);
    damaged.refuses(1, &["partition 1", first]);
    assert!(!damaged.out.contains("in place"), "{damaged:?}");
    let checked = sold.place.onsale(&["rebuild", "--check"]);
    checked.refuses(1, &["partition 1", first]);
}
