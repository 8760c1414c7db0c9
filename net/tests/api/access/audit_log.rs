//! Reading the audit log.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use onsale_control::access::EventRole;
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use crate::server::{Server, get, patch, post, put, queued, standing, text};

async fn actions(server: &Server, query: &str) -> Vec<String> {
    let log = server.accept(get(format!("/api/v1/audit-log?{query}")).operator(), 200).await;
    let entries = log["entries"].as_array().unwrap().clone();
    entries.iter().map(|entry| text(&entry["action"])).collect()
}

#[tokio::test]
async fn admins_find_who_did_what() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Admin).await;
    let event = server.event(&queued()).await;
    let pause = patch(format!("/api/v1/events/{event}/waitroom")).token(&ada.token);
    let pause = pause.json(&json!({"action": "pause"})).from("2001:db8::7");
    server.accept(pause.header("x-request-id", "the-request"), 204).await;
    let role = put(format!("/api/v1/accounts/{}/role", ada.id)).operator();
    server.accept(role.json(&json!({"role": "admin"})), 204).await;

    let log = get(format!("/api/v1/audit-log?event={event}&action=event.steer"));
    let log = server.accept(log.token(&ada.token), 200).await;
    let [done, begun] = &log["entries"].as_array().unwrap()[..] else { panic!("{log}") };
    assert_eq!(done["who"], ada.id.to_string());
    assert_eq!((&done["outcome"], &done["begun"]), (&json!("done"), &begun["id"]));
    assert_eq!(done["origin"], json!({"address": "2001:db8::7", "request": "the-request"}));
    assert_eq!(actions(&server, &format!("object={}", ada.id)).await, ["role.give"]);
    assert_eq!(actions(&server, &format!("who={}", ada.id)).await.len(), 2);
    assert!(actions(&server, "who=operator").await.contains(&"event.define".to_owned()));
    assert_eq!(actions(&server, "since=2030-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(actions(&server, "until=2020-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(actions(&server, "object=%27%20OR%20%271%27=%271").await, [""; 0]);
    for wrong in [
        "who=ada",
        "action=event.explode",
        "event=x",
        "organiser=x",
        "since=yesterday",
        "limit=0",
        "limit=1000",
        "after=x",
        "sql=x",
    ] {
        let call = get(format!("/api/v1/audit-log?{wrong}")).operator();
        server.refuse(call, 400, "invalid_parameter").await;
    }
}

#[tokio::test]
async fn the_log_comes_in_pages_newest_first() {
    let server = Server::with_control().await;
    for number in 0..3 {
        let create = post("/api/v1/categories").operator();
        server.accept(create.json(&json!({"name": format!("Category {number}")})), 201).await;
    }
    let (mut seen, mut next) = (Vec::new(), Some("/api/v1/audit-log?limit=2".to_owned()));
    while let Some(path) = next {
        let answer = server.send(get(&path).operator()).await;
        let entries = answer.json()["entries"].as_array().unwrap().clone();
        seen.extend(entries.iter().map(|entry| text(&entry["id"])));
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| link[1..].split_once('>').unwrap().0.to_owned());
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.is_sorted_by(|one, next| one > next), "{seen:?}");
}

/// OWASP API3: what an admin of the platform sees, an admin of an event does not.
#[tokio::test]
async fn admins_of_an_event_read_of_their_event_and_not_from_where() {
    let server = Server::with_control().await;
    let (ada, bob) = (server.account(Role::Buyer).await, server.account(Role::Buyer).await);
    let (own, other) = (server.event(&standing()).await, server.event(&standing()).await);
    server.engage(&ada, &own, EventRole::Admin).await;
    server.engage(&bob, &own, EventRole::Editor).await;
    server.engage(&bob, &other, EventRole::Admin).await;
    let log = |event: &str| get(format!("/api/v1/events/{event}/audit-log"));
    let seen = server.accept(log(&own).token(&ada.token), 200).await;
    let entries = seen["entries"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        assert_eq!(entry["event"], own);
        assert_eq!(entry.get("origin"), None::<&Value>, "{entry}");
    }
    assert!(entries.iter().any(|entry| entry["action"] == "event.roles.manage"));
    let some = format!("/api/v1/events/{own}/audit-log?action=event.roles.manage");
    let some = server.accept(get(some).token(&ada.token), 200).await;
    let some = some["entries"].as_array().unwrap();
    assert!(!some.is_empty() && some.len() < entries.len(), "{some:?}");
    assert!(some.iter().all(|entry| entry["action"] == "event.roles.manage"), "{some:?}");
    let elsewhere = format!("/api/v1/events/{own}/audit-log?event={other}");
    server.refuse(get(elsewhere).token(&ada.token), 400, "invalid_parameter").await;
    server.refuse(log(&own).token(&bob.token), 403, "forbidden").await;
    server.refuse(log(&other).token(&ada.token), 403, "forbidden").await;
    server.refuse(get("/api/v1/audit-log").token(&ada.token), 403, "forbidden").await;
}

/// OWASP API8: PostgreSQL takes no zero byte in a text, and must not be asked to.
#[tokio::test]
async fn what_a_database_does_not_take_never_reaches_it() {
    let server = Server::with_postgres().await;
    let hidden = BASE64_URL_SAFE_NO_PAD.encode(r#"["\u0000","org_05bgn2v8j7rq0c4mzt3w9x1hye"]"#);
    for query in [
        "audit-log?object=%00".to_owned(),
        "audit-log?who=%00".to_owned(),
        "organisers?text=%00".to_owned(),
        format!("organisers?after={hidden}"),
        "venues?city=%00".to_owned(),
    ] {
        let call = get(format!("/api/v1/{query}")).operator();
        server.refuse(call, 400, "invalid_parameter").await;
    }
}
