//! Giving and taking roles.

use onsale_control::access::EventRole;
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use super::people::{Person, new_id};
use crate::server::{Call, Server, delete, get, patch, post, put, standing, text};

fn give(event: &str, person: &Person, role: &str) -> Call {
    put(format!("/api/v1/events/{event}/roles/{}", person.id)).json(&json!({"role": role}))
}

async fn roles(server: &Server, event: &str, token: &str) -> Vec<(String, String)> {
    let list = get(format!("/api/v1/events/{event}/roles")).token(token);
    let members = server.accept(list, 200).await["members"].clone();
    let member = |one: &Value| (text(&one["person"]), text(&one["role"]));
    members.as_array().unwrap().iter().map(member).collect()
}

#[tokio::test]
async fn an_event_is_handed_on_from_one_to_the_other() {
    let server = Server::with_control().await;
    let (ada, bob) = (server.account(Role::Buyer).await, server.account(Role::Buyer).await);
    let event = server.event(&standing()).await;
    server.accept(give(&event, &ada, "admin").operator(), 200).await;
    let made = server.accept(give(&event, &bob, "admin").token(&ada.token), 200).await;
    assert_eq!((text(&made["person"]), text(&made["role"])), (bob.id.to_string(), "admin".into()));
    let leave = delete(format!("/api/v1/events/{event}/roles/{}", ada.id));
    server.accept(leave.clone().token(&ada.token), 204).await;
    assert_eq!(roles(&server, &event, &bob.token).await, [(bob.id.to_string(), "admin".into())]);
    server.refuse(leave.token(&bob.token), 404, "not_found").await;
    let cancel = post(format!("/api/v1/events/{event}/cancel"));
    server.refuse(cancel.clone().token(&ada.token), 403, "forbidden").await;
    server.accept(cancel.token(&bob.token), 204).await;
}

#[tokio::test]
async fn somebody_stays_in_charge() {
    let server = Server::with_control().await;
    let (ada, bob) = (server.account(Role::Buyer).await, server.account(Role::Buyer).await);
    let event = server.event(&standing()).await;
    server.engage(&ada, &event, EventRole::Admin).await;
    server.engage(&bob, &event, EventRole::Editor).await;
    let leave = |who: &Person| delete(format!("/api/v1/events/{event}/roles/{}", who.id));
    server.refuse(leave(&ada).token(&ada.token), 409, "last_admin").await;
    server.refuse(give(&event, &ada, "viewer").token(&ada.token), 409, "last_admin").await;
    server.refuse(leave(&ada).operator(), 409, "last_admin").await;
    server.refuse(leave(&ada).token(&bob.token), 403, "beyond_own_role").await;
    server.refuse(give(&event, &bob, "admin").token(&bob.token), 403, "beyond_own_role").await;
    let door = server.account(Role::Buyer).await;
    server.accept(give(&event, &door, "scanner").token(&bob.token), 200).await;
    assert_eq!(roles(&server, &event, &bob.token).await.len(), 3);
}

#[tokio::test]
async fn a_role_is_for_an_account_and_an_event_that_there_are() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Buyer).await;
    let event = server.event(&standing()).await;
    let nobody = Person { id: new_id(), token: String::new() };
    let problem = server.refuse(give(&event, &nobody, "viewer").operator(), 404, "not_found").await;
    assert_eq!(problem["what"], "account");
    let problem = server.refuse(give("evt_0000009", &ada, "viewer").operator(), 404, "not_found");
    assert_eq!(problem.await["what"], "event");
    for wrong in ["evt_1", "org_05bgn2v8j7rq0c4mzt3w9x1hye", "%27"] {
        server.refuse(give(wrong, &ada, "viewer").operator(), 400, "invalid_parameter").await;
    }
    let path = format!("/api/v1/events/{event}/roles/per_1");
    let problem = server.refuse(put(path).operator(), 400, "invalid_parameter").await;
    assert_eq!(problem["errors"][0]["at"], "path.person");
}

/// OWASP API3: what is not to be set is not set by saying it.
#[tokio::test]
async fn a_role_is_all_that_a_role_says() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Buyer).await;
    let event = server.event(&standing()).await;
    for wrong in [
        json!({"role": "owner"}),
        json!({"role": "Admin"}),
        json!({"role": null}),
        json!({"role": ["viewer"]}),
        json!({"role": "viewer", "person": new_id().to_string()}),
        json!({"role": "viewer", "since_at": "2020-01-01T00:00:00Z"}),
        json!({}),
    ] {
        let call = put(format!("/api/v1/events/{event}/roles/{}", ada.id)).operator();
        server.refuse(call.json(&wrong), 400, "invalid_body").await;
    }
    for wrong in [json!({"role": "root"}), json!({"role": "buyer", "verified": true})] {
        let call = put(format!("/api/v1/accounts/{}/role", ada.id)).operator();
        server.refuse(call.json(&wrong), 400, "invalid_body").await;
    }
}

