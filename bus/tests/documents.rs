//! The documents under `docs/events` are what the code says, and consumers that were made for those
//! that were committed can read what is published now.
//!
//! With `ONSALE_WRITE_EVENTS=1` the files are written (`cargo xtask events --write`), unless
//! somebody who reads the old ones could not read the new ones: then a type needs another version.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use onsale_bus::documents::{self, Document, EXAMPLE, SCHEMA};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/events")
}

fn writes() -> bool {
    env::var_os("ONSALE_WRITE_EVENTS").is_some()
}

/// What is committed, with the names of the files.
fn committed() -> Vec<Document> {
    let entries = fs::read_dir(folder()).into_iter().flatten();
    let read = |path: PathBuf| Document {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        content: serde_json::from_slice(&fs::read(&path).unwrap()).unwrap(),
    };
    entries.map(|entry| read(entry.unwrap().path())).collect()
}

fn named(documents: &[Document], name: &str) -> Option<Value> {
    documents.iter().find(|document| document.name == name).map(|found| found.content.clone())
}

fn pretty(content: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(content).unwrap())
}

#[test]
fn what_is_committed_is_what_the_code_says() {
    let documents = documents::all();
    if writes() {
        let breaks = breaks(&committed(), &documents);
        assert!(breaks.is_empty(), "give the type another version: {breaks:#?}");
        fs::create_dir_all(folder()).unwrap();
        for Document { name, content } in &documents {
            fs::write(folder().join(name), pretty(content)).unwrap();
        }
        return;
    }
    for Document { name, content } in documents {
        let found = fs::read_to_string(folder().join(&name)).unwrap_or_default();
        assert_eq!(found, pretty(&content), "{name}: run `cargo xtask events --write`");
    }
}

#[test]
fn old_consumers_can_read_new_facts() {
    let committed = committed();
    // What was published once may be in somebody's archive, and so is published for ever.
    let breaks = breaks(&committed, &documents::all());
    assert!(breaks.is_empty(), "{breaks:#?}");
    for event in documents::samples() {
        let Some(schema) = named(&committed, &format!("{}{SCHEMA}", event.kind)) else {
            assert!(writes(), "{}: run `cargo xtask events --write`", event.kind);
            continue;
        };
        assert_fits(&schema, &serde_json::from_str(&event.json).unwrap(), event.kind);
    }
}

#[test]
fn every_committed_example_fits_the_schema_of_its_version_and_of_now() {
    let (committed, now) = (committed(), documents::all());
    for Document { name, content } in &committed {
        let Some(kind) = name.strip_suffix(EXAMPLE) else { continue };
        let schema = format!("{kind}{SCHEMA}");
        for documents in [&committed, &now] {
            if let Some(schema) = named(documents, &schema) {
                assert_fits(&schema, content, kind);
            }
        }
    }
}

fn assert_fits(schema: &Value, event: &Value, kind: &str) {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    let wrong: Vec<_> = validator.iter_errors(event).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{kind}: {wrong:#?}");
    let mut without = event.clone();
    without["data"] = Value::Null;
    assert!(!validator.is_valid(&without), "{kind}: the schema takes anything");
}

/// What a consumer of `old` could rely on, and cannot with `new`.
fn breaks(old: &[Document], new: &[Document]) -> Vec<String> {
    let schemas = old.iter().filter(|document| document.name.ends_with(SCHEMA));
    let mut found = Vec::new();
    for Document { name, content } in schemas {
        match named(new, name) {
            Some(now) => compare(name, (content, content), (&now, &now), &mut found),
            None => found.push(format!("{name} is gone")),
        }
    }
    found
}

/// Compares schemas, each with the document that it is in.
fn compare(
    at: &str,
    (old_root, old): (&Value, &Value),
    (new_root, new): (&Value, &Value),
    found: &mut Vec<String>,
) {
    let (old, new) = (resolved(old_root, old), resolved(new_root, new));
    for keyword in ["type", "const", "format", "pattern"] {
        if old.get(keyword).is_some() && old.get(keyword) != new.get(keyword) {
            found.push(format!("{at}: {keyword} has changed"));
        }
    }
    for name in texts(&old["required"]).difference(&texts(&new["required"])) {
        found.push(format!("{at}: {name} may be missing now"));
    }
    for value in texts(&old["enum"]).difference(&texts(&new["enum"])) {
        found.push(format!("{at}: {value} does not occur any more"));
    }
    for (name, old) in old["properties"].as_object().into_iter().flatten() {
        match new["properties"].get(name) {
            Some(new) => compare(&format!("{at}/{name}"), (old_root, old), (new_root, new), found),
            None => found.push(format!("{at}: {name} is gone")),
        }
    }
    if let Some(old) = old.get("items") {
        compare(&format!("{at}[]"), (old_root, old), (new_root, &new["items"]), found);
    }
}

/// What a reference leads to.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str().and_then(|text| text.strip_prefix('#'));
    reference.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

fn texts(list: &Value) -> BTreeSet<String> {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[test]
fn what_would_break_a_consumer_is_found() {
    let name = "onsale.refund.wanted.v1.schema.json";
    let old: Vec<_> = documents::all().into_iter().filter(|one| one.name == name).collect();
    let broken = |change: &dyn Fn(&mut Value)| {
        let mut new = old.clone();
        change(&mut new[0].content);
        breaks(&old, &new)
    };
    assert!(broken(&|_| {}).is_empty());
    assert!(
        !broken(&|schema| {
            schema["properties"]["data"]["properties"].as_object_mut().unwrap().remove("amount");
        })
        .is_empty()
    );
    assert!(
        !broken(&|schema| {
            schema["properties"]["data"]["required"].as_array_mut().unwrap().pop();
        })
        .is_empty()
    );
    assert!(
        !broken(&|schema| {
            schema["$defs"]["Money"]["properties"]["amount_minor"]["type"] = "string".into();
        })
        .is_empty()
    );
    assert!(
        !broken(&|schema| {
            schema["$defs"]["RefundCause"]["enum"].as_array_mut().unwrap().remove(0);
        })
        .is_empty()
    );
    assert!(
        broken(&|schema| {
            let properties = &mut schema["properties"]["data"]["properties"];
            properties["note"] = serde_json::json!({ "type": "string" });
        })
        .is_empty(),
        "more may be said"
    );
    assert_eq!(breaks(&old, &[]).len(), 1);
}
