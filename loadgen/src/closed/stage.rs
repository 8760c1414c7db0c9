//! The events of a run: defined and opened by the operator before, audited after.

use std::time::Duration;

use serde_json::{Value, json};

use super::seen::Seen;
use super::{ClosedError, Plan, Scenario};
use crate::http::{Client, Connection, Request, Response};

/// A large plan or a large audit takes its time.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Within what a run can last, and what the server allows.
const DAY_MS: u64 = 24 * 60 * 60_000;
const ROW_SEATS: u32 = 100;
const SECTION_ROWS: u32 = 50;

/// The events of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    /// Their ids.
    pub(super) events: Vec<String>,
}

/// Somebody with the operator token.
struct Operator {
    connection: Connection,
    token: String,
}

impl Stage {
    /// Defines and opens what the scenario needs. `run` names this run among all.
    pub(super) async fn prepare(
        plan: &Plan,
        client: &Client,
        run: &str,
    ) -> Result<Self, ClosedError> {
        if plan.scenario == Scenario::Healthz {
            return Ok(Self::default());
        }
        let mut operator = Operator::new(plan, client)?;
        let mut events = Vec::new();
        for number in 0..plan.events {
            let name = format!("load {run} {number}");
            let definition = definition(plan, &name);
            let key = format!("{run}-event-{number}");
            let what = "the event";
            let path = "/api/v1/events";
            let defined = operator.ask("POST", path, Some(key), Some(&definition), what).await?;
            let body: Value = serde_json::from_slice(&defined.body).unwrap_or_default();
            let id = body["id"].as_str().unwrap_or_default().to_owned();
            let path = format!("/api/v1/events/{id}/open");
            let key = format!("{run}-open-{number}");
            operator.ask("POST", &path, Some(key), None, "the opening of the event").await?;
            events.push(id);
        }
        Ok(Self { events })
    }

    /// What the server's books say against what was acknowledged.
    pub(super) async fn audit(
        &self,
        plan: &Plan,
        client: &Client,
        seen: &Seen,
    ) -> Result<Vec<String>, ClosedError> {
        let mut violations = Vec::new();
        if self.events.is_empty() {
            return Ok(violations);
        }
        let mut operator = Operator::new(plan, client)?;
        for (number, event) in self.events.iter().enumerate() {
            let path = format!("/api/v1/events/{event}/audit");
            let books = operator.ask("GET", &path, None, None, "the audit").await?;
            let books: Value = serde_json::from_slice(&books.body).unwrap_or_default();
            let stock = books["stock"].as_array().into_iter().flatten();
            let taken = |line: &Value| ["held", "sold"].map(|of| line[of].as_u64().unwrap_or(0));
            let taken: u64 = stock.flat_map(taken).sum();
            let acknowledged = seen.tickets(number);
            if acknowledged > taken {
                violations.push(format!(
                    "{acknowledged} tickets of {event} were acknowledged, and its books know of \
                     {taken}"
                ));
            }
            if books["holds"] != true {
                violations.push(format!("the books of {event} are wrong: see {path}"));
            }
        }
        Ok(violations)
    }
}

impl Operator {
    fn new(plan: &Plan, client: &Client) -> Result<Self, ClosedError> {
        let token = plan.operator_token.clone();
        let token = token.ok_or(ClosedError::NoOperatorToken(plan.scenario))?;
        Ok(Self { connection: client.connection(), token })
    }

    async fn ask(
        &mut self,
        method: &'static str,
        path: &str,
        key: Option<String>,
        body: Option<&Value>,
        what: &'static str,
    ) -> Result<Response, ClosedError> {
        let mut headers = vec![("authorization", format!("Bearer {}", self.token))];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Request { method, path: path.to_owned(), headers, body, timeout: TIMEOUT };
        let answer = self.connection.send(&request).await;
        let answer = answer.map_err(|failure| ClosedError::Unreachable { what, failure })?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let said = String::from_utf8_lossy(&answer.body).chars().take(400).collect();
        Err(ClosedError::Unprepared { what, status: answer.status, said })
    }
}

fn definition(plan: &Plan, name: &str) -> Value {
    let always =
        json!({ "opens_at": "2020-01-01T00:00:00.000Z", "closes_at": "2999-01-01T00:00:00.000Z" });
    let mut event = json!({
        "name": name,
        "currency": "EUR",
        "classes": [{ "name": "Standing", "price_minor": 2_000, "window": always }],
        "limits": { "per_buyer": 1_000_000, "per_hold": 8, "refuse_orphans": false },
        "terms": { "hold_ms": DAY_MS, "order_ms": DAY_MS, "payment_grace_ms": DAY_MS },
    });
    if plan.scenario == Scenario::HoldSeats {
        event["plan"] = house(plan.event_size);
    } else {
        let quota = json!({ "name": "Standing", "capacity": plan.event_size, "classes": [0] });
        event["quotas"] = json!([quota]);
    }
    let opens_at = match plan.scenario {
        Scenario::Purchase => Some("2020-01-01T00:00:00.000Z"),
        Scenario::Status | Scenario::Idle => Some("2999-01-01T00:00:00.000Z"),
        Scenario::Healthz | Scenario::Hold | Scenario::HoldSeats => None,
    };
    if let Some(opens_at) = opens_at {
        event["waitroom"] = json!({
            "doors_at": "2020-01-01T00:00:00.000Z",
            "opens_at": opens_at,
            "slots": u32::MAX,
            "rate_per_minute": u32::MAX,
            "visit_ms": DAY_MS,
            "claim_ms": DAY_MS,
            "presence_ms": DAY_MS,
        });
    }
    event
}

/// Rows behind rows, in sections side by side, with at least so many seats.
fn house(seats: u32) -> Value {
    let rows = seats.div_ceil(ROW_SEATS);
    let sections = (0..rows.div_ceil(SECTION_ROWS)).map(|section| {
        let first_row = section * SECTION_ROWS;
        let rows = (first_row..rows.min(first_row + SECTION_ROWS)).map(|row| {
            json!({
                "label": (row - first_row + 1).to_string(),
                "seats": ROW_SEATS.min(seats - row * ROW_SEATS),
                "first": { "x_cm": (section % 10) * 5_500, "y_cm": 500 + (section / 10) * 6_000
                    + (row - first_row) * 100 },
                "step": { "x_cm": 50, "y_cm": 0 },
            })
        });
        let rows: Vec<Value> = rows.collect();
        json!({ "name": format!("Block {}", section + 1), "class": 0, "rows": rows })
    });
    let sections: Vec<Value> = sections.collect();
    json!({ "focal_point": { "x_cm": 27_000, "y_cm": 0 }, "sections": sections })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_has_as_many_seats_as_were_asked_for() {
        for size in [2, 99, 100, 5_001, 200_000] {
            let house = house(size);
            let sections = house["sections"].as_array().unwrap();
            let rows = sections.iter().flat_map(|section| section["rows"].as_array().unwrap());
            let seats: u64 = rows.map(|row| row["seats"].as_u64().unwrap()).sum();
            assert_eq!(seats, u64::from(size));
        }
    }
}
