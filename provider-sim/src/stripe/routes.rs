//! Stripe's API: what can be asked, the rules of idempotency keys, and pages and payments.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::{error, invalid, is_processing, missing, object, refund, scale, text};
use crate::World;
use crate::answers::{Answer, KeyUsed};
use crate::books::Intent;
use crate::credentials::STRIPE_SECRET_KEY;
use crate::form::Form;
use crate::protocol::{Manner, Provider, What};
use crate::sign::{is_basic, is_bearer};

const OPEN_MIN_S: u64 = 30 * 60;
const OPEN_MAX_S: u64 = 24 * 60 * 60;

pub(super) fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/checkout/sessions", post(create_session))
        .route("/v1/checkout/sessions/{id}", get(show_session))
        .route("/v1/checkout/sessions/{id}/expire", post(expire_session))
        .route("/v1/payment_intents", post(create_payment_intent))
        .route("/v1/payment_intents/{id}", get(show_payment_intent))
        .route("/v1/payment_intents/{id}/cancel", post(cancel_payment_intent))
        .route("/v1/refunds", post(create_refund).get(list_refunds))
        .route("/v1/refunds/{id}", get(show_refund))
        .route("/v1/disputes/{id}", get(show_dispute))
        .route("/v1/events", get(list_events))
        .route("/v1/events/{id}", get(show_event))
        .layer(from_fn(require_key))
        .with_state(world)
}

async fn require_key(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if is_bearer(headers, STRIPE_SECRET_KEY) || is_basic(headers, STRIPE_SECRET_KEY, "") {
        return next.run(request).await;
    }
    let kind = "invalid_request_error";
    error(StatusCode::UNAUTHORIZED, kind, None, "Invalid API Key provided").into_response()
}

/// Does it once for each `Idempotency-Key`; the same key with anything else is an error.
fn once(
    world: &World,
    headers: &HeaderMap,
    uri: &Uri,
    body: &[u8],
    act: impl FnOnce(&Form) -> Result<Value, Answer>,
) -> Answer {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let request = format!("{uri}\n{}", String::from_utf8_lossy(body));
    let answer = || act(&Form::parse(body)).map_or_else(|answer| answer, Answer::ok);
    let answered = world.once(Provider::Stripe, key, &request, answer);
    answered.unwrap_or_else(|KeyUsed| {
        let message = "Keys for idempotent requests can only be used with the same parameters they \
                       were first used with.";
        error(StatusCode::BAD_REQUEST, "idempotency_error", None, message)
    })
}

async fn create_session(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    once(&world, &headers, &uri, &body, |form| open_session(&world, form))
}

fn open_session(world: &World, form: &Form) -> Result<Value, Answer> {
    if form.get("mode") != Some("payment") {
        return Err(invalid(None, "Only the mode `payment` is simulated."));
    }
    let now_s = world.now_s();
    let expires_s = form.number("expires_at").unwrap_or(now_s + OPEN_MAX_S);
    if expires_s < now_s + OPEN_MIN_S || expires_s > now_s + OPEN_MAX_S {
        let message = "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours \
                       from Checkout Session creation.";
        return Err(invalid(None, message));
    }
    let success_url = form.get("success_url").ok_or_else(|| required("success_url"))?;
    let (amount, currency) = total(form)?;
    check(amount, &currency)?;
    let details = json!({
        "is_session": true,
        "metadata": form.group("metadata"),
        "intent_metadata": form.group("payment_intent_data[metadata]"),
        "client_reference_id": form.get("client_reference_id"),
        "success_url": success_url,
        "cancel_url": form.get("cancel_url"),
    });
    let intent = open(world, "cs_test_", amount, currency, Some(expires_s), details);
    Ok(object::session(world, &intent, intent.amount, false))
}

/// The sum of the line items, in Stripe's units.
fn total(form: &Form) -> Result<(u64, String), Answer> {
    let (mut sum, mut currency) = (0u64, None);
    for index in 0.. {
        let field = |name: &str| format!("line_items[{index}]{name}");
        let Some(quantity) = form.number(&field("[quantity]")) else { break };
        let code = form.get(&field("[price_data][currency]"));
        let code = code.ok_or_else(|| required("line_items[price_data][currency]"))?;
        let price = form.number(&field("[price_data][unit_amount]"));
        let price = price.ok_or_else(|| required("line_items[price_data][unit_amount]"))?;
        if form.get(&field("[price_data][product_data][name]")).is_none() {
            return Err(required("line_items[price_data][product_data][name]"));
        }
        sum = sum.saturating_add(price.saturating_mul(quantity));
        currency = Some(code.to_uppercase());
    }
    currency.map(|currency| (sum, currency)).ok_or_else(|| required("line_items"))
}

async fn create_payment_intent(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    once(&world, &headers, &uri, &body, |form| {
        let amount = form.number("amount").ok_or_else(|| required("amount"))?;
        let currency = form.get("currency").ok_or_else(|| required("currency"))?.to_uppercase();
        check(amount, &currency)?;
        let details = json!({ "intent_metadata": form.group("metadata") });
        let intent = open(&world, "pi_", amount, currency, None, details);
        Ok(object::payment_intent(&intent, 0))
    })
}

