//! Razorpay, simulated: Payment Links, their payments, and refunds.
//!
//! Source: razorpay.com/docs/api, razorpay.com/docs/webhooks and the public SDKs. The buyer's act
//! `start` leaves a payment authorized: `pay`, or a capture by the merchant, brings the money. An
//! intent's details:
//!
//! | name | is |
//! |---|---|
//! | `order_id` | the name of Razorpay's order; told once somebody tried to pay |
//! | `payment_id` | the name of a payment that is authorized |
//! | `has_failed` | whether the bank said no to an attempt |
//! | `reference_id`, `description`, `notes`, `callback_url` | as sent |

mod entity;
mod event;
mod payment;
mod routes;

use std::sync::Arc;

use axum::Router;
use http::StatusCode;
use serde_json::{Value, json};

use crate::World;
use crate::answers::Answer;
use crate::books::{ActError, Books, Intent};
use crate::credentials::RAZORPAY_KEY_SECRET;
use crate::form::with_query;
use crate::protocol::{Act, ActWish, Declined, News, Notice, Protocol, What};
use crate::sign::hmac_sha256;

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct Razorpay;

impl Protocol for Razorpay {
    fn routes(&self, world: Arc<World>) -> Router {
        routes::routes(world)
    }

    fn payment_name(&self, intent: &Intent, serial: u64) -> String {
        let authorized = intent.details["payment_id"].as_str().filter(|_| intent.is_started);
        authorized.map_or_else(|| format!("pay_{serial:014}"), str::to_owned)
    }

    fn act(&self, books: &mut Books, wish: &ActWish<'_>) -> Result<Vec<What>, ActError> {
        let serial = books.next_serial();
        let intent = books.find(wish.reference).ok_or(ActError::NotFound)?;
        // The buyer leaves the page, and may come back to it.
        if wish.act == Act::Cancel && intent.is_open(wish.now_s) {
            return Ok(Vec::new());
        }
        if wish.act == Act::Start && intent.is_started {
            return Err(ActError::Closed);
        }
        let name = self.payment_name(intent, serial);
        let whats = wish.usual(self, books, Declined::TriesAgain)?;
        if wish.act == Act::Start {
            books.call(wish.reference, name.clone());
        }
        if let Some(intent) = books.find_mut(wish.reference) {
            match wish.act {
                Act::Start => intent.details["payment_id"] = json!(name),
                Act::Decline => intent.details["has_failed"] = json!(true),
                Act::Pay | Act::Cancel | Act::Expire => {}
            }
        }
        Ok(whats)
    }

    fn notices(&self, world: &World, news: &News, is_forged: bool) -> Vec<Notice> {
        event::notices(world, news, is_forged)
    }

    /// With what proves to a browser's page that the payment is Razorpay's: a signature with the
    /// API key.
    fn return_url(&self, world: &World, intent: &Intent, act: Act) -> Option<String> {
        let url = intent.details["callback_url"].as_str()?;
        let payment = &intent.captures.last().filter(|_| act == Act::Pay)?.id;
        let (link, status) = (&intent.reference, entity::status(intent, world.now_s()));
        let reference = intent.details["reference_id"].as_str().unwrap_or_default();
        let signed = format!("{link}|{reference}|{status}|{payment}");
        let signature = hmac_sha256(RAZORPAY_KEY_SECRET, signed.as_bytes());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("razorpay_payment_id", payment)
            .append_pair("razorpay_payment_link_id", link)
            .append_pair("razorpay_payment_link_reference_id", reference)
            .append_pair("razorpay_payment_link_status", status)
            .append_pair("razorpay_signature", &signature)
            .finish();
        Some(with_query(url, &query))
    }
}

/// An error as Razorpay words it: nearly everything is a bad request.
fn bad_request(description: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, description)
}

fn error(status: StatusCode, description: &str) -> Answer {
    let error: Value = json!({
        "code": "BAD_REQUEST_ERROR",
        "description": description,
        "source": "business",
        "step": "payment_initiation",
        "reason": "input_validation_failed",
        "metadata": {},
    });
    Answer::new(status, json!({ "error": error }))
}

/// Whoever asks for what is not there.
fn not_there() -> Answer {
    bad_request("The id provided does not exist")
}
