//! Razorpay's payments: those of a link, taking what is authorized, giving back, and disputes.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use http::HeaderMap;
use serde_json::{Value, json};

use super::{bad_request, entity, not_there, routes};
use crate::World;
use crate::answers::{Answer, KeyUsed};
use crate::books::{Intent, RefundDraft, RefundError, Refunded};
use crate::protocol::{Manner, Provider, What};

/// How short an idempotency key may be.
const KEY_BYTES_MIN: usize = 10;

/// The payments of an order, which is that of a link.
pub(super) async fn of_order(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Razorpay);
    let found = books.owner_of(&id).filter(|intent| intent.details["order_id"] == id.as_str());
    found.map_or_else(not_there, |intent| Answer::ok(entity::collection(&payments(intent))))
}

fn payments(intent: &Intent) -> Vec<Value> {
    let captured = intent.captures.iter().map(|capture| entity::captured(intent, capture));
    captured.chain(entity::authorized(intent)).collect()
}

/// One payment.
pub(super) async fn show(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Razorpay);
    let payments = books.owner_of(&id).map(payments).unwrap_or_default();
    let found = payments.into_iter().find(|payment| payment["id"] == id.as_str());
    found.map_or_else(not_there, Answer::ok)
}

/// Takes the money of an authorized payment: all of it.
pub(super) async fn capture(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer {
    let wish: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (intent, capture) = {
        let mut books = world.books(Provider::Razorpay);
        let Some(intent) = books.owner_of(&id) else { return not_there() };
        if !intent.is_started {
            return bad_request("This payment has already been captured");
        }
        if wish["amount"] != intent.amount || wish["currency"] != intent.currency.as_str() {
            return bad_request("Capture amount must be equal to the amount authorized");
        }
        let reference = intent.reference.clone();
        let Ok(capture) = books.pay(&reference, id, None, world.now_s()) else {
            return not_there();
        };
        let Some(intent) = books.find(&reference).cloned() else { return not_there() };
        (intent, capture)
    };
    let answer = entity::captured(&intent, &capture);
    world.tell(Provider::Razorpay, &intent.reference, What::Captured(capture), Manner::Once);
    Answer::ok(answer)
}

/// Gives money back, once for each `X-Refund-Idempotency`.
pub(super) async fn refund(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let key = headers.get("x-refund-idempotency").and_then(|value| value.to_str().ok());
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if key.is_some_and(|key| key.len() < KEY_BYTES_MIN || !key.bytes().all(is_fine)) {
        return bad_request("The idempotency key must be at least 10 characters.");
    }
    let request = format!("{id}\n{}", String::from_utf8_lossy(&body));
    let answer = || give_back(&world, &id, &body).unwrap_or_else(|answer| answer);
    let answered = world.once(Provider::Razorpay, key, &request, answer);
    let message = "Different request with the same idempotency key has already been processed.";
    answered.unwrap_or_else(|KeyUsed| bad_request(message))
}

fn give_back(world: &Arc<World>, payment: &str, body: &[u8]) -> Result<Answer, Answer> {
    let wish = if body.is_empty() { json!({}) } else { parse(body)? };
    let (intent, refund) = {
        let mut books = world.books(Provider::Razorpay);
        let serial = books.next_serial();
        let intent = books.owner_of(payment).ok_or_else(not_there)?;
        if intent.capture(payment).is_none() {
            return Err(bad_request(
                "The payment status should be captured for action to be taken",
            ));
        }
        let amount = match &wish["amount"] {
            Value::Null => intent.refundable(payment),
            _ => routes::amount(&wish, &intent.currency)?,
        };
        let is_back = intent.refundable(payment) == 0;
        let (id, capture) = (format!("rfnd_{serial:014}"), payment.to_owned());
        let notes = if wish["notes"].is_object() { wish["notes"].clone() } else { json!([]) };
        let details = json!({ "notes": notes, "receipt": wish["receipt"] });
        let draft = RefundDraft { id, capture, amount, key: None, details };
        let done = books.refund(draft, world.now_s());
        let refund = match done.map_err(|reason| refused(reason, is_back))? {
            Refunded::New(refund) | Refunded::Again(refund) => refund,
        };
        (books.owner_of(payment).cloned().ok_or_else(not_there)?, refund)
    };
    let answer = Answer::ok(entity::refund(&intent, &refund));
    world.tell(Provider::Razorpay, &intent.reference, What::Refunded(refund), Manner::Once);
    Ok(answer)
}

fn parse(body: &[u8]) -> Result<Value, Answer> {
    serde_json::from_slice(body).map_err(|_| bad_request("The body is not JSON"))
}

fn refused(reason: RefundError, is_back: bool) -> Answer {
    match reason {
        RefundError::NotFound => not_there(),
        RefundError::Amount | RefundError::KeyUsed if is_back => {
            bad_request("The payment has been fully refunded already")
        }
        RefundError::Amount | RefundError::KeyUsed => {
            bad_request("The total refund amount is greater than the refund payment amount")
        }
    }
}

/// The refunds of a payment, the last first.
pub(super) async fn refunds(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Razorpay);
    let Some(intent) = books.owner_of(&id) else { return not_there() };
    let of_payment = intent.refunds.iter().rev().filter(|refund| refund.capture == id);
    let items: Vec<Value> = of_payment.map(|refund| entity::refund(intent, refund)).collect();
    Answer::ok(entity::collection(&items))
}

/// One refund.
pub(super) async fn show_refund(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    find_refund(&world, &id)
}

/// One refund, by its payment and its name.
pub(super) async fn show_refund_of(
    State(world): State<Arc<World>>,
    Path((_, id)): Path<(String, String)>,
) -> Answer {
    find_refund(&world, &id)
}

/// A payment that a bank asks back.
pub(super) async fn show_dispute(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
) -> Answer {
    let books = world.books(Provider::Razorpay);
    let found = books.owner_of(&id).and_then(|intent| Some((intent, intent.dispute(&id)?)));
    found.map_or_else(not_there, |(intent, dispute)| Answer::ok(entity::dispute(intent, dispute)))
}

fn find_refund(world: &World, id: &str) -> Answer {
    let books = world.books(Provider::Razorpay);
    let found = books.owner_of(id).and_then(|intent| Some((intent, intent.refund(id)?)));
    let show = |(intent, refund)| Answer::ok(entity::refund(intent, refund));
    found.map_or_else(not_there, show)
}
