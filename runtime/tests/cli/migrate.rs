//! `onsale migrate`: the tables, without a server.

use onsale_runtime::data_directory::DataDirectory;
use onsale_testbed::free_port;

use crate::support::Place;

#[test]
fn the_tables_are_made_once_and_asked_for_as_often_as_one_likes() {
    let place = Place::new();
    drop(DataDirectory::open(&place.config(1)).unwrap());
    for _ in 0..2 {
        place.onsale(&["migrate"]).succeeds();
    }
    assert!(place.path("onsale-data/control.db").exists());
}

#[test]
fn what_cannot_be_brought_up_to_date_is_said_in_a_line() {
    let place = Place::new();
    place.onsale(&["migrate"]).refuses(2, &["is no data directory"]);
    let nobody = format!("postgres://onsale:geheim@127.0.0.1:{}/onsale", free_port().unwrap());
    let away = [("ONSALE_DATABASE__URL", &*nobody), ("ONSALE_DATABASE__ACQUIRE_TIMEOUT_MS", "50")];
    let refused = place.onsale_with(&away, &["migrate"]);
    refused.refuses(1, &["does not answer", "[database]"]);
    assert!(!refused.err.contains("geheim"), "{refused:?}");
    let unknown = [("ONSALE_DATABASE__URL", "mysql://onsale:geheim@127.0.0.1/onsale")];
    let refused = place.onsale_with(&unknown, &["migrate"]);
    refused.refuses(2, &["sqlite:///", "postgres://"]);
    assert!(!refused.err.contains("geheim"), "{refused:?}");
}
