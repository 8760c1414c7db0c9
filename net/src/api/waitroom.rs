//! The waitroom: joining, asking how far one is, leaving; and the proof of the lottery.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_core::command::{Actor, Command};
use onsale_core::id::{EventId, PlaceId};
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use super::poll::poll_after_ms;
use super::wait::Patience;
use crate::access::Caller;
use crate::auth::token::Checkout;
use crate::auth::{Buyer, new_checkout_token};
use crate::dto::Id;
use crate::dto::id::{EventRef, PlaceRef};
use crate::dto::waitroom::{Join, Joined, Lottery, PlaceDto};
use crate::extract::{Arrived, Named, Once, Params};
use crate::idempotency::IdempotencyHeader;
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(join)).routes(routes!(show, leave)).routes(routes!(lottery))
}

/// Join the waitroom of an event.
///
/// Whoever has a place there keeps it: a person has one.
#[utoipa::path(
    post, path = "/api/v1/events/{id}/waitroom", tag = "waitroom",
    operation_id = "join_waitroom",
    params(("id" = EventRef, Path, description = "Of which event"), IdempotencyHeader),
    request_body = Join,
    responses((status = CREATED, description = "The place", body = Joined,
        headers(("Location" = String, description = "The place")))),
    extensions(
        ("x-action" = json!("waitroom.join")),
        ("x-limit" = json!("queue")),
        ("x-problems" = json!([
            "doors_closed", "event_cancelled", "full", "limit_reached", "malformed", "no_waitroom",
            "sold_out"
        ])),
    ),
)]
async fn join(
    State(edge): State<Edge>,
    Arrived(event): Arrived,
    buyer: Buyer,
    request: Once<Join>,
) -> Result<Response, Problem> {
    let actor = buyer.actor();
    let command = Command::JoinWaitroom { event, party: request.body.party };
    let key = Some(request.key(actor));
    let reply = edge.execute(event.partition(), actor, key, command).await?;
    let Reply::Joined { place, ahead } = reply else { return Err(mismatch()) };
    let body = Joined { id: Id(place), event: Id(event), ahead };
    let location = format!("/api/v1/places/{place}");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}

/// Ask how far a place is.
///
/// Asking keeps the place. With `wait_ms` and `seen` the answer comes when the state changes. When
/// it is ADMITTED the answer has the `checkout_token` to buy with.
#[utoipa::path(
    get, path = "/api/v1/places/{id}", tag = "waitroom",
    operation_id = "show_place",
    params(("id" = PlaceRef, Path, description = "Which place"), Patience),
    responses((status = OK, description = "The place", body = PlaceDto)),
    extensions(
        ("x-action" = json!("waitroom.see")),
        ("x-limit" = json!("queue")),
        ("x-problems" = json!(["event_cancelled"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    caller: Caller,
    Named(place): Named<PlaceId>,
    Params(patience): Params<Patience>,
) -> Result<Json<PlaceDto>, Problem> {
    patience.check()?;
    let wait = patience.wait(edge.now(), |view| match view {
        View::Place(place) => Some(PlaceDto::version(place).to_owned()),
        _ => None,
    });
    let view = edge.look(place.event, caller.actor(), Query::Place(place), wait).await?;
    let View::Place(view) = view else { return Err(mismatch()) };
    let now = edge.now();
    let mut dto = PlaceDto::new(&view);
    dto.poll_after_ms = poll_after_ms(&view, now);
    if let (Actor::Person(person), Some(until)) = (caller.actor(), dto.admitted_until_at) {
        let checkout = Checkout { person, event: place.event, place, expires_at: until.0 };
        dto.checkout_token = Some(new_checkout_token(&edge, checkout)?);
    }
    Ok(Json(dto))
}

/// Give up a place.
#[utoipa::path(
    delete, path = "/api/v1/places/{id}", tag = "waitroom",
    operation_id = "leave_waitroom",
    params(("id" = PlaceRef, Path, description = "Which place")),
    responses((status = NO_CONTENT, description = "It is given up")),
    extensions(
        ("x-action" = json!("waitroom.leave")),
        ("x-limit" = json!("queue")),
        ("x-problems" = json!(["event_cancelled"])),
    ),
)]
async fn leave(
    State(edge): State<Edge>,
    caller: Caller,
    Named(place): Named<PlaceId>,
) -> Result<StatusCode, Problem> {
    let command = Command::LeaveWaitroom(place);
    match edge.execute(place.event.partition(), caller.actor(), None, command).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mismatch()),
    }
}

/// Show what the lottery is drawn with.
///
/// Before the draw only the commitment: SHA-256 of the seed. After it everything that anyone needs
/// to compute the order again.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/waitroom/lottery", tag = "waitroom",
    operation_id = "show_lottery",
    params(("id" = EventRef, Path, description = "Of which event")),
    responses((status = OK, description = "The lottery", body = Lottery)),
    extensions(
        ("x-action" = json!("event.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["no_waitroom"])),
    ),
)]
async fn lottery(
    State(edge): State<Edge>,
    caller: Caller,
    Named(event): Named<EventId>,
) -> Result<Json<Lottery>, Problem> {
    match caller.look(&edge, event, Query::Reveal(event), || None).await? {
        View::Reveal { commitment, reveal } => Ok(Json(Lottery::new(event, &commitment, reveal))),
        _ => Err(mismatch()),
    }
}
