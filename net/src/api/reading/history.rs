//! What somebody has bought, wherever.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::reading::{Asked, history};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::edge::Edge;
use crate::auth::Buyer;
use crate::dto::reading::order::{HistoryPage, OrderRecordList};
use crate::extract::Params;
use crate::page;
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List what you have bought, the newest first.
///
/// Orders come here a moment after they are placed: whoever has just bought asks with
/// `catch_up_ms`.
#[utoipa::path(
    get, path = "/api/v1/me/orders", tag = "buying",
    operation_id = "list_own_orders",
    params(HistoryPage),
    responses((status = OK, description = "A page of orders", body = OrderRecordList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("order.history")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    buyer: Buyer,
    uri: Uri,
    Params(wish): Params<HistoryPage>,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let catch_up = CatchUp::parse(wish.catch_up_ms)?;
    let list = async move |control: Control, asked: Asked| {
        let page = (after.as_ref(), limit);
        history(&control.database, &asked, buyer.0, wish.filter(), page).await
    };
    let (as_of, found) = read(&edge, None, catch_up, list).await?;
    let list = |orders, next| OrderRecordList { as_of: as_of.into(), orders, next };
    Ok(page::answer(&uri, found, list))
}
