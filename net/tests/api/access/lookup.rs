//! Roles are looked up for each request that needs one: given or taken they count at once, and with
//! the database away nothing is allowed that needs them.

use std::time::Duration;

use onsale_control::access::EventRole;
use onsale_control::access::audit::{AuditFilter, Entry, Who, list};
use onsale_control::access::crew::{self, Crew};
use onsale_control::accounts::role::Role;
use onsale_control::database::DatabaseSettings;
use onsale_control::page::Limit;
use onsale_testbed::free_port;
use serde_json::json;

use super::people::{new_id, operator, token_of};
use crate::server::{Server, get, patch, post, queued, standing};

async fn entries(server: &Server) -> Vec<Entry> {
    let page = list(server.database(), AuditFilter::default(), None, Limit::DEFAULT).await;
    page.unwrap().items
}

#[tokio::test]
async fn a_role_that_is_taken_while_its_token_lives_is_gone() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Buyer).await;
    let event = server.event(&queued()).await;
    let pause = || {
        let pause = patch(format!("/api/v1/events/{event}/waitroom")).token(&ada.token);
        pause.json(&json!({"action": "pause"}))
    };
    let problem = server.refuse(pause(), 403, "forbidden").await;
    assert_eq!(problem["action"], "event.steer");
    server.engage(&ada, &event, EventRole::Admin).await;
    server.accept(pause(), 204).await;
    let bob = server.account(Role::Buyer).await;
    server.engage(&bob, &event, EventRole::Admin).await;
    server.engage(&ada, &event, EventRole::Viewer).await;
    server.refuse(pause(), 403, "forbidden").await;
    server.accept(get(format!("/api/v1/events/{event}/audit")).token(&ada.token), 200).await;
    let crew = Crew::Event(event.parse().unwrap());
    crew::remove(server.database(), &operator(), crew, ada.id).await.unwrap();
    let books = get(format!("/api/v1/events/{event}/audit")).token(&ada.token);
    server.refuse(books, 403, "forbidden").await;
}

#[tokio::test]
async fn with_the_database_away_roles_allow_nothing_and_the_sale_goes_on() {
    let nobody = format!("postgres://onsale@127.0.0.1:{}/onsale", free_port().unwrap());
    let settings = DatabaseSettings::of(nobody);
    let settings = DatabaseSettings { acquire_timeout: Duration::from_millis(50), ..settings };
    let server = Server::with_database(&settings).await;
    // The operator must be able to stop a sale.
    let event = server.event(&queued()).await;
    let pause = patch(format!("/api/v1/events/{event}/waitroom"));
    let pause = pause.json(&json!({"action": "pause"}));
    server.accept(pause.clone().operator(), 204).await;
    let (ada, guest) = (token_of(new_id()), server.guest().await);
    server.refuse(pause.token(&ada), 503, "control_unavailable").await;
    let theirs = server.event(&standing()).await;
    let order = server.order(&server.hold(&theirs, &guest).await, &guest).await;
    let show = get(format!("/api/v1/orders/{order}"));
    server.refuse(show.clone().token(&ada), 503, "control_unavailable").await;
    let cancel = post(format!("/api/v1/orders/{order}/cancel")).token(&ada);
    server.refuse(cancel, 503, "control_unavailable").await;
    // What is one's own needs no role.
    server.accept(show.token(&guest), 200).await;
    let own = server.order(&server.hold(&theirs, &ada).await, &ada).await;
    server.accept(get(format!("/api/v1/orders/{own}")).token(&ada), 200).await;
    server.accept(post(format!("/api/v1/orders/{own}/cancel")).token(&ada), 204).await;
}

