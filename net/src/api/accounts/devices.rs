//! The devices that an account is signed in on.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_control::id::SessionId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Account;
use crate::api::edge::Edge;
use crate::dto::id::SessionRef;
use crate::dto::sign_in::{SessionDto, SessionList};
use crate::extract::Named;
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(end))
}

/// List the devices that you are signed in on.
#[utoipa::path(
    get, path = "/api/v1/me/sessions", tag = "accounts",
    operation_id = "list_sessions",
    responses((status = OK, description = "All of them", body = SessionList)),
    extensions(
        ("x-action" = json!("account.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(State(edge): State<Edge>, account: Account) -> Result<Json<SessionList>, Problem> {
    let (Account { person, session: current, .. }, now) = (account, edge.now());
    let all =
        edge.backstage(async move |control| control.accounts.sessions(person, now).await).await?;
    let sessions = all.into_iter().map(|session| SessionDto::new(session, current)).collect();
    Ok(Json(SessionList { sessions }))
}

/// Sign out on one of your devices.
#[utoipa::path(
    delete, path = "/api/v1/me/sessions/{id}", tag = "accounts",
    operation_id = "end_session",
    params(("id" = SessionRef, Path, description = "Which")),
    responses((status = NO_CONTENT, description = "Signed out")),
    extensions(
        ("x-action" = json!("session.end")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn end(
    State(edge): State<Edge>,
    account: Account,
    Named(session): Named<SessionId>,
) -> Result<StatusCode, Problem> {
    let (person, now) = (account.person, edge.now());
    let found = edge
        .backstage(async move |control| control.accounts.end_session(person, session, now).await)
        .await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("session")) }
}
