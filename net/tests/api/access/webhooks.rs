//! A request for every operation on webhook endpoints.

use serde_json::{Value, json};

use super::requests::{Kind, Request, Target};
use crate::server::{delete, get, post, put};

/// What an endpoint is to be.
pub fn hook() -> Value {
    json!({"url": "https://books.example/hooks/onsale", "topics": ["order-events"]})
}

/// What an operation is done to, and how it is asked for.
pub(super) fn request(operation: &str) -> Option<(Kind, Request)> {
    let (kind, request): (Kind, Request) = match operation {
        "list_webhook_endpoints" => (Kind::Platform, |_| get("/api/v1/webhook-endpoints")),
        "create_webhook_endpoint" => {
            (Kind::Platform, |_| post("/api/v1/webhook-endpoints").json(&hook()))
        }
        "list_webhook_endpoints_of_organiser" => {
            (Kind::Organiser, |organiser| get(of_organiser(organiser)))
        }
        "create_webhook_endpoint_of_organiser" => {
            (Kind::Organiser, |organiser| post(of_organiser(organiser)).json(&hook()))
        }
        "show_webhook_endpoint" => (Kind::Webhook, |endpoint| get(below(endpoint, ""))),
        "change_webhook_endpoint" => (Kind::Webhook, |endpoint| {
            put(below(endpoint, "")).json(&hook()).header("if-match", &endpoint.tag)
        }),
        "remove_webhook_endpoint" => (Kind::Webhook, |endpoint| {
            delete(below(endpoint, "")).header("if-match", &endpoint.tag)
        }),
        "list_webhook_deliveries" => {
            (Kind::Webhook, |endpoint| get(below(endpoint, "/deliveries")))
        }
        "rotate_webhook_secret" => (Kind::Webhook, |endpoint| post(below(endpoint, "/secret"))),
        "replay_webhooks" => (Kind::Webhook, |endpoint| {
            post(below(endpoint, "/replay")).json(&json!({"from": "beginning"}))
        }),
        "test_webhook_endpoint" => (Kind::Webhook, |endpoint| post(below(endpoint, "/test"))),
        _ => return None,
    };
    Some((kind, request))
}

fn of_organiser(organiser: &Target) -> String {
    format!("/api/v1/organisers/{}/webhook-endpoints", organiser.id)
}

fn below(endpoint: &Target, path: &str) -> String {
    format!("/api/v1/webhook-endpoints/{}{path}", endpoint.id)
}