#[tokio::test]
async fn what_is_done_to_an_event_is_written_before_and_after() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Buyer).await;
    let event = server.event(&queued()).await;
    server.engage(&ada, &event, EventRole::Editor).await;
    let before = entries(&server).await.len();
    let resize = patch(format!("/api/v1/events/{event}/waitroom")).token(&ada.token);
    let resize = resize.json(&json!({"action": "resize", "slots": 7}));
    let resize = resize.header("x-request-id", "the-request").from("192.0.2.7");
    server.accept(resize, 204).await;
    let open = post(format!("/api/v1/events/{event}/open")).token(&ada.token);
    server.refuse(open, 409, "open_already").await;
    // What was never tried is not written down.
    let cancel = post(format!("/api/v1/events/{event}/cancel")).token(&ada.token);
    server.refuse(cancel, 403, "forbidden").await;
    let found = entries(&server).await;
    let [refused, tried, done, begun] = &found[..found.len() - before] else { panic!("{found:?}") };
    assert_eq!((&*begun.outcome, &*done.outcome), ("begun", "done"));
    assert_eq!((&*tried.outcome, &*refused.outcome), ("begun", "refused"));
    assert_eq!((done.begun, refused.begun), (Some(begun.id), Some(tried.id)));
    assert_eq!(refused.code.as_deref(), Some("open_already"));
    assert_eq!((done.who, &*done.action), (Who::Person(ada.id), "event.steer"));
    assert_eq!(done.event.unwrap().to_string(), event);
    assert!(done.detail.as_deref().unwrap().contains("slots: Some(7)"), "{done:?}");
    assert_eq!(done.address, Some("192.0.2.7".parse().unwrap()));
    assert_eq!(done.request.as_deref(), Some("the-request"));
}

#[tokio::test]
async fn a_refund_names_its_order_and_a_buyer_who_cancels_leaves_no_entry() {
    let server = Server::with_control().await;
    let (guest, staff) = (server.guest().await, server.account(Role::Staff).await);
    let event = server.event(&standing()).await;
    let order = server.order(&server.hold(&event, &guest).await, &guest).await;
    let before = entries(&server).await.len();
    let refund = post(format!("/api/v1/orders/{order}/refunds")).json(&json!({"tickets": "all"}));
    server.refuse(refund.clone().token(&guest), 403, "forbidden").await;
    server.refuse(refund.token(&staff.token), 409, "not_in_that_state").await;
    let cancel = || post(format!("/api/v1/orders/{order}/cancel"));
    server.accept(cancel().token(&guest), 204).await;
    let found = entries(&server).await;
    let [refused, begun] = &found[..found.len() - before] else { panic!("{found:?}") };
    assert_eq!(
        (begun.object.as_deref(), refused.object.as_deref()),
        (Some(&*order), Some(&*order))
    );
    assert_eq!(begun.detail.as_deref(), Some("all tickets"));
    // Staff acts for a buyer who cannot.
    server.accept(cancel().token(&staff.token), 204).await;
    assert_eq!(&*entries(&server).await[0].action, "order.cancel");
}

/// Two who run an event and happen to choose the same key do not get each other's answers.
#[tokio::test]
async fn keys_of_those_who_run_an_event_do_not_meet() {
    let server = Server::with_control().await;
    let [ada, bob] = [server.account(Role::Admin).await, server.account(Role::Admin).await];
    let define = |token: &str| post("/api/v1/events").key("same").token(token).json(&standing());
    let one = server.accept(define(&ada.token), 201).await;
    assert_eq!(server.accept(define(&ada.token), 201).await["id"], one["id"]);
    assert_ne!(server.accept(define(&bob.token), 201).await["id"], one["id"]);
}

#[tokio::test]
async fn whoever_defines_an_event_is_its_admin() {
    let server = Server::with_control().await;
    let ada = server.account(Role::Admin).await;
    let define = post("/api/v1/events").token(&ada.token).json(&standing());
    let event = server.accept(define, 201).await["id"].clone();
    let event = event.as_str().unwrap();
    server.set_role(&ada, Role::Buyer).await;
    server.accept(post(format!("/api/v1/events/{event}/open")).token(&ada.token), 204).await;
    let other = server.event(&standing()).await;
    let cancel = post(format!("/api/v1/events/{other}/cancel")).token(&ada.token);
    server.refuse(cancel, 403, "forbidden").await;
}
