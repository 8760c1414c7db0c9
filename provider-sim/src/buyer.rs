//! What buyers do, the same at all providers: a pay page with buttons, and acts for programs.
//!
//! | | |
//! |---|---|
//! | `GET /<name>/pay/{reference}` | the page |
//! | `POST /sim/<name>/{reference}/{act}?notices=…&amount=…` | an [`Act`], told in a [`Manner`] |
//! | `POST /sim/<name>/faults/{fault}?count=…` | the next calls to the API go wrong: a [`Fault`] |
//! | `POST /sim/<name>/refunds/{status}` | refunds from now on are `done`, `pending` or `failed` |
//! | `POST /sim/<name>/refunds/{id}/{status}` | a refund that is pending is settled |
//! | `POST /sim/<name>/disputes/{reference}/{status}` | a bank: `open`, `won`, `lost`, and again |
//! | `POST /sim/<name>/forget` | idempotency keys are forgotten |
//! | `GET /sim/books` | sums, notices and intents of all providers |
//!
//! A browser (one that accepts HTML) is sent back to the merchant after an act, or to the page if
//! there is more to do; a program gets JSON: the status, and where the merchant wants the browser.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::World;
use crate::books::{ActError, DisputeStatus, Intent, RefundStatus};
use crate::faults::Fault;
use crate::protocol::{Act, ActWish, Manner, Provider, What};

/// The routes of this module.
pub(crate) fn routes(world: Arc<World>) -> Router {
    Router::new()
        .route("/sim/books", get(books))
        .route("/sim/{provider}/forget", post(forget))
        .route("/sim/{provider}/faults/{fault}", post(plan_faults))
        .route("/sim/{provider}/refunds/{status}", post(plan_refunds))
        .route("/sim/{provider}/refunds/{id}/{status}", post(settle_refund))
        .route("/sim/{provider}/disputes/{reference}/{status}", post(dispute))
        .route("/sim/{provider}/{reference}/{act}", post(act))
        .with_state(world)
}

/// The pay page of one provider, below its `/<name>`.
pub(crate) fn page(world: Arc<World>, provider: Provider) -> Router {
    Router::new().route("/pay/{reference}", get(show)).with_state((world, provider))
}

#[derive(Deserialize)]
struct ActQuery {
    #[serde(default)]
    notices: Manner,
    amount: Option<u64>,
}

async fn act(
    State(world): State<Arc<World>>,
    Path((name, reference, act)): Path<(String, String, Act)>,
    Query(query): Query<ActQuery>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let provider = Provider::find(&name).ok_or(StatusCode::NOT_FOUND)?;
    let ActQuery { notices, amount } = query;
    let wish = ActWish { act, reference: &reference, amount, now_s: world.now_s() };
    let intent = world.act(provider, &wish, notices).map_err(status_of)?;
    let back = provider.protocol().return_url(&world, &intent, act);
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|kinds| kinds.contains("text/html")) {
        let page = || world.page_url(provider, &encode(&reference));
        return Ok(Redirect::to(&back.unwrap_or_else(page)).into_response());
    }
    Ok(Json(json!({ "status": intent.status, "return_url": back })).into_response())
}

fn status_of(error: ActError) -> StatusCode {
    match error {
        ActError::NotFound => StatusCode::NOT_FOUND,
        ActError::Closed => StatusCode::CONFLICT,
        ActError::NoSuchAct => StatusCode::BAD_REQUEST,
    }
}

#[derive(Deserialize)]
struct FaultQuery {
    count: Option<u32>,
}

async fn plan_faults(
    State(world): State<Arc<World>>,
    Path((name, fault)): Path<(String, Fault)>,
    Query(FaultQuery { count }): Query<FaultQuery>,
) -> StatusCode {
    let Some(provider) = Provider::find(&name) else { return StatusCode::NOT_FOUND };
    world.plan_faults(provider, fault, count.unwrap_or(1));
    StatusCode::NO_CONTENT
}

async fn forget(State(world): State<Arc<World>>, Path(name): Path<String>) -> StatusCode {
    let Some(provider) = Provider::find(&name) else { return StatusCode::NOT_FOUND };
    world.forget(provider);
    StatusCode::NO_CONTENT
}

async fn plan_refunds(
    State(world): State<Arc<World>>,
    Path((name, status)): Path<(String, RefundStatus)>,
) -> StatusCode {
    let Some(provider) = Provider::find(&name) else { return StatusCode::NOT_FOUND };
    world.books(provider).refunds_as(status);
    StatusCode::NO_CONTENT
}

async fn settle_refund(
    State(world): State<Arc<World>>,
    Path((name, id, status)): Path<(String, String, RefundStatus)>,
) -> StatusCode {
    let Some(provider) = Provider::find(&name) else { return StatusCode::NOT_FOUND };
    let settled = world.books(provider).settle_refund(&id, status);
    match settled {
        Ok(refund) => {
            world.tell(provider, &refund.capture.clone(), What::Refunded(refund), Manner::Once);
            StatusCode::NO_CONTENT
        }
        Err(error) => status_of(error),
    }
}

async fn dispute(
    State(world): State<Arc<World>>,
    Path((name, reference, status)): Path<(String, String, DisputeStatus)>,
    Query(ActQuery { notices, .. }): Query<ActQuery>,
) -> StatusCode {
    let Some(provider) = Provider::find(&name) else { return StatusCode::NOT_FOUND };
    let disputed = {
        let mut books = world.books(provider);
        let id = provider.protocol().dispute_name(books.next_serial());
        books.dispute(&reference, id, status, world.now_s())
    };
    match disputed {
        Ok(dispute) => {
            world.tell(provider, &reference, What::Disputed(dispute), notices);
            StatusCode::NO_CONTENT
        }
        Err(error) => status_of(error),
    }
}

async fn books(State(world): State<Arc<World>>) -> Json<Value> {
    let of = |provider: Provider| {
        let books = world.books(provider);
        let intents: Vec<&Intent> = books.intents().collect();
        let value = json!({
            "sums": books.sums(),
            "notices": world.delivered(provider),
            "intents": intents,
        });
        (provider.name().to_owned(), value)
    };
    Json(Value::Object(Provider::ALL.into_iter().map(of).collect::<Map<_, _>>()))
}

async fn show(
    State((world, provider)): State<(Arc<World>, Provider)>,
    Path(reference): Path<String>,
) -> Result<Html<String>, StatusCode> {
    let (name, now_s) = (provider.name(), world.now_s());
    let books = world.books(provider);
    let intent = books.find(&reference).ok_or(StatusCode::NOT_FOUND)?;
    let action = format!("/sim/{name}/{}", encode(&reference));
    let button = |act: Act| {
        let act = act.name();
        format!("<form method=post action=\"{action}/{act}\"><button>{act}</button></form>")
    };
    let buttons: String = if intent.is_open(now_s) {
        Act::PAGE.into_iter().map(button).collect()
    } else {
        format!("<p>This payment is over: {:?}.</p>", intent.status)
    };
    Ok(Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{name}, simulated</title>\
         <style>body{{font:1rem/1.5 system-ui;max-width:30rem;margin:3rem auto}}</style>\
         <h1>{name}, simulated</h1><p>{amount} {currency} (minor units)</p>{buttons}</html>",
        amount = intent.amount,
        currency = escape(&intent.currency),
    )))
}

/// Text that stands for itself in a path.
fn encode(text: &str) -> String {
    // A plus is a space in forms only.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Text that stands for itself in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
