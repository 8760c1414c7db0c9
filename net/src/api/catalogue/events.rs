//! Drafting an event, reading it, changing what people read about it, copying it, throwing it away.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::access::Reach;
use onsale_control::access::standing::Scope;
use onsale_control::catalogue::event::{copy, details, lifecycle};
use onsale_control::id::OrganiserId;
use onsale_core::command::{Actor, Command, IdempotencyKey};
use onsale_core::id::EventId;
use onsale_core::reply::Reply;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inside;
use super::object::{ForEvent, Listed, find};
use crate::access::{Caller, Permit};
use crate::api::edge::{Edge, mismatch};
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::catalogue::event::{CatalogueEvent, CopyEvent, EventDetails};
use crate::dto::id::{EventRef, OrganiserRef};
use crate::extract::{Body, Named, Once};
use crate::idempotency::IdempotencyHeader;
use crate::problem::Problem;

/// Details with a description of 20,000 characters, each as an escape of six bytes.
const DETAILS_BYTES_MAX: usize = 160 * 1024;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(show, change, remove))
        .routes(routes!(copy_event))
}

/// Draft an event for an organiser.
///
/// Its id is the one that it will have in the sale.
#[utoipa::path(
    post, path = "/api/v1/organisers/{id}/events", tag = "catalogue",
    operation_id = "draft_event",
    params(("id" = OrganiserRef, Path, description = "For which organiser"), IdempotencyHeader),
    request_body = EventDetails,
    responses((status = CREATED, description = "The new draft", body = CatalogueEvent, headers(
        ("Location" = String, description = "The event"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("event.create")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["full"])),
    ),
)]
async fn create(
    State(edge): State<Edge>,
    Permit(Named(organiser), grant): Permit<Named<OrganiserId>>,
    request: Once<EventDetails, DETAILS_BYTES_MAX>,
) -> Result<Response, Problem> {
    let key = request.key(grant.caller().actor());
    let (by, details) = (grant.by(&edge), request.body.parse()?);
    let id = reserve(&edge, key).await?;
    let create = async move |control: Control| {
        details::create(&control.database, &by, id, organiser, &details).await
    };
    let draft = edge.backstage(create).await?;
    Ok((StatusCode::CREATED, location(id), inside(draft)).into_response())
}

/// Show an event of the catalogue.
///
/// What is published and public everybody sees; the rest, whoever has a role for it.
#[utoipa::path(
    get, path = "/api/v1/catalogue/events/{id}", tag = "catalogue",
    operation_id = "show_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event")),
    responses((status = OK, description = "The event", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("catalogue.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    caller: Caller,
    Named(id): Named<EventId>,
) -> Result<Response, Problem> {
    let event = find(&edge, id).await?;
    if caller.reach(&edge, Scope::Event(id)).await? == Reach::Any {
        return Ok(inside(event));
    }
    if !event.is_visible() {
        return Err(Problem::not_found("event"));
    }
    Ok(versioned(event.version, &CatalogueEvent::outside(event)))
}

/// Change what people read about an event.
///
/// What was agreed to and is changed has to be agreed to again: the event is a draft from then on.
/// Once it is published, its title and its zone stay; it can be moved to another time or place.
#[utoipa::path(
    put, path = "/api/v1/catalogue/events/{id}", tag = "catalogue",
    operation_id = "change_catalogue_event",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    request_body = EventDetails,
    responses((status = OK, description = "It is so", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Body(wish): Body<EventDetails, DETAILS_BYTES_MAX>,
) -> Result<Response, Problem> {
    let (by, details) = (grant.by(&edge), wish.parse()?);
    let change = async move |control: Control| {
        details::change(&control.database, &by, id, seen, &details).await
    };
    Ok(inside(edge.backstage(change).await?))
}

/// Throw a draft away.
#[utoipa::path(
    delete, path = "/api/v1/catalogue/events/{id}", tag = "catalogue",
    operation_id = "remove_draft",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("event.remove")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "no_draft"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
) -> Result<StatusCode, Problem> {
    let by = grant.by(&edge);
    let remove =
        async move |control: Control| lifecycle::remove(&control.database, &by, id, seen).await;
    edge.backstage(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Copy an event: all of it but its life, which begins anew.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/copy", tag = "catalogue",
    operation_id = "copy_event",
    params(("id" = EventRef, Path, description = "Which event"), IdempotencyHeader),
    request_body = CopyEvent,
    responses((status = CREATED, description = "The new draft", body = CatalogueEvent, headers(
        ("Location" = String, description = "The copy"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("event.copy")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["full"])),
    ),
)]
async fn copy_event(
    State(edge): State<Edge>,
    Permit(Listed(Named(source)), grant): ForEvent,
    request: Once<CopyEvent>,
) -> Result<Response, Problem> {
    let key = request.key(grant.caller().actor());
    let (by, wish) = (grant.by(&edge), request.body.parse()?);
    let id = reserve(&edge, key).await?;
    let copy =
        async move |control: Control| copy::copy(&control.database, &by, source, id, &wish).await;
    let copied = edge.backstage(copy).await?;
    Ok((StatusCode::CREATED, location(id), inside(copied)).into_response())
}

/// An id in the sale; the same for a request that is repeated.
async fn reserve(edge: &Edge, key: IdempotencyKey) -> Result<EventId, Problem> {
    let partition = edge.place(key.key)?;
    match edge.execute(partition, Actor::System, Some(key), Command::ReserveEvent).await? {
        Reply::EventReserved { event } => Ok(event),
        _ => Err(mismatch()),
    }
}

fn location(id: EventId) -> [(axum::http::HeaderName, String); 1] {
    [(LOCATION, format!("/api/v1/catalogue/events/{id}"))]
}
