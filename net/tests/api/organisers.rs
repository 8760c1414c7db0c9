//! Organisers over HTTP.

use std::io::ErrorKind;
use std::net::TcpListener;

use onsale_control::access::{Action, EventRole, Rank, Reach};
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use crate::access::requests::arena;
use crate::server::{Call, Server, delete, get, post, put, text};

fn profile(name: &str) -> Value {
    json!({
        "name": name, "description": "Touring since 1999.\nNever late.",
        "website": "https://lanterns.example", "contact": "booking@lanterns.example",
    })
}

fn create(body: &Value) -> Call {
    post("/api/v1/organisers").operator().json(body)
}

/// A new organiser: its address and its tag.
async fn organiser(server: &Server, name: &str) -> (String, String) {
    server.create(create(&profile(name))).await
}

#[tokio::test]
async fn an_organiser_introduces_itself() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Organiser).await;
    let made = post("/api/v1/organisers").token(&ada.token).json(&profile("The Lanterns"));
    let made = server.send(made).await;
    let (path, tag) = (made.location(), made.tag());
    assert_eq!(made.json()["inside"]["contact"], "booking@lanterns.example");
    let shown = server.accept(get(path), 200).await;
    assert_eq!((&shown["name"], &shown["verified"]), (&json!("The Lanterns"), &json!(false)));
    assert_eq!(shown["description"], "Touring since 1999.\nNever late.");
    let change = |tag: &str| {
        let change = put(path).token(&ada.token).header("if-match", tag);
        change.json(&json!({"name": "The Lights", "logo_url": "https://lights.example/l.png"}))
    };
    let changed = server.send(change(tag)).await;
    assert_eq!(changed.json()["website"], Value::Null, "all of it is replaced");
    assert_eq!(changed.json()["logo_url"], "https://lights.example/l.png");
    server.refuse(change(tag), 412, "version_stale").await;
    server.refuse(create(&profile("THE  LIGHTS")), 409, "name_taken").await;
}

#[tokio::test]
async fn only_the_platform_vouches() {
    let server = Server::with_control().await;
    let (ada, staff) = (server.account(Role::Organiser).await, server.account(Role::Staff).await);
    let made = post("/api/v1/organisers").token(&ada.token).json(&profile("The Lanterns"));
    let made = server.send(made).await;
    let path = made.location();
    let verify = |tag: &str, verified: bool| {
        let verify = put(format!("{path}/verification")).header("if-match", tag);
        verify.json(&json!({"verified": verified}))
    };
    let tag = made.tag();
    server.refuse(verify(tag, true).token(&ada.token), 403, "forbidden").await;
    let verified = server.send(verify(tag, true).token(&staff.token)).await;
    assert_eq!(verified.json()["verified"], true);
    assert_eq!(server.accept(get(path), 200).await["verified"], true);
    let tag = verified.tag();
    server.accept(verify(tag, false).token(&staff.token), 200).await;
    assert_eq!(server.accept(get(path), 200).await["verified"], false);
}

/// OWASP API3, property by property: what is inside is seen by whom the table says.
#[tokio::test]
async fn what_is_inside_only_members_and_the_platform_see() {
    let server = Server::with_control().await;
    let (path, _) = organiser(&server, "The Lanterns").await;
    let inside = async |call: Call| !server.accept(call, 200).await["inside"].is_null();
    for role in Role::ALL {
        let person = server.account(role).await;
        let may = Action::SeeOrganiserInside.reach(Rank::Account(role)) == Reach::Any;
        assert_eq!(inside(get(&path).token(&person.token)).await, may, "{role}");
    }
    for role in EventRole::ALL {
        let person = server.account(Role::Buyer).await;
        let join = put(format!("{path}/members/{}", person.id)).operator();
        server.accept(join.json(&json!({"role": role.name()})), 200).await;
        let may = Action::SeeOrganiserInside.is_for(role);
        assert_eq!(inside(get(&path).token(&person.token)).await, may, "{role}");
    }
    let guest = server.guest().await;
    assert!(!inside(get(&path).token(&guest)).await);
    assert!(!inside(get(&path)).await);
    assert!(inside(get(&path).operator()).await);
    let list = server.accept(get("/api/v1/organisers").operator(), 200).await;
    assert_eq!(list["organisers"][0]["inside"], Value::Null, "a list is for everybody");
}

