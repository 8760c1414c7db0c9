//! Ids that name nothing, something of another kind, or somebody else's.

use serde_json::json;

use crate::server::{Server, delete, get, post, queued, standing, text};

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let partition = &event[..event.len() - 4];
    // In no partition, in the partition but not there, in the event but not there.
    let elsewhere = "zzzzzz";
    let paths = [
        format!("/api/v1/events/evt_3{elsewhere}"),
        format!("/api/v1/events/{partition}00zz"),
        format!("/api/v1/events/{partition}00zz/availability"),
        "/api/v1/orders/ord_0000000000000".to_owned(),
        "/api/v1/orders/ord_0000000000009/timeline".to_owned(),
        "/api/v1/holds/hld_0000000000009".to_owned(),
        "/api/v1/places/plc_0000000000009".to_owned(),
    ];
    for path in paths {
        server.refuse(get(path).token(&token), 404, "not_found").await;
    }
    let order = json!({"hold": "hld_0000000000009", "provider": "till"});
    let call = post("/api/v1/orders").token(&token).json(&order);
    server.refuse(call, 404, "not_found").await;
}

#[tokio::test]
async fn an_id_of_another_kind_is_told_apart() {
    let server = Server::new();
    let token = server.guest().await;
    let event = server.event(&standing()).await;
    let hold = server.hold(&event, &token).await;
    for wrong in [hold.as_str(), "ord_1", "ORD_0000000000000", "%FF", "ord_000000000000i"] {
        let call = get(format!("/api/v1/orders/{wrong}")).token(&token);
        let problem = server.refuse(call, 400, "invalid_parameter").await;
        assert_eq!(problem["errors"][0]["at"], "path.id");
    }
    let order = json!({"hold": event, "provider": "till"});
    let call = post("/api/v1/orders").token(&token).json(&order);
    let problem = server.refuse(call, 400, "invalid_body").await;
    assert_eq!(problem["errors"][0]["at"], "hold");
}

/// As if it did not exist: nobody learns from an id what others have.
#[tokio::test]
async fn what_belongs_to_somebody_else_is_not_found() {
    let server = Server::new();
    let (ada, eve) = (server.guest().await, server.guest().await);
    let event = server.event(&standing()).await;
    let (kept, ordered) = (server.hold(&event, &ada).await, server.hold(&event, &ada).await);
    let order = server.order(&ordered, &ada).await;
    let waiting = server.event(&queued()).await;
    let join = post(format!("/api/v1/events/{waiting}/waitroom")).token(&ada);
    let place = server.accept(join.json(&json!({"party": 1})), 201).await;
    let place = text(&place["id"]);

    let buy = json!({"hold": kept, "provider": "till"});
    let calls = [
        get(format!("/api/v1/holds/{kept}")),
        delete(format!("/api/v1/holds/{kept}")),
        post("/api/v1/orders").json(&buy),
        get(format!("/api/v1/orders/{order}")),
        get(format!("/api/v1/orders/{order}/timeline")),
        post(format!("/api/v1/orders/{order}/cancel")),
        get(format!("/api/v1/places/{place}")),
        delete(format!("/api/v1/places/{place}")),
    ];
    for call in calls {
        server.refuse(call.token(&eve), 404, "not_found").await;
    }
    server.accept(get(format!("/api/v1/orders/{order}")).operator(), 200).await;
}

#[tokio::test]
async fn a_refund_takes_no_ticket_of_another_order() {
    let server = Server::new();
    let token = server.guest().await;
    let mut free = standing();
    free["classes"][0]["price_minor"] = json!(0);
    let (one, other) = (server.event(&free).await, server.event(&free).await);
    let mut orders = Vec::new();
    for event in [&one, &other] {
        let hold = server.hold(event, &token).await;
        orders.push(server.order(&hold, &token).await);
    }
    let show = get(format!("/api/v1/orders/{}", orders[1])).token(&token);
    let foreign = text(&server.accept(show, 200).await["tickets"][0]["id"]);
    let refund = post(format!("/api/v1/orders/{}/refunds", orders[0])).operator();
    let refund = refund.json(&json!({"tickets": [foreign]}));
    server.refuse(refund, 404, "not_found").await;
}

#[tokio::test]
async fn an_event_that_is_not_open_is_seen_by_its_operator_only() {
    let server = Server::new();
    let token = server.guest().await;
    let define = post("/api/v1/events").operator().json(&standing());
    let event = text(&server.accept(define, 201).await["id"]);
    let show = get(format!("/api/v1/events/{event}"));
    server.refuse(show.clone(), 404, "not_found").await;
    server.refuse(show.clone().token(&token), 404, "not_found").await;
    assert_eq!(server.accept(show.operator(), 200).await["phase"], "DEFINED");
    let list = get("/api/v1/events");
    assert_eq!(server.accept(list.clone(), 200).await["events"], json!([]));
    assert_eq!(server.accept(list.operator(), 200).await["events"][0]["id"], event);
    let wish = json!({"wishes": [{"class": 0, "count": 1}]});
    let hold = post(format!("/api/v1/events/{event}/holds")).token(&token).json(&wish);
    server.refuse(hold, 404, "not_found").await;
}
