//! Orders: placing, watching, cancelling and refunding them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_core::command::{Command, Provider};
use onsale_core::id::OrderId;
use onsale_core::query::{OrderView, Query, View};
use onsale_core::reply::Reply;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::chart::content_tag;
use super::edge::{Edge, mismatch};
use super::wait::Patience;
use crate::access::{Caller, Origin, Permit};
use crate::auth::Buyer;
use crate::dto::id::OrderRef;
use crate::dto::order::{Order, OrderPlaced, PlaceOrder, RefundOrder, Refunding};
use crate::dto::timeline::{StepDto, Timeline};
use crate::dto::{At, Id};
use crate::extract::{Named, Nothing, Once, Params};
use crate::idempotency::IdempotencyHeader;
use crate::json::Json;
use crate::problem::{Problem, catalog};

/// When a provider that does not work may be tried again, in seconds.
const PROVIDER_RETRY_S: u32 = 10;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(place))
        .routes(routes!(show))
        .routes(routes!(cancel))
        .routes(routes!(refund))
        .routes(routes!(timeline))
}

/// Make a hold an order.
///
/// The address to pay at comes a moment later: look at the order with `wait_ms` and `seen`.
#[utoipa::path(
    post, path = "/api/v1/orders", tag = "buying",
    operation_id = "place_order",
    params(IdempotencyHeader),
    request_body = PlaceOrder,
    responses((status = CREATED, description = "The order", body = OrderPlaced,
        headers(("Location" = String, description = "The order")))),
    extensions(
        ("x-action" = json!("order.place")),
        ("x-limit" = json!("buy")),
        ("x-problems" = json!([
            "admission_required", "event_cancelled", "full", "hold_gone", "not_found",
            "ordered_already", "provider_unavailable", "unknown_provider"
        ])),
    ),
)]
async fn place(
    State(edge): State<Edge>,
    buyer: Buyer,
    request: Once<PlaceOrder>,
) -> Result<Response, Problem> {
    let actor = buyer.actor();
    let key = Some(request.key(actor));
    let PlaceOrder { hold: Id(hold), provider, accept_other_seats } = request.body;
    let provider = known_provider(&edge, provider)?;
    let command = Command::PlaceOrder { hold, provider, accept_other_seats };
    let reply = edge.execute(hold.event.partition(), actor, key, command).await?;
    let Reply::OrderPlaced { order, hold, status, until } = reply else { return Err(mismatch()) };
    let body = OrderPlaced {
        id: Id(order),
        event: Id(order.event),
        status: status.into(),
        lines: hold.lines.into_iter().map(Into::into).collect(),
        total_minor: hold.total.as_minor(),
        currency: hold.currency.to_string(),
        expires_at: At(until),
    };
    let location = format!("/api/v1/orders/{order}");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}

fn known_provider(edge: &Edge, name: String) -> Result<Provider, Problem> {
    let providers = edge.providers();
    let Some(breaker) = providers.breaker(&name) else {
        let names: Vec<Value> = providers.names().map(Value::from).collect();
        let detail = "there is no such payment provider: see `providers`";
        return Err(Problem::new(&catalog::UNKNOWN_PROVIDER, detail).member("providers", names));
    };
    if breaker.is_open() {
        let names: Vec<Value> = providers.working().map(Value::from).collect();
        let detail = format!("{name} does not answer at present: see `providers` for others");
        let problem = Problem::new(&catalog::PROVIDER_UNAVAILABLE, detail);
        return Err(problem.member("providers", names).retry_after(PROVIDER_RETRY_S));
    }
    Ok(Provider(name))
}

/// Show an order.
///
/// With `wait_ms` and `seen` the answer comes when anything about it changes.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "buying",
    operation_id = "show_order",
    params(("id" = OrderRef, Path, description = "Which order"), Patience),
    responses((status = OK, description = "The order", body = Order)),
    extensions(
        ("x-action" = json!("order.see")),
        ("x-limit" = json!("buy")),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    caller: Caller,
    Named(order): Named<OrderId>,
    Params(patience): Params<Patience>,
) -> Result<Json<Order>, Problem> {
    patience.check()?;
    let wait = || {
        patience.clone().wait(edge.now(), |view| match view {
            View::Order(order) => versioned(order.clone()).ok().map(|order| order.version),
            _ => None,
        })
    };
    match caller.look(&edge, order.event, Query::Order(order), wait).await? {
        View::Order(order) => versioned(order).map(Json),
        _ => Err(mismatch()),
    }
}

/// The order as it is shown, with a version that stands for all of it.
fn versioned(order: OrderView) -> Result<Order, Problem> {
    let mut order = Order::from(order);
    order.version = content_tag(&order)?;
    Ok(order)
}

/// Cancel an order that is not paid yet.
///
/// If its payment arrives all the same, it is late: it brings the same tickets back if they are
/// still free, and else goes back in full.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/cancel", tag = "buying",
    operation_id = "cancel_order",
    params(("id" = OrderRef, Path, description = "Which order"), IdempotencyHeader),
    responses((status = NO_CONTENT, description = "It is cancelled; its stock is free again")),
    extensions(
        ("x-action" = json!("order.cancel")),
        ("x-limit" = json!("buy")),
        ("x-problems" = json!([
            "body_too_large", "invalid_body", "malformed_json", "not_in_that_state",
            "unsupported_media_type"
        ])),
    ),
)]
async fn cancel(
    State(edge): State<Edge>,
    caller: Caller,
    Named(order): Named<OrderId>,
    origin: Origin,
    request: Once<Nothing>,
) -> Result<StatusCode, Problem> {
    let key = request.key(caller.actor());
    let command = Command::CancelOrder(order);
    let request = (order.event.partition(), key, command);
    match caller.execute(&edge, origin, &Named(order), request).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mismatch()),
    }
}

/// Give money back and take tickets for it.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/refunds", tag = "operator",
    operation_id = "refund_order",
    params(("id" = OrderRef, Path, description = "Of which order"), IdempotencyHeader),
    request_body = RefundOrder,
    responses((status = ACCEPTED, description = "The tickets are void; the provider is asked",
        body = Refunding)),
    extensions(
        ("x-action" = json!("order.refund")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["disputed", "malformed", "not_in_that_state"])),
    ),
)]
async fn refund(
    State(edge): State<Edge>,
    Permit(Named(order), grant): Permit<Named<OrderId>>,
    request: Once<RefundOrder>,
) -> Result<Response, Problem> {
    let key = Some(request.key(grant.caller().actor()));
    let command = Command::RefundOrder { order, tickets: request.body.tickets.into() };
    let reply = grant.operate(&edge, order.event.partition(), key, command).await?;
    let Reply::Refunding { order, amount, currency } = reply else { return Err(mismatch()) };
    let body = Refunding {
        order: Id(order),
        amount_minor: amount.as_minor(),
        currency: currency.to_string(),
    };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

/// Show what happened to an order, and when.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}/timeline", tag = "buying",
    operation_id = "show_timeline",
    params(("id" = OrderRef, Path, description = "Of which order")),
    responses((status = OK, description = "What happened", body = Timeline)),
    extensions(
        ("x-action" = json!("order.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn timeline(
    State(edge): State<Edge>,
    caller: Caller,
    Named(order): Named<OrderId>,
) -> Result<Json<Timeline>, Problem> {
    let view = caller.look(&edge, order.event, Query::Timeline(order), || None).await?;
    let View::Timeline(steps) = view else { return Err(mismatch()) };
    let steps = steps.into_iter().map(StepDto::from).collect();
    Ok(Json(Timeline { order: Id(order), steps }))
}
