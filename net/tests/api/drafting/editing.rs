//! What is sent of an event: right, wrong, too large, more than may be said.

use std::cell::RefCell;

use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use super::desk::{Desk, Draft};
use crate::server::{Server, delete, get, post, put, text};

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let cases = [
        ("title", json!(" "), "title"),
        ("title", json!("ä".repeat(101)), "title"),
        ("title", json!("a\u{202e}b"), "title"),
        ("description", json!("x".repeat(20_001)), "description"),
        ("venue", json!("ven_05bgn2v8j7rq0c4mzt3w9x1hye"), "venue"),
        ("venue", json!("Kulturhaus"), "venue"),
        ("time_zone", json!("CEST"), "time_zone"),
        ("starts_local", json!("2026-03-29T02:30"), "starts_local"),
        ("starts_local", json!("2026-10-25T02:30"), "starts_local"),
        ("starts_local", json!("2026-12-01T20:00+09:00"), "starts_local"),
        ("ends_local", json!("2026-12-01T19:00"), "ends_local"),
        ("categories", json!(["cat_05bgn2v8j7rq0c4mzt3w9x1hye"]), "categories[0]"),
        ("is_public", json!("yes"), "is_public"),
        // What is not the caller's to say.
        ("status", json!("PUBLISHED"), "status"),
        ("is_trending", json!(true), "is_trending"),
        ("organiser", json!("org_05bgn2v8j7rq0c4mzt3w9x1hye"), "organiser"),
    ];
    for (field, value, at) in cases {
        let mut details = desk.details();
        details[field] = value;
        for call in [post(desk.drafts()), put(draft.path(""))] {
            let call = desk.ask(&draft, call.json(&details));
            let problem = desk.server.refuse_in_catalogue(call, 400, "invalid_body").await;
            assert_eq!(problem["errors"][0]["at"], at, "{field}: {problem}");
        }
    }
    let twice = desk.details().to_string().replacen('{', "{\"title\": \"x\",", 1);
    let twice = desk.ask(&draft, put(draft.path("")).raw(twice));
    desk.server.refuse(twice, 400, "invalid_body").await;
}

#[tokio::test]
async fn an_hour_that_comes_twice_says_which() {
    let desk = Desk::new().await;
    let draft = desk.draft().await;
    let mut details = desk.details();
    details["starts_local"] = json!("2026-10-25T02:30+01:00");
    let seen = desk.change(&draft, put(draft.path("")).json(&details)).await;
    assert_eq!(seen["starts_at"], "2026-10-25T01:30:00.000Z");
    // What was read may be sent back as it is.
    details["starts_local"] = seen["starts_local"].clone();
    desk.change(&draft, put(draft.path("")).json(&details)).await;
}

#[tokio::test]
async fn classes_and_quotas_are_kept_by_position() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let class = |name: &str| json!({"name": name, "price_minor": 100});
    let added = desk.ask(&draft, post(draft.path("/classes")).json(&class("VIP")));
    let added = desk.server.send(added).await;
    assert_eq!(text(&json!(added.headers["location"].to_str().unwrap())), draft.path("/classes/1"));
    draft.saw(&added);
    let set = put(draft.path("/classes/1")).json(&class("Balcony"));
    assert_eq!(desk.change(&draft, set).await["classes"][1]["name"], "Balcony");
    let quota = json!({"name": "Both", "capacity": 90, "classes": [0, 1]});
    let offer = desk.change(&draft, post(draft.path("/quotas")).json(&quota)).await;
    assert_eq!(offer["quotas"][1]["classes"], json!([0, 1]));
    let offer = desk.change(&draft, delete(draft.path("/classes/1"))).await;
    assert_eq!(offer["quotas"][1]["classes"], json!([0]));
    desk.change(&draft, delete(draft.path("/quotas/1"))).await;
    let missing = desk.ask(&draft, put(draft.path("/classes/1")).json(&class("VIP")));
    desk.server.refuse(missing, 404, "not_found").await;
    let missing = desk.ask(&draft, delete(draft.path("/quotas/7")));
    desk.server.refuse(missing, 404, "not_found").await;
    let wrong = desk.ask(&draft, delete(draft.path("/quotas/-1")));
    desk.server.refuse(wrong, 400, "invalid_parameter").await;
}

