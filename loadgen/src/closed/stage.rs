//! The events of a run: defined and opened by the operator before, audited after.

use std::time::Duration;

use serde_json::{Value, json};

use super::seen::Seen;
use super::{ClosedError, Core, Plan, Scenario};
use crate::api;
use crate::http::{Client, Connection, Request, Response};
use crate::mix::Sight;
use crate::target::Target;

/// A large plan or a large audit takes its time.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Within what a run can last, and what the server allows.
const DAY_MS: u64 = 24 * 60 * 60_000;
const ROW_SEATS: u32 = 100;
const SECTION_ROWS: u32 = 50;

/// More events than are ever drawn before one lies on another core than the first.
const DRAWN_MAX: u32 = 64;

/// The events of a run, and where they are sold.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    /// Their ids.
    pub(super) events: Vec<String>,
    /// Where the connections go.
    pub(super) target: Target,
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
            return Ok(Self { events: Vec::new(), target: plan.target.clone() });
        }
        let mut operator = Operator::new(plan, client)?;
        let mut events = Vec::new();
        for number in 0..plan.events {
            let id = operator.define(plan, run, number).await?;
            let key = format!("{run}-open-{number}");
            operator.ask(api::open_event(&id), Some(key), "the opening of the event").await?;
            events.push(id);
        }
        let target = match plan.core {
            Core::Any => plan.target.clone(),
            Core::Owner => {
                let port = operator.direct_port(&events[0]).await?;
                plan.target.at_port(port.ok_or(ClosedError::NoSuchCore("its core"))?)
            }
            Core::Other => {
                let port = operator.other_port(plan, run, &events[0]).await?;
                plan.target.at_port(port.ok_or(ClosedError::NoSuchCore("another core"))?)
            }
        };
        Ok(Self { events, target })
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
            let books = operator.ask(api::audit(event), None, "the audit").await?;
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
                violations
                    .push(format!("the books of event {event} do not balance: see its audit"));
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

    /// Defines an event; answers its id.
    async fn define(&mut self, plan: &Plan, run: &str, number: u32) -> Result<String, ClosedError> {
        let definition = definition(plan, &format!("load {run} {number}"));
        let key = format!("{run}-event-{number}");
        let defined = self.ask(api::define_event(&definition), Some(key), "the event").await?;
        let body: Value = serde_json::from_slice(&defined.body).unwrap_or_default();
        Ok(body["id"].as_str().unwrap_or_default().to_owned())
    }

    /// The port that leads to the core of an event, if there is one.
    async fn direct_port(&mut self, event: &str) -> Result<Option<u16>, ClosedError> {
        let shown = self.ask(api::look(event, Sight::Event), None, "the event's port").await?;
        let body: Value = serde_json::from_slice(&shown.body).unwrap_or_default();
        Ok(body["direct_port"].as_u64().and_then(|port| port.try_into().ok()))
    }

    /// A port that leads to another core than that of `event`: that of one which nobody opens.
    async fn other_port(
        &mut self,
        plan: &Plan,
        run: &str,
        event: &str,
    ) -> Result<Option<u16>, ClosedError> {
        let owner = self.direct_port(event).await?;
        // Events are spread over the cores by chance.
        for number in (plan.events..).take(DRAWN_MAX as usize) {
            let id = self.define(plan, run, number).await?;
            let port = self.direct_port(&id).await?;
            if port.is_none() || port != owner {
                return Ok(port);
            }
        }
        Ok(None)
    }

    async fn ask(
        &mut self,
        mut request: Request,
        key: Option<String>,
        what: &'static str,
    ) -> Result<Response, ClosedError> {
        request.timeout = TIMEOUT;
        request.headers.push(("Authorization", format!("Bearer {}", self.token)));
        request.headers.extend(key.map(|key| ("Idempotency-Key", key)));
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
        event["plan"] = api::house(plan.event_size, ROW_SEATS, SECTION_ROWS);
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
