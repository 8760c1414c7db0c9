//! Looking for events.

use onsale_control::accounts::role::Role;
use serde_json::Value;

use super::desk::Desk;
use crate::server::{get, post, text};

fn ids(list: &Value) -> Vec<String> {
    list["events"].as_array().unwrap().iter().map(|event| text(&event["id"])).collect()
}

#[tokio::test]
async fn the_world_finds_what_is_published() {
    let desk = Desk::new().await;
    let (published, draft) = (desk.published().await, desk.offered().await);
    let search = async |query: &str| {
        let list = get(format!("/api/v1/catalogue/events?{query}"));
        ids(&desk.server.accept(list, 200).await)
    };
    assert_eq!(search("").await, [published.id.as_str()]);
    let organiser = format!("organiser={}", desk.organiser);
    for query in [
        "text=lantern%20k%C3%B6ln",
        "city=KOLN",
        "country=DE",
        "is_free=false",
        &organiser,
        "from=2026-12-01T19:00:00Z",
        "until=2026-12-01T19:00:00.001Z",
        "is_trending=false",
    ] {
        assert_eq!(search(query).await, [published.id.as_str()], "{query}");
    }
    for query in [
        "text=nowhere",
        "city=Bonn",
        "country=AT",
        "is_free=true",
        "is_trending=true",
        "from=2026-12-01T19:00:00.001Z",
        "until=2026-12-01T19:00:00Z",
        "category=cat_05bgn2v8j7rq0c4mzt3w9x1hye",
    ] {
        assert_eq!(search(query).await, Vec::<String>::new(), "{query}");
    }
    desk.change(&draft, post(draft.path("/cancel"))).await;
    assert_eq!(search("").await, [published.id.as_str()], "it never was in public");
}

#[tokio::test]
async fn pages_lead_from_one_to_the_next() {
    let desk = Desk::new().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(desk.published().await.id);
    }
    all.sort();
    let first = desk.server.send(get("/api/v1/catalogue/events?limit=2&country=DE")).await;
    let link = first.headers["link"].to_str().unwrap().to_owned();
    let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    let second = desk.server.accept(get(next), 200).await;
    assert!(second["next"].is_null());
    let seen: Vec<_> = ids(&first.json()).into_iter().chain(ids(&second)).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let desk = Desk::new().await;
    let long = format!("text={}", "x".repeat(101));
    for query in [
        "limit=0",
        "limit=101",
        "after=x",
        "country=de",
        "category=1",
        "from=tomorrow",
        "is_free=maybe",
        "status=DRAFT",
        "text=a%00",
        "city=a%00",
        &long,
    ] {
        let search = get(format!("/api/v1/catalogue/events?{query}"));
        desk.server.refuse(search, 400, "invalid_parameter").await;
    }
    let work = get("/api/v1/catalogue/work?status=draft").token(&desk.ada.token);
    desk.server.refuse(work, 400, "invalid_parameter").await;
}

#[tokio::test]
async fn everybody_sees_what_they_work_on() {
    let desk = Desk::new().await;
    let (published, draft) = (desk.published().await, desk.offered().await);
    let list = async |token: &str, query: &str| {
        let list = get(format!("/api/v1/catalogue/work?{query}")).token(token);
        let mut ids = ids(&desk.server.accept(list, 200).await);
        ids.sort();
        ids
    };
    let mut both = vec![published.id.clone(), draft.id.clone()];
    both.sort();
    assert_eq!(list(&desk.ada.token, "").await, both);
    assert_eq!(list(&desk.ada.token, "status=DRAFT").await, [draft.id.as_str()]);
    let staff = desk.server.account(Role::Staff).await;
    assert_eq!(list(&staff.token, "text=lanterns").await, both);
    let stranger = desk.server.account(Role::Organiser).await;
    assert!(list(&stranger.token, "").await.is_empty());
    let guest = desk.server.guest().await;
    let work = get("/api/v1/catalogue/work");
    desk.server.refuse(work.clone().token(&guest), 403, "forbidden").await;
    desk.server.refuse(work, 401, "token_required").await;
}
