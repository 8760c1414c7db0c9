//! Stripe, simulated: Checkout Sessions, Payment Intents, Refunds, Disputes and Events, API v1.
//!
//! Source: docs.stripe.com/api and the public SDKs. A payment is captured under the name of its
//! Payment Intent. An intent's details:
//!
//! | name | is |
//! |---|---|
//! | `is_session` | whether it is a Checkout Session, else a Payment Intent alone |
//! | `payment_intent` | the name of the Payment Intent |
//! | `is_async` | whether the money takes a while: the buyer did `start` |
//! | `is_declined` | whether the bank said no to the last attempt |
//! | `metadata`, `intent_metadata`, `client_reference_id`, `success_url`, `cancel_url` | as sent |

mod event;
mod object;
mod refund;
mod routes;

use std::sync::Arc;

use axum::Router;
use http::StatusCode;
use serde_json::{Value, json};

use crate::World;
use crate::answers::Answer;
use crate::books::{ActError, Books, Intent, IntentStatus};
use crate::protocol::{Act, ActWish, Declined, News, Notice, Protocol, What};

/// The version of the API.
pub const VERSION: &str = "2026-10-28.endive";

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct Stripe;

impl Protocol for Stripe {
    fn routes(&self, world: Arc<World>) -> Router {
        routes::routes(world)
    }

    fn payment_name(&self, intent: &Intent, _serial: u64) -> String {
        text(intent, "payment_intent").to_owned()
    }

    fn act(&self, books: &mut Books, wish: &ActWish<'_>) -> Result<Vec<What>, ActError> {
        let intent = books.find(wish.reference).ok_or(ActError::NotFound)?;
        let (is_session, is_started) = (flag(intent, "is_session"), intent.is_started);
        let declined =
            if is_started && is_session { Declined::IsOver } else { Declined::TriesAgain };
        match wish.act {
            // The buyer leaves the page, and may come back to it.
            Act::Cancel if intent.is_open(wish.now_s) => return Ok(Vec::new()),
            Act::Expire if !is_session => return Err(ActError::NoSuchAct),
            // A session is complete once the buyer has done their part.
            Act::Start | Act::Expire if is_started => return Err(ActError::Closed),
            Act::Pay if intent.captured() > 0 => return Err(ActError::Closed),
            _ => {}
        }
        let whats = wish.usual(self, books, declined)?;
        if let Some(intent) = books.find_mut(wish.reference) {
            intent.details["is_declined"] = json!(wish.act == Act::Decline);
            if wish.act == Act::Start {
                intent.details["is_async"] = json!(true);
            }
        }
        Ok(whats)
    }

    fn notices(&self, world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
        event::notices(world, news, is_forged)
    }

    fn return_url(&self, _world: &World, intent: &Intent, act: Act) -> Option<String> {
        let name = match act {
            Act::Pay | Act::Start => "success_url",
            Act::Cancel => "cancel_url",
            Act::Decline | Act::Expire => return None,
        };
        let url = intent.details[name].as_str()?;
        Some(url.replace("{CHECKOUT_SESSION_ID}", &intent.reference))
    }
}

/// An error as Stripe words it.
fn error(status: StatusCode, kind: &str, code: Option<&str>, message: &str) -> Answer {
    Answer::new(status, json!({ "error": { "type": kind, "code": code, "message": message } }))
}

/// The request is wrong.
fn invalid(code: Option<&str>, message: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, "invalid_request_error", code, message)
}

fn missing(what: &str, name: &str) -> Answer {
    let message = format!("No such {what}: '{name}'");
    error(StatusCode::NOT_FOUND, "invalid_request_error", Some("resource_missing"), &message)
}

fn text<'a>(intent: &'a Intent, name: &str) -> &'a str {
    intent.details[name].as_str().unwrap_or_default()
}

fn flag(intent: &Intent, name: &str) -> bool {
    intent.details[name] == Value::Bool(true)
}

/// How many of Stripe's units make a minor unit: kronur have no decimals, and are given with two.
fn scale(currency: &str) -> u64 {
    if currency == "ISK" { 100 } else { 1 }
}

/// Whether the buyer could still pay.
fn is_open(intent: &Intent, now_s: u64) -> bool {
    intent.is_open(now_s) && !intent.is_started
}

/// Whether the money is on its way.
fn is_processing(intent: &Intent) -> bool {
    intent.is_started && intent.status != IntentStatus::Paid
}
