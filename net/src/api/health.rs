//! For those who run the server: is it alive, is it ready, what does it count.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use futures_util::future::try_join_all;
use onsale_control::Control;
use onsale_core::command::Actor;
use onsale_core::id::{EventId, PartitionId};
use onsale_core::query::Query;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::json::Json;
use crate::port::{CallError, Look};
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics))
}

/// How the process is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `alive`.
    #[schema(example = "alive")]
    status: &'static str,
}

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// `ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// Whether accounts, catalogue and histories are there: `ready`, `behind` (histories and sums
    /// are older than they should be) or `away`. The sale goes on without them.
    #[schema(example = "ready")]
    control: &'static str,
}

/// Ask whether the process answers at all.
#[utoipa::path(
    get, path = "/healthz", tag = "health",
    responses((status = OK, description = "It does", body = Health)),
    extensions(
        ("x-action" = json!("server.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn healthz() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Ask whether requests should be sent here: every partition answers, and none is going down.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = OK, description = "They should", body = Readiness)),
    extensions(
        ("x-action" = json!("server.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn readyz(State(edge): State<Edge>) -> Result<Json<Readiness>, Problem> {
    if edge.is_stopping() {
        return Err(CallError::Stopped.into());
    }
    try_join_all(edge.partitions().map(|partition| answers(&edge, partition))).await?;
    Ok(Json(Readiness { status: "ready", control: control_plane(&edge).await }))
}

async fn control_plane(edge: &Edge) -> &'static str {
    let Ok(room) = edge.reading() else { return "away" };
    let (now, behind) = (edge.now(), room.behind);
    let look = async move |control: Control| {
        control.database.ping().await.map(|()| control.progress.is_behind(now, behind))
    };
    match edge.backstage(look).await {
        Ok(true) => "behind",
        Ok(false) => "ready",
        Err(_) => "away",
    }
}

/// Asks for something that costs nothing: the last event that there could be. That there is none is
/// an answer too.
async fn answers(edge: &Edge, partition: PartitionId) -> Result<(), Problem> {
    let last = EventId::new(partition, EventId::PER_PARTITION_MAX - 1);
    let query = last.map_or(Query::Events, Query::Event);
    match edge.ask(partition, Look { actor: Actor::System, query, wait: None }).await {
        Ok(_) | Err(CallError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Show what is counted, in the format of `OpenMetrics` 1.0.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = OK, description = "The metrics of all cores", body = String,
        content_type = "application/openmetrics-text")),
    extensions(
        ("x-action" = json!("server.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn metrics(State(edge): State<Edge>) -> impl IntoResponse {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, content_type)], edge.metrics())
}
