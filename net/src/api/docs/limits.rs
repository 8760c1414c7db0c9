//! What the document says about limits: which class a route has, and the headers that tell how much
//! is left.

use serde_json::{Value, json};

use crate::gateway::routes;

/// Adds the headers to the successful answers of an operation, and the class to its description.
pub(super) fn describe(operation: &mut Value) {
    let Some(class) = routes::class(operation) else { return };
    let class = class.name();
    let text = operation["description"].as_str().unwrap_or_default();
    let text = format!("{text}\n\nLimited as `{class}`.");
    operation["description"] = json!(text.trim_start());
    let answers = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
        answer["headers"]["RateLimit"] = header("The limit that has least left", "r=59;t=1", class);
        answer["headers"]["RateLimit-Policy"] = header("The limits there are", "q=60;w=30", class);
    }
}

/// The headers of an answer to somebody who has sent too much.
pub(super) fn of_refusal() -> Value {
    json!({
        "RateLimit": header("The limit that was passed", "r=0;t=3", "buy"),
        "RateLimit-Policy": header("The limits there are", "q=60;w=30", "buy"),
        "Retry-After": {
            "description": "How many seconds to wait",
            "schema": { "type": "integer", "minimum": 0 },
            "example": 3,
        },
    })
}

fn header(description: &str, numbers: &str, class: &str) -> Value {
    json!({
        "description": format!("{description} (draft-ietf-httpapi-ratelimit-headers-11)"),
        "schema": { "type": "string" },
        "example": format!("\"{class}-person\";{numbers}"),
    })
}
