//! The documents about every type of event, made from the code: a JSON Schema and an example for
//! each, and one AsyncAPI document about all of them. They are committed under `docs/events`, where
//! a test compares them.
//!
//! Deliberately absent: files. Whoever wants them there writes them (`cargo xtask events`).

mod asyncapi;
mod samples;
mod schema;

use serde_json::Value;

use crate::event::{Event, TYPES};

pub(crate) use self::schema::data_schema;

/// A document, with the name of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Such as `onsale.order.completed.v1.schema.json`.
    pub name: String,
    /// What is in it.
    pub content: Value,
}

/// How the name of a schema's file ends, behind that of the type.
pub const SCHEMA: &str = ".schema.json";

/// How the name of an example's file ends, behind that of the type.
pub const EXAMPLE: &str = ".example.json";

/// An event of each type, as they are published, in the order of a sale that has everything.
pub fn samples() -> Vec<Event> {
    samples::events()
}

/// All documents.
///
/// # Panics
/// If a type has no sample, which a test rules out.
pub fn all() -> Vec<Document> {
    let samples = samples();
    let mut documents = Vec::new();
    for known in TYPES {
        let sample = samples.iter().find(|event| event.kind == known.name);
        let sample = sample.unwrap_or_else(|| panic!("{} has no sample", known.name));
        let example = serde_json::from_str(&sample.json).expect("an event is JSON");
        let document =
            |ending: &str, content| Document { name: format!("{}{ending}", known.name), content };
        documents.push(document(SCHEMA, schema::event_schema(known)));
        documents.push(document(EXAMPLE, example));
    }
    documents.push(Document { name: "asyncapi.json".to_owned(), content: asyncapi::document() });
    documents
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_is_a_sample_of_every_type() {
        let sampled: BTreeSet<_> = samples().iter().map(|event| event.kind).collect();
        assert_eq!(sampled, TYPES.iter().map(|known| known.name).collect());
    }

    #[test]
    fn names_are_of_one_form_and_each_is_there_once() {
        let names: BTreeSet<_> = TYPES.iter().map(|known| known.name).collect();
        assert_eq!(names.len(), TYPES.len());
        for name in names {
            let parts: Vec<_> = name.split('.').collect();
            assert!(matches!(parts[..], ["onsale", _, _, version] if version.starts_with('v')));
        }
    }
}
