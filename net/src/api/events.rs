//! Events: defining, opening, steering and cancelling them; showing them to the world.

use axum::extract::State;
use axum::http::header::{LINK, LOCATION, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::future::try_join_all;
use onsale_core::command::Command;
use onsale_core::id::EventId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::query::{EventView, Query, View};
use onsale_core::reply::Reply;
use onsale_core::waitroom::LotterySeed;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::crews::found_late;
use super::edge::{Edge, mismatch};
use crate::access::{Caller, Grant, Permit, Unowned};
use crate::dto::Id;
use crate::dto::event::{Event, EventDefined, EventDefinition, EventList, EventPage};
use crate::dto::id::EventRef;
use crate::dto::stock::{AuditDto, SeatBlock};
use crate::dto::waitroom::SteerDto;
use crate::extract::{Body, Named, Once, Params};
use crate::idempotency::IdempotencyHeader;
use crate::json::Json;
use crate::port::Look;
use crate::problem::{Problem, catalog};

/// The largest definition, in bytes: a plan of some hundred thousand rows.
const DEFINITION_BYTES_MAX: usize = 8 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(define, list))
        .routes(routes!(show))
        .routes(routes!(open))
        .routes(routes!(cancel))
        .routes(routes!(steer))
        .routes(routes!(block_seats))
        .routes(routes!(audit))
}

/// Define an event.
///
/// Only whoever has a role for it sees it until it is opened. Its id says which partition keeps it.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "operator",
    operation_id = "define_event",
    params(IdempotencyHeader),
    request_body = EventDefinition,
    responses((status = CREATED, description = "The new event", body = EventDefined,
        headers(("Location" = String, description = "The event")))),
    extensions(
        ("x-action" = json!("event.define")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["full"])),
    ),
)]
async fn define(
    State(edge): State<Edge>,
    Permit(Unowned, grant): Permit<Unowned>,
    request: Once<EventDefinition, DEFINITION_BYTES_MAX>,
) -> Result<Response, Problem> {
    let key = request.key(grant.caller().actor());
    let spec = Box::new(request.body.parse()?);
    edge.check_currency(spec.currency)?;
    let seed = LotterySeed(edge.random()?);
    // By the key, so that a repeated request finds the first one's answer.
    let partition = edge.place(key.key)?;
    let command = Command::DefineEvent { event: None, spec, seed };
    let reply = grant.operate(&edge, partition, Some(key), command).await?;
    let Reply::EventDefined { event, commitment } = reply else { return Err(mismatch()) };
    if let Some(creator) = grant.caller().person() {
        found_late(&edge, event, Some(creator)).await?;
    }
    let body = EventDefined { id: Id(event), commitment: commitment.to_string() };
    let location = format!("/api/v1/events/{event}");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(body)).into_response())
}

/// List the events.
///
/// Those that are open or cancelled; with the operator token all of them.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "events",
    operation_id = "list_events",
    params(EventPage),
    responses((status = OK, description = "A page of events", body = EventList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("event.list")),
        ("x-limit" = json!("read")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    caller: Caller,
    Params(page): Params<EventPage>,
) -> Result<Response, Problem> {
    if !(1..=100).contains(&page.limit) {
        return Err(Problem::at(&catalog::INVALID_PARAMETER, "query.limit", "must be 1 to 100"));
    }
    let actor = caller.actor();
    let look = |partition| edge.ask(partition, Look { actor, query: Query::Events, wait: None });
    let views = try_join_all(edge.partitions().map(look)).await?;
    let mut events = Vec::new();
    for view in views {
        let View::Events(some) = view else { return Err(mismatch()) };
        events.extend(
            some.into_iter().filter(|event| page.after.is_none_or(|after| event.event > after.0)),
        );
    }
    events.sort_by_key(|event| event.event);
    let limit = usize::from(page.limit);
    let next = (events.len() > limit).then(|| Id(events[limit - 1].event));
    let shown = |event| shown(&edge, event);
    let events = events.into_iter().take(limit).map(shown).collect();
    let link = next.and_then(|Id(after)| {
        let link = format!("</api/v1/events?after={after}&limit={limit}>; rel=\"next\"");
        HeaderValue::try_from(link).ok()
    });
    let mut response = Json(EventList { events, next }).into_response();
    response.headers_mut().insert(VARY, HeaderValue::from_static("authorization"));
    response.headers_mut().extend(link.map(|link| (LINK, link)));
    Ok(response)
}

/// An event, and what this server has to do with it.
fn shown(edge: &Edge, event: EventView) -> Event {
    let providers = edge.providers().taking(event.currency).map(str::to_owned).collect();
    Event::new(edge.direct_port(event.event), providers, event)
}

/// Show an event.
#[utoipa::path(
    get, path = "/api/v1/events/{id}", tag = "events",
    operation_id = "show_event",
    params(("id" = EventRef, Path, description = "Which event")),
    responses((status = OK, description = "The event", body = Event)),
    extensions(
        ("x-action" = json!("event.see")),
        ("x-limit" = json!("read")),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    caller: Caller,
    Named(event): Named<EventId>,
) -> Result<Json<Event>, Problem> {
    match caller.look(&edge, event, Query::Event(event), || None).await? {
        View::Event(view) => Ok(Json(shown(&edge, view))),
        _ => Err(mismatch()),
    }
}

/// Open an event: from now on the world sees it.
#[utoipa::path(
    post, path = "/api/v1/events/{id}/open", tag = "operator",
    operation_id = "open_event",
    params(("id" = EventRef, Path, description = "Which event")),
    responses((status = NO_CONTENT, description = "It is open")),
    extensions(
        ("x-action" = json!("event.open")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["open_already", "event_cancelled"])),
    ),
)]
async fn open(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
) -> Result<StatusCode, Problem> {
    operate(&edge, &grant, event, Command::OpenEvent(event)).await
}

