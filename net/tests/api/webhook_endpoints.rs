//! Webhook endpoints over HTTP: what people do to them. What is sent has tests of its own, of the
//! whole server.

use onsale_control::access::audit::{AuditFilter, list};
use onsale_control::access::crew::Crew;
use onsale_control::access::{Action, EventRole};
use onsale_control::accounts::role::Role;
use onsale_control::page::Limit;
use onsale_control::webhooks::delivery::{Delivery, note};
use onsale_control::webhooks::feed;
use onsale_core::time::{Span, Time};
use serde_json::{Value, json};

use crate::access::people::Person;
use crate::access::webhooks::hook;
use crate::memory::START;
use crate::server::{Call, Server, at, delete, get, post, put, text};

const ALL: &str = "/api/v1/webhook-endpoints";

/// An organiser with an admin: the address of its endpoints, and the admin.
async fn organiser(server: &Server, name: &str) -> (String, Person) {
    let made = post("/api/v1/organisers").operator().json(&json!({"name": name}));
    let (path, _) = server.create(made).await;
    let admin = server.account(Role::Buyer).await;
    let (_, id) = path.rsplit_once('/').unwrap();
    server.assign(&admin, Crew::Organiser(id.parse().unwrap()), EventRole::Admin).await;
    (format!("{path}/webhook-endpoints"), admin)
}

fn save(path: &str, tag: &str, body: &Value) -> Call {
    put(path).header("if-match", tag).json(body)
}

#[tokio::test]
async fn an_organiser_keeps_its_endpoints_and_nobody_elses() {
    let server = Server::with_control().await;
    let (path, ada) = organiser(&server, "The Lanterns").await;
    let (others, bob) = organiser(&server, "The Owls").await;
    let made = server.send(post(&path).token(&ada.token).json(&hook())).await;
    assert_eq!(made.status, 201, "{made:?}");
    let (endpoint, tag) = (made.location(), made.tag());
    let shown = server.accept(get(endpoint).token(&ada.token), 200).await;
    assert_eq!(shown, made.json()["endpoint"], "all but the secret");
    assert_eq!((&shown["state"], &shown["topics"]), (&json!("enabled"), &json!(["order-events"])));
    // Somebody else neither sees it nor learns that it is there.
    server.refuse(get(endpoint).token(&bob.token), 404, "not_found").await;
    server.refuse(get(endpoint).token(&server.guest().await), 404, "not_found").await;
    server.refuse(get(endpoint), 401, "token_required").await;
    server.refuse(get(&path).token(&bob.token), 403, "forbidden").await;
    server.refuse(get(ALL).token(&ada.token), 403, "forbidden").await;
    server.refuse(post(ALL).token(&ada.token).json(&hook()), 403, "forbidden").await;
    for below in ["/secret", "/test"] {
        let call = post(format!("{endpoint}{below}")).token(&bob.token);
        server.refuse(call, 404, "not_found").await;
    }
    server.refuse(save(endpoint, tag, &hook()).token(&bob.token), 404, "not_found").await;
    // Staff looks, and an admin of the platform does what the organiser's may.
    let (staff, admin) = (server.account(Role::Staff).await, server.account(Role::Admin).await);
    server.accept(get(endpoint).token(&staff.token), 200).await;
    server.refuse(save(endpoint, tag, &hook()).token(&staff.token), 403, "forbidden").await;
    server.accept(post(ALL).token(&admin.token).json(&hook()), 201).await;
    let all = server.accept(get(ALL).operator(), 200).await;
    assert_eq!(all["endpoints"].as_array().unwrap().len(), 2);
    let own = server.accept(get(&path).token(&ada.token), 200).await;
    assert_eq!(own["endpoints"], json!([shown]));
    let none = server.accept(get(&others).token(&bob.token), 200).await;
    assert_eq!(none["endpoints"], json!([]));
}

