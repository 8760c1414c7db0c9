//! The demo's two events: an arena of 50,000 seats around a stage, and a club with three classes.

use std::f64::consts::TAU;

use jiff::{Timestamp, ToSpan};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, ClientError};

const ARENA: &str = "The Lanterns, world tour (arena)";
const CLUB: &str = "Late Trains, record release (club)";

/// How many buyers of a crowd come to the waitroom in a second, on a small machine that is server
/// and crowd in one.
const COMING_PER_SECOND: u32 = 2_000;

/// The ids of the demo's events.
#[derive(Clone, Debug)]
pub(super) struct DemoEvents {
    pub(super) arena: String,
    pub(super) club: String,
}

/// Finds the demo's events, or defines and opens them.
///
/// The arena's lottery is drawn once a crowd of `buyers` has had time to come.
pub(super) async fn ensure_events(client: &Client, buyers: u32) -> Result<DemoEvents, ClientError> {
    let opens_in_s = 3 + i64::from(buyers / COMING_PER_SECOND);
    let arena = ensure(client, ARENA, "demo-arena", || arena(opens_in_s)).await?;
    let club = ensure(client, CLUB, "demo-club", club).await?;
    Ok(DemoEvents { arena, club })
}

async fn ensure(
    client: &Client,
    name: &str,
    key: &str,
    define: impl FnOnce() -> Value,
) -> Result<String, ClientError> {
    let list = client.operate(Method::GET, "/api/v1/events", None, None).await?;
    let events = list["events"].as_array().cloned().unwrap_or_default();
    if let Some(event) = events.iter().find(|event| event["name"] == name) {
        return Ok(event["id"].as_str().unwrap_or_default().to_owned());
    }
    let definition = define();
    let defined =
        client.operate(Method::POST, "/api/v1/events", Some(key), Some(&definition)).await?;
    let id = defined["id"].as_str().unwrap_or_default().to_owned();
    let open = format!("/api/v1/events/{id}/open");
    client.operate(Method::POST, &open, Some(&format!("demo-open-{id}")), None).await?;
    Ok(id)
}

fn window() -> Value {
    let now = Timestamp::now();
    let closes_at = now + (24 * 90_i64).hours();
    json!({ "opens_at": text(now - 1_i64.minute()), "closes_at": text(closes_at) })
}

fn text(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn club() -> Value {
    let class =
        |name: &str, price: u64| json!({ "name": name, "price_minor": price, "window": window() });
    json!({
        "name": CLUB,
        "currency": "EUR",
        "classes": [class("Standing", 2_500), class("Balcony", 4_000), class("Guest list", 0)],
        "quotas": [
            { "name": "House", "capacity": 350, "classes": [0, 1, 2] },
            { "name": "Balcony", "capacity": 80, "classes": [1] },
            { "name": "Guest list", "capacity": 20, "classes": [2] }
        ],
        "limits": { "per_buyer": 4, "per_hold": 4 }
    })
}

/// A floor before the stage and two rings around it, 50,000 seats together.
fn arena(opens_in_s: i64) -> Value {
    let now = Timestamp::now();
    let class =
        |name: &str, price: u64| json!({ "name": name, "price_minor": price, "window": window() });
    let floor = (0..10).map(floor_block);
    let lower = (0..40).map(|i| ring_block("L", 1, i, 20, 25, 4_500.0));
    let upper = (0..40).map(|i| ring_block("U", 2, i, 25, 20, 7_000.0));
    let sections: Vec<_> = floor.chain(lower).chain(upper).collect();
    json!({
        "name": ARENA,
        "currency": "EUR",
        "classes": [class("Floor", 14_900), class("Lower ring", 9_900), class("Upper ring", 5_900)],
        "plan": { "focal_point": { "x_cm": 0, "y_cm": 0 }, "sections": sections },
        "waitroom": {
            "doors_at": text(now - 1_i64.minute()),
            "opens_at": text(now + opens_in_s.seconds()),
            "slots": 2_000,
            "rate_per_minute": 600_000
        },
        "limits": { "per_buyer": 6, "per_hold": 6 }
    })
}

/// 40 rows of 25 seats with an aisle in the middle; seats are half a metre wide.
fn floor_block(block: i32) -> Value {
    let (column, depth) = (block % 5, block / 5);
    let left = (column - 2) * 1_400 - 600;
    let rows: Vec<_> = (0..40)
        .map(|row: i32| {
            json!({
                "label": (row + 1).to_string(),
                "seats": 25,
                "first": { "x_cm": left, "y_cm": 500 + depth * 4_300 + row * 100 },
                "step": { "x_cm": 50, "y_cm": 0 },
                "aisles_after": [12]
            })
        })
        .collect();
    json!({ "name": format!("F{}", block + 1), "class": 0, "rows": rows })
}

/// A block of a ring: straight rows that face the stage. The first row of every fifth block has
/// places for wheelchair users and those who accompany them.
fn ring_block(
    prefix: &str,
    class: u16,
    block: i32,
    rows: i32,
    seats: i32,
    radius_cm: f64,
) -> Value {
    let angle = TAU * (f64::from(block) + 0.5) / 40.0;
    let (outward, along) = ((angle.cos(), angle.sin()), (-angle.sin(), angle.cos()));
    let step = (along.0 * 50.0, along.1 * 50.0);
    let rows: Vec<_> = (0..rows)
        .map(|row| {
            let distance = radius_cm + f64::from(row) * 90.0;
            let back = f64::from(seats - 1) / 2.0;
            let first_x = outward.0 * distance - step.0 * back;
            let first_y = outward.1 * distance - step.1 * back;
            let has_wheelchairs = row == 0 && block % 5 == 0;
            json!({
                "label": (row + 1).to_string(),
                "seats": seats,
                "first": { "x_cm": first_x.round() as i32, "y_cm": first_y.round() as i32 },
                "step": { "x_cm": step.0.round() as i32, "y_cm": step.1.round() as i32 },
                "accessible": if has_wheelchairs { vec![0, 2] } else { vec![] },
                "companion": if has_wheelchairs { vec![1, 3] } else { vec![] }
            })
        })
        .collect();
    json!({ "name": format!("{prefix}{}", block + 1), "class": class, "rows": rows })
}
