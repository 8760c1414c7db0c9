//! An event is drafted, agreed to, published, called off; who may do which of it.

use onsale_control::access::EventRole;
use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use super::desk::{Desk, Draft};
use crate::server::{delete, get, post, put, text};

#[tokio::test]
async fn an_event_goes_from_an_idea_to_the_sale() {
    let desk = Desk::with_approval().await;
    let draft = desk.offered().await;
    assert_eq!(desk.change(&draft, post(draft.path("/configure"))).await["status"], "CONFIGURED");
    let publish = desk.ask(&draft, post(draft.path("/publish")));
    desk.server.refuse(publish, 409, "approval_needed").await;
    let approve = desk.ask(&draft, post(draft.path("/approve")));
    desk.server.refuse(approve.clone(), 403, "forbidden").await;
    let admin = desk.server.account(Role::Admin).await;
    let approved = desk.server.send(approve.token(&admin.token)).await;
    assert_eq!(approved.json()["status"], "APPROVED");
    draft.saw(&approved);
    let published = desk.change(&draft, post(draft.path("/publish"))).await;
    assert_eq!(
        (&published["status"], &published["work"]["is_settled"]),
        (&json!("PUBLISHED"), &json!(false))
    );
    desk.server.refuse(get(draft.in_sale("")), 404, "not_found").await;
    desk.tell().await;
    assert_eq!(desk.see(&draft).await["work"]["is_settled"], true);
    let in_sale = desk.server.accept(get(draft.in_sale("")), 200).await;
    assert_eq!((&in_sale["phase"], &in_sale["id"]), (&json!("OPEN"), &json!(draft.id)));
}

#[tokio::test]
async fn a_ticket_can_be_bought_of_what_was_drafted() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let guest = desk.server.guest().await;
    let hold = desk.server.hold(&draft.id, &guest).await;
    desk.server.order(&hold, &guest).await;
}

#[tokio::test]
async fn an_incomplete_event_is_told_all_that_it_lacks() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let configure = desk.ask(&draft, post(draft.path("/configure")));
    let problem = desk.server.refuse(configure, 409, "incomplete").await;
    let errors = problem["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| text(&error["at"])).collect();
    assert_eq!(places, ["currency", "sale.opens_local", "classes"]);
    let publish = desk.ask(&draft, post(draft.path("/publish")));
    desk.server.refuse(publish, 409, "not_configured").await;
}

#[tokio::test]
async fn nobody_sees_a_draft_but_those_who_work_on_it() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let (guest, buyer) = (desk.server.guest().await, desk.server.account(Role::Buyer).await);
    for path in ["", "/offer", "/plan"] {
        for token in [None, Some(&guest), Some(&buyer.token)] {
            let see = get(draft.path(path));
            let see = token.map_or(see.clone(), |token| see.token(token));
            desk.server.refuse(see, 404, "not_found").await;
        }
    }
    let cancel = desk.ask(&draft, post(draft.path("/cancel")));
    desk.server.refuse(cancel.clone().token(&buyer.token), 404, "not_found").await;
    let viewer = desk.colleague(EventRole::Viewer).await;
    desk.server.accept(get(draft.path("")).token(&viewer.token), 200).await;
    desk.server.refuse(cancel.token(&viewer.token), 403, "forbidden").await;
}

#[tokio::test]
async fn the_world_sees_what_is_published_and_not_what_is_behind_it() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let seen = desk.server.accept(get(draft.path("")), 200).await;
    assert_eq!((&seen["title"], &seen["work"]), (&json!("The Lanterns"), &Value::Null));
    assert_eq!(seen["starts_local"], "2026-12-01T20:00:00+01:00");
    assert_eq!(seen["starts_at"], "2026-12-01T19:00:00.000Z");
    assert_eq!(seen["venue"]["city"], "Köln");
    let buyer = desk.server.account(Role::Buyer).await;
    let rename = put(draft.path("")).token(&buyer.token).header("if-match", draft.tag());
    desk.server.refuse(rename.json(&desk.details()), 403, "forbidden").await;
}

