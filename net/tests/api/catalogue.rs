//! The catalogue over HTTP: what is the same for all that is in it is tested on categories.

use serde_json::json;

use crate::server::{Call, Server, delete, get, patch, post, text};

fn create(name: &str) -> Call {
    post("/api/v1/categories").operator().json(&json!({"name": name}))
}

/// A new category: its address and its tag.
async fn category(server: &Server, name: &str) -> (String, String) {
    server.create(create(name)).await
}

#[tokio::test]
async fn an_operator_keeps_the_categories_and_everybody_sees_them() {
    let server = Server::with_control().await;
    category(&server, "Sport").await;
    let (path, tag) = category(&server, "Konzert").await;
    server.refuse(create("SPORT"), 409, "name_taken").await;
    let rename = |name: &str, tag: &str| {
        patch(&path).operator().header("if-match", tag).json(&json!({"name": name}))
    };
    server.refuse(rename("sport", &tag), 409, "name_taken").await;
    let renamed = server.send(rename("Concert", &tag)).await;
    assert_eq!(renamed.json()["name"], "Concert");
    let tag = renamed.tag();
    let seen = server.accept(get("/api/v1/categories"), 200).await;
    assert_eq!(seen["categories"][0], renamed.json());
    assert_eq!(seen["categories"][1]["name"], "Sport");
    assert_eq!(server.accept(get(&path), 200).await, renamed.json());
    server.accept(delete(&path).operator().header("if-match", tag), 204).await;
    server.refuse(delete(&path).operator().header("if-match", tag), 404, "not_found").await;
    server.refuse(rename("Concert", tag), 404, "not_found").await;
    server.refuse(get(&path), 404, "not_found").await;
}

#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let server = Server::with_control().await;
    let (path, tag) = category(&server, "Konzert").await;
    let rename = || patch(&path).operator().json(&json!({"name": "Concert"}));
    server.refuse(rename(), 428, "if_match_required").await;
    server.refuse(delete(&path).operator(), 428, "if_match_required").await;
    for wrong in ["*", "1", "\"one\"", "\"1\", \"2\"", "\"' OR 1=1\""] {
        let call = rename().header("if-match", wrong);
        let problem = server.refuse(call, 400, "invalid_parameter").await;
        assert_eq!(problem["errors"][0]["at"], "header.If-Match");
    }
    let twice = rename().header("if-match", &tag).and_header("if-match", &tag);
    server.refuse(twice, 400, "invalid_parameter").await;
    server.accept(rename().header("if-match", &tag), 200).await;
    let problem = server.refuse(rename().header("if-match", &tag), 412, "version_stale").await;
    let remove = delete(&path).operator();
    server.refuse(remove.clone().header("if-match", &tag), 412, "version_stale").await;
    // As it comes back from a proxy that compresses.
    let weak = format!("W/{}", text(&problem["etag"]));
    server.accept(remove.header("if-match", weak), 204).await;
}

#[tokio::test]
async fn a_list_comes_in_pages_that_lead_to_each_other() {
    let server = Server::with_control().await;
    for name in ["Circus", "Ballet", "Dance", "Art", "Évenement"] {
        category(&server, name).await;
    }
    let (mut seen, mut next) = (Vec::new(), Some("/api/v1/categories?limit=2".to_owned()));
    while let Some(path) = next {
        let answer = server.send(get(&path)).await;
        let page = answer.json();
        seen.extend(page["categories"].as_array().unwrap().iter().map(|one| text(&one["name"])));
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        next = link.map(|link| {
            let (path, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
            assert_eq!(rest, "; rel=\"next\"");
            assert!(path.ends_with(&format!("limit=2&after={}", text(&page["next"]))), "{path}");
            path.to_owned()
        });
    }
    assert_eq!(seen, ["Art", "Ballet", "Circus", "Dance", "Évenement"]);
    for wrong in ["limit=0", "limit=101", "limit=-1", "limit=x", "after=x", "after=", "page=2"] {
        let call = get(format!("/api/v1/categories?{wrong}"));
        server.refuse(call, 400, "invalid_parameter").await;
    }
}

#[tokio::test]
async fn nobody_else_touches_the_categories() {
    let server = Server::with_control().await;
    let guest = server.guest().await;
    let create = post("/api/v1/categories").json(&json!({"name": "Sport"}));
    server.refuse(create.clone(), 401, "token_required").await;
    let problem = server.refuse(create.token(&guest), 403, "forbidden").await;
    assert_eq!(problem["action"], "category.manage");
    let path = "/api/v1/categories/cat_05bgn2v8j7rq0c4mzt3w9x1hye";
    server.refuse(delete(path).token(&guest), 403, "forbidden").await;
    server.refuse(delete("/api/v1/categories/1").operator(), 400, "invalid_parameter").await;
}

#[tokio::test]
async fn a_category_must_have_a_name_and_nothing_else() {
    let server = Server::with_control().await;
    let id = "cat_05bgn2v8j7rq0c4mzt3w9x1hye";
    for wrong in [
        json!({"name": " "}),
        json!({"name": "a\u{7}b"}),
        json!({"name": "a\u{202e}b"}),
        json!({"name": "x".repeat(81)}),
        json!({}),
        json!({"title": "x"}),
        json!({"name": "Sport", "id": id}),
        json!({"name": "Sport", "version": 7}),
    ] {
        let create = post("/api/v1/categories").operator().json(&wrong);
        server.refuse(create, 400, "invalid_body").await;
    }
}
