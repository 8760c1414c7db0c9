//! Razorpay's API: who may ask, and Payment Links.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};

use super::{bad_request, entity, error, not_there, payment};
use crate::World;
use crate::answers::Answer;
use crate::books::Intent;
use crate::credentials::{RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET};
use crate::form::Form;
use crate::protocol::{Manner, Provider, What};
use crate::sign::is_basic;

/// How far in the future the end of a link must be.
const EXPIRY_MIN_S: u64 = 15 * 60;

/// How long a link lives that says nothing: about half a year.
const EXPIRY_S: u64 = 180 * 24 * 60 * 60;

pub(super) fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/payment_links", post(create).get(list))
        .route("/v1/payment_links/", post(create).get(list))
        .route("/v1/payment_links/{id}", get(show))
        .route("/v1/payment_links/{id}/cancel", post(cancel))
        .route("/v1/orders/{id}/payments", get(payment::of_order))
        .route("/v1/payments/{id}", get(payment::show))
        .route("/v1/payments/{id}/capture", post(payment::capture))
        .route("/v1/payments/{id}/refund", post(payment::refund))
        .route("/v1/payments/{id}/refunds", get(payment::refunds))
        .route("/v1/payments/{id}/refunds/{refund}", get(payment::show_refund_of))
        .route("/v1/refunds/{id}", get(payment::show_refund))
        .route("/v1/disputes/{id}", get(payment::show_dispute))
        .layer(from_fn(require_key))
        .with_state(world)
}

async fn require_key(request: Request, next: Next) -> Response {
    if is_basic(request.headers(), RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET) {
        return next.run(request).await;
    }
    error(StatusCode::UNAUTHORIZED, "Authentication failed").into_response()
}

async fn create(State(world): State<Arc<World>>, body: Bytes) -> Answer {
    let Ok(wish) = serde_json::from_slice::<Value>(&body) else {
        return bad_request("The body is not JSON");
    };
    open(&world, &wish)
        .map_or_else(|answer| answer, |intent| Answer::ok(entity::link(&world, &intent)))
}

fn open(world: &World, wish: &Value) -> Result<Intent, Answer> {
    let now_s = world.now_s();
    let currency = wish["currency"].as_str().unwrap_or("INR").to_owned();
    let amount = amount(wish, &currency)?;
    let expires_s = wish["expire_by"].as_u64().unwrap_or(now_s + EXPIRY_S);
    if expires_s < now_s + EXPIRY_MIN_S {
        return Err(bad_request("expire_by: timestamp must be atleast 15 minutes in future."));
    }
    let reference = wish["reference_id"].as_str().unwrap_or_default();
    if reference.len() > 40 {
        return Err(bad_request("reference_id: the length must be no more than 40."));
    }
    let mut books = world.books(Provider::Razorpay);
    if !reference.is_empty() && books.owner_of(&by_reference(reference)).is_some() {
        return Err(bad_request(&format!(
            "payment link with given reference_id: {reference} already exists. Please create a \
             payment link with a different reference_id"
        )));
    }
    let serial = books.next_serial();
    let intent = Intent {
        reference: format!("plink_{serial:014}"),
        amount,
        currency,
        created_s: now_s,
        expires_s: Some(expires_s),
        details: json!({
            "order_id": format!("order_{serial:014}"),
            "reference_id": reference,
            "description": wish["description"],
            "notes": wish["notes"],
            "callback_url": wish["callback_url"],
        }),
        ..Intent::default()
    };
    // A serial number has not been given before, so the name is free.
    let _ = books.open(intent.clone());
    books.call(&intent.reference, format!("order_{serial:014}"));
    books.call(&intent.reference, by_reference(reference));
    Ok(intent)
}

/// How the books find a link by the merchant's reference.
fn by_reference(reference: &str) -> String {
    format!("reference {reference}")
}

/// The amount of a wish; of three decimals the last is 0.
pub(super) fn amount(wish: &Value, currency: &str) -> Result<u64, Answer> {
    let step = match currency {
        "BHD" | "IQD" | "JOD" | "KWD" | "OMR" | "TND" => 10,
        _ => 1,
    };
    // SDKs send numbers as text, too.
    let number = wish["amount"].as_u64();
    let number = number.or_else(|| wish["amount"].as_str()?.parse().ok());
    let fits = number.filter(|amount| *amount > 0 && amount.is_multiple_of(step));
    fits.ok_or_else(|| bad_request("The amount must be a whole number of the smallest unit."))
}

async fn list(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Answer {
    let query = Form::of_query(query);
    let count = query.number("count").unwrap_or(10).clamp(1, 100) as usize;
    let books = world.books(Provider::Razorpay);
    let links: Vec<&Intent> = match query.get("reference_id") {
        Some(reference) => books.owner_of(&by_reference(reference)).into_iter().collect(),
        None => books.intents().take(count).collect(),
    };
    let links: Vec<Value> = links.into_iter().map(|intent| entity::link(&world, intent)).collect();
    Answer::ok(json!({ "payment_links": links }))
}

async fn show(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let found = world.books(Provider::Razorpay).find(&id).cloned();
    found.map_or_else(not_there, |intent| Answer::ok(entity::link(&world, &intent)))
}

async fn cancel(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let cancelled = {
        let mut books = world.books(Provider::Razorpay);
        let Some(intent) = books.find(&id) else { return not_there() };
        if intent.captured() > 0 {
            return bad_request("cannot cancel or expire an already paid/partially paid link");
        }
        let is_cancelled = books.cancel(&id, world.now_s()).is_ok();
        books.find(&id).filter(|_| is_cancelled).cloned()
    };
    let Some(intent) = cancelled else {
        return bad_request("cannot cancel or expire an expired link");
    };
    world.tell(Provider::Razorpay, &id, What::Cancelled, Manner::Once);
    Answer::ok(entity::link(&world, &intent))
}
