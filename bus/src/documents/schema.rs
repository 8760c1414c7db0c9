//! The JSON Schema (draft 2020-12) of an event: its envelope, with its data in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use crate::event::Type;

/// Where `OpenAPI` keeps named schemas, and where JSON Schema does.
const OPENAPI: &str = "#/components/schemas/";
const DEFINITIONS: &str = "#/$defs/";

/// The schema of a type of data, with all that it refers to in `$defs`.
pub(crate) fn data_schema<T: ToSchema>() -> Value {
    let mut named: Vec<(String, RefOr<Schema>)> = Vec::new();
    T::schemas(&mut named);
    let mut schema = value(&T::schema());
    let definitions: BTreeMap<_, _> =
        named.iter().map(|(name, schema)| (name.clone(), value(schema))).collect();
    if !definitions.is_empty() {
        schema["$defs"] = json!(definitions);
    }
    schema
}

/// The schema of a whole event of this type.
pub(super) fn event_schema(known: &Type) -> Value {
    let mut data = (known.schema)();
    let definitions = data.as_object_mut().and_then(|data| data.remove("$defs"));
    let description = data.get("description").cloned().unwrap_or_default();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": known.name,
        "description": description,
        "type": "object",
        "required": [
            "specversion", "id", "source", "type", "subject", "time", "datacontenttype",
            "partitionkey", "sequence", "topic", "data"
        ],
        "properties": {
            "specversion": { "const": "1.0" },
            "id": text("The same however often it is delivered: what was seen is passed over."),
            "source": text("The journal that it is from."),
            "type": { "const": known.name },
            "subject": text("The id of the order, hold, place or event that it is about."),
            "time": {
                "type": "string", "format": "date-time", "description": "When it happened."
            },
            "datacontenttype": { "const": "application/json" },
            "partitionkey": text("The event that is sold: its events are delivered in order."),
            "sequence": {
                "type": "string",
                "pattern": "^[0-9]{20}$",
                "description": "Orders what has the same source."
            },
            "topic": { "const": known.topic.name() },
            "data": data,
        },
    });
    if let Some(definitions) = definitions {
        schema["$defs"] = definitions;
    }
    schema
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "description": description })
}

/// As JSON Schema has it.
fn value(schema: &RefOr<Schema>) -> Value {
    let mut value = serde_json::to_value(schema).expect("a schema is JSON");
    localize(&mut value);
    value
}

/// Has references lead to `$defs`, and integers have no width: those of `OpenAPI` are signed ones,
/// which these are not.
fn localize(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("type").is_some_and(|kind| kind == "integer") {
                members.remove("format");
            }
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(OPENAPI)
            {
                *reference = format!("{DEFINITIONS}{name}");
            }
            members.values_mut().for_each(localize);
        }
        Value::Array(items) => items.iter_mut().for_each(localize),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TYPES;

    #[test]
    fn whatever_is_referred_to_is_there() {
        for known in TYPES {
            let schema = event_schema(known);
            let text = schema.to_string();
            assert!(!text.contains(OPENAPI), "{}", known.name);
            assert!(!text.contains("int32") && !text.contains("int64"), "{}", known.name);
            for part in text.split(DEFINITIONS).skip(1) {
                let name: String = part.chars().take_while(|c| *c != '"').collect();
                assert!(schema["$defs"].get(&name).is_some(), "{name} of {}", known.name);
            }
        }
    }
}
