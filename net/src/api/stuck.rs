//! What providers keep failing to do: a list for whoever runs the platform, and having it asked for
//! at once. What they refuse for good is in `refunds`.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::access::audit::Deed;
use onsale_core::id::OrderId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Permit, Unowned};
use crate::dto::id::OrderRef;
use crate::dto::orders_page::OrdersPage;
use crate::dto::stuck::{RetriedEffects, StuckEffectList};
use crate::extract::{Named, Params};
use crate::json::Json;
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(retry))
}

/// List what payment providers keep failing to do.
///
/// It has failed ten times in a row, or nothing has come of it for five minutes. All of it is tried
/// again, more and more rarely: see when, and why it failed.
#[utoipa::path(
    get, path = "/api/v1/stuck-effects", tag = "operator",
    operation_id = "list_stuck_effects",
    params(OrdersPage),
    responses((status = OK, description = "A page of it", body = StuckEffectList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("order.retry")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    Permit(Unowned, _): Permit<Unowned>,
    uri: Uri,
    Params(page): Params<OrdersPage>,
) -> Result<Response, Problem> {
    let (after, orders_max) = page.parse()?;
    let (providers, now) = (edge.providers().clone(), edge.now());
    // Not on a core: whoever asks providers may hold the list. One more, to see whether there is
    // another page.
    let list = async move |_: Control| -> Result<_, Problem> {
        Ok(providers.stuck().list(now, after, usize::from(orders_max) + 1))
    };
    let found = edge.backstage(list).await?;
    let list = |effects, next| StuckEffectList { effects, next };
    Ok(page::answer_of_orders(&uri, (found, orders_max), |stuck| stuck.id.order, list))
}

/// Have asked for at once what a provider keeps failing to do for an order.
///
/// Also if the provider is left alone for a while: for whoever knows that it works again.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/stuck-effects/retry", tag = "operator",
    operation_id = "retry_stuck_effects",
    params(("id" = OrderRef, Path, description = "For which order")),
    responses((status = OK, description = "The provider is asked", body = RetriedEffects)),
    extensions(
        ("x-action" = json!("order.retry")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn retry(
    State(edge): State<Edge>,
    Permit(Named(order), grant): Permit<Named<OrderId>>,
) -> Result<Json<RetriedEffects>, Problem> {
    let (providers, now) = (edge.providers().clone(), edge.now());
    let retry = edge.backstage(async move |_: Control| -> Result<_, Problem> {
        Ok(providers.retry(order, now))
    });
    let deed = Deed::new(grant.caller().action).of_event(order.event).to(order);
    let saying = |deed: Deed, asked: &u32| deed.saying(format!("{asked} asked for"));
    let asked = grant.recorded(&edge, deed, retry, saying).await?;
    Ok(Json(RetriedEffects { asked }))
}
