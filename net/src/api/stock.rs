//! How much is left: by class, and seat by seat. Asked by everybody all the time, so every answer
//! has a version that a client can ask against.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use onsale_core::id::EventId;
use onsale_core::query::{Query, View};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use crate::access::Caller;
use crate::conditional::{self, Keep};
use crate::dto::id::EventRef;
use crate::dto::stock::{AvailabilityDto, Seats};
use crate::extract::Named;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(availability)).routes(routes!(seats))
}

/// Show how much there is of each ticket class.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/availability", tag = "events",
    operation_id = "show_availability",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is known"),
    ),
    responses(
        (status = OK, description = "What is left", body = AvailabilityDto,
            headers(("ETag" = String, description = "Of this version"))),
        (status = NOT_MODIFIED, description = "Nothing has changed"),
    ),
    extensions(
        ("x-action" = json!("event.see")),
        ("x-limit" = json!("read")),
    ),
)]
async fn availability(
    State(edge): State<Edge>,
    caller: Caller,
    Named(event): Named<EventId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = caller.look(&edge, event, Query::Availability(event), || None).await?;
    let View::Availability(availability) = view else { return Err(mismatch()) };
    let tag = availability.version.to_string();
    let body = AvailabilityDto::from(availability);
    Ok(conditional::respond(&headers, &tag, Keep::Briefly, &body))
}

/// Show which seats are not free.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/seats", tag = "events",
    operation_id = "show_seats",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag that is known"),
    ),
    responses(
        (status = OK, description = "The seats that are not free", body = Seats,
            headers(("ETag" = String, description = "Of this version"))),
        (status = NOT_MODIFIED, description = "Nothing has changed"),
    ),
    extensions(
        ("x-action" = json!("event.see")),
        ("x-limit" = json!("read")),
    ),
)]
async fn seats(
    State(edge): State<Edge>,
    caller: Caller,
    Named(event): Named<EventId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = caller.look(&edge, event, Query::Seats(event), || None).await?;
    let View::Seats(seats) = view else { return Err(mismatch()) };
    let tag = seats.version.to_string();
    Ok(conditional::respond(&headers, &tag, Keep::Briefly, &Seats::from(seats)))
}
