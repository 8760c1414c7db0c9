//! What was sold of an event, by class and hour or day.

use axum::extract::State;
use onsale_control::Control;
use onsale_control::catalogue::CatalogueError;
use onsale_control::catalogue::event::{EventError, find};
use onsale_control::catalogue::place::Zone;
use onsale_control::reading::{Asked, sales};
use onsale_core::id::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::dto::Id;
use crate::dto::id::EventRef;
use crate::dto::reading::sales::{SalesDto, SalesWish};
use crate::extract::{Named, Params};
use crate::json::Json;
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(show))
}

/// Count what was sold of an event, by class and hour or day.
///
/// Hours and days are those of the zone's clocks: a day in autumn may have 25 hours.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/sales", tag = "operator",
    operation_id = "show_sales",
    params(("id" = EventRef, Path, description = "Of which event"), SalesWish),
    responses((status = OK, description = "What was sold", body = SalesDto)),
    extensions(
        ("x-action" = json!("event.sales")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["models_behind"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    Params(wish): Params<SalesWish>,
) -> Result<Json<SalesDto>, Problem> {
    let zone = match wish.zone()? {
        Some(zone) => zone,
        None => zone_of(&edge, event).await?,
    };
    let period = wish.period(edge.now(), &zone)?;
    let catch_up = CatchUp::parse(wish.catch_up_ms)?;
    known(&edge, &grant, event).await?;
    let count = async move |control: Control, asked: Asked| {
        sales(&control.database, &asked, event, &period).await
    };
    let (as_of, sales) = read(&edge, Some(event), catch_up, count).await?;
    let sales = sales.ok_or_else(Problem::models_behind)?;
    Ok(Json(SalesDto::new(as_of.into(), Id(event), &wish, &zone, sales)))
}

/// The zone of an event; UTC for one that is in no catalogue.
async fn zone_of(edge: &Edge, event: EventId) -> Result<Zone, Problem> {
    let find = async move |control: Control| match find(&control.database, event).await {
        Err(EventError::Catalogue(CatalogueError::NotFound(_))) => Ok(Zone::utc()),
        found => found.map(|event| event.zone),
    };
    edge.backstage(find).await
}
