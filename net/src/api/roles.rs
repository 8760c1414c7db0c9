//! What accounts are on the platform, and where else they have roles.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_control::Control;
use onsale_control::access::platform;
use onsale_core::id::PersonId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::Permit;
use crate::dto::Id;
use crate::dto::id::PersonRef;
use crate::dto::role::{AccountRoles, GivePlatformRole, RolePage};
use crate::extract::{Body, Named, Params};
use crate::json::Json;
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(give))
}

/// Show all roles of an account: on the platform, for organisers, for events.
#[utoipa::path(
    get, path = "/api/v1/accounts/{id}/roles", tag = "access",
    operation_id = "show_roles",
    params(("id" = PersonRef, Path, description = "Of which account"), RolePage),
    responses((status = OK, description = "Its roles", body = AccountRoles)),
    extensions(
        ("x-action" = json!("role.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    Permit(Named(person), _): Permit<Named<PersonId>>,
    Params(wish): Params<RolePage>,
) -> Result<Json<AccountRoles>, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, wish.after.map(|Id(after)| after));
    let roles = async move |control: Control| {
        platform::roles(&control.database, person, after, limit).await
    };
    Ok(Json(edge.backstage(roles).await?.into()))
}

/// Give an account its role on the platform.
///
/// It counts from its next request on, whatever tokens there are.
#[utoipa::path(
    put, path = "/api/v1/accounts/{id}/role", tag = "access",
    operation_id = "give_platform_role",
    params(("id" = PersonRef, Path, description = "Which account")),
    request_body = GivePlatformRole,
    responses((status = NO_CONTENT, description = "It has it")),
    extensions(
        ("x-action" = json!("role.give")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn give(
    State(edge): State<Edge>,
    Permit(Named(person), grant): Permit<Named<PersonId>>,
    Body(wish): Body<GivePlatformRole>,
) -> Result<StatusCode, Problem> {
    let (by, role) = (grant.by(&edge), wish.role.into());
    let give =
        async move |control: Control| platform::give(&control.database, &by, person, role).await;
    edge.backstage(give).await?;
    Ok(StatusCode::NO_CONTENT)
}
