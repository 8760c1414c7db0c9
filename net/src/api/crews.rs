//! Crews: who has which role for an event, and who works for an organiser as what.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_control::Control;
use onsale_control::access::crew::{self, Crew};
use onsale_control::id::OrganiserId;
use onsale_core::id::{EventId, PersonId};
use onsale_core::query::Query;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Grant, Permit};
use crate::dto::id::{EventRef, OrganiserRef, PersonRef};
use crate::dto::role::{GiveEventRole, MemberDto, MemberList};
use crate::extract::{Body, MemberOf, Named};
use crate::json::Json;
use crate::problem::{Problem, catalog};

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(list_of_event))
        .routes(routes!(give_for_event, take_for_event))
        .routes(routes!(list_of_organiser))
        .routes(routes!(give_for_organiser, take_for_organiser))
}

/// List who has a role for an event.
///
/// Members of its organiser have theirs for it too, and are listed there.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/roles", tag = "access",
    operation_id = "list_event_roles",
    params(("id" = EventRef, Path, description = "For which event")),
    responses((status = OK, description = "Everybody with a role for it", body = MemberList)),
    extensions(
        ("x-action" = json!("event.roles.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list_of_event(
    State(edge): State<Edge>,
    Permit(Named(event), _): Permit<Named<EventId>>,
) -> Result<Json<MemberList>, Problem> {
    list(&edge, Crew::Event(event)).await
}

/// Give somebody a role for an event, instead of the one they have.
///
/// It counts from their next request on. Nobody gives or takes more than they have themselves.
#[utoipa::path(
    put, path = "/api/v1/events/{id}/roles/{person}", tag = "access",
    operation_id = "give_event_role",
    params(
        ("id" = EventRef, Path, description = "For which event"),
        ("person" = PersonRef, Path, description = "Who: the id of an account"),
    ),
    request_body = GiveEventRole,
    responses((status = OK, description = "They have it", body = MemberDto)),
    extensions(
        ("x-action" = json!("event.roles.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["beyond_own_role", "full", "last_admin"])),
    ),
)]
async fn give_for_event(
    State(edge): State<Edge>,
    Permit(MemberOf(event, person), grant): Permit<MemberOf<EventId>>,
    Body(wish): Body<GiveEventRole>,
) -> Result<Json<MemberDto>, Problem> {
    must_have_crew(&edge, &grant, event).await?;
    give(&edge, &grant, Crew::Event(event), person, wish).await
}

/// Take somebody's role for an event.
#[utoipa::path(
    delete, path = "/api/v1/events/{id}/roles/{person}", tag = "access",
    operation_id = "take_event_role",
    params(
        ("id" = EventRef, Path, description = "For which event"),
        ("person" = PersonRef, Path, description = "Whose"),
    ),
    responses((status = NO_CONTENT, description = "They have none")),
    extensions(
        ("x-action" = json!("event.roles.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["beyond_own_role", "last_admin"])),
    ),
)]
async fn take_for_event(
    State(edge): State<Edge>,
    Permit(MemberOf(event, person), grant): Permit<MemberOf<EventId>>,
) -> Result<StatusCode, Problem> {
    take(&edge, &grant, Crew::Event(event), person).await
}

/// List who works for an organiser.
#[utoipa::path(
    get, path = "/api/v1/organisers/{id}/members", tag = "access",
    operation_id = "list_organiser_members",
    params(("id" = OrganiserRef, Path, description = "For which organiser")),
    responses((status = OK, description = "Its members", body = MemberList)),
    extensions(
        ("x-action" = json!("organiser.members.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list_of_organiser(
    State(edge): State<Edge>,
    Permit(Named(organiser), _): Permit<Named<OrganiserId>>,
) -> Result<Json<MemberList>, Problem> {
    list(&edge, Crew::Organiser(organiser)).await
}

/// Make somebody a member of an organiser, or another kind of member.
///
/// Their role is one for all of its events and venues, from their next request on. Nobody gives or
/// takes more than they have themselves.
#[utoipa::path(
    put, path = "/api/v1/organisers/{id}/members/{person}", tag = "access",
    operation_id = "give_organiser_role",
    params(
        ("id" = OrganiserRef, Path, description = "Of which organiser"),
        ("person" = PersonRef, Path, description = "Who: the id of an account"),
    ),
    request_body = GiveEventRole,
    responses((status = OK, description = "They are one", body = MemberDto)),
    extensions(
        ("x-action" = json!("organiser.members.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["beyond_own_role", "full", "last_admin"])),
    ),
)]
async fn give_for_organiser(
    State(edge): State<Edge>,
    Permit(MemberOf(organiser, person), grant): Permit<MemberOf<OrganiserId>>,
    Body(wish): Body<GiveEventRole>,
) -> Result<Json<MemberDto>, Problem> {
    give(&edge, &grant, Crew::Organiser(organiser), person, wish).await
}

/// Remove a member of an organiser.
#[utoipa::path(
    delete, path = "/api/v1/organisers/{id}/members/{person}", tag = "access",
    operation_id = "take_organiser_role",
    params(
        ("id" = OrganiserRef, Path, description = "Of which organiser"),
        ("person" = PersonRef, Path, description = "Whom"),
    ),
    responses((status = NO_CONTENT, description = "They are none any more")),
    extensions(
        ("x-action" = json!("organiser.members.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["beyond_own_role", "last_admin"])),
    ),
)]
async fn take_for_organiser(
    State(edge): State<Edge>,
    Permit(MemberOf(organiser, person), grant): Permit<MemberOf<OrganiserId>>,
) -> Result<StatusCode, Problem> {
    take(&edge, &grant, Crew::Organiser(organiser), person).await
}

/// An event that was defined past the catalogue gets its crew with the first role for it.
async fn must_have_crew(edge: &Edge, grant: &Grant, event: EventId) -> Result<(), Problem> {
    match grant.look(edge, event, Query::Event(event)).await {
        Ok(_) => found_late(edge, event, None).await,
        // One of the catalogue that its partition does not know yet has a crew, or it is none.
        Err(missing) if missing.code() == catalog::NOT_FOUND.code => Ok(()),
        Err(problem) => Err(problem),
    }
}

/// Makes the crew of an event that was defined past the catalogue, unless it is there.
pub(super) async fn found_late(
    edge: &Edge,
    event: EventId,
    creator: Option<PersonId>,
) -> Result<(), Problem> {
    let now = edge.now();
    let found = async move |control: Control| {
        crew::found_late(&control.database, event, creator, now).await
    };
    edge.backstage(found).await
}

async fn list(edge: &Edge, crew: Crew) -> Result<Json<MemberList>, Problem> {
    let list = async move |control: Control| crew::list(&control.database, crew).await;
    let members = edge.backstage(list).await?;
    Ok(Json(MemberList { members: members.into_iter().map(MemberDto::from).collect() }))
}

async fn give(
    edge: &Edge,
    grant: &Grant,
    crew: Crew,
    person: PersonId,
    wish: GiveEventRole,
) -> Result<Json<MemberDto>, Problem> {
    let (by, role) = (grant.by(edge), wish.role.into());
    let assign = async move |control: Control| {
        crew::assign(&control.database, &by, crew, person, role).await
    };
    Ok(Json(edge.backstage(assign).await?.into()))
}

async fn take(
    edge: &Edge,
    grant: &Grant,
    crew: Crew,
    person: PersonId,
) -> Result<StatusCode, Problem> {
    let by = grant.by(edge);
    let remove =
        async move |control: Control| crew::remove(&control.database, &by, crew, person).await;
    edge.backstage(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
