//! Seating plans: in our compact format, and out of the files of pretix. They may be large: cores
//! pass them on, and others understand them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::catalogue::event::Event;
use onsale_control::catalogue::event::seating;
use onsale_control::catalogue::event::seating::pretix::{self, Imported};
use onsale_core::id::EventId;
use onsale_core::spec::Plan;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::object::{ForEvent, Listed, see};
use crate::access::{Caller, Permit};
use crate::api::edge::Edge;
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::Id;
use crate::dto::catalogue::seating::{ImportPlan, PlanKept};
use crate::dto::id::EventRef;
use crate::dto::plan::PlanDefinition;
use crate::extract::{Named, Unread};
use crate::problem::Problem;

/// The largest plan in our format, in bytes: some hundred thousand rows.
const PLAN_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The largest file, in bytes: some hundred thousand seats.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(show, put, remove)).routes(routes!(import))
}

/// Show the seating plan of an event, in the format in which it is sent.
#[utoipa::path(
    get, path = "/api/v1/catalogue/events/{id}/plan", tag = "catalogue",
    operation_id = "show_plan",
    params(("id" = EventRef, Path, description = "Of which event")),
    responses((status = OK, description = "The plan", body = PlanDefinition,
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
    let event = see(&edge, &caller, id).await?;
    let find = async move |control: Control| seating::find(&control.database, id).await;
    let plan = edge.backstage(find).await?.ok_or_else(|| Problem::not_found("seating plan"))?;
    Ok(versioned(event.version, &PlanDefinition::from(plan)))
}

/// Give an event a seating plan.
#[utoipa::path(
    put, path = "/api/v1/catalogue/events/{id}/plan", tag = "catalogue",
    operation_id = "put_plan",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    request_body = PlanDefinition,
    responses((status = OK, description = "It has that plan", body = PlanKept,
        headers(("ETag" = String, description = "Of this version of the event")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn put(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    body: Unread<PLAN_BYTES_MAX>,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let put = async move |control: Control| {
        let plan = body.understood(|plan: PlanDefinition| Ok(Plan::from(plan))).await?;
        let put = seating::put(&control.database, &by, id, seen, Some(plan));
        put.await.map_err(Problem::from)
    };
    Ok(kept(&edge.backstage(put).await?, 0))
}

/// Take the seating plan of an event away.
#[utoipa::path(
    delete, path = "/api/v1/catalogue/events/{id}/plan", tag = "catalogue",
    operation_id = "remove_plan",
    params(("id" = EventRef, Path, description = "Of which event"), IfMatchHeader),
    responses((status = NO_CONTENT, description = "It has none")),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
) -> Result<StatusCode, Problem> {
    let by = grant.by(&edge);
    let remove =
        async move |control: Control| seating::put(&control.database, &by, id, seen, None).await;
    edge.backstage(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give an event the seating plan in a file of pretix.
///
/// No seat is lost, or the file is refused with the place in it. Rows are straight afterwards and
/// their steps even, so seats may be drawn elsewhere; `moved_cm_max` says how far.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/plan/import", tag = "catalogue",
    operation_id = "import_plan",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    request_body = ImportPlan,
    responses((status = OK, description = "It has that plan", body = PlanKept,
        headers(("ETag" = String, description = "Of this version of the event")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "published_already"])),
    ),
)]
async fn import(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    body: Unread<FILE_BYTES_MAX>,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let import = async move |control: Control| {
        let classes = seating::class_names(&control.database, id, seen).await?;
        let import =
            move |wish: ImportPlan| Ok(pretix::import(wish.file.text(), &wish.wishes(), &classes)?);
        let Imported { plan, moved_cm_max } = body.understood(import).await?;
        let event = seating::put(&control.database, &by, id, seen, Some(plan)).await?;
        Ok::<_, Problem>((event, moved_cm_max))
    };
    let (event, moved_cm_max) = edge.backstage(import).await?;
    Ok(kept(&event, moved_cm_max))
}

fn kept(event: &Event, moved_cm_max: u32) -> Response {
    let (event_ref, seats) = (Id(event.id), event.seats);
    versioned(event.version, &PlanKept { event: event_ref, seats, moved_cm_max })
}
