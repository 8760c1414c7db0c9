//! Seating plans: ours, and those of pretix.

use onsale_control::accounts::role::Role;
use serde_json::{Value, json};

use super::desk::Desk;
use crate::server::{delete, get, post, put};

fn plan(class: u16) -> Value {
    json!({
        "focal_point": {"x_cm": 225, "y_cm": 0},
        "sections": [{"name": "Stalls", "class": class, "rows": [{
            "label": "A", "seats": 10, "first": {"x_cm": 0, "y_cm": 300},
            "step": {"x_cm": 50, "y_cm": 0}, "aisles_after": [4], "accessible": [0],
            "companion": [1], "blocked": [9], "numbering": {"first": 1, "step": 2},
        }]}],
    })
}

fn file(seats: u32) -> Value {
    let seat = |number: u32| {
        json!({"seat_guid": format!("g{number}"), "seat_number": number.to_string(),
            "category": "STANDING", "position": {"x": number * 25, "y": 0}})
    };
    let seats: Vec<_> = (1..=seats).map(seat).collect();
    json!({
        "name": "Small house", "size": {"width": 1000, "height": 800},
        "categories": [{"name": "STANDING", "color": "#7f4a91"}],
        "zones": [{"name": "Floor", "position": {"x": 0, "y": 0},
            "rows": [{"row_number": "1", "position": {"x": 0, "y": 0}, "seats": seats}]}],
    })
}

#[tokio::test]
async fn a_plan_is_read_as_it_was_sent() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let none = get(draft.path("/plan")).token(&desk.ada.token);
    desk.server.refuse(none.clone(), 404, "not_found").await;
    let kept = desk.change(&draft, put(draft.path("/plan")).json(&plan(0))).await;
    assert_eq!((&kept["seats"], &kept["moved_cm_max"]), (&json!(10), &json!(0)));
    assert_eq!(desk.server.accept(none, 200).await, plan(0));
    desk.change(&draft, post(draft.path("/configure"))).await;
    desk.change(&draft, post(draft.path("/publish"))).await;
    desk.tell().await;
    let chart = desk.server.accept(get(draft.in_sale("/seats/chart")), 200).await;
    assert_eq!(chart["sections"][0]["rows"][0]["seats"], 10);
    desk.server.accept(get(draft.path("/plan")), 200).await;
}

#[tokio::test]
async fn a_plan_of_pretix_is_taken_over() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let import = post(draft.path("/plan/import")).json(&json!({"file": file(8)}));
    assert_eq!(desk.change(&draft, import).await["seats"], 8);
    let shown = desk.server.accept(get(draft.path("/plan")).token(&desk.ada.token), 200).await;
    let row = &shown["sections"][0]["rows"][0];
    assert_eq!(row["numbering"], json!({"first": 1, "step": 1}));
    assert_eq!(row["step"], json!({"x_cm": 50, "y_cm": 0}));
    let wide = json!({"file": file(8), "mm_per_unit": 40, "classes": {"STANDING": 0},
        "focal_point": {"x": 100, "y": -50}});
    desk.change(&draft, post(draft.path("/plan/import")).json(&wide)).await;
    let shown = desk.server.accept(get(draft.path("/plan")).token(&desk.ada.token), 200).await;
    assert_eq!(shown["focal_point"], json!({"x_cm": 400, "y_cm": -200}));
    desk.change(&draft, delete(draft.path("/plan"))).await;
    assert_eq!(desk.see(&draft).await["seats"], 0);
}

#[tokio::test]
async fn what_cannot_be_taken_over_is_refused_with_its_place() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let mut twice = file(3);
    twice["zones"][0]["rows"][0]["seats"][1]["seat_guid"] = json!("g1");
    let mut cut = file(3);
    cut["zones"][0]["rows"][0]["seats"][2].as_object_mut().unwrap().remove("position");
    let cases = [
        (json!({"file": twice}), "zones[0].rows[0].seats[1].seat_guid"),
        (json!({"file": cut}), "zones[0].rows[0].seats[2]"),
        (json!({"file": file(600)}), "zones[0].rows[0]"),
        (json!({"file": []}), "file"),
        (json!({"file": file(3), "mm_per_unit": 0}), "mm_per_unit"),
        (json!({"file": file(3), "classes": {"Loge": 0}}), "classes.Loge"),
        (json!({"file": file(3), "url": "https://example.org/plan.json"}), "url"),
        (json!({}), "body"),
    ];
    for (body, at) in cases {
        let call = desk.ask(&draft, post(draft.path("/plan/import")).json(&body));
        let problem = desk.server.refuse(call, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], at, "{problem}");
    }
    let mut bad = plan(0);
    bad["sections"][0]["rows"][0]["aisles_after"] = json!([12]);
    let call = desk.ask(&draft, put(draft.path("/plan")).json(&bad));
    let problem = desk.server.refuse(call, 400, "invalid_body").await;
    assert_eq!(problem["errors"][0]["at"], "plan.sections[0].rows[0].aisles_after");
    for raw in ["{", "{\"file\": {", "\u{0}"] {
        let call = desk.ask(&draft, post(draft.path("/plan/import")).raw(raw));
        desk.server.refuse(call, 400, "malformed_json").await;
    }
    let large = desk.ask(&draft, put(draft.path("/plan")).raw(vec![b' '; 8 * 1024 * 1024 + 1]));
    desk.server.refuse(large, 413, "body_too_large").await;
    let text = put(draft.path("/plan")).json(&plan(0)).header("content-type", "text/plain");
    desk.server.refuse(desk.ask(&draft, text), 415, "unsupported_media_type").await;
}

#[tokio::test]
async fn nobody_has_a_large_plan_read_who_may_not_change_the_event() {
    let desk = Desk::new().await;
    let draft = desk.offered().await;
    let stranger = desk.server.account(Role::Organiser).await;
    let large = vec![b' '; 33 * 1024 * 1024];
    let import = post(draft.path("/plan/import")).raw(large).header("if-match", draft.tag());
    desk.server.refuse(import.token(&stranger.token), 404, "not_found").await;
}
