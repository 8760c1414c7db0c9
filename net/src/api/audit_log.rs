//! Reading the audit log.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::access::audit;
use onsale_core::id::EventId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Permit, Unowned};
use crate::dto::Id;
use crate::dto::audit::{AuditEntryDto, AuditLog, AuditPage, EventAuditPage};
use crate::dto::id::EventRef;
use crate::extract::{Named, Params};
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(list_of_event))
}

/// Read the audit log: who did what that matters.
#[utoipa::path(
    get, path = "/api/v1/audit-log", tag = "access",
    operation_id = "read_audit_log",
    params(AuditPage),
    responses((status = OK, description = "A page of entries, newest first", body = AuditLog,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("audit.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    uri: Uri,
    Permit(Unowned, _): Permit<Unowned>,
    Params(wish): Params<AuditPage>,
) -> Result<Response, Problem> {
    read(&edge, &uri, &wish, true).await
}

/// Read what was done to an event, and by whom.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/audit-log", tag = "access",
    operation_id = "read_event_audit_log",
    params(("id" = EventRef, Path, description = "To which event"), EventAuditPage),
    responses((status = OK, description = "A page of entries, newest first", body = AuditLog,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("event.log")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list_of_event(
    State(edge): State<Edge>,
    uri: Uri,
    Permit(Named(event), _): Permit<Named<EventId>>,
    Params(wish): Params<EventAuditPage>,
) -> Result<Response, Problem> {
    read(&edge, &uri, &wish.of(event), false).await
}

async fn read(
    edge: &Edge,
    uri: &Uri,
    wish: &AuditPage,
    with_origin: bool,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, wish.after.map(|Id(after)| after));
    let filter = wish.filter()?;
    let list =
        async move |control: Control| audit::list(&control.database, filter, after, limit).await;
    let found = edge.backstage(list).await?;
    let entries = found.items.into_iter().map(|entry| AuditEntryDto::new(entry, with_origin));
    let log = AuditLog { entries: entries.collect(), next: found.next.map(Id) };
    let next = found.next.map(|next| next.to_string());
    Ok(page::respond(uri, next.as_deref(), &log))
}
