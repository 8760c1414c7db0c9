//! Linking an account to a provider, and unlinking it.

use serde_json::{Value, json};

use super::{begin, come_back, there_and_back, world};
use crate::accounts::{PASSWORD, Person};
use crate::server::{Call, Server, delete, get, post, text};

fn begin_link(person: &Person, password: Option<&str>) -> Call {
    let body = json!({"return_path": "/account", "password": password});
    post("/api/v1/me/identities/example/visits").token(&person.token).json(&body)
}

fn link(person: &Person, body: &Value) -> Call {
    post("/api/v1/me/identities/example/returns").token(&person.token).json(body)
}

async fn linked(server: &Server, person: &Person) -> Call {
    let begun = server.accept(begin_link(person, Some(PASSWORD)), 200).await;
    link(person, &there_and_back(&begun).await)
}

#[tokio::test]
async fn an_owner_links_sees_and_unlinks() {
    let (idp, server) = world().await;
    let ada = Person::new(&server, "ada@example.net").await;
    let call = linked(&server, &ada).await;
    assert_eq!(server.accept(call, 200).await, json!({"return_path": "/account"}));
    let identities = get("/api/v1/me/identities").token(&ada.token);
    let list = server.accept(identities, 200).await;
    assert_eq!(list["identities"][0]["provider"], "example");
    assert_eq!(list["identities"][0]["issuer"], json!(idp.issuer));
    assert_eq!(list["identities"][0]["subject"], "ada-at-idp");
    let back = there_and_back(&server.accept(begin(), 200).await).await;
    let signed_in = server.accept(come_back(&back), 200).await;
    assert_eq!(signed_in["person"], json!(ada.id));
    let unlink = delete("/api/v1/me/identities/example").token(&ada.token);
    server.accept(unlink.clone(), 204).await;
    server.refuse(unlink, 404, "not_found").await;
}

#[tokio::test]
async fn a_stolen_access_token_links_nothing() {
    let (_idp, server) = world().await;
    let ada = Person::new(&server, "ada@example.net").await;
    server.refuse(begin_link(&ada, None), 403, "password_required").await;
    server.refuse(begin_link(&ada, Some("wrong")), 403, "password_wrong").await;
}

/// Nobody is signed in to, or linked with, what somebody else has begun.
#[tokio::test]
async fn a_visit_serves_what_it_was_begun_for() {
    let (_idp, server) = world().await;
    let ada = Person::new(&server, "ada@example.net").await;
    let bob = Person::new(&server, "bob@example.net").await;
    let of_ada = server.accept(begin_link(&ada, Some(PASSWORD)), 200).await;
    let of_ada = there_and_back(&of_ada).await;
    server.refuse(link(&bob, &of_ada), 410, "visit_over").await;
    let to_link = server.accept(begin_link(&ada, Some(PASSWORD)), 200).await;
    let to_link = there_and_back(&to_link).await;
    server.refuse(come_back(&to_link), 410, "visit_over").await;
    let to_sign_in = there_and_back(&server.accept(begin(), 200).await).await;
    server.refuse(link(&ada, &to_sign_in), 410, "visit_over").await;
}

#[tokio::test]
async fn what_opens_one_account_opens_no_other_and_the_last_way_in_stays() {
    let (_idp, server) = world().await;
    let back = there_and_back(&server.accept(begin(), 200).await).await;
    let first = server.accept(come_back(&back), 200).await;
    let ada = Person::new(&server, "ada@example.net").await;
    let call = linked(&server, &ada).await;
    server.refuse(call, 409, "identity_taken").await;
    let token = text(&first["access_token"]);
    let unlink = delete("/api/v1/me/identities/example").token(&token);
    server.refuse(unlink, 409, "last_way_in").await;
}
