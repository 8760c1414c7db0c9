//! What is sold at an event that is not published yet: configuration, ticket classes, quotas. A
//! class and a quota are their positions, as in the sale; whoever takes one away moves the others,
//! and the version that everybody has to name sees to it that nobody means another one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::catalogue::event::Event;
use onsale_control::catalogue::event::selling::{self, OfferChange};
use onsale_control::version::Version;
use onsale_core::id::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::object::{ForEvent, Listed, see};
use crate::access::{Caller, Grant, Permit};
use crate::api::edge::Edge;
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::catalogue::offer::{EventConfiguration, OfferDto, TicketClassDto};
use crate::dto::event::QuotaDto;
use crate::dto::id::EventRef;
use crate::extract::{Body, Named, PartOf};
use crate::problem::Problem;

/// The permission to do something to a class or a quota of an event of the catalogue.
type ForPart = Permit<Listed<PartOf>>;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(configure))
        .routes(routes!(add_class))
        .routes(routes!(set_class, remove_class))
        .routes(routes!(add_quota))
        .routes(routes!(set_quota, remove_quota))
}

/// Show what is sold at an event, when and on what terms.
#[utoipa::path(
    get, path = "/api/v1/catalogue/events/{id}/offer", tag = "catalogue",
    operation_id = "show_offer",
    params(("id" = EventRef, Path, description = "Of which event")),
    responses((status = OK, description = "What is sold", body = OfferDto,
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
    Ok(offer(see(&edge, &caller, id).await?))
}

/// Say when, to whom and on what terms tickets are sold.
#[utoipa::path(
    put, path = "/api/v1/catalogue/events/{id}/configuration", tag = "catalogue",
    operation_id = "set_configuration",
    params(("id" = EventRef, Path, description = "Of which event"), IfMatchHeader),
    request_body = EventConfiguration,
    responses((status = OK, description = "What is sold now", body = OfferDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn configure(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Body(wish): Body<EventConfiguration>,
) -> Result<Response, Problem> {
    let configuration = wish.parse()?;
    configuration.currency.map_or(Ok(()), |currency| edge.check_currency(currency))?;
    let change = OfferChange::Configure(configuration);
    Ok(offer(apply(&edge, &grant, (id, seen), change).await?))
}

/// Add a ticket class behind the others.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/classes", tag = "catalogue",
    operation_id = "add_class",
    params(("id" = EventRef, Path, description = "Of which event"), IfMatchHeader),
    request_body = TicketClassDto,
    responses((status = CREATED, description = "What is sold now", body = OfferDto, headers(
        ("Location" = String, description = "The class"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "full", "published_already"])),
    ),
)]
async fn add_class(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Body(wish): Body<TicketClassDto>,
) -> Result<Response, Problem> {
    let event = apply(&edge, &grant, (id, seen), OfferChange::AddClass(wish.parse()?)).await?;
    let count = event.offer.classes.len();
    Ok(added(event, "classes", count))
}

/// Change a ticket class.
#[utoipa::path(
    put, path = "/api/v1/catalogue/events/{id}/classes/{class}", tag = "catalogue",
    operation_id = "set_class",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("class" = u16, Path, description = "Its position among the event's classes, from 0"),
        IfMatchHeader,
    ),
    request_body = TicketClassDto,
    responses((status = OK, description = "What is sold now", body = OfferDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn set_class(
    State(edge): State<Edge>,
    Permit(Listed(PartOf(id, class)), grant): ForPart,
    Seen(seen): Seen,
    Body(wish): Body<TicketClassDto>,
) -> Result<Response, Problem> {
    let change = OfferChange::SetClass(class, wish.parse()?);
    Ok(offer(apply(&edge, &grant, (id, seen), change).await?))
}

/// Take a ticket class away: out of the quotas, too. Those behind it move up.
#[utoipa::path(
    delete, path = "/api/v1/catalogue/events/{id}/classes/{class}", tag = "catalogue",
    operation_id = "remove_class",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("class" = u16, Path, description = "Its position among the event's classes, from 0"),
        IfMatchHeader,
    ),
    responses((status = OK, description = "What is sold now", body = OfferDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "in_use", "invalid_body", "published_already"])),
    ),
)]
async fn remove_class(
    State(edge): State<Edge>,
    Permit(Listed(PartOf(id, class)), grant): ForPart,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    Ok(offer(apply(&edge, &grant, (id, seen), OfferChange::RemoveClass(class)).await?))
}

/// Add a quota behind the others.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/quotas", tag = "catalogue",
    operation_id = "add_quota",
    params(("id" = EventRef, Path, description = "Of which event"), IfMatchHeader),
    request_body = QuotaDto,
    responses((status = CREATED, description = "What is sold now", body = OfferDto, headers(
        ("Location" = String, description = "The quota"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "full", "published_already"])),
    ),
)]
async fn add_quota(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Body(wish): Body<QuotaDto>,
) -> Result<Response, Problem> {
    let event = apply(&edge, &grant, (id, seen), OfferChange::AddQuota(wish.into())).await?;
    let count = event.offer.quotas.len();
    Ok(added(event, "quotas", count))
}

/// Change a quota.
#[utoipa::path(
    put, path = "/api/v1/catalogue/events/{id}/quotas/{quota}", tag = "catalogue",
    operation_id = "set_quota",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("quota" = u16, Path, description = "Its position among the event's quotas, from 0"),
        IfMatchHeader,
    ),
    request_body = QuotaDto,
    responses((status = OK, description = "What is sold now", body = OfferDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn set_quota(
    State(edge): State<Edge>,
    Permit(Listed(PartOf(id, quota)), grant): ForPart,
    Seen(seen): Seen,
    Body(wish): Body<QuotaDto>,
) -> Result<Response, Problem> {
    let change = OfferChange::SetQuota(quota, wish.into());
    Ok(offer(apply(&edge, &grant, (id, seen), change).await?))
}

/// Take a quota away. Those behind it move up.
#[utoipa::path(
    delete, path = "/api/v1/catalogue/events/{id}/quotas/{quota}", tag = "catalogue",
    operation_id = "remove_quota",
    params(
        ("id" = EventRef, Path, description = "Of which event"),
        ("quota" = u16, Path, description = "Its position among the event's quotas, from 0"),
        IfMatchHeader,
    ),
    responses((status = OK, description = "What is sold now", body = OfferDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn remove_quota(
    State(edge): State<Edge>,
    Permit(Listed(PartOf(id, quota)), grant): ForPart,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    Ok(offer(apply(&edge, &grant, (id, seen), OfferChange::RemoveQuota(quota)).await?))
}

async fn apply(
    edge: &Edge,
    grant: &Grant,
    (id, seen): (EventId, Version),
    change: OfferChange,
) -> Result<Event, Problem> {
    let by = grant.by(edge);
    let apply = async move |control: Control| {
        selling::change(&control.database, &by, id, seen, change).await
    };
    edge.backstage(apply).await
}

/// What is sold now that a list of it has one more: the last of `count`.
fn added(event: Event, list: &str, count: usize) -> Response {
    let (id, position) = (event.id, count.saturating_sub(1));
    let location = format!("/api/v1/catalogue/events/{id}/{list}/{position}");
    (StatusCode::CREATED, [(LOCATION, location)], offer(event)).into_response()
}

fn offer(event: Event) -> Response {
    versioned(event.version, &OfferDto::from(event))
}