#[tokio::test]
async fn a_secret_is_shown_once_and_the_one_before_signs_for_a_day() {
    let server = Server::with_control().await;
    let made = server.send(post(ALL).operator().json(&hook())).await;
    let first = text(&made.json()["secret"]);
    assert!(first.starts_with("whsec_"), "{first}");
    let endpoint = made.location();
    let rotated = server.accept(post(format!("{endpoint}/secret")).operator(), 200).await;
    let second = text(&rotated["secret"]);
    assert_ne!(first, second);
    let until = START + Span::from_mins(24 * 60);
    assert!(text(&rotated["former_secret_until_at"]) >= at(until), "{rotated}");
    for call in [get(endpoint), get(ALL)] {
        let answer = server.send(call.operator()).await;
        let shown = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!shown.contains("whsec_"), "{shown}");
    }
    // The audit log has no secret either.
    let filter = AuditFilter { action: Some(Action::ManageWebhooks), ..AuditFilter::default() };
    let entries = list(server.database(), filter, None, Limit::DEFAULT).await.unwrap().items;
    let said: Vec<_> = entries.iter().map(|entry| entry.detail.as_deref().unwrap()).collect();
    assert_eq!(said, ["secret rotated", "made"]);
}

/// OWASP API7: where the server may be sent.
#[tokio::test]
async fn an_endpoint_is_in_the_world_and_over_tls() {
    let server = Server::with_control().await;
    let long = format!("https://books.example/{}", "x".repeat(500));
    for url in [
        "",
        "/hooks",
        "books.example",
        "http://books.example/",
        "ftp://books.example/",
        "file:///etc/passwd",
        "https://user:password@books.example/",
        "https://127.0.0.1/",
        "https://127.0.0.1:6379/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1/",
        "https://192.168.0.1/admin",
        // Where clouds tell a machine its keys.
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://0.0.0.0/",
        "https://bücher.example/",
        "https://books.example/\u{202e}",
        "https://books.example/a b",
        &long,
    ] {
        let create = post(ALL).operator().json(&json!({ "url": url }));
        let problem = server.refuse(create, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "url", "{url}");
    }
    let (endpoint, tag) = server.create(post(ALL).operator().json(&hook())).await;
    let change = save(&endpoint, &tag, &json!({"url": "https://10.0.0.1/"}));
    server.refuse(change.operator(), 400, "invalid_body").await;
}

/// OWASP API3: mass assignment.
#[tokio::test]
async fn nobody_sets_what_is_not_theirs_to_set() {
    let server = Server::with_control().await;
    let (endpoint, tag) = server.create(post(ALL).operator().json(&hook())).await;
    for (field, value) in [
        ("id", json!("whk_05bgn2v8j7rq0c4mzt3w9x1hye")),
        ("organiser", json!("org_05bgn2v8j7rq0c4mzt3w9x1hye")),
        ("secret", json!("whsec_Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8/Pz8=")),
        ("state", json!("enabled")),
        ("turn", json!(7)),
        ("version", json!(7)),
        ("private_addresses", json!(true)),
        ("enabled", json!("yes")),
        ("topics", json!(["orders"])),
        ("topics", json!("order-events")),
        ("url", json!(["https://books.example/"])),
    ] {
        let mut body = hook();
        body[field] = value;
        server.refuse(post(ALL).operator().json(&body), 400, "invalid_body").await;
        server.refuse(save(&endpoint, &tag, &body).operator(), 400, "invalid_body").await;
    }
    let large = format!("{{\"url\": \"{}\"}}", "x".repeat(65_536));
    server.refuse(post(ALL).operator().raw(large), 413, "body_too_large").await;
}

#[tokio::test]
async fn an_endpoint_is_changed_by_whoever_has_seen_it_and_removed() {
    let server = Server::with_control().await;
    let (endpoint, tag) = server.create(post(ALL).operator().json(&hook())).await;
    let off = json!({
        "url": "https://books.example/other", "enabled": false,
        "topics": ["payment-events", "order-events", "payment-events"],
    });
    let changed = server.send(save(&endpoint, &tag, &off).operator()).await;
    assert_eq!(changed.json()["state"], "disabled");
    assert_eq!(changed.json()["topics"], json!(["order-events", "payment-events"]));
    server.refuse(save(&endpoint, &tag, &off).operator(), 412, "version_stale").await;
    server.refuse(put(&endpoint).operator().json(&off), 428, "if_match_required").await;
    let remove = |tag: &str| delete(&endpoint).operator().header("if-match", tag);
    server.refuse(remove(&tag), 412, "version_stale").await;
    server.accept(remove(changed.tag()), 204).await;
    server.refuse(get(&endpoint).operator(), 404, "not_found").await;
    let deliveries = get(format!("{endpoint}/deliveries")).operator();
    server.refuse(deliveries, 404, "not_found").await;
}

