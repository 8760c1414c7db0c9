//! Venues: where events take place. Everybody sees them; an organiser's members keep theirs, the
//! platform keeps the rest.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::catalogue::venue;
use onsale_control::id::{OrganiserId, VenueId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Grant, Permit, Unowned};
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::id::{OrganiserRef, VenueRef};
use crate::dto::venue::{SaveVenue, VenueDto, VenueList, VenuePage};
use crate::extract::{Body, Named, Params};
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(create_own))
        .routes(routes!(show, change, remove))
}

/// List the venues.
#[utoipa::path(
    get, path = "/api/v1/venues", tag = "catalogue",
    operation_id = "list_venues",
    params(VenuePage),
    responses((status = OK, description = "A page of venues, by name", body = VenueList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("venue.see")),
        ("x-limit" = json!("search")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    uri: Uri,
    Params(wish): Params<VenuePage>,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let filter = wish.filter()?;
    let list =
        async move |control: Control| venue::list(&control.database, &filter, after, limit).await;
    let found = edge.backstage(list).await?;
    Ok(page::answer(&uri, found, |venues, next| VenueList { venues, next }))
}

/// Make a venue that the platform keeps.
#[utoipa::path(
    post, path = "/api/v1/venues", tag = "catalogue",
    operation_id = "create_venue",
    request_body = SaveVenue,
    responses((status = CREATED, description = "The new venue", body = VenueDto, headers(
        ("Location" = String, description = "The venue"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("venue.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn create(
    State(edge): State<Edge>,
    Permit(Unowned, grant): Permit<Unowned>,
    Body(wish): Body<SaveVenue>,
) -> Result<Response, Problem> {
    made(&edge, &grant, None, &wish).await
}

/// Make a venue that the members of an organiser keep.
#[utoipa::path(
    post, path = "/api/v1/organisers/{id}/venues", tag = "catalogue",
    operation_id = "create_venue_of_organiser",
    params(("id" = OrganiserRef, Path, description = "Of which organiser")),
    request_body = SaveVenue,
    responses((status = CREATED, description = "The new venue", body = VenueDto, headers(
        ("Location" = String, description = "The venue"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("venue.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn create_own(
    State(edge): State<Edge>,
    Permit(Named(organiser), grant): Permit<Named<OrganiserId>>,
    Body(wish): Body<SaveVenue>,
) -> Result<Response, Problem> {
    made(&edge, &grant, Some(organiser), &wish).await
}

async fn made(
    edge: &Edge,
    grant: &Grant,
    organiser: Option<OrganiserId>,
    wish: &SaveVenue,
) -> Result<Response, Problem> {
    let (by, site) = (grant.by(edge), wish.parse()?);
    let create =
        async move |control: Control| venue::create(&control.database, &by, organiser, &site).await;
    let venue = edge.backstage(create).await?;
    let location = format!("/api/v1/venues/{}", venue.id);
    let body = versioned(venue.version, &VenueDto::from(venue));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// Show a venue.
#[utoipa::path(
    get, path = "/api/v1/venues/{id}", tag = "catalogue",
    operation_id = "show_venue",
    params(("id" = VenueRef, Path, description = "Which")),
    responses((status = OK, description = "The venue", body = VenueDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("venue.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn show(State(edge): State<Edge>, Named(id): Named<VenueId>) -> Result<Response, Problem> {
    let find = async move |control: Control| venue::find(&control.database, id).await;
    let venue = edge.backstage(find).await?;
    Ok(versioned(venue.version, &VenueDto::from(venue)))
}

/// Change what is said of a venue: all of it is replaced.
#[utoipa::path(
    put, path = "/api/v1/venues/{id}", tag = "catalogue",
    operation_id = "change_venue",
    params(("id" = VenueRef, Path, description = "Which"), IfMatchHeader),
    request_body = SaveVenue,
    responses((status = OK, description = "It is so", body = VenueDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("venue.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<VenueId>>,
    Seen(seen): Seen,
    Body(wish): Body<SaveVenue>,
) -> Result<Response, Problem> {
    let (by, site) = (grant.by(&edge), wish.parse()?);
    let change =
        async move |control: Control| venue::change(&control.database, &by, id, seen, &site).await;
    let venue = edge.backstage(change).await?;
    Ok(versioned(venue.version, &VenueDto::from(venue)))
}

/// Remove a venue that no event needs.
#[utoipa::path(
    delete, path = "/api/v1/venues/{id}", tag = "catalogue",
    operation_id = "remove_venue",
    params(("id" = VenueRef, Path, description = "Which"), IfMatchHeader),
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("venue.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["in_use"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<VenueId>>,
    Seen(seen): Seen,
) -> Result<StatusCode, Problem> {
    let by = grant.by(&edge);
    let remove =
        async move |control: Control| venue::remove(&control.database, &by, id, seen).await;
    edge.backstage(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
