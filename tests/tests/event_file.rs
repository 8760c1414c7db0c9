//! A file that the simulator rehearses is the event that the server sells. Two crates read it, for
//! the simulator does not know the server's (ADR 0006).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use onsale_core::spec::EventSpec;
use onsale_net::dto::event::EventDefinition;
use onsale_sim::rehearse::event_file;
use onsale_tests::{club, small_house};
use serde_json::{Value, json};

#[test]
fn the_example_is_the_event_that_the_server_would_sell() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sim/examples/club.json");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(event_file::read(&path).unwrap(), at_the_server(&text).unwrap());
}

#[test]
fn what_a_file_leaves_out_is_what_the_server_takes_for_it() {
    let bare = club(10);
    let mut waitroom = club(10);
    waitroom["waitroom"] = json!({
        "doors_at": "2026-10-03T09:30:00+02:00",
        "opens_at": "2026-10-03T10:00:00+02:00"
    });
    let mut limits = club(10);
    limits["limits"] = json!({ "per_hold": 2 });
    let mut terms = club(10);
    terms["terms"] = json!({ "hold_ms": 60_000 });
    for definition in [bare, waitroom, limits, terms, small_house(3), house_in_detail()] {
        let text = definition.to_string();
        assert_eq!(in_a_file(&text).unwrap(), at_the_server(&text).unwrap(), "{text}");
    }
}

#[test]
fn what_the_server_refuses_is_refused_in_a_file() {
    for (from, to) in [
        ("\"EUR\"", "\"euro\""),
        ("\"seats\":20", "\"seats\":0"),
        ("\"label\":", "\"labell\":"),
        ("2020-01-01T00:00:00.000Z", "tomorrow"),
        ("2020-01-01T00:00:00.000Z", "2020-01-01T00:00:00"),
        ("5000", "-1"),
        ("5000", "50.0"),
    ] {
        let text = small_house(3).to_string();
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from} is not there");
        assert!(in_a_file(&changed).is_err(), "{to}");
        assert!(at_the_server(&changed).is_err(), "{to}");
    }
}

/// All that can be said of a row.
fn house_in_detail() -> Value {
    let mut definition = small_house(2);
    let rows = &mut definition["plan"]["sections"][0]["rows"];
    rows[0]["numbering"] = json!({ "first": 39, "step": -2 });
    rows[0]["aisles_after"] = json!([4, 9]);
    rows[0]["accessible"] = json!([0]);
    rows[0]["companion"] = json!([1]);
    rows[0]["blocked"] = json!([19]);
    rows[1]["seats"] = json!(3);
    rows[1]["numbering"] = json!({ "labels": ["a", "b", "c"] });
    definition["classes"][0]["per_buyer"] = json!(4);
    definition
}

fn in_a_file(text: &str) -> Result<EventSpec, event_file::EventFileError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    event_file::read(file.path())
}

fn at_the_server(text: &str) -> Result<EventSpec, String> {
    let definition: EventDefinition =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    definition.parse().map_err(|problem| format!("{problem:?}"))
}
