//! Bodies that make no sense, one precise answer each.

use serde_json::{Value, json};

use crate::server::{Server, patch, post, queued, seated, standing, text};

#[tokio::test]
async fn what_is_no_json_is_said_to_be_none() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let call = post(format!("/api/v1/events/{event}/holds")).token(&token);
    for wrong in ["{\"wishes\": [", "wishes", "{\"wishes\": []} {}", "\u{0}"] {
        let problem = server.refuse(call.clone().raw(wrong), 400, "malformed_json").await;
        assert!(text(&problem["detail"]).contains("line 1 column"), "{problem}");
    }
    let not_utf8 = call.raw(b"{\"wishes\": \"\xff\"}".to_vec());
    server.refuse(not_utf8, 400, "malformed_json").await;
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_name() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let path = format!("/api/v1/events/{event}/holds");
    let cases = [
        (json!({"wishes": [], "price_minor": 1}), "price_minor", "price_minor"),
        (json!({"wishes": [{"class": 0, "count": 1, "row": 3}]}), "wishes[0].row", "row"),
    ];
    for (body, at, name) in cases {
        let call = post(&path).token(&token).json(&body);
        let problem = server.refuse(call, 400, "invalid_body").await;
        let error = &problem["errors"][0];
        assert_eq!(error["at"], at, "{problem}");
        assert!(text(&error["problem"]).contains(&format!("unknown field `{name}`")), "{problem}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_at_its_limit() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let spaces = |count: usize| " ".repeat(count);
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&token);
    let problem = server.refuse(hold.raw(spaces(65_537)), 413, "body_too_large").await;
    assert_eq!(problem["limit"], 65_536);

    let padded = |size: usize| {
        let definition = standing().to_string();
        definition.clone() + &spaces(size - definition.len())
    };
    let define = post("/api/v1/events").operator();
    let too_large = define.clone().raw(padded(8 * 1_024 * 1_024 + 1));
    server.refuse(too_large, 413, "body_too_large").await;
    server.accept(define.raw(padded(8 * 1_024 * 1_024)), 201).await;
}

#[tokio::test]
async fn only_json_is_read() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let call = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    for wrong in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
        let call = call.clone().header("content-type", wrong);
        server.refuse(call, 415, "unsupported_media_type").await;
    }
    let untyped = call.clone().without("content-type");
    server.refuse(untyped, 415, "unsupported_media_type").await;
    server.accept(call.header("content-type", "application/json; charset=utf-8"), 201).await;
}

#[tokio::test]
async fn absurd_quantities_are_refused() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let path = format!("/api/v1/events/{event}/holds");
    let wish = |count: &Value| json!({"wishes": [{"class": 0, "count": count}]});
    let hold = |body: &Value| post(&path).token(&token).json(body);
    for count in [json!(-1), json!(1.5), json!(4_294_967_296_u64), json!("2"), json!(true)] {
        let problem = server.refuse(hold(&wish(&count)), 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "wishes[0].count", "{problem}");
    }
    server.refuse(hold(&wish(&json!(0))), 400, "malformed").await;
    for count in [17, 2_147_483_648_u32, u32::MAX] {
        let problem = server.refuse(hold(&wish(&json!(count))), 409, "limit_reached").await;
        assert_eq!(problem["limit"], 8, "{problem}");
    }
    server.refuse(hold(&json!({"wishes": []})), 400, "malformed").await;
    let two_choices = json!({"wishes": [{"class": 0, "count": 1, "seats": [1]}]});
    let problem = server.refuse(hold(&two_choices), 400, "invalid_body").await;
    assert_eq!(problem["errors"][0]["at"], "wishes[0]");
    let no_such_class = json!({"wishes": [{"class": 7, "count": 1}]});
    server.refuse(hold(&no_such_class), 404, "not_found").await;
}

#[tokio::test]
async fn absurd_parties_and_waitrooms_are_refused() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&queued()).await;
    let path = format!("/api/v1/events/{event}/waitroom");
    let join = |party: Value| post(&path).token(&token).json(&json!({ "party": party }));
    server.refuse(join(json!(0)), 400, "malformed").await;
    server.refuse(join(json!(-1)), 400, "invalid_body").await;
    server.refuse(join(json!(9)), 409, "limit_reached").await;
    let steer = |body: Value| patch(&path).operator().json(&body);
    let none = json!({"action": "resize", "slots": 0});
    server.refuse(steer(none), 400, "malformed").await;
    server.refuse(steer(json!({"action": "explode"})), 400, "invalid_body").await;
    server.refuse(steer(json!({"action": "pause", "slots": 1})), 400, "invalid_body").await;
}

#[tokio::test]
async fn an_impossible_event_is_refused_with_the_place_that_is_wrong() {
    let server = Server::new();
    let cases: [(&str, Value, &str); 8] = [
        ("/classes/0/price_minor", json!(-1), "classes[0].price_minor"),
        ("/classes/0/price_minor", json!(1_000_000_000_001_u64), "classes[0].price_minor"),
        ("/classes/0/price_minor", json!(25.5), "classes[0].price_minor"),
        ("/classes/0/window/opens_at", json!("tomorrow"), "classes[0].window.opens_at"),
        ("/quotas/0/capacity", json!(-100), "quotas[0].capacity"),
        ("/quotas/0/classes/0", json!(3), "quotas[0].classes"),
        ("/currency", json!("euro"), "currency"),
        ("/name", json!(""), "name"),
    ];
    for (place, value, at) in cases {
        let mut definition = standing();
        *definition.pointer_mut(place).unwrap() = value;
        let define = post("/api/v1/events").operator().json(&definition);
        let problem = server.refuse(define, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], at, "{problem}");
    }
    let mut definition = standing();
    definition["terms"] = json!({"hold_ms": 0});
    let define = post("/api/v1/events").operator().json(&definition);
    let problem = server.refuse(define, 400, "invalid_body").await;
    assert_eq!(problem["errors"][0]["at"], "terms.hold_ms");
    let mut definition = seated();
    definition["plan"]["sections"][0]["rows"][0]["numbering"] = json!({"from": 1});
    let define = post("/api/v1/events").operator().json(&definition);
    let problem = server.refuse(define, 400, "invalid_body").await;
    assert_eq!(problem["errors"][0]["at"], "plan.sections[0].rows[0].numbering", "{problem}");
}

#[tokio::test]
async fn what_is_no_address_opens_no_session() {
    let server = Server::new();
    for wrong in ["ada", "ada@localhost", "ada@example.org\n", &"a".repeat(300)] {
        let call = post("/api/v1/sessions").json(&json!({ "email": wrong }));
        let problem = server.refuse(call, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "email");
    }
}
