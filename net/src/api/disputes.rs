//! Payments that banks ask back: a list for whoever runs an event, and what becomes of the tickets.
//! What providers say about disputes comes in by their notices.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use onsale_core::command::Command;
use onsale_core::id::EventId;
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use crate::access::Permit;
use crate::dto::dispute::{DecideDispute, DisputeList};
use crate::dto::id::{EventRef, OrderRef};
use crate::dto::orders_page::OrdersPage;
use crate::extract::{Named, Once, OrderPart, Params};
use crate::idempotency::IdempotencyHeader;
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(decide))
}

/// List the disputes of an event that somebody has to know of.
///
/// Those that are open, and those that are lost while their tickets are valid: for these somebody
/// has to say whether they stay so.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/disputes", tag = "operator",
    operation_id = "list_disputes",
    params(("id" = EventRef, Path, description = "Of which event"), OrdersPage),
    responses((status = OK, description = "A page of disputes", body = DisputeList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("order.decide_dispute")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    uri: Uri,
    Params(page): Params<OrdersPage>,
) -> Result<Response, Problem> {
    let (after, limit) = page.of(event)?;
    // One more, to see whether there is another page.
    let query = Query::Disputes { event, after, orders_max: limit + 1 };
    let view = grant.look(&edge, event, query).await?;
    let View::Disputes(found) = view else { return Err(mismatch()) };
    let list = |disputes, next| DisputeList { disputes, next };
    Ok(page::answer_of_orders(&uri, (found, limit), |dispute| dispute.order, list))
}

/// Decide what becomes of the tickets of a payment that a bank asks back.
///
/// `void` is possible as soon as the dispute is open, `keep` once it is lost. What is left of the
/// payment goes back when it is known whose it is.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/disputes/{number}/decide", tag = "operator",
    operation_id = "decide_dispute",
    params(
        ("id" = OrderRef, Path, description = "Of which order"),
        ("number" = u32, Path, description = "Which of its disputes, from 0"),
        IdempotencyHeader,
    ),
    request_body = DecideDispute,
    responses((status = NO_CONTENT, description = "The tickets are as was decided")),
    extensions(
        ("x-action" = json!("order.decide_dispute")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["not_in_that_state"])),
    ),
)]
async fn decide(
    State(edge): State<Edge>,
    Permit(OrderPart(order, dispute), grant): Permit<OrderPart>,
    request: Once<DecideDispute>,
) -> Result<StatusCode, Problem> {
    let key = Some(request.key(grant.caller().actor()));
    let decision = request.body.tickets.into();
    let command = Command::DecideDispute { order, dispute, decision };
    match grant.operate(&edge, order.event.partition(), key, command).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mismatch()),
    }
}