#[tokio::test]
async fn a_wrong_offer_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let wrong = async |path: &str, body: Value, at: &str| {
        let create = path.ends_with("classes") || path.ends_with("quotas");
        let call = if create { post(draft.path(path)) } else { put(draft.path(path)) };
        let call = desk.ask(&draft, call.json(&body));
        let problem = desk.server.refuse(call, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], at, "{problem}");
    };
    wrong("/classes", json!({"name": "Standing", "price_minor": 1}), "classes[1].name").await;
    wrong("/classes", json!({"name": "", "price_minor": 1}), "classes[1].name").await;
    wrong("/classes", json!({"name": "VIP", "price_minor": -1}), "price_minor").await;
    let dear = json!({"name": "VIP", "price_minor": u64::MAX});
    wrong("/classes", dear, "classes[1].price_minor").await;
    let night = json!({"name": "VIP", "price_minor": 1, "opens_local": "2026-10-25T02:30"});
    wrong("/classes", night, "classes[1].opens_local").await;
    wrong(
        "/classes/0",
        json!({"name": "A", "price_minor": 1, "per_buyer": 0}),
        "classes[0].per_buyer",
    )
    .await;
    wrong("/quotas", json!({"name": "X", "capacity": 1, "classes": [7]}), "quotas[1].classes")
        .await;
    wrong("/quotas/0", json!({"name": "X", "capacity": -1, "classes": [0]}), "capacity").await;
    wrong("/configuration", json!({"currency": "euro"}), "currency").await;
    wrong("/configuration", json!({"currency": "EUR", "is_free": true}), "is_free").await;
    let terms = json!({"currency": "EUR", "terms": {"hold_ms": 0}});
    wrong("/configuration", terms, "terms.hold_ms").await;
    let limits = json!({"currency": "EUR", "limits": {"per_hold": 17}});
    wrong("/configuration", limits, "limits.per_hold").await;
    let sale = json!({"sale": {"opens_local": "yesterday"}});
    wrong("/configuration", sale, "sale.opens_local").await;
    let doors = json!({"sale": {"opens_local": "2026-10-01T10:00"},
        "waitroom": {"doors_local": "2026-10-01T11:00"}});
    wrong("/configuration", doors, "waitroom.doors_local").await;
}

#[tokio::test]
async fn what_is_published_is_changed_in_the_sale_only() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let class = json!({"name": "VIP", "price_minor": 100});
    for call in [
        post(draft.path("/classes")).json(&class),
        put(draft.path("/classes/0")).json(&class),
        delete(draft.path("/quotas/0")),
        delete(draft.path("/plan")),
        put(draft.path("/configuration")).json(&json!({"currency": "USD"})),
    ] {
        let call = desk.ask(&draft, call);
        desk.server.refuse(call, 409, "published_already").await;
    }
}

#[tokio::test]
async fn a_copy_can_be_a_week_later() {
    let desk = Desk::new().await;
    let draft = desk.published().await;
    let copy = |body: Value| post(draft.path("/copy")).token(&desk.ada.token).json(&body);
    let made = desk.server.send(copy(json!({"days_later": 7, "title": "Again"}))).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!((&made["status"], &made["title"]), (&json!("DRAFT"), &json!("Again")));
    assert_eq!(made["starts_local"], "2026-12-08T20:00:00+01:00");
    let copied = Draft { id: text(&made["id"]), tag: RefCell::default() };
    let offer = desk.server.accept(get(copied.path("/offer")).token(&desk.ada.token), 200).await;
    assert_eq!(offer["configuration"]["sale"]["opens_local"], "2026-10-08T10:00:00+02:00");
    desk.server
        .refuse_in_catalogue(copy(json!({"days_later": i32::MAX})), 400, "invalid_body")
        .await;
    let buyer = desk.server.account(Role::Buyer).await;
    let call = copy(json!({})).token(&buyer.token);
    desk.server.refuse(call, 403, "forbidden").await;
}

#[tokio::test]
async fn without_a_control_plane_the_catalogue_is_away() {
    let server = Server::new();
    server.refuse(get("/api/v1/catalogue/events"), 503, "control_unavailable").await;
    let see = get("/api/v1/catalogue/events/evt_0000001");
    server.refuse(see, 503, "control_unavailable").await;
}