#[tokio::test]
async fn the_operator_makes_the_first_admin_and_an_admin_the_next() {
    let server = Server::with_control().await;
    let (ada, bob) = (server.account(Role::Buyer).await, server.account(Role::Buyer).await);
    let role = |person: &Person, role: &str| {
        put(format!("/api/v1/accounts/{}/role", person.id)).json(&json!({"role": role}))
    };
    server.refuse(role(&ada, "admin").token(&ada.token), 403, "forbidden").await;
    server.refuse(role(&bob, "staff").token(&ada.token), 404, "not_found").await;
    server.accept(role(&ada, "admin").operator(), 204).await;
    server.accept(role(&bob, "staff").token(&ada.token), 204).await;
    server.refuse(role(&bob, "admin").token(&bob.token), 403, "forbidden").await;
    server.accept(role(&ada, "buyer").operator(), 204).await;
    server.refuse(role(&bob, "admin").token(&ada.token), 404, "not_found").await;
    let nobody = Person { id: new_id(), token: String::new() };
    server.refuse(role(&nobody, "admin").operator(), 404, "not_found").await;
}

#[tokio::test]
async fn everybody_sees_their_own_roles_in_pages() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Organiser).await;
    let create = post("/api/v1/organisers").token(&ada.token);
    let organiser = server.accept(create.json(&json!({"name": "The Lanterns"})), 201).await;
    let mut events = Vec::new();
    for _ in 0..3 {
        let event = server.event(&standing()).await;
        server.engage(&ada, &event, EventRole::Viewer).await;
        events.push(event);
    }
    events.sort();
    let path = format!("/api/v1/accounts/{}/roles", ada.id);
    let first = server.accept(get(format!("{path}?limit=2")).token(&ada.token), 200).await;
    assert_eq!(first["platform"], "organiser");
    let member = json!({"organiser": organiser["id"], "role": "admin"});
    assert_eq!(first["organisers"], json!([member]));
    assert_eq!(first["events"][1], json!({"event": events[1], "role": "viewer"}));
    let next = text(&first["next"]);
    let rest = get(format!("{path}?limit=2&after={next}")).token(&ada.token);
    let rest = server.accept(rest, 200).await;
    assert_eq!((&rest["events"][0]["event"], &rest["next"]), (&json!(events[2]), &Value::Null));
    for wrong in ["limit=0", "limit=101", "after=x", "person=x"] {
        let call = get(format!("{path}?{wrong}")).token(&ada.token);
        server.refuse(call, 400, "invalid_parameter").await;
    }
}

#[tokio::test]
async fn a_member_of_an_organiser_works_on_its_venues_and_not_on_anothers() {
    let server = Server::with_control().await;
    let (ada, eve) = (server.account(Role::Organiser).await, server.account(Role::Organiser).await);
    let create = |person: &Person, name: &str| {
        post("/api/v1/organisers").token(&person.token).json(&json!({"name": name}))
    };
    let lanterns = text(&server.accept(create(&ada, "Lanterns"), 201).await["id"]);
    let owls = text(&server.accept(create(&eve, "Owls"), 201).await["id"]);
    let arena = super::requests::arena();
    let venue = |organiser: &str| {
        post(format!("/api/v1/organisers/{organiser}/venues")).token(&ada.token).json(&arena)
    };
    server.accept(venue(&lanterns), 201).await;
    server.refuse(venue(&owls), 403, "forbidden").await;
    server.refuse(venue("org_05bgn2v8j7rq0c4mzt3w9x1hye"), 404, "not_found").await;
    let platform = post("/api/v1/venues").json(&arena);
    server.refuse(platform.clone().token(&ada.token), 403, "forbidden").await;
    let platform = text(&server.accept(platform.operator(), 201).await["id"]);
    let platform = put(format!("/api/v1/venues/{platform}")).token(&ada.token).json(&arena);
    server.refuse(platform, 403, "forbidden").await;
    let steal = put(format!("/api/v1/organisers/{owls}/members/{}", ada.id)).token(&ada.token);
    server.refuse(steal.json(&json!({"role": "admin"})), 403, "forbidden").await;
    let last = delete(format!("/api/v1/organisers/{lanterns}/members/{}", ada.id));
    server.refuse(last.token(&ada.token), 409, "last_admin").await;
}

/// A capital letter, a slash, a method of another kind: nothing gets past who may do what.
#[tokio::test]
async fn no_spelling_of_an_address_gets_around_its_roles() {
    let server = Server::with_control().await;
    let eve = server.account(Role::Buyer).await;
    let event = server.event(&standing()).await;
    for path in ["audit/", "Audit", "audit%2f", "./audit", "audit?x=1", "%61udit"] {
        let answer = server.send(get(format!("/api/v1/events/{event}/{path}")).token(&eve.token));
        let answer = answer.await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{path}: {answer:?}");
    }
    let head = crate::server::call_with("HEAD", &format!("/api/v1/events/{event}/audit"));
    assert_eq!(server.send(head.token(&eve.token)).await.status, 403);
    let both = patch(format!("/api/v1/events/{event}/waitroom"))
        .operator()
        .and_header("authorization", format!("Bearer {}", eve.token));
    let answer = server.send(both.json(&json!({"action": "pause"}))).await;
    assert_eq!(answer.status, 401, "two tokens are none: {answer:?}");
}
