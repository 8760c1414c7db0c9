//! The `OpenAPI` document: complete, consistent, and served without any other host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, mem};

use onsale_net::gateway::class::Class;
use onsale_net::problem::catalog::KINDS;
use serde_json::Value;

use crate::server::{DOCUMENT, Server, get, text};

/// Every operation: path, method, description.
fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Those of accounts.
const OF_ACCOUNTS: [(&str, &str); 31] = [
    ("get", "/.well-known/jwks.json"),
    ("post", "/api/v1/accounts"),
    ("post", "/api/v1/accounts/confirmations"),
    ("post", "/api/v1/accounts/letters"),
    ("get", "/api/v1/me"),
    ("patch", "/api/v1/me"),
    ("get", "/api/v1/me/addresses"),
    ("post", "/api/v1/me/addresses"),
    ("delete", "/api/v1/me/addresses/{id}"),
    ("put", "/api/v1/me/addresses/{id}"),
    ("post", "/api/v1/me/deletion"),
    ("post", "/api/v1/me/email"),
    ("get", "/api/v1/me/export"),
    ("post", "/api/v1/me/password"),
    ("get", "/api/v1/me/identities"),
    ("delete", "/api/v1/me/identities/{provider}"),
    ("post", "/api/v1/me/identities/{provider}/returns"),
    ("post", "/api/v1/me/identities/{provider}/visits"),
    ("get", "/api/v1/oidc"),
    ("post", "/api/v1/oidc/{provider}/returns"),
    ("post", "/api/v1/oidc/{provider}/visits"),
    ("get", "/api/v1/me/sessions"),
    ("delete", "/api/v1/me/sessions/{id}"),
    ("post", "/api/v1/password-resets"),
    ("post", "/api/v1/password-resets/confirmations"),
    ("post", "/api/v1/sign-in"),
    ("post", "/api/v1/sign-in/refresh"),
    ("post", "/api/v1/sign-out"),
    ("post", "/api/v1/sign-out/by-token"),
    ("post", "/api/v1/sign-out/everywhere"),
    ("post", "/api/v1/token-keys"),
];

/// Those of orders and their money.
const OF_ORDERS: [(&str, &str); 12] = [
    ("get", "/api/v1/events/{id}/disputes"),
    ("get", "/api/v1/events/{id}/refused-refunds"),
    ("get", "/api/v1/me/orders"),
    ("post", "/api/v1/orders"),
    ("get", "/api/v1/orders/{id}"),
    ("post", "/api/v1/orders/{id}/cancel"),
    ("post", "/api/v1/orders/{id}/disputes/{number}/decide"),
    ("post", "/api/v1/orders/{id}/refunds"),
    ("post", "/api/v1/orders/{id}/refunds/{number}/settle"),
    ("post", "/api/v1/orders/{id}/stuck-effects/retry"),
    ("get", "/api/v1/orders/{id}/timeline"),
    ("get", "/api/v1/stuck-effects"),
];

/// Those of events before they are for sale.
const OF_CATALOGUE: [(&str, &str); 28] = [
    ("get", "/api/v1/catalogue/events"),
    ("delete", "/api/v1/catalogue/events/{id}"),
    ("get", "/api/v1/catalogue/events/{id}"),
    ("put", "/api/v1/catalogue/events/{id}"),
    ("post", "/api/v1/catalogue/events/{id}/approve"),
    ("post", "/api/v1/catalogue/events/{id}/cancel"),
    ("post", "/api/v1/catalogue/events/{id}/classes"),
    ("delete", "/api/v1/catalogue/events/{id}/classes/{class}"),
    ("put", "/api/v1/catalogue/events/{id}/classes/{class}"),
    ("put", "/api/v1/catalogue/events/{id}/configuration"),
    ("post", "/api/v1/catalogue/events/{id}/configure"),
    ("post", "/api/v1/catalogue/events/{id}/copy"),
    ("put", "/api/v1/catalogue/events/{id}/curation"),
    ("post", "/api/v1/catalogue/events/{id}/images"),
    ("delete", "/api/v1/catalogue/events/{id}/images/{image}"),
    ("get", "/api/v1/catalogue/events/{id}/offer"),
    ("delete", "/api/v1/catalogue/events/{id}/plan"),
    ("get", "/api/v1/catalogue/events/{id}/plan"),
    ("put", "/api/v1/catalogue/events/{id}/plan"),
    ("post", "/api/v1/catalogue/events/{id}/plan/import"),
    ("post", "/api/v1/catalogue/events/{id}/publish"),
    ("post", "/api/v1/catalogue/events/{id}/quotas"),
    ("delete", "/api/v1/catalogue/events/{id}/quotas/{quota}"),
    ("put", "/api/v1/catalogue/events/{id}/quotas/{quota}"),
    ("post", "/api/v1/catalogue/events/{id}/revise"),
    ("get", "/api/v1/catalogue/images/{image}"),
    ("get", "/api/v1/catalogue/work"),
    ("post", "/api/v1/organisers/{id}/events"),
];

