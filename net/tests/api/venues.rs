//! Venues over HTTP.

use serde_json::{Value, json};

use crate::server::{Server, get, post, put, text};

fn site() -> Value {
    json!({
        "name": "Nhà thi đấu Phú Thọ",
        "address": {
            "street": "1 Lữ Gia", "postal_code": "72506", "ward": "Phường 15",
            "district": "Quận 11", "city": "Hồ Chí Minh", "country": "VN",
        },
        "time_zone": "Asia/Ho_Chi_Minh",
        "coordinates": {"latitude": 10.767_611, "longitude": 106.657_917},
        "capacity": 8_000,
    })
}

#[tokio::test]
async fn a_venue_is_said_where_it_is_and_changed() {
    let server = Server::with_control().await;
    let made = server.send(post("/api/v1/venues").operator().json(&site())).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = made.location();
    let shown = server.accept(get(path), 200).await;
    let mut expected = site();
    (expected["id"], expected["organiser"]) = (shown["id"].clone(), Value::Null);
    expected["address"]["region"] = Value::Null;
    assert_eq!(shown, expected);
    let bare = json!({
        "name": "Arena", "address": {"street": "1", "city": "Berlin", "country": "DE"},
        "time_zone": "europe/berlin",
    });
    let change = |tag: &str| put(path).operator().header("if-match", tag).json(&bare);
    let changed = server.send(change(made.tag())).await.json();
    assert_eq!((&changed["coordinates"], &changed["capacity"]), (&Value::Null, &Value::Null));
    assert_eq!(changed["time_zone"], "Europe/Berlin", "as it is spelled there");
    let late = change(made.tag());
    server.refuse(late, 412, "version_stale").await;
}

#[tokio::test]
async fn a_place_that_is_nowhere_is_refused_by_its_place() {
    let server = Server::with_control().await;
    for (at, value) in [
        ("name", json!(" ")),
        ("address.street", json!("")),
        ("address.postal_code", json!("x".repeat(21))),
        ("address.ward", json!("a\tb")),
        ("address.city", json!("x".repeat(121))),
        ("address.country", json!("Germany")),
        ("address.country", json!("de")),
        ("address.country", json!("XX")),
        ("time_zone", json!("CEST")),
        ("time_zone", json!("../../etc/localtime")),
        ("capacity", json!(0)),
        ("capacity", json!(-1)),
        ("capacity", json!(4_294_967_296_u64)),
    ] {
        let mut body = site();
        *body.pointer_mut(&format!("/{}", at.replace('.', "/"))).unwrap() = value.clone();
        let call = post("/api/v1/venues").operator().json(&body);
        let problem = server.refuse(call, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], at, "{value}");
    }
    for (latitude, longitude) in [(91.0, 0.0), (0.0, 181.0), (-90.1, 0.0)] {
        let mut body = site();
        body["coordinates"] = json!({"latitude": latitude, "longitude": longitude});
        let call = post("/api/v1/venues").operator().json(&body);
        let problem = server.refuse(call, 400, "invalid_body").await;
        assert_eq!(problem["errors"][0]["at"], "coordinates");
    }
    for (field, value) in [("organiser", json!("org_05bgn2v8j7rq0c4mzt3w9x1hye")), ("id", json!(1))]
    {
        let mut body = site();
        body[field] = value;
        let call = post("/api/v1/venues").operator().json(&body);
        server.refuse(call, 400, "invalid_body").await;
    }
}

#[tokio::test]
async fn venues_are_found_by_city_and_country() {
    let server = Server::with_control().await;
    for (name, city, country) in
        [("Arena", "Hồ Chí Minh", "VN"), ("Arena", "Berlin", "DE"), ("Halle", "Köln", "DE")]
    {
        let mut body = site();
        body["name"] = json!(name);
        (body["address"]["city"], body["address"]["country"]) = (json!(city), json!(country));
        server.accept(post("/api/v1/venues").operator().json(&body), 201).await;
    }
    let found = async |query: &str| {
        let list = server.accept(get(format!("/api/v1/venues?{query}")), 200).await;
        let venues = list["venues"].as_array().unwrap().clone();
        venues.iter().map(|one| text(&one["address"]["city"])).collect::<Vec<_>>()
    };
    assert_eq!(found("city=ho%20chi").await, ["Hồ Chí Minh"]);
    assert_eq!(found("country=DE&text=arena").await, ["Berlin"]);
    assert_eq!(found("text=HALLE").await, ["Köln"]);
    assert_eq!(found("organiser=org_05bgn2v8j7rq0c4mzt3w9x1hye").await, [""; 0]);
    assert_eq!(found("limit=2").await.len(), 2);
    for wrong in ["country=de", "country=%27", "organiser=1", "city=%01", "limit=0", "near=here"] {
        let call = get(format!("/api/v1/venues?{wrong}"));
        server.refuse(call, 400, "invalid_parameter").await;
    }
}
