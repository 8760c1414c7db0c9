//! What the document says about numbers: none of ours is negative, and the formats of `OpenAPI`
//! (`int32`, `int64`) are signed. They would forbid half of what is allowed.

use serde_json::Value;

/// Takes the signed formats away from every number that has a least value of 0 or more.
pub(super) fn describe(document: &mut Value) {
    match document {
        Value::Object(members) => {
            let is_unsigned =
                members.get("minimum").is_some_and(|least| least.as_f64() >= Some(0.0));
            if is_unsigned && members.get("format").is_some_and(Value::is_string) {
                members.remove("format");
            }
            members.values_mut().for_each(describe);
        }
        Value::Array(items) => items.iter_mut().for_each(describe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_numbers_that_cannot_be_negative_lose_their_format() {
        let number = |least: i64| json!({ "type": "integer", "format": "int32", "minimum": least });
        let mut document = json!({ "a": [number(0)], "b": number(-1), "c": { "format": "email" } });
        describe(&mut document);
        let unsigned = json!({ "type": "integer", "minimum": 0 });
        assert_eq!(
            document,
            json!({ "a": [unsigned], "b": number(-1), "c": { "format": "email" } })
        );
    }
}
