//! Holds: taking stock for a while, and giving it back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_core::command::Command;
use onsale_core::id::HoldId;
use onsale_core::query::{Query, View};
use onsale_core::reply::Reply;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use crate::access::Caller;
use crate::auth::{Buyer, CheckoutToken};
use crate::dto::hold::{Hold, TakeHold};
use crate::dto::id::{EventRef, HoldRef};
use crate::extract::{Arrived, Named, Once};
use crate::idempotency::IdempotencyHeader;
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(take)).routes(routes!(show, release))
}

/// Take a hold: all that is wished for, or nothing.
///
/// Events with a waitroom want the `checkout_token` of an admitted place.
#[utoipa::path(
    post, path = "/api/v1/events/{id}/holds", tag = "buying",
    operation_id = "take_hold",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("Checkout-Token" = Option<String>, Header,
            description = "The `checkout_token` of an admitted place, where there is a waitroom"),
        IdempotencyHeader,
    ),
    request_body = TakeHold,
    responses((status = CREATED, description = "The hold", body = Hold,
        headers(("Location" = String, description = "The hold")))),
    extensions(
        ("x-action" = json!("hold.take")),
        ("x-limit" = json!("buy")),
        ("x-problems" = json!([
            "admission_required", "all_held", "checkout_token_expired", "checkout_token_invalid",
            "checkout_token_mismatch", "companion_alone", "event_cancelled", "full",
            "leaves_orphan", "limit_reached", "malformed", "no_neighbours", "no_waitroom",
            "not_on_sale", "ordered_already", "seats_blocked", "seats_taken", "sold_out",
            "unknown_seats"
        ])),
    ),
)]
async fn take(
    State(edge): State<Edge>,
    Arrived(event): Arrived,
    buyer: Buyer,
    token: CheckoutToken,
    request: Once<TakeHold>,
) -> Result<Response, Problem> {
    let actor = buyer.actor();
    let place = token.place(&edge, buyer.0, event)?;
    let key = Some(request.key(actor));
    let command = Command::TakeHold { event, place, wishes: request.body.parse()? };
    let reply = edge.execute(event.partition(), actor, key, command).await?;
    let Reply::HoldTaken(hold) = reply else { return Err(mismatch()) };
    let location = format!("/api/v1/holds/{}", hold.hold);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(Hold::from(hold))).into_response())
}

/// Show a hold.
#[utoipa::path(
    get, path = "/api/v1/holds/{id}", tag = "buying",
    operation_id = "show_hold",
    params(("id" = HoldRef, Path, description = "Which hold")),
    responses((status = OK, description = "The hold", body = Hold)),
    extensions(
        ("x-action" = json!("hold.see")),
        ("x-limit" = json!("buy")),
        ("x-problems" = json!(["hold_gone"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    caller: Caller,
    Named(hold): Named<HoldId>,
) -> Result<Json<Hold>, Problem> {
    match edge.look(hold.event, caller.actor(), Query::Hold(hold), None).await? {
        View::Hold(hold) => Ok(Json(hold.into())),
        _ => Err(mismatch()),
    }
}

/// Give a hold back.
#[utoipa::path(
    delete, path = "/api/v1/holds/{id}", tag = "buying",
    operation_id = "release_hold",
    params(("id" = HoldRef, Path, description = "Which hold")),
    responses((status = NO_CONTENT, description = "Its stock is free again")),
    extensions(
        ("x-action" = json!("hold.release")),
        ("x-limit" = json!("buy")),
        ("x-problems" = json!(["hold_gone"])),
    ),
)]
async fn release(
    State(edge): State<Edge>,
    caller: Caller,
    Named(hold): Named<HoldId>,
) -> Result<StatusCode, Problem> {
    let command = Command::ReleaseHold(hold);
    match edge.execute(hold.event.partition(), caller.actor(), None, command).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mismatch()),
    }
}
