//! Refunds that their providers will not make: a list for whoever runs an event, and what becomes
//! of each. How money goes back otherwise is in `orders`.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use onsale_control::Control;
use onsale_core::command::{Command, RefundSettlement};
use onsale_core::id::{EventId, OrderId};
use onsale_core::payment::RefundState;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use crate::access::{Grant, Permit};
use crate::dto::id::{EventRef, OrderRef};
use crate::dto::orders_page::OrdersPage;
use crate::dto::refund::{RefusedRefundList, SettleRefund};
use crate::extract::{Named, Once, OrderPart, Params};
use crate::idempotency::IdempotencyHeader;
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(settle))
}

/// List the refunds of an event that their providers will not make.
///
/// Their tickets are void and their money is still there: somebody has to look into each.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/refused-refunds", tag = "operator",
    operation_id = "list_refused_refunds",
    params(("id" = EventRef, Path, description = "Of which event"), OrdersPage),
    responses((status = OK, description = "A page of refunds", body = RefusedRefundList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("order.settle_refund")),
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
    let query = Query::RefusedRefunds { event, after, orders_max: limit + 1 };
    let view = grant.look(&edge, event, query).await?;
    let View::RefusedRefunds(found) = view else { return Err(mismatch()) };
    let list = |refunds, next| RefusedRefundList { refunds, next };
    Ok(page::answer_of_orders(&uri, (found, limit), |refund| refund.order, list))
}

/// Settle a refund that its provider will not make, or does not come to make.
///
/// The provider is asked once more, or the money went back another way. A refund that its provider
/// has not refused is settled by hand only while it is among the stuck effects: any other is about
/// to be made. It is not asked for any more then. A call may be under way: if the provider makes
/// the refund all the same, the money is gone twice, and the order's timeline and the audit say so.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/refunds/{number}/settle", tag = "operator",
    operation_id = "settle_refund",
    params(
        ("id" = OrderRef, Path, description = "Of which order"),
        ("number" = u32, Path, description = "Which of its refunds, from 0"),
        IdempotencyHeader,
    ),
    request_body = SettleRefund,
    responses((status = NO_CONTENT, description = "The provider is asked, or it is done")),
    extensions(
        ("x-action" = json!("order.settle_refund")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["disputed", "not_in_that_state", "refund_under_way"])),
    ),
)]
async fn settle(
    State(edge): State<Edge>,
    Permit(OrderPart(order, refund), grant): Permit<OrderPart>,
    request: Once<SettleRefund>,
) -> Result<StatusCode, Problem> {
    let key = Some(request.key(grant.caller().actor()));
    let how = request.body.parse()?;
    let is_by_hand = matches!(how, RefundSettlement::ByHand { .. });
    if is_by_hand {
        unless_about_to_be_made(&edge, &grant, order, refund).await?;
    }
    let command = Command::SettleRefund { order, refund, how };
    let Reply::Done = grant.operate(&edge, order.event.partition(), key, command).await? else {
        return Err(mismatch());
    };
    if is_by_hand {
        let providers = edge.providers().clone();
        let settled = async move |_: Control| -> Result<_, Problem> {
            providers.stuck().settled(order, refund);
            Ok(())
        };
        // Else it is seen before the provider is asked for the next time.
        let _ = edge.backstage(settled).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A provider that works is about to make the refund: by hand it would go back twice.
async fn unless_about_to_be_made(
    edge: &Edge,
    grant: &Grant,
    order: OrderId,
    refund: u32,
) -> Result<(), Problem> {
    let view = grant.look(edge, order.event, Query::Order(order)).await?;
    let View::Order(seen) = view else { return Err(mismatch()) };
    let mut refunds = seen.refunds.iter().filter(|known| known.number == refund);
    if refunds.all(|known| known.state != RefundState::Wanted) {
        return Ok(());
    }
    let (providers, now) = (edge.providers().clone(), edge.now());
    let is_stuck = async move |_: Control| -> Result<_, Problem> {
        Ok(providers.stuck().has_refund(order, refund, now))
    };
    if edge.backstage(is_stuck).await? { Ok(()) } else { Err(Refusal::RefundUnderWay.into()) }
}
