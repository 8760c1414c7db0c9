//! Organisers: who sells tickets.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::access::Action;
use onsale_control::catalogue::organiser::{self, Organiser};
use onsale_control::id::OrganiserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Caller, Permit, Unowned};
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::id::OrganiserRef;
use crate::dto::organiser::{
    OrganiserDto, OrganiserList, OrganiserPage, SaveOrganiser, VerifyOrganiser,
};
use crate::extract::{Body, Named, Params};
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, remove))
        .routes(routes!(verify))
}

/// List the organisers.
#[utoipa::path(
    get, path = "/api/v1/organisers", tag = "catalogue",
    operation_id = "list_organisers",
    params(OrganiserPage),
    responses((status = OK, description = "A page of organisers, by name", body = OrganiserList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("organiser.see")),
        ("x-limit" = json!("search")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    uri: Uri,
    Params(wish): Params<OrganiserPage>,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let wanted = wish.wanted()?;
    let list = async move |control: Control| {
        organiser::list(&control.database, &wanted, after, limit).await
    };
    let found = edge.backstage(list).await?;
    let next = found.next.as_ref().map(page::next);
    let organisers = found.items.into_iter().map(|one| OrganiserDto::new(one, false)).collect();
    let list = OrganiserList { organisers, next };
    Ok(page::respond(&uri, list.next.as_deref(), &list))
}

/// Make an organiser.
///
/// Whoever does is its first admin.
#[utoipa::path(
    post, path = "/api/v1/organisers", tag = "catalogue",
    operation_id = "create_organiser",
    request_body = SaveOrganiser,
    responses((status = CREATED, description = "The new organiser", body = OrganiserDto, headers(
        ("Location" = String, description = "The organiser"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("organiser.create")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["full", "name_taken"])),
    ),
)]
async fn create(
    State(edge): State<Edge>,
    Permit(Unowned, grant): Permit<Unowned>,
    Body(wish): Body<SaveOrganiser>,
) -> Result<Response, Problem> {
    let (by, profile) = (grant.by(&edge), wish.parse()?);
    let create =
        async move |control: Control| organiser::create(&control.database, &by, &profile).await;
    let organiser = edge.backstage(create).await?;
    let location = format!("/api/v1/organisers/{}", organiser.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], inside(organiser)).into_response())
}

/// Show an organiser.
///
/// Its members and the platform see what is `inside`.
#[utoipa::path(
    get, path = "/api/v1/organisers/{id}", tag = "catalogue",
    operation_id = "show_organiser",
    params(("id" = OrganiserRef, Path, description = "Which")),
    responses((status = OK, description = "The organiser", body = OrganiserDto,
        headers(("ETag" = String, description = "Of this version")))),
    security((), ("account" = []), ("operator" = [])),
    extensions(
        ("x-action" = json!("organiser.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    caller: Caller,
    Named(id): Named<OrganiserId>,
) -> Result<Response, Problem> {
    let find = async move |control: Control| organiser::find(&control.database, id).await;
    let organiser = edge.backstage(find).await?;
    let sees_inside = caller.may(&edge, Action::SeeOrganiserInside, &Named(id)).await?;
    Ok(versioned(organiser.version, &OrganiserDto::new(organiser, sees_inside)))
}

/// Change what an organiser says of itself: all of it is replaced.
#[utoipa::path(
    put, path = "/api/v1/organisers/{id}", tag = "catalogue",
    operation_id = "change_organiser",
    params(("id" = OrganiserRef, Path, description = "Which"), IfMatchHeader),
    request_body = SaveOrganiser,
    responses((status = OK, description = "It is so", body = OrganiserDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("organiser.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["name_taken"])),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<OrganiserId>>,
    Seen(seen): Seen,
    Body(wish): Body<SaveOrganiser>,
) -> Result<Response, Problem> {
    let (by, profile) = (grant.by(&edge), wish.parse()?);
    let change = async move |control: Control| {
        organiser::change(&control.database, &by, id, seen, &profile).await
    };
    edge.backstage(change).await.map(inside)
}

/// Vouch for an organiser, or do so no longer.
#[utoipa::path(
    put, path = "/api/v1/organisers/{id}/verification", tag = "catalogue",
    operation_id = "verify_organiser",
    params(("id" = OrganiserRef, Path, description = "For which"), IfMatchHeader),
    request_body = VerifyOrganiser,
    responses((status = OK, description = "It is so", body = OrganiserDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("organiser.verify")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn verify(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<OrganiserId>>,
    Seen(seen): Seen,
    Body(VerifyOrganiser { verified }): Body<VerifyOrganiser>,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let verify = async move |control: Control| {
        organiser::verify(&control.database, &by, id, seen, verified).await
    };
    edge.backstage(verify).await.map(inside)
}

/// Remove an organiser that has no events and no venues.
#[utoipa::path(
    delete, path = "/api/v1/organisers/{id}", tag = "catalogue",
    operation_id = "remove_organiser",
    params(("id" = OrganiserRef, Path, description = "Which"), IfMatchHeader),
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("organiser.remove")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["in_use"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<OrganiserId>>,
    Seen(seen): Seen,
) -> Result<StatusCode, Problem> {
    let by = grant.by(&edge);
    let remove =
        async move |control: Control| organiser::remove(&control.database, &by, id, seen).await;
    edge.backstage(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An organiser as its members see it.
fn inside(organiser: Organiser) -> Response {
    versioned(organiser.version, &OrganiserDto::new(organiser, true))
}