/// OWASP API3: mass assignment.
#[tokio::test]
async fn nobody_sets_what_is_not_theirs_to_set() {
    let server = Server::with_control().await;
    let (path, tag) = organiser(&server, "The Lanterns").await;
    for (field, value) in [
        ("id", json!("org_05bgn2v8j7rq0c4mzt3w9x1hye")),
        ("verified", json!(true)),
        ("verified_at", json!("2026-01-01T00:00:00Z")),
        ("version", json!(7)),
        ("created_at", json!("2026-01-01T00:00:00Z")),
        ("inside", json!({"verified_at": "2026-01-01T00:00:00Z"})),
        ("members", json!([])),
        ("__proto__", json!({"verified": true})),
    ] {
        let mut body = profile("The Owls");
        body[field] = value;
        server.refuse(create(&body), 400, "invalid_body").await;
        let change = put(&path).operator().header("if-match", &tag).json(&body);
        server.refuse(change, 400, "invalid_body").await;
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_its_place() {
    let server = Server::with_control().await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(121))),
        ("name", json!("a\nb")),
        ("name", json!("\u{202e}snretnaL")),
        ("description", json!("x".repeat(5_001))),
        ("description", json!("\u{0}")),
        ("website", json!("http://lanterns.example")),
        ("website", json!("javascript:alert(1)")),
        ("website", json!("https://localhost")),
        ("logo_url", json!("file:///etc/passwd")),
        ("logo_url", json!("https://user@lanterns.example")),
        ("contact", json!("x".repeat(201))),
    ] {
        let mut body = profile("The Lanterns");
        body[field] = value.clone();
        let problem = server.refuse(create(&body), 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], field, "{value}");
    }
}

/// OWASP API7: no address that somebody gives is ever asked.
#[tokio::test]
async fn a_link_is_kept_and_shown_and_never_fetched() {
    let server = Server::with_control().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    // A name that leads to this machine, as an attacker's would.
    let link = format!("https://localtest.127.0.0.1.example:{port}/latest/meta-data");
    let mut body = profile("The Lanterns");
    (body["website"], body["logo_url"]) =
        (json!(link), json!(format!("https://127.0.0.1:{port}/")));
    let made = server.send(create(&body)).await;
    assert_eq!(made.json()["website"], json!(link));
    server.accept(get(made.location()), 200).await;
    server.accept(get("/api/v1/organisers"), 200).await;
    let asked = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(asked, Err(ErrorKind::WouldBlock));
}

#[tokio::test]
async fn people_find_organisers_by_what_they_type() {
    let server = Server::with_control().await;
    for name in ["Café Lanterns", "100% Rock", "Robert'); DROP TABLE organisers;--", "Über_Club"]
    {
        organiser(&server, name).await;
    }
    let found = async |text: &str| {
        let list = server.accept(get(format!("/api/v1/organisers?text={text}")), 200).await;
        list["organisers"].as_array().unwrap().len()
    };
    assert_eq!(found("cafe").await, 1);
    assert_eq!(found("LANTERN").await, 1);
    assert_eq!(found("%25").await, 1, "a wildcard is what it is");
    assert_eq!(found("_").await, 1);
    assert_eq!(found("%27%29%3B%20drop%20table").await, 1);
    assert_eq!(found("%27%20OR%20%271%27%3D%271").await, 0);
    assert_eq!(found("").await, 4);
    for wrong in [format!("text={}", "x".repeat(101)), "text=%00".into(), "text=a&sort=id".into()] {
        let call = get(format!("/api/v1/organisers?{wrong}"));
        server.refuse(call, 400, "invalid_parameter").await;
    }
    // A cursor of one list leads nowhere in another.
    let page = server.accept(get("/api/v1/organisers?limit=1"), 200).await;
    let call = get(format!("/api/v1/venues?after={}", text(&page["next"])));
    server.refuse(call, 400, "invalid_parameter").await;
}

#[tokio::test]
async fn an_organiser_with_a_venue_stays() {
    let server = Server::with_control().await;
    let (path, tag) = organiser(&server, "The Lanterns").await;
    let venue = post(format!("{path}/venues")).operator().json(&arena());
    let venue = server.send(venue).await;
    let remove = delete(&path).operator().header("if-match", &tag);
    server.refuse(remove.clone(), 409, "in_use").await;
    let of_venue = delete(venue.location()).operator();
    server.accept(of_venue.header("if-match", venue.tag()), 204).await;
    server.accept(remove, 204).await;
    server.refuse(get(&path), 404, "not_found").await;
}