/// Puts an intent into the books; `amount` is in Stripe's units.
fn open(
    world: &World,
    prefix: &str,
    amount: u64,
    currency: String,
    expires_s: Option<u64>,
    mut details: Value,
) -> Intent {
    let mut books = world.books(Provider::Stripe);
    let serial = books.next_serial();
    let payment_intent = format!("pi_{serial}");
    details["payment_intent"] = json!(payment_intent);
    let intent = Intent {
        reference: format!("{prefix}{serial}"),
        amount: amount / scale(&currency),
        currency,
        created_s: world.now_s(),
        expires_s,
        details,
        ..Intent::default()
    };
    // A serial number has not been given before, so the name is free.
    let _ = books.open(intent.clone());
    books.call(&intent.reference, payment_intent);
    intent
}

async fn show_session(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let expands = expands(query);
    let found = world.books(Provider::Stripe).find(&id).cloned();
    match found {
        Some(intent) => Answer::ok(object::session(&world, &intent, intent.amount, expands)),
        None => missing("checkout.session", &id),
    }
}

async fn expire_session(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let closed = {
        let mut books = world.books(Provider::Stripe);
        match books.find(&id) {
            None => return missing("checkout.session", &id),
            Some(intent) if !super::is_open(intent, world.now_s()) => {
                let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
                return invalid(None, message);
            }
            Some(_) => books.expire(&id).ok().and_then(|()| books.find(&id).cloned()),
        }
    };
    let Some(intent) = closed else { return missing("checkout.session", &id) };
    world.tell(Provider::Stripe, &id, What::Expired, Manner::Once);
    Answer::ok(object::session(&world, &intent, intent.amount, false))
}

/// The intent of a Payment Intent: its own, or that of a Checkout Session.
fn find_payment_intent(world: &World, id: &str) -> Option<Intent> {
    let books = world.books(Provider::Stripe);
    books.owner_of(id).filter(|intent| text(intent, "payment_intent") == id).cloned()
}

async fn show_payment_intent(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    match find_payment_intent(&world, &id) {
        Some(intent) => Answer::ok(object::payment_intent(&intent, intent.captured())),
        None => missing("payment_intent", &id),
    }
}

async fn cancel_payment_intent(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let Some(intent) = find_payment_intent(&world, &id) else {
        return missing("payment_intent", &id);
    };
    let cancelled = {
        let mut books = world.books(Provider::Stripe);
        let is_free = !is_processing(&intent) && intent.captured() == 0;
        let done = is_free && books.cancel(&intent.reference, world.now_s()).is_ok();
        done.then(|| books.find(&intent.reference).cloned()).flatten()
    };
    let Some(intent) = cancelled else {
        let message = "You cannot cancel this PaymentIntent because of its status.";
        return invalid(Some("payment_intent_unexpected_state"), message);
    };
    world.tell(Provider::Stripe, &intent.reference, What::Cancelled, Manner::Once);
    Answer::ok(object::payment_intent(&intent, 0))
}

async fn create_refund(
    State(world): State<Arc<World>>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Answer {
    once(&world, &headers, &uri, &body, |form| refund::create(&world, form))
}

async fn list_refunds(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Answer {
    refund::list(&world, &Form::of_query(query))
}

async fn show_refund(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    refund::show(&world, &id)
}

async fn show_dispute(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let expands = expands(query);
    let books = world.books(Provider::Stripe);
    let found = books
        .owner_of(&id)
        .and_then(|intent| Some(object::dispute(intent, intent.dispute(&id)?, expands)));
    found.map_or_else(|| missing("dispute", &id), Answer::ok)
}

async fn list_events(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Answer {
    let query = Form::of_query(query);
    let kind = query.get("type");
    let events = world.events(Provider::Stripe).into_iter().map(|(_, event)| event);
    let wanted = events.filter(|event| kind.is_none_or(|kind| event["type"] == kind)).collect();
    Answer::ok(object::list("/v1/events", wanted, limit(&query)))
}

async fn show_event(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let found = world.events(Provider::Stripe).into_iter().find(|(name, _)| *name == id);
    found.map_or_else(|| missing("event", &id), |(_, event)| Answer::ok(event))
}

/// Whether an answer is to have the Payment Intent as a whole.
fn expands(query: Option<String>) -> bool {
    Form::of_query(query).fields().any(|(_, value)| value == "payment_intent")
}

/// How many entries a list has.
pub(super) fn limit(query: &Form) -> usize {
    query.number("limit").unwrap_or(10).clamp(1, 100) as usize
}

/// Amounts of three decimals end in 0, those of no decimals that are given with two in 00.
pub(super) fn check(amount: u64, currency: &str) -> Result<(), Answer> {
    let step = match currency {
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 10,
        _ => scale(currency),
    };
    let is_whole = amount.is_multiple_of(step) && amount > 0;
    let message = "Invalid amount for this currency.";
    if is_whole { Ok(()) } else { Err(invalid(Some("parameter_invalid_integer"), message)) }
}

fn required(name: &str) -> Answer {
    invalid(Some("parameter_missing"), &format!("Missing required param: {name}."))
}