#[tokio::test]
async fn an_event_is_called_off_for_the_sale_too() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    assert_eq!(desk.change(&draft, post(draft.path("/cancel"))).await["status"], "CANCELLED");
    desk.tell().await;
    let in_sale = desk.server.accept(get(draft.in_sale("")), 200).await;
    assert_eq!(in_sale["phase"], "CANCELLED");
    let again = desk.ask(&draft, post(draft.path("/configure")));
    desk.server.refuse(again, 409, "event_cancelled").await;
    let seen = desk.server.accept(get(draft.path("")), 200).await;
    assert_eq!(seen["status"], "CANCELLED", "people are told");
}

#[tokio::test]
async fn whoever_has_not_seen_the_latest_version_changes_nothing() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let old = Draft { id: draft.id.clone(), tag: draft.tag.clone() };
    desk.change(&draft, put(draft.path("")).json(&desk.details())).await;
    let change = put(old.path("")).json(&desk.details());
    let problem = desk.server.refuse(desk.ask(&old, change.clone()), 412, "version_stale").await;
    assert_eq!(problem["etag"], draft.tag());
    let blind = change.clone().token(&desk.ada.token);
    desk.server.refuse(blind, 428, "if_match_required").await;
    for wrong in ["*", "3", "\"x\"", "\"1\", \"2\""] {
        let call = change.clone().token(&desk.ada.token).header("if-match", wrong);
        desk.server.refuse(call, 400, "invalid_parameter").await;
    }
}

#[tokio::test]
async fn a_draft_that_is_asked_for_twice_is_one() {
    let desk = Desk::new().await;
    let create = || post(desk.drafts()).key("once").token(&desk.ada.token);
    let one = desk.server.accept(create().json(&desk.details()), 201).await;
    let other = desk.server.accept(create().json(&desk.details()), 201).await;
    assert_eq!(one["id"], other["id"]);
    let mut details = desk.details();
    details["title"] = json!("Another");
    desk.server.refuse(create().json(&details), 422, "key_reused").await;
}

#[tokio::test]
async fn only_whoever_works_for_an_organiser_drafts_its_events() {
    let desk = Desk::new().await;
    let create = post(desk.drafts()).json(&desk.details());
    desk.server.refuse(create.clone(), 401, "token_required").await;
    let stranger = desk.server.account(Role::Organiser).await;
    desk.server.refuse(create.clone().token(&stranger.token), 403, "forbidden").await;
    let viewer = desk.colleague(EventRole::Viewer).await;
    desk.server.refuse(create.clone().token(&viewer.token), 403, "forbidden").await;
    let editor = desk.colleague(EventRole::Editor).await;
    desk.server.accept(create.token(&editor.token), 201).await;
    let nowhere = post("/api/v1/organisers/org_05bgn2v8j7rq0c4mzt3w9x1hye/events").operator();
    let problem = desk.server.send(nowhere.json(&desk.details())).await;
    assert_eq!(problem.json()["errors"][0]["at"], "organiser", "{problem:?}");
}

#[tokio::test]
async fn a_draft_is_sent_back_with_a_reason_and_thrown_away() {
    let desk = Desk::new().await;
    let draft = desk.configured().await;
    let keep = desk.ask(&draft, delete(draft.path("")));
    desk.server.refuse(keep, 409, "no_draft").await;
    let revise = post(draft.path("/revise")).json(&json!({"reason": "Wrong currency."}));
    let seen = desk.change(&draft, revise).await;
    assert_eq!(
        (&seen["status"], &seen["work"]["returned_because"]),
        (&json!("DRAFT"), &json!("Wrong currency."))
    );
    desk.change(&draft, delete(draft.path(""))).await;
    desk.server.refuse(get(draft.path("")).token(&desk.ada.token), 404, "not_found").await;
}
