//! How an event stands.

use axum::extract::State;
use onsale_control::Control;
use onsale_control::reading::{Asked, summary};
use onsale_core::id::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::dto::Id;
use crate::dto::id::EventRef;
use crate::dto::reading::summary::{SummaryDto, SummaryWish};
use crate::extract::{Named, Params};
use crate::json::Json;
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Show how an event stands: stock, orders, tickets, money, and how many people came how far.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/summary", tag = "operator",
    operation_id = "show_summary",
    params(("id" = EventRef, Path, description = "Of which event"), SummaryWish),
    responses((status = OK, description = "How it stands", body = SummaryDto)),
    extensions(
        ("x-action" = json!("event.sales")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["models_behind"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    Params(wish): Params<SummaryWish>,
) -> Result<Json<SummaryDto>, Problem> {
    let catch_up = CatchUp::parse(wish.catch_up_ms)?;
    known(&edge, &grant, event).await?;
    let sum_up =
        async move |control: Control, asked: Asked| summary(&control.database, &asked, event).await;
    let (as_of, summary) = read(&edge, Some(event), catch_up, sum_up).await?;
    let summary = summary.ok_or_else(Problem::models_behind)?;
    Ok(Json(SummaryDto::new(as_of.into(), Id(event), summary)))
}