/// Those about webhook endpoints.
const OF_WEBHOOKS: [(&str, &str); 11] = [
    ("get", "/api/v1/organisers/{id}/webhook-endpoints"),
    ("post", "/api/v1/organisers/{id}/webhook-endpoints"),
    ("get", "/api/v1/webhook-endpoints"),
    ("post", "/api/v1/webhook-endpoints"),
    ("delete", "/api/v1/webhook-endpoints/{id}"),
    ("get", "/api/v1/webhook-endpoints/{id}"),
    ("put", "/api/v1/webhook-endpoints/{id}"),
    ("get", "/api/v1/webhook-endpoints/{id}/deliveries"),
    ("post", "/api/v1/webhook-endpoints/{id}/replay"),
    ("post", "/api/v1/webhook-endpoints/{id}/secret"),
    ("post", "/api/v1/webhook-endpoints/{id}/test"),
];

#[test]
fn every_route_is_in_it() {
    let found: BTreeSet<_> = operations().map(|(path, method, _)| (method, path)).collect();
    let expected = BTreeSet::from([
        ("get", "/api/v1/accounts/{id}/roles"),
        ("put", "/api/v1/accounts/{id}/role"),
        ("get", "/api/v1/audit-log"),
        ("get", "/api/v1/categories"),
        ("post", "/api/v1/categories"),
        ("delete", "/api/v1/categories/{id}"),
        ("get", "/api/v1/categories/{id}"),
        ("patch", "/api/v1/categories/{id}"),
        ("get", "/api/v1/events"),
        ("post", "/api/v1/events"),
        ("get", "/api/v1/events/{id}"),
        ("get", "/api/v1/events/{id}/audit"),
        ("get", "/api/v1/events/{id}/availability"),
        ("get", "/api/v1/events/{id}/audit-log"),
        ("post", "/api/v1/events/{id}/cancel"),
        ("patch", "/api/v1/events/{id}/classes/{class}"),
        ("post", "/api/v1/events/{id}/holds"),
        ("post", "/api/v1/events/{id}/open"),
        ("patch", "/api/v1/events/{id}/quotas/{quota}"),
        ("get", "/api/v1/events/{id}/orders"),
        ("get", "/api/v1/events/{id}/orders.csv"),
        ("get", "/api/v1/events/{id}/sales"),
        ("get", "/api/v1/events/{id}/seat-status"),
        ("get", "/api/v1/events/{id}/roles"),
        ("delete", "/api/v1/events/{id}/roles/{person}"),
        ("put", "/api/v1/events/{id}/roles/{person}"),
        ("get", "/api/v1/events/{id}/seats"),
        ("post", "/api/v1/events/{id}/seats/block"),
        ("get", "/api/v1/events/{id}/seats/chart"),
        ("get", "/api/v1/events/{id}/summary"),
        ("patch", "/api/v1/events/{id}/waitroom"),
        ("post", "/api/v1/events/{id}/waitroom"),
        ("get", "/api/v1/events/{id}/waitroom/lottery"),
        ("delete", "/api/v1/holds/{id}"),
        ("get", "/api/v1/holds/{id}"),
        ("get", "/api/v1/organisers"),
        ("post", "/api/v1/organisers"),
        ("delete", "/api/v1/organisers/{id}"),
        ("get", "/api/v1/organisers/{id}"),
        ("put", "/api/v1/organisers/{id}"),
        ("get", "/api/v1/organisers/{id}/members"),
        ("delete", "/api/v1/organisers/{id}/members/{person}"),
        ("put", "/api/v1/organisers/{id}/members/{person}"),
        ("post", "/api/v1/organisers/{id}/venues"),
        ("put", "/api/v1/organisers/{id}/verification"),
        ("get", "/api/v1/venues"),
        ("post", "/api/v1/venues"),
        ("delete", "/api/v1/venues/{id}"),
        ("get", "/api/v1/venues/{id}"),
        ("put", "/api/v1/venues/{id}"),
        ("delete", "/api/v1/places/{id}"),
        ("get", "/api/v1/places/{id}"),
        ("post", "/api/v1/sessions"),
        ("get", "/healthz"),
        ("get", "/metrics"),
        ("get", "/readyz"),
    ]);
    let expected = expected.into_iter().chain(OF_ACCOUNTS).chain(OF_CATALOGUE).chain(OF_ORDERS);
    let expected = expected.chain(OF_WEBHOOKS).collect();
    assert_eq!(found, expected);
}

