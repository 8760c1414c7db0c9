//! The catalogue over HTTP.

use serde_json::json;

use crate::server::{Server, delete, get, patch, post, text};

#[tokio::test]
async fn an_operator_keeps_the_categories_and_everybody_sees_them() {
    let server = Server::with_control().await;
    let create = |name: &str| post("/api/v1/categories").operator().json(&json!({"name": name}));
    server.accept(create("Sport"), 201).await;
    let category = server.accept(create("Konzert"), 201).await;
    let path = format!("/api/v1/categories/{}", text(&category["id"]));
    server.refuse(create("SPORT"), 409, "name_taken").await;
    let rename = |name: &str| patch(&path).operator().json(&json!({"name": name}));
    server.refuse(rename("sport"), 409, "name_taken").await;
    server.accept(rename("Concert"), 204).await;
    let seen = server.accept(get("/api/v1/categories"), 200).await;
    assert_eq!(seen["categories"][0], json!({"id": category["id"], "name": "Concert"}));
    assert_eq!(seen["categories"][1]["name"], "Sport");
    server.accept(delete(&path).operator(), 204).await;
    server.refuse(delete(&path).operator(), 404, "not_found").await;
    server.refuse(rename("Concert"), 404, "not_found").await;
}

#[tokio::test]
async fn nobody_else_touches_the_categories() {
    let server = Server::with_control().await;
    let guest = server.guest().await;
    let create = post("/api/v1/categories").json(&json!({"name": "Sport"}));
    server.refuse(create.clone(), 401, "token_required").await;
    server.refuse(create.token(&guest), 403, "operator_only").await;
    let path = "/api/v1/categories/cat_05bgn2v8j7rq0c4mzt3w9x1hye";
    server.refuse(delete(path).token(&guest), 403, "operator_only").await;
    server.refuse(delete("/api/v1/categories/1").operator(), 400, "invalid_parameter").await;
}

#[tokio::test]
async fn a_category_must_have_a_name() {
    let server = Server::with_control().await;
    for wrong in
        [json!({"name": " "}), json!({"name": "a\u{7}b"}), json!({}), json!({"title": "x"})]
    {
        let create = post("/api/v1/categories").operator().json(&wrong);
        server.refuse(create, 400, "invalid_body").await;
    }
}
