//! Looking for events.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::access::Reach;
use onsale_control::access::standing::Scope;
use onsale_control::catalogue::event::search::{self, Whose};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Caller;
use crate::api::edge::Edge;
use crate::dto::catalogue::list::{CatalogueList, EventSearch, WorkSearch};
use crate::extract::Params;
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(search_events)).routes(routes!(list_work))
}

/// Look for events: those that are published and public, by when they begin.
#[utoipa::path(
    get, path = "/api/v1/catalogue/events", tag = "catalogue",
    operation_id = "search_events",
    params(EventSearch),
    responses((status = OK, description = "A page of events", body = CatalogueList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("catalogue.search")),
        ("x-limit" = json!("search")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn search_events(
    State(edge): State<Edge>,
    uri: Uri,
    Params(wish): Params<EventSearch>,
) -> Result<Response, Problem> {
    let (filter, limit) = (wish.filter(edge.now())?, page::limit(wish.limit)?);
    let after = page::cursor(wish.after.as_deref())?;
    let search = async move |control: Control| {
        search::in_public(&control.database, &filter, after, limit).await
    };
    let found = edge.backstage(search).await?;
    Ok(page::answer(&uri, found, |events, next| CatalogueList { events, next }))
}

/// List the events that the caller works on, in whatever state, newest first.
///
/// Those that they have a role for, as one of its crew or for its organiser; whoever runs the
/// platform sees all.
#[utoipa::path(
    get, path = "/api/v1/catalogue/work", tag = "catalogue",
    operation_id = "list_work",
    params(WorkSearch),
    responses((status = OK, description = "A page of events", body = CatalogueList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("catalogue.work")),
        ("x-limit" = json!("search")),
    ),
)]
async fn list_work(
    State(edge): State<Edge>,
    uri: Uri,
    caller: Caller,
    Params(wish): Params<WorkSearch>,
) -> Result<Response, Problem> {
    let whose = match (caller.reach(&edge, Scope::Platform).await?, caller.person()) {
        (Reach::Any, _) => Whose::Everybodys,
        (Reach::Own, Some(person)) => Whose::Of(person),
        _ => return Err(Problem::forbidden(caller.action)),
    };
    let (filter, limit) = (wish.filter(whose)?, page::limit(wish.limit)?);
    let after = page::cursor(wish.after.as_deref())?;
    let list = async move |control: Control| {
        search::at_work(&control.database, &filter, after, limit).await
    };
    let found = edge.backstage(list).await?;
    Ok(page::answer(&uri, found, |events, next| CatalogueList { events, next }))
}
