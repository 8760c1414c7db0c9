//! `PayPal`'s API: tokens, orders, captures, refunds, disputes, and the certificate of its notices.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{self, detail, invalid, not_found, unauthorized, unprocessable};
use super::{key, money};
use crate::World;
use crate::answers::Answer;
use crate::books::{Intent, IntentStatus, RefundDraft, RefundError, Refunded};
use crate::credentials::{PAYPAL_CLIENT_ID, PAYPAL_SECRET};
use crate::protocol::{Manner, Provider, What};
use crate::sign::{is_basic, is_bearer};

/// The only token there is.
const TOKEN: &str = "A21AAonsale";
/// How long an order can be approved.
const APPROVABLE_S: u64 = 3 * 60 * 60;

pub(super) fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/v2/checkout/orders", post(create))
        .route("/v2/checkout/orders/{id}", get(show_order))
        .route("/v2/checkout/orders/{id}/capture", post(capture))
        .route("/v2/payments/captures/{id}", get(show_capture))
        .route("/v2/payments/captures/{id}/refund", post(refund))
        .route("/v2/payments/refunds/{id}", get(show_refund))
        .route("/v1/customer/disputes/{id}", get(show_dispute))
        .route_layer(from_fn(require_token))
        // What follows is for everybody.
        .route("/v1/oauth2/token", post(grant))
        .route("/v1/notifications/certs/{id}", get(|| async { key::certificate() }))
        .with_state(world)
}

async fn require_token(request: Request, next: Next) -> Response {
    if is_bearer(request.headers(), TOKEN) {
        return next.run(request).await;
    }
    unauthorized().into_response()
}

async fn grant(headers: HeaderMap, form: Bytes) -> Answer {
    if !is_basic(&headers, PAYPAL_CLIENT_ID, PAYPAL_SECRET) {
        let body = json!({
            "error": "invalid_client", "error_description": "Client Authentication failed",
        });
        return Answer::new(StatusCode::UNAUTHORIZED, body);
    }
    let mut fields = form_urlencoded::parse(&form);
    if !fields.any(|(name, value)| name == "grant_type" && value == "client_credentials") {
        let body = json!({ "error": "unsupported_grant_type", "error_description": "" });
        return Answer::new(StatusCode::BAD_REQUEST, body);
    }
    Answer::ok(json!({
        "scope": "https://uri.paypal.com/services/payments/payment",
        "access_token": TOKEN,
        "token_type": "Bearer",
        "app_id": "APP-80W284485P519543T",
        "expires_in": 32_400,
        "nonce": "2027-01-15T08:00:00Z",
    }))
}

#[derive(Deserialize)]
struct OrderWish {
    intent: String,
    purchase_units: Vec<Unit>,
    payment_source: Option<Source>,
}

#[derive(Deserialize)]
struct Unit {
    custom_id: Option<String>,
    amount: Money,
}

#[derive(Deserialize)]
struct Money {
    currency_code: String,
    value: String,
}

#[derive(Deserialize)]
struct Source {
    paypal: Wallet,
}

#[derive(Deserialize)]
struct Wallet {
    experience_context: Context,
}

#[derive(Deserialize)]
struct Context {
    return_url: Option<String>,
    cancel_url: Option<String>,
}

