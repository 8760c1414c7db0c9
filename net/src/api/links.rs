//! What an id in an answer is good for, as the document says it: `links` from whatever makes a
//! thing to every operation on it. Readers follow them, and so do programs that try the API out.

use serde_json::{Map, Value, json};

/// What makes things: the operation, the status of its success, where the id is in the answer, and
/// the address of the thing.
const MAKERS: [(&str, &str, &str, &str); 12] = [
    ("copy_event", "201", "/id", "/api/v1/catalogue/events/{id}"),
    ("create_category", "201", "/id", "/api/v1/categories/{id}"),
    ("create_organiser", "201", "/id", "/api/v1/organisers/{id}"),
    ("create_venue", "201", "/id", "/api/v1/venues/{id}"),
    ("create_venue_of_organiser", "201", "/id", "/api/v1/venues/{id}"),
    ("create_webhook_endpoint", "201", "/endpoint/id", "/api/v1/webhook-endpoints/{id}"),
    (
        "create_webhook_endpoint_of_organiser",
        "201",
        "/endpoint/id",
        "/api/v1/webhook-endpoints/{id}",
    ),
    ("define_event", "201", "/id", "/api/v1/events/{id}"),
    ("draft_event", "201", "/id", "/api/v1/catalogue/events/{id}"),
    ("join_waitroom", "201", "/id", "/api/v1/places/{id}"),
    ("place_order", "201", "/id", "/api/v1/orders/{id}"),
    ("take_hold", "201", "/id", "/api/v1/holds/{id}"),
];

/// Adds the links to a document.
pub(super) fn add(document: &mut Value) {
    for (maker, status, id, address) in MAKERS {
        let links = links(document, address, id);
        if let Some(operation) = operations(document).find(|one| one["operationId"] == maker) {
            operation["responses"][status]["links"] = Value::Object(links);
        }
    }
}

/// To every operation at an address or below.
fn links(document: &Value, address: &str, id: &str) -> Map<String, Value> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let below = paths.filter(|(path, _)| {
        path.strip_prefix(address).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let operations = below.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let link = |(_, operation): (&String, &Value)| {
        let name = operation["operationId"].as_str()?.to_owned();
        let mut parameters = json!({ "id": format!("$response.body#{id}") });
        if wants_version(operation) {
            parameters["If-Match"] = json!("$response.header.ETag");
        }
        Some((name.clone(), json!({ "operationId": name, "parameters": parameters })))
    };
    operations.filter_map(link).collect()
}

fn wants_version(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().any(|parameter| parameter["name"] == "If-Match")
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::document;

    #[test]
    fn whoever_makes_a_thing_is_told_what_to_do_with_it() {
        let mut document = document();
        for (maker, status, ..) in MAKERS {
            let operation = operations(&mut document).find(|one| one["operationId"] == maker);
            let links = operation.unwrap()["responses"][status]["links"].as_object().unwrap();
            assert!(!links.is_empty(), "{maker}");
        }
        let order = operations(&mut document).find(|one| one["operationId"] == "place_order");
        let links = &order.unwrap()["responses"]["201"]["links"];
        assert_eq!(links["show_order"]["parameters"]["id"], "$response.body#/id");
        assert!(links["refund_order"].is_object() && links["list_events"].is_null());
        let draft = operations(&mut document).find(|one| one["operationId"] == "draft_event");
        let publish = &draft.unwrap()["responses"]["201"]["links"]["publish_catalogue_event"];
        assert_eq!(publish["parameters"]["If-Match"], "$response.header.ETag");
    }
}