#[tokio::test]
async fn there_is_room_for_so_many() {
    let server = Server::with_endpoints(2, 1).await;
    let (path, ada) = organiser(&server, "The Lanterns").await;
    let create = || post(&path).token(&ada.token).json(&hook());
    let (endpoint, tag) = server.create(create()).await;
    let problem = server.refuse(create(), 409, "too_many_endpoints").await;
    assert_eq!(problem["limit"], 1);
    server.accept(post(ALL).operator().json(&hook()), 201).await;
    let problem =
        server.refuse(post(ALL).operator().json(&hook()), 409, "too_many_endpoints").await;
    assert_eq!(problem["limit"], 2);
    let remove = delete(&endpoint).token(&ada.token).header("if-match", &tag);
    server.accept(remove, 204).await;
    server.accept(create(), 201).await;
}

#[tokio::test]
async fn everything_is_sent_again_from_any_point_that_is_said() {
    let server = Server::with_control().await;
    let (endpoint, _) = server.create(post(ALL).operator().json(&hook())).await;
    let replay = |body: &Value| post(format!("{endpoint}/replay")).operator().json(body);
    let seen = async || {
        let all = feed::all(server.database()).await.unwrap();
        (all[0].since, all[0].turn)
    };
    server.accept(replay(&json!({"from": "beginning"})), 202).await;
    assert_eq!(seen().await, (Time::ZERO, 1));
    let past = json!({"from": "time", "from_at": "2026-01-01T02:00:00+02:00"});
    server.accept(replay(&past), 202).await;
    assert_eq!(seen().await, (Time::from_ms(1_767_225_600_000), 2));
    for wrong in [
        json!({}),
        json!({"from": "now"}),
        json!({"from": "time"}),
        json!({"from": "time", "from_at": "yesterday"}),
        json!({"from": "time", "from_at": 7}),
        json!({"from": "beginning", "from_at": "2026-01-01T00:00:00Z"}),
        json!({"from": "beginning", "topics": []}),
    ] {
        server.refuse(replay(&wrong), 400, "invalid_body").await;
    }
    assert_eq!(seen().await.1, 2, "nothing has changed");
}

#[tokio::test]
async fn a_ping_is_wanted_and_what_was_sent_is_listed() {
    let server = Server::with_control().await;
    let (endpoint, _) = server.create(post(ALL).operator().json(&hook())).await;
    let ping = server.accept(post(format!("{endpoint}/test")).operator(), 202).await;
    let feeds = feed::all(server.database()).await.unwrap();
    assert_eq!(feeds[0].ping.as_deref(), ping["event"].as_str());
    let tried = |number: u16| Delivery {
        event: format!("journal-0-{number}"),
        kind: "onsale.order.placed.v1".to_owned(),
        attempt: 1,
        status: Some(200 + number),
        failure: (number == 2).then(|| "it answers 202".to_owned()),
        took: Span::from_ms(7),
        at: START,
    };
    let tried: Vec<_> = (0..3).map(tried).collect();
    note(server.database(), feeds[0].id, &tried).await.unwrap();
    let path = format!("{endpoint}/deliveries?limit=2");
    let first = server.send(get(&path).operator()).await;
    assert!(first.headers["link"].to_str().unwrap().contains("rel=\"next\""));
    let first = first.json();
    assert_eq!(first["deliveries"][0]["event"], "journal-0-2", "newest first");
    assert_eq!(first["deliveries"][0]["failure"], "it answers 202");
    assert_eq!(first["deliveries"][0]["delivered"], false);
    assert_eq!(
        (&first["deliveries"][1]["status"], &first["deliveries"][1]["took_ms"]),
        (&json!(201), &json!(7))
    );
    let next = format!("{path}&after={}", text(&first["next"]));
    let rest = server.accept(get(next).operator(), 200).await;
    assert_eq!(rest["deliveries"].as_array().unwrap().len(), 1);
    assert_eq!((&rest["deliveries"][0]["delivered"], &rest["next"]), (&json!(true), &Value::Null));
    let wrong = get(format!("{endpoint}/deliveries?after=x")).operator();
    server.refuse(wrong, 400, "invalid_parameter").await;
}
