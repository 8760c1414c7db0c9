//! The orders of an event, for whoever sells.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::access::Action;
use onsale_control::reading::{Asked, orders};
use onsale_core::id::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::dto::id::EventRef;
use crate::dto::reading::order::{EventOrdersPage, OrderRecordList};
use crate::extract::{Named, Params};
use crate::page;
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the orders of an event, the newest first.
///
/// Names and addresses are there for those who may know them (`event.buyers`).
#[utoipa::path(
    get, path = "/api/v1/events/{id}/orders", tag = "operator",
    operation_id = "list_event_orders",
    params(("id" = EventRef, Path, description = "Of which event"), EventOrdersPage),
    responses((status = OK, description = "A page of orders", body = OrderRecordList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("event.orders")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    uri: Uri,
    Params(wish): Params<EventOrdersPage>,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let (filter, catch_up) = (wish.filter()?, CatchUp::parse(wish.catch_up_ms)?);
    let with_buyers = grant.may(Action::SeeBuyers);
    if filter.email_key.is_some() && !with_buyers {
        return Err(Problem::forbidden(Action::SeeBuyers));
    }
    known(&edge, &grant, event).await?;
    let list = async move |control: Control, asked: Asked| {
        let page = (after.as_ref(), limit);
        orders(&control.database, &asked, event, &filter, page, with_buyers).await
    };
    let (as_of, found) = read(&edge, Some(event), catch_up, list).await?;
    let list = |orders, next| OrderRecordList { as_of: as_of.into(), orders, next };
    Ok(page::answer(&uri, found, list))
}