async fn create(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Answer {
    let Ok(wish) = serde_json::from_slice::<OrderWish>(&body) else {
        return invalid("INVALID_PARAMETER_SYNTAX");
    };
    let key = request_id(&headers).map(|id| format!("orders {id}"));
    if wish.payment_source.is_some() && key.is_none() {
        return invalid("PAYPAL_REQUEST_ID_REQUIRED");
    }
    once(&world, key.as_deref(), || open(&world, wish))
}

fn open(world: &World, wish: OrderWish) -> Answer {
    let OrderWish { intent, purchase_units, payment_source } = wish;
    if intent != "CAPTURE" {
        return invalid("INVALID_PARAMETER_VALUE");
    }
    let Some(unit) = purchase_units.into_iter().next() else {
        return invalid("MISSING_REQUIRED_PARAMETER");
    };
    let Money { currency_code, value } = unit.amount;
    if !money::is_taken(&currency_code) {
        return unprocessable("INVALID_CURRENCY_CODE");
    }
    let minor = money::minor(&value, &currency_code);
    let Some(amount) = minor.filter(|amount| *amount > 0) else {
        return unprocessable("DECIMAL_PRECISION");
    };
    let context = payment_source.map(|source| source.paypal.experience_context);
    let (return_url, cancel_url) =
        context.map(|context| (context.return_url, context.cancel_url)).unwrap_or_default();
    let mut books = world.books(Provider::Paypal);
    let (reference, now_s) = (wire::name(books.next_serial()), world.now_s());
    let intent = Intent {
        reference: reference.clone(),
        amount,
        currency: currency_code,
        created_s: now_s,
        expires_s: Some(now_s + APPROVABLE_S),
        details: json!({
            (detail::CUSTOM_ID): unit.custom_id,
            (detail::RETURN_URL): return_url,
            (detail::CANCEL_URL): cancel_url,
        }),
        ..Intent::default()
    };
    let order = wire::order(world, &intent);
    match books.open(intent) {
        Ok(()) => Answer::new(StatusCode::CREATED, order),
        Err(_) => unprocessable("DUPLICATE_REFERENCE_ID"),
    }
}

async fn show_order(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Paypal);
    match find_order(books.find(&id)) {
        Some(intent) => Answer::ok(wire::order(&world, intent)),
        None => not_found(),
    }
}

/// An order that nobody approved in time is gone.
fn find_order(found: Option<&Intent>) -> Option<&Intent> {
    found.filter(|intent| intent.status != IntentStatus::Expired || intent.is_started)
}

async fn capture(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let key = request_id(&headers).map(|request| format!("capture {id} {request}"));
    // Only what was done is repeated: a buyer may say yes after all.
    if let Some(answer) = answered(&world, key.as_deref()) {
        return answer;
    }
    match take(&world, &id) {
        Ok((answer, what)) => {
            world.tell(Provider::Paypal, &id, what, Manner::Once);
            once(&world, key.as_deref(), || answer.clone());
            answer
        }
        Err(problem) => problem,
    }
}

/// Takes the money that the buyer agreed to, or finds out that there is none.
fn take(world: &World, id: &str) -> Result<(Answer, What), Answer> {
    let mut books = world.books(Provider::Paypal);
    let (capture_id, now_s) = (wire::name(books.next_serial()), world.now_s());
    let intent = find_order(books.find(id)).ok_or_else(not_found)?;
    match wire::status(intent) {
        "APPROVED" => {}
        "COMPLETED" => return Err(unprocessable("ORDER_ALREADY_CAPTURED")),
        _ => return Err(unprocessable("ORDER_NOT_APPROVED")),
    }
    let will = intent.details[detail::WILL].clone();
    let no_more = |_| unprocessable("ORDER_NOT_APPROVED");
    let what = match will.as_str() {
        Some("decline") => {
            let intent = books.find_mut(id).ok_or_else(not_found)?;
            intent.details[detail::APPROVED] = json!(false);
            return Err(unprocessable("INSTRUMENT_DECLINED"));
        }
        Some("start") => {
            books.start(id, now_s).map_err(no_more)?;
            let intent = books.find_mut(id).ok_or_else(not_found)?;
            intent.details[detail::CAPTURE] = json!(capture_id);
            What::Started
        }
        _ => What::Captured(books.pay(id, capture_id, None, now_s).map_err(no_more)?),
    };
    let intent = books.find(id).ok_or_else(not_found)?;
    Ok((Answer::new(StatusCode::CREATED, wire::order(world, intent)), what))
}

async fn show_capture(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Paypal);
    let found = books
        .owner_of(&id)
        .and_then(|intent| Some(wire::captured(&world, intent, intent.capture(&id)?)));
    found.map_or_else(not_found, Answer::ok)
}

