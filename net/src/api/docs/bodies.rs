//! What the document says about bodies: one that says nothing need not be sent.

use serde_json::{Value, json};

/// Marks the body of an operation as one that may be left out, where `{}` would do.
pub(super) fn describe(operation: &mut Value, schemas: &Value) {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    let Some(schema) = name.and_then(|name| schemas.get(name)) else { return };
    if schema["type"] == "object" && schema.get("required").is_none() {
        operation["requestBody"]["required"] = json!(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_without_anything_required_may_be_left_out() {
        let schemas = json!({
            "Change": { "type": "object", "properties": { "name": {} } },
            "Make": { "type": "object", "properties": { "name": {} }, "required": ["name"] },
            "Either": { "oneOf": [] },
        });
        let is_required = |name| {
            let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
            let content = json!({ "application/json": { "schema": schema } });
            let body = json!({ "content": content, "required": true });
            let mut operation = json!({ "requestBody": body });
            describe(&mut operation, &schemas);
            operation["requestBody"]["required"] == true
        };
        assert!(!is_required("Change"));
        assert!(is_required("Make") && is_required("Either"));
    }
}