#[test]
fn it_has_the_structure_of_openapi_3_1() {
    assert!(text(&DOCUMENT["openapi"]).starts_with("3.1."));
    assert!(!text(&DOCUMENT["info"]["title"]).is_empty());
    assert!(!text(&DOCUMENT["info"]["version"]).is_empty());
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        assert!(ids.insert(text(&operation["operationId"])), "{place}: the id is there twice");
        assert!(!text(&operation["summary"]).is_empty(), "{place}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{place}");
        for (status, response) in responses {
            assert!(!text(&response["description"]).is_empty(), "{place}: {status}");
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let names: Vec<_> = parameters.filter(|one| one["in"] == "path").collect();
        assert_eq!(names.len(), path.matches('{').count(), "{place}");
        assert!(names.iter().all(|one| one["required"] == true), "{place}");
        for requirement in operation["security"].as_array().into_iter().flatten() {
            for scheme in requirement.as_object().unwrap().keys() {
                let schemes = &DOCUMENT["components"]["securitySchemes"];
                assert_eq!(schemes[scheme]["scheme"], "bearer", "{place}: {scheme}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(DOCUMENT.pointer(pointer).is_some(), "{reference} leads nowhere");
                }
                members.values().for_each(check);
            }
            Value::Array(items) => items.iter().for_each(check),
            _ => {}
        }
    }
    check(&DOCUMENT);
}