/// Call an event off: nothing more is sold, and every payment is refunded.
#[utoipa::path(
    post, path = "/api/v1/events/{id}/cancel", tag = "operator",
    operation_id = "cancel_event",
    params(("id" = EventRef, Path, description = "Which event")),
    responses((status = NO_CONTENT, description = "It is cancelled; the refunds are under way")),
    extensions(
        ("x-action" = json!("event.cancel")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled"])),
    ),
)]
async fn cancel(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
) -> Result<StatusCode, Problem> {
    operate(&edge, &grant, event, Command::CancelEvent(event)).await
}

/// Change how people are let in, while they wait.
#[utoipa::path(
    patch, path = "/api/v1/events/{id}/waitroom", tag = "operator",
    operation_id = "steer_waitroom",
    params(("id" = EventRef, Path, description = "Of which event")),
    request_body = SteerDto,
    responses((status = NO_CONTENT, description = "It is changed")),
    extensions(
        ("x-action" = json!("event.steer")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["malformed", "no_waitroom", "event_cancelled"])),
    ),
)]
async fn steer(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    Body(steer): Body<SteerDto>,
) -> Result<StatusCode, Problem> {
    operate(&edge, &grant, event, Command::SteerWaitroom { event, steer: steer.into() }).await
}

/// Block seats that are free, or give blocked ones free: all of them or none.
#[utoipa::path(
    post, path = "/api/v1/events/{id}/seats/block", tag = "operator",
    operation_id = "block_seats",
    params(("id" = EventRef, Path, description = "Of which event")),
    request_body = SeatBlock,
    responses((status = NO_CONTENT, description = "They are blocked, or free")),
    extensions(
        ("x-action" = json!("event.block_seats")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!([
            "malformed", "seats_blocked", "seats_taken", "unknown_seats", "event_cancelled"
        ])),
    ),
)]
async fn block_seats(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    Body(wish): Body<SeatBlock>,
) -> Result<StatusCode, Problem> {
    let seats = wish.seats.into_iter().map(SeatIndex).collect();
    operate(&edge, &grant, event, Command::BlockSeats { event, seats, block: wish.block }).await
}

/// Check the books of an event.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/audit", tag = "operator",
    operation_id = "audit_event",
    params(("id" = EventRef, Path, description = "Of which event")),
    responses((status = OK, description = "Its books", body = AuditDto)),
    extensions(
        ("x-action" = json!("event.books")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn audit(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
) -> Result<Json<AuditDto>, Problem> {
    match grant.look(&edge, event, Query::Audit(event)).await? {
        View::Audit(audit) => Ok(Json(audit.into())),
        _ => Err(mismatch()),
    }
}

/// Does something that may be done again without harm, so that it needs no key.
async fn operate(
    edge: &Edge,
    grant: &Grant,
    event: EventId,
    command: Command,
) -> Result<StatusCode, Problem> {
    match grant.operate(edge, event.partition(), None, command).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(mismatch()),
    }
}
