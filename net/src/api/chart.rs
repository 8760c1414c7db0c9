//! The seating plan, as a page draws it. It never changes, so everybody may keep it for ever.

use std::fmt::Write;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use onsale_core::id::EventId;
use onsale_core::query::{Query, View};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use crate::access::Caller;
use crate::conditional::{self, Keep};
use crate::dto::id::EventRef;
use crate::dto::plan::Chart;
use crate::extract::Named;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(chart))
}

/// Show the seating plan.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/seats/chart", tag = "events",
    operation_id = "show_chart",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is known"),
    ),
    responses(
        (status = OK, description = "The plan: it never changes", body = Chart,
            headers(("ETag" = String, description = "Of its content"))),
        (status = NOT_MODIFIED, description = "It is the one that is known"),
    ),
    extensions(
        ("x-action" = json!("event.see")),
        ("x-limit" = json!("read")),
    ),
)]
async fn chart(
    State(edge): State<Edge>,
    caller: Caller,
    Named(event): Named<EventId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = caller.look(&edge, event, Query::Plan(event), || None).await?;
    let View::Plan(plan) = view else { return Err(mismatch()) };
    let chart = Chart::new(event, plan);
    let tag = content_tag(&chart)?;
    Ok(conditional::respond(&headers, &tag, Keep::Forever, &chart))
}

/// 16 hex digits of the SHA-256 of its JSON.
pub(super) fn content_tag(body: &impl Serialize) -> Result<String, Problem> {
    let bytes = serde_json::to_vec(body).map_err(|error| Problem::internal(error.to_string()))?;
    let digest = Sha256::digest(&bytes);
    Ok(digest[..8].iter().fold(String::new(), |mut tag, byte| {
        // Writing into a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
        tag
    }))
}
