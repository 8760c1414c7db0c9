//! What is changed in the sale after publishing: the catalogue follows.

use onsale_control::access::EventRole;
use serde_json::json;

use super::desk::Desk;
use crate::server::{get, patch, post, text};

#[tokio::test]
async fn more_stock_and_another_price_are_told_by_the_catalogue_too() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let more = patch(draft.in_sale("/quotas/0")).json(&json!({"capacity": 150}));
    desk.server.accept(more.token(&desk.ada.token), 204).await;
    let window = json!({"opens_at": "2026-10-01T08:00:00Z", "closes_at": "2026-11-01T17:00:00Z"});
    let change = json!({"price_minor": 0, "window": window});
    let change = patch(draft.in_sale("/classes/0")).json(&change);
    desk.server.accept(change.token(&desk.ada.token), 204).await;
    desk.tell().await;
    let offer = desk.server.accept(get(draft.path("/offer")), 200).await;
    assert_eq!(offer["quotas"][0]["capacity"], 150);
    let class = &offer["classes"][0];
    assert_eq!(class["price_minor"], 0);
    assert_eq!(class["closes_local"], "2026-11-01T18:00:00+01:00");
    assert_eq!(desk.server.accept(get(draft.path("")), 200).await["is_free"], true);
}

#[tokio::test]
async fn what_the_sale_refuses_the_catalogue_does_not_say() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let guest = desk.server.guest().await;
    desk.server.hold(&draft.id, &guest).await;
    let less = patch(draft.in_sale("/quotas/0")).json(&json!({"capacity": 1}));
    let problem = desk.server.refuse(less.token(&desk.ada.token), 409, "below_sold").await;
    assert_eq!(problem["least"], 2);
    desk.tell().await;
    let offer = desk.server.accept(get(draft.path("/offer")), 200).await;
    assert_eq!(offer["quotas"][0]["capacity"], 100);
}

#[tokio::test]
async fn what_is_called_off_in_the_sale_is_called_off_in_the_catalogue() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    desk.server.accept(post(draft.in_sale("/cancel")).operator(), 204).await;
    desk.tell().await;
    assert_eq!(desk.see(&draft).await["status"], "CANCELLED");
}

#[tokio::test]
async fn who_did_what_to_an_event_is_in_its_log() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let editor = desk.colleague(EventRole::Editor).await;
    let more = patch(draft.in_sale("/quotas/0")).json(&json!({"capacity": 150}));
    desk.server.accept(more.token(&editor.token), 204).await;
    let missing = patch(draft.in_sale("/quotas/7")).json(&json!({"capacity": 150}));
    desk.server.refuse(missing.token(&editor.token), 404, "not_found").await;
    let log = get(draft.in_sale("/audit-log")).token(&desk.ada.token);
    let log = desk.server.accept(log, 200).await;
    let entries = log["entries"].as_array().unwrap().iter().rev();
    let entries =
        entries.map(|entry| ["who", "action", "outcome"].map(|field| text(&entry[field])));
    let did = |who: &str, action: &str, outcome: &str| [who, action, outcome].map(str::to_owned);
    let (ada, editor) = (desk.ada.id.to_string(), editor.id.to_string());
    let mut expected = vec![did(&ada, "event.create", "done")];
    // Its configuration, a class, a quota.
    expected.extend(vec![did(&ada, "event.change", "done"); 3]);
    expected.push(did(&ada, "event.configure", "done"));
    expected.push(did(&ada, "event.publish", "done"));
    for outcome in ["begun", "done", "begun", "refused"] {
        expected.push(did(&editor, "event.change", outcome));
    }
    assert_eq!(entries.collect::<Vec<_>>(), expected);
}
