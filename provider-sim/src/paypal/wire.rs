//! `PayPal`'s JSON: orders, captures, refunds, disputes and problems.
//!
//! Source: paypal/paypal-rest-api-specifications, Orders 2.13, Payments 2.9 and Disputes 1.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::money;
use crate::World;
use crate::answers::Answer;
use crate::books::{Capture, Dispute, DisputeStatus, Intent, IntentStatus, Refund, RefundStatus};
use crate::protocol::Provider;

/// What the simulator remembers of an order, in the intent's details.
pub(super) mod detail {
    /// What the merchant calls it.
    pub(crate) const CUSTOM_ID: &str = "custom_id";
    /// Where the buyer goes who said yes.
    pub(crate) const RETURN_URL: &str = "return_url";
    /// Where the buyer goes who did not.
    pub(crate) const CANCEL_URL: &str = "cancel_url";
    /// Whether the buyer said yes.
    pub(crate) const APPROVED: &str = "approved";
    /// What will come of taking the money: `pay`, `decline` or `start` (it takes a while).
    pub(crate) const WILL: &str = "will";
    /// The name of the capture that takes a while.
    pub(crate) const CAPTURE: &str = "capture";
}

/// An order, with everything that became of it.
pub(super) fn order(world: &World, intent: &Intent) -> Value {
    let (id, status) = (&intent.reference, status(intent));
    let api = format!("{}/{}", world.config.public_url, Provider::Paypal.name());
    let itself = format!("{api}/v2/checkout/orders/{id}");
    let mut links = vec![link("self", &itself, "GET")];
    match status {
        "APPROVED" => links.push(link("capture", &format!("{itself}/capture"), "POST")),
        "PAYER_ACTION_REQUIRED" => {
            links.push(link("payer-action", &world.page_url(Provider::Paypal, id), "GET"));
        }
        _ => {}
    }
    let captures: Vec<Value> = captures(world, intent);
    let refunds: Vec<Value> =
        intent.refunds.iter().map(|each| refund(world, intent, each)).collect();
    json!({
        "id": id,
        "intent": "CAPTURE",
        "status": status,
        "create_time": time(intent.created_s),
        "purchase_units": [{
            "reference_id": "default",
            "custom_id": intent.details[detail::CUSTOM_ID],
            "amount": amount(intent.amount, intent),
            "payments": { "captures": captures, "refunds": refunds },
        }],
        "links": links,
    })
}

/// How an order stands at `PayPal`.
pub(super) fn status(intent: &Intent) -> &'static str {
    if intent.status == IntentStatus::Paid || intent.details[detail::CAPTURE].is_string() {
        "COMPLETED"
    } else if intent.details[detail::APPROVED] == true {
        "APPROVED"
    } else {
        "PAYER_ACTION_REQUIRED"
    }
}

fn captures(world: &World, intent: &Intent) -> Vec<Value> {
    let taken = intent.captures.iter().map(|each| captured(world, intent, each));
    let mut all: Vec<Value> = taken.collect();
    if all.is_empty() {
        all.extend(pending(world, intent));
    }
    all
}

/// Money that was taken.
pub(super) fn captured(world: &World, intent: &Intent, taken: &Capture) -> Value {
    let status = match intent.refunded_of(&taken.id) {
        0 => "COMPLETED",
        some if some < taken.amount => "PARTIALLY_REFUNDED",
        _ => "REFUNDED",
    };
    capture(world, intent, &taken.id, status, taken.amount)
}

/// Money that takes a while, or will not come after all.
pub(super) fn pending(world: &World, intent: &Intent) -> Option<Value> {
    let id = intent.details[detail::CAPTURE].as_str()?;
    let status = if intent.status == IntentStatus::Declined { "DECLINED" } else { "PENDING" };
    Some(capture(world, intent, id, status, intent.amount))
}

fn capture(world: &World, intent: &Intent, id: &str, status: &str, minor: u64) -> Value {
    let api = format!("{}/{}/v2", world.config.public_url, Provider::Paypal.name());
    let itself = format!("{api}/payments/captures/{id}");
    let links = [
        link("self", &itself, "GET"),
        link("refund", &format!("{itself}/refund"), "POST"),
        link("up", &format!("{api}/checkout/orders/{}", intent.reference), "GET"),
    ];
    json!({
        "id": id,
        "status": status,
        "amount": amount(minor, intent),
        "final_capture": true,
        "custom_id": intent.details[detail::CUSTOM_ID],
        "supplementary_data": { "related_ids": { "order_id": intent.reference } },
        "create_time": time(intent.created_s),
        "links": links,
    })
}

