//! The API's own description: `OpenAPI` 3.1 made from the routes themselves, and a page to read it.
//!
//! A route names its action (`x-action`) and the problems that are particular to it
//! (`x-problems`); what follows from its action, parameters and body is added here, and all of them
//! become responses.

mod access;
mod bodies;
mod limits;
mod numbers;

use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::edge::Edge;
use super::links;
use crate::conditional::Keep;
use crate::problem::catalog::{KINDS, Kind};
use crate::problem::{ProblemBody, Wrong};

const DOCUMENT_PATH: &str = "/api/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Onsale",
        description = "Sells tickets for events that everybody wants at once.\n\n\
            Amounts end in `_minor`: whole minor units of the currency. Spans end in `_ms`: \
            milliseconds. Points in time end in `_at`: RFC 3339, UTC. Unknown fields are \
            refused.\n\n\
            Errors are `application/problem+json` (RFC 9457); go by `code`. Requests that move \
            stock or money want an `Idempotency-Key`; the answer is kept for 24 hours and survives \
            a crash.\n\n\
            Every answer has an `X-Request-Id`: the one that was sent, or a new one.",
    ),
    tags(
        (name = "events", description = "What is sold, and how much is left"),
        (name = "sessions", description = "Who buys, as a guest"),
        (name = "accounts", description = "Who has an account, and how they prove it"),
        (name = "waitroom", description = "Queueing, fairly"),
        (name = "buying", description = "Holds, orders, tickets"),
        (name = "catalogue", description = "What is, was or will be sold"),
        (name = "operator", description = "Running an event"),
        (name = "webhooks", description = "Facts for others, by signed requests"),
        (name = "access", description = "Who may do what, and who did"),
        (name = "health", description = "Running the server"),
    ),
    components(schemas(ProblemBody, Wrong)),
    modifiers(&Bearers),
)]
struct Document;

struct Bearers;

impl Modify for Bearers {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = |description: &str| {
            let http = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
            SecurityScheme::Http(http.description(Some(description)).build())
        };
        let components = document.components.get_or_insert_default();
        let guest = bearer("The `access_token` of a guest's session: a JWT signed with Ed25519.");
        components.add_security_scheme("guest", guest);
        let account = bearer("The `access_token` of an account: a JWT signed with Ed25519.");
        components.add_security_scheme("account", account);
        let operator = bearer("The token from the server's configuration.");
        components.add_security_scheme("operator", operator);
    }
}

/// Where routes are added to.
pub(super) fn begin() -> OpenApiRouter<Edge> {
    OpenApiRouter::with_openapi(Document::openapi())
}

/// The document with every problem of every route among its responses.
pub(super) fn complete(document: &utoipa::openapi::OpenApi) -> Value {
    // Maps with text as keys, all the way down.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    let schemas = document["components"]["schemas"].clone();
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        access::describe(operation);
        limits::describe(operation);
        bodies::describe(operation, &schemas);
        if operation["x-deprecated-at"].is_string() {
            operation["deprecated"] = json!(true);
        }
        let codes = codes(operation);
        for (status, kinds) in by_status(&codes) {
            let mut response = response(&kinds);
            if status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
                response["headers"] = limits::of_refusal();
            }
            operation["responses"][status.to_string()] = response;
        }
        operation["x-problems"] = json!(codes);
    }
    numbers::describe(&mut document);
    links::add(&mut document);
    document
}

/// The document and the page.
pub(super) fn routes(document: &Value) -> Router<Edge> {
    let document = Bytes::from(document.to_string());
    let serve = move || {
        let json = HeaderValue::from_static("application/json");
        let headers = [(CONTENT_TYPE, json), (CACHE_CONTROL, Keep::Briefly.header())];
        ready((headers, document.clone()))
    };
    let page = SwaggerUi::new("/api/docs").config(Config::from(DOCUMENT_PATH));
    Router::from(page)
        .layer(middleware::map_response(allow_own_scripts))
        .route(DOCUMENT_PATH, get(serve))
}

async fn allow_own_scripts(mut response: Response) -> Response {
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                  frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// The codes of everything that an operation may refuse.
fn codes(operation: &Value) -> BTreeSet<&'static str> {
    let always = [
        "internal_error",
        "method_not_allowed",
        "rate_limited",
        "too_many_headers",
        "uri_too_long",
    ];
    let mut codes = BTreeSet::from(always);
    let own = operation["x-problems"].as_array().into_iter().flatten();
    let own = own.filter_map(Value::as_str);
    codes
        .extend(own.filter_map(|code| KINDS.iter().find(|kind| kind.code == code)).map(|k| k.code));
    codes.extend(access::codes(operation));
    let has = |place: &str, name: Option<&str>| {
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.any(|one| one["in"] == place && name.is_none_or(|name| one["name"] == name))
    };
    if has("path", None) {
        codes.extend(["invalid_parameter", "not_found"]);
    }
    if has("query", None) {
        codes.insert("invalid_parameter");
    }
    if has("header", Some("If-Match")) {
        codes.extend(["if_match_required", "invalid_parameter", "version_stale"]);
    }
    if has("header", Some("Idempotency-Key")) {
        codes.extend(["idempotency_key_invalid", "idempotency_key_required", "key_reused"]);
    }
    if operation.get("requestBody").is_some() {
        codes.extend([
            "body_too_large",
            "body_too_slow",
            "invalid_body",
            "malformed_json",
            "unsupported_media_type",
        ]);
    }
    if !["healthz", "list_token_keys", "metrics", "open_session"]
        .iter()
        .any(|id| operation["operationId"] == *id)
    {
        codes.extend(["overloaded", "stopping"]);
    }
    codes
}

fn by_status(codes: &BTreeSet<&'static str>) -> BTreeMap<u16, Vec<&'static Kind>> {
    let mut by_status = BTreeMap::<u16, Vec<_>>::new();
    for kind in KINDS.iter().filter(|kind| codes.contains(kind.code)) {
        by_status.entry(kind.status.as_u16()).or_default().push(*kind);
    }
    by_status
}

fn response(kinds: &[&'static Kind]) -> Value {
    let line = |kind: &&Kind| format!("- `{}`: {}. {}", kind.code, kind.title, kind.advice);
    let description: Vec<_> = kinds.iter().map(line).collect();
    let example = |kind: &&Kind| {
        let value = json!({
            "type": format!("/problems/{}", kind.code),
            "title": kind.title,
            "status": kind.status.as_u16(),
            "detail": kind.advice,
            "instance": "0-2a",
            "code": kind.code,
        });
        (kind.code.to_owned(), json!({ "value": value }))
    };
    let examples: serde_json::Map<_, _> = kinds.iter().map(example).collect();
    json!({
        "description": description.join("\n"),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "examples": examples,
        } },
    })
}