#[derive(Default, Deserialize)]
struct RefundWish {
    amount: Option<Money>,
    custom_id: Option<String>,
}

async fn refund(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let wish = if body.is_empty() { b"{}" } else { &body[..] };
    let Ok(wish) = serde_json::from_slice(wish) else {
        return invalid("INVALID_PARAMETER_SYNTAX");
    };
    let refunded = give_back(&world, &id, wish, request_id(&headers));
    let (status, refund) = match refunded {
        Ok(Refunded::New(refund)) => {
            world.tell(Provider::Paypal, &id, What::Refunded(refund.clone()), Manner::Once);
            (StatusCode::CREATED, refund)
        }
        Ok(Refunded::Again(refund)) => (StatusCode::OK, refund),
        Err(problem) => return problem,
    };
    let books = world.books(Provider::Paypal);
    let owner = books.owner_of(&refund.id);
    let body = owner.map(|intent| wire::refund(&world, intent, &refund));
    Answer::new(status, body.unwrap_or(Value::Null))
}

fn give_back(
    world: &World,
    capture: &str,
    wish: RefundWish,
    key: Option<&str>,
) -> Result<Refunded, Answer> {
    let RefundWish { amount, custom_id } = wish;
    let mut books = world.books(Provider::Paypal);
    let id = wire::name(books.next_serial());
    let intent = books.owner_of(capture).ok_or_else(not_found)?;
    if intent.is_disputed(capture) {
        return Err(unprocessable("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK"));
    }
    let left = intent.refundable(capture);
    let amount = match amount {
        None => left,
        Some(Money { currency_code, .. }) if currency_code != intent.currency => {
            return Err(unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH"));
        }
        Some(Money { currency_code, value }) => {
            let minor = money::minor(&value, &currency_code);
            minor.ok_or_else(|| unprocessable("DECIMAL_PRECISION"))?
        }
    };
    let (capture, key) = (capture.to_owned(), key.map(str::to_owned));
    let details = json!({ (detail::CUSTOM_ID): custom_id });
    let draft = RefundDraft { id, capture, amount, key, details };
    books.refund(draft, world.now_s()).map_err(|error| match error {
        RefundError::NotFound => not_found(),
        RefundError::Amount if left == 0 => unprocessable("CAPTURE_FULLY_REFUNDED"),
        RefundError::Amount => unprocessable("REFUND_AMOUNT_EXCEEDED"),
        // Not documented: the same key for another refund.
        RefundError::KeyUsed => unprocessable("DUPLICATE_REQUEST_ID"),
    })
}

async fn show_refund(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Paypal);
    let found = books
        .owner_of(&id)
        .and_then(|intent| Some(wire::refund(&world, intent, intent.refund(&id)?)));
    found.map_or_else(not_found, Answer::ok)
}

async fn show_dispute(State(world): State<Arc<World>>, Path(id): Path<String>) -> Answer {
    let books = world.books(Provider::Paypal);
    let found =
        books.owner_of(&id).and_then(|intent| Some(wire::dispute(intent, intent.dispute(&id)?)));
    found.map_or_else(not_found, Answer::ok)
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("paypal-request-id").and_then(|id| id.to_str().ok())
}

/// Does it once for a key, whatever else is asked for under it.
fn once(world: &World, key: Option<&str>, answer: impl FnOnce() -> Answer) -> Answer {
    if let Some(answer) = answered(world, key) {
        return answer;
    }
    // One key never has two requests here: the request is a part of the key.
    world.once(Provider::Paypal, key, "", answer).unwrap_or_else(|_| invalid("INVALID_REQUEST"))
}

/// What was answered under a key. What was done before is not created now.
fn answered(world: &World, key: Option<&str>) -> Option<Answer> {
    let answer = world.answered(Provider::Paypal, key?, "").ok()??;
    Some(if answer.status.is_success() { Answer::ok(answer.body) } else { answer })
}