/// Money that goes back.
pub(super) fn refund(world: &World, intent: &Intent, refund: &Refund) -> Value {
    let api = format!("{}/{}/v2/payments", world.config.public_url, Provider::Paypal.name());
    let status = match refund.status {
        RefundStatus::Pending => "PENDING",
        RefundStatus::Done => "COMPLETED",
        RefundStatus::Failed => "FAILED",
    };
    let links = [
        link("self", &format!("{api}/refunds/{}", refund.id), "GET"),
        link("up", &format!("{api}/captures/{}", refund.capture), "GET"),
    ];
    json!({
        "id": refund.id,
        "status": status,
        "amount": amount(refund.amount, intent),
        "custom_id": refund.details[detail::CUSTOM_ID],
        "create_time": time(refund.at_s),
        "links": links,
    })
}

/// A payment that a bank asks back.
pub(super) fn dispute(intent: &Intent, dispute: &Dispute) -> Value {
    let outcome = |code: &str, back: u64| {
        let back = amount(back, intent);
        ("RESOLVED", json!({ "outcome_code": code, "amount_refunded": back }))
    };
    let (status, outcome) = match dispute.status {
        DisputeStatus::Open => ("UNDER_REVIEW", Value::Null),
        DisputeStatus::Won => outcome("RESOLVED_SELLER_FAVOUR", 0),
        DisputeStatus::Lost => outcome("RESOLVED_BUYER_FAVOUR", dispute.amount),
    };
    let mut shown = json!({
        "dispute_id": dispute.id,
        "create_time": time(dispute.at_s),
        "disputed_transactions": [{ "seller_transaction_id": dispute.capture }],
        "reason": "UNAUTHORISED",
        "status": status,
        "dispute_amount": amount(dispute.amount, intent),
        "dispute_life_cycle_stage": "CHARGEBACK",
        "dispute_channel": "EXTERNAL",
    });
    if !outcome.is_null() {
        shown["dispute_outcome"] = outcome;
    }
    shown
}

fn amount(minor: u64, intent: &Intent) -> Value {
    let currency = &intent.currency;
    json!({ "currency_code": currency, "value": money::value(minor, currency) })
}

fn link(rel: &str, href: &str, method: &str) -> Value {
    json!({ "rel": rel, "href": href, "method": method })
}

/// A point in time, as RFC 3339 has it.
pub(super) fn time(at_s: u64) -> String {
    let at = i64::try_from(at_s).ok().and_then(|at| Timestamp::from_second(at).ok());
    at.unwrap_or_default().to_string()
}

/// A name that was not given before: 17 capital letters and digits.
pub(super) fn name(serial: u64) -> String {
    format!("{serial:017X}")
}

/// What cannot be done, by `PayPal`'s word for it.
pub(super) fn unprocessable(issue: &str) -> Answer {
    let message = "The requested action could not be performed, semantically incorrect, or failed \
                   business validation.";
    problem(StatusCode::UNPROCESSABLE_ENTITY, "UNPROCESSABLE_ENTITY", message, issue)
}

/// What cannot be understood.
pub(super) fn invalid(issue: &str) -> Answer {
    let message = "Request is not well-formed, syntactically incorrect, or violates schema.";
    problem(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, issue)
}

/// What is not there.
pub(super) fn not_found() -> Answer {
    let message = "The specified resource does not exist.";
    problem(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", message, "INVALID_RESOURCE_ID")
}

/// A call without the token.
pub(super) fn unauthorized() -> Answer {
    let body = json!({
        "error": "invalid_token",
        "error_description": "Token signature verification failed",
    });
    Answer::new(StatusCode::UNAUTHORIZED, body)
}

fn problem(status: StatusCode, name: &str, message: &str, issue: &str) -> Answer {
    let details = [json!({ "issue": issue, "description": issue })];
    let body = json!({
        "name": name, "message": message, "details": details, "debug_id": "0", "links": [],
    });
    Answer::new(status, body)
}
