//! Moving an event on in its life.
//!
//! A step that was taken already may be asked for again; it still wants the version that was seen.

use axum::extract::State;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::catalogue::event::lifecycle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inside;
use super::object::{ForEvent, Listed};
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::conditional::{IfMatchHeader, Seen};
use crate::dto::catalogue::event::{CatalogueEvent, CurateEvent, ReviseEvent};
use crate::dto::id::EventRef;
use crate::extract::{Body, Named};
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(configure))
        .routes(routes!(approve))
        .routes(routes!(revise))
        .routes(routes!(publish))
        .routes(routes!(cancel))
        .routes(routes!(curate))
}

/// Say that an event has all it needs: from DRAFT to CONFIGURED.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/configure", tag = "catalogue",
    operation_id = "configure_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    responses((status = OK, description = "It is configured", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.configure")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "incomplete"])),
    ),
)]
async fn configure(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let configure =
        async move |control: Control| lifecycle::configure(&control.database, &by, id, seen).await;
    Ok(inside(edge.backstage(configure).await?))
}

/// Agree to an event: from CONFIGURED to APPROVED.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/approve", tag = "catalogue",
    operation_id = "approve_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    responses((status = OK, description = "It is approved", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.approve")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "not_configured"])),
    ),
)]
async fn approve(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let approve =
        async move |control: Control| lifecycle::approve(&control.database, &by, id, seen).await;
    Ok(inside(edge.backstage(approve).await?))
}

/// Send an event back to be worked on: to DRAFT.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/revise", tag = "catalogue",
    operation_id = "revise_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    request_body = ReviseEvent,
    responses((status = OK, description = "It is a draft", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.configure")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn revise(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Body(wish): Body<ReviseEvent>,
) -> Result<Response, Problem> {
    let (by, reason) = (grant.by(&edge), wish.parse()?);
    let revise = async move |control: Control| {
        lifecycle::revise(&control.database, &by, id, seen, &reason).await
    };
    Ok(inside(edge.backstage(revise).await?))
}

/// Put an event up for sale: to PUBLISHED.
///
/// The sale is told at once, and again until it has heard: `work.is_settled` says when. If it
/// refuses, the event goes back to APPROVED, and `work.returned_because` says why.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/publish", tag = "catalogue",
    operation_id = "publish_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    responses((status = OK, description = "It is published", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.publish")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!([
            "approval_needed", "event_cancelled", "incomplete", "not_configured"
        ])),
    ),
)]
async fn publish(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let (by, approval) = (grant.by(&edge), edge.catalogue()?.approval);
    let publish = async move |control: Control| {
        lifecycle::publish(&control.database, &by, id, seen, approval).await
    };
    let published = edge.backstage(publish).await?;
    edge.call_publisher();
    Ok(inside(published))
}

/// Call an event off, in whatever state it is. If it was for sale, everybody is refunded.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/cancel", tag = "catalogue",
    operation_id = "cancel_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    responses((status = OK, description = "It is cancelled", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.cancel")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn cancel(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let cancel =
        async move |control: Control| lifecycle::cancel(&control.database, &by, id, seen).await;
    let cancelled = edge.backstage(cancel).await?;
    edge.call_publisher();
    Ok(inside(cancelled))
}

/// Recommend an event, or have an admin asked for it.
#[utoipa::path(
    put, path = "/api/v1/catalogue/events/{id}/curation", tag = "catalogue",
    operation_id = "curate_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    request_body = CurateEvent,
    responses((status = OK, description = "It is so", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.curate")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled"])),
    ),
)]
async fn curate(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Body(wish): Body<CurateEvent>,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let curate = async move |control: Control| {
        lifecycle::curate(&control.database, &by, id, seen, wish.into()).await
    };
    Ok(inside(edge.backstage(curate).await?))
}
