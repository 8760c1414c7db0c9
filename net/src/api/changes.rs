//! Changing an event while it is sold: how much there is, what it costs, when it is sold. Nobody
//! loses what they have by it.
//!
//! Each may be asked for any number of times without harm, so that none needs a key.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_core::command::Command;
use onsale_core::id::EventId;
use onsale_core::reply::Reply;
use onsale_core::spec::{Change, ClassId, QuotaId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::{Edge, mismatch};
use crate::access::{Grant, Permit};
use crate::dto::change::{ClassChange, QuotaChange};
use crate::dto::id::EventRef;
use crate::extract::{Body, PartOf};
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(change_quota)).routes(routes!(change_class))
}

/// Change how many tickets a quota has room for.
///
/// More can be had at once, and lets in who waits. There is never less than what is held and sold.
#[utoipa::path(
    patch, path = "/api/v1/events/{id}/quotas/{quota}", tag = "operator",
    operation_id = "change_quota",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("quota" = u16, Path, description = "Its position among the event's quotas, from 0"),
    ),
    request_body = QuotaChange,
    responses((status = NO_CONTENT, description = "It is so")),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["below_sold", "event_cancelled"])),
    ),
)]
async fn change_quota(
    State(edge): State<Edge>,
    Permit(PartOf(event, quota), grant): Permit<PartOf>,
    Body(change): Body<QuotaChange>,
) -> Result<StatusCode, Problem> {
    apply(&edge, &grant, event, change.of(QuotaId(quota))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change what tickets of a class cost, or when they are sold.
///
/// A new price is for new holds: what is in a cart or an order is bought at the price it was shown
/// with. The price changes first, then the window.
#[utoipa::path(
    patch, path = "/api/v1/events/{id}/classes/{class}", tag = "operator",
    operation_id = "change_class",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("class" = u16, Path, description = "Its position among the event's classes, from 0"),
    ),
    request_body = ClassChange,
    responses((status = NO_CONTENT, description = "It is so")),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled"])),
    ),
)]
async fn change_class(
    State(edge): State<Edge>,
    Permit(PartOf(event, class), grant): Permit<PartOf>,
    Body(change): Body<ClassChange>,
) -> Result<StatusCode, Problem> {
    for change in change.of(ClassId(class))? {
        apply(&edge, &grant, event, change).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn apply(edge: &Edge, grant: &Grant, event: EventId, change: Change) -> Result<(), Problem> {
    let command = Command::ChangeEvent { event, change };
    match grant.operate(edge, event.partition(), None, command).await? {
        Reply::Done => Ok(()),
        _ => Err(mismatch()),
    }
}