#[test]
fn every_field_is_explained_and_has_an_example() {
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let is_explained = |field: &Value| {
        // A field that is a type of its own may leave the example to the type.
        let text = field.to_string();
        let refers = text.contains("$ref");
        text.contains("\"description\"")
            && (refers || text.contains("\"example") || field["type"] == "array")
    };
    let mut missing = Vec::new();
    for (name, schema) in schemas {
        for (field, content) in schema["properties"].as_object().into_iter().flatten() {
            // The `action` that tells the variants of a change apart.
            if !is_explained(content) && field != "action" {
                missing.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// All but what happens before a route is found.
#[test]
fn every_code_is_a_response_somewhere_and_every_response_a_code() {
    let mut declared = BTreeSet::new();
    for (path, method, operation) in operations() {
        for code in operation["x-problems"].as_array().unwrap() {
            let code = text(code);
            let kind = KINDS.iter().find(|kind| kind.code == code).unwrap();
            let status = kind.status.as_u16().to_string();
            let content = &operation["responses"][&status]["content"]["application/problem+json"];
            assert!(content["examples"][&code].is_object(), "{method} {path}: {code}");
            declared.insert(code);
        }
    }
    let codes: BTreeSet<_> = KINDS.iter().map(|kind| kind.code.to_owned()).collect();
    let missing: Vec<_> = codes.difference(&declared).collect();
    // An event under an id of its own is not defined over HTTP; the others come before any route.
    let others = ["no_such_route", "origin_not_allowed", "unknown_version"];
    assert_eq!(missing, [&["defined_already"][..], &others].concat());
}

/// Deny by default: one that names none is limited as sign-in is.
#[test]
fn every_route_names_a_class_of_limits_and_says_how_it_refuses() {
    for (path, method, operation) in operations() {
        let class = operation["x-limit"].as_str().and_then(Class::of_name);
        let class = class.unwrap_or_else(|| panic!("{method} {path} needs an `x-limit`")).name();
        assert!(text(&operation["description"]).contains(&format!("Limited as `{class}`.")));
        for date in ["x-deprecated-at", "x-sunset-at"] {
            let text = operation.get(date).map_or("2027-01-01T00:00:00Z".to_owned(), text);
            assert!(text.parse::<jiff::Timestamp>().is_ok(), "{method} {path}: {date}");
        }
        let refusal = &operation["responses"]["429"];
        for header in ["RateLimit", "RateLimit-Policy", "Retry-After"] {
            assert!(refusal["headers"][header].is_object(), "{method} {path}: {header}");
        }
        let answers = operation["responses"].as_object().unwrap().iter();
        for (status, answer) in answers.filter(|(status, _)| status.starts_with('2')) {
            let headers = &answer["headers"];
            assert!(headers["RateLimit"].is_object(), "{method} {path}: {status}");
        }
    }
}

#[test]
fn what_moves_stock_or_money_documents_its_key() {
    let wants_key = |operation: &Value| {
        let mut parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.any(|one| one["name"] == "Idempotency-Key" && one["required"] == true)
    };
    let found: BTreeSet<_> = operations()
        .filter(|(_, _, operation)| wants_key(operation))
        .map(|(_, _, operation)| text(&operation["operationId"]))
        .collect();
    let expected = [
        "cancel_order",
        "copy_event",
        "decide_dispute",
        "define_event",
        "draft_event",
        "join_waitroom",
        "place_order",
        "refund_order",
        "settle_refund",
        "take_hold",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
    assert!(DOCUMENT.to_string().contains("24 hours"), "how long answers are kept");
}

#[tokio::test]
async fn the_document_and_its_page_are_served_from_here() {
    let server = Server::new();
    let served = server.send(get("/api/openapi.json")).await;
    assert_eq!(served.json(), *DOCUMENT);
    let page = server.send(get("/api/docs/")).await;
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(html.contains("swagger-ui"), "{html}");
    assert!(!html.contains("//cdn") && !html.contains("https://"), "{html}");
    let script = server.send(get("/api/docs/swagger-ui-bundle.js")).await;
    assert_eq!(script.status, 200);
    let start = server.send(get("/api/docs/swagger-initializer.js")).await;
    assert!(String::from_utf8_lossy(&start.body).contains("/api/openapi.json"));
}

/// Two types of one name become one schema, and nobody is told.
#[test]
fn no_two_schemas_have_the_same_name() {
    let mut seen = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dto")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            for name in schema_names(&fs::read_to_string(&path).unwrap()) {
                if let Some(other) = seen.insert(name.clone(), path.clone()) {
                    panic!("{name} is in {} and in {}", other.display(), path.display());
                }
            }
        }
    }
    assert!(seen.len() > 100, "{} were found", seen.len());
}

/// What the types of a file are called in the document.
fn schema_names(source: &str) -> Vec<String> {
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_owned();
    let (mut names, mut is_schema, mut alias) = (Vec::new(), false, None);
    for line in source.lines() {
        if line.starts_with("#[derive(") {
            (is_schema, alias) = (line.contains("ToSchema"), None);
        } else if let Some((_, name)) = line.split_once("schema(as = ") {
            alias = Some(word(name));
        } else if let Some(name) =
            line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))
        {
            let name = alias.take().unwrap_or_else(|| word(name));
            names.extend(mem::take(&mut is_schema).then_some(name));
        }
    }
    names
}
