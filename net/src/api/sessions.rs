//! Guest sessions: an e-mail address becomes a person and a token.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_core::id::PersonId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::auth::new_access_token;
use crate::auth::token::Access;
use crate::dto::account::email;
use crate::dto::session::{OpenSession, Session};
use crate::dto::{At, Id};
use crate::extract::Body;
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(open))
}

/// Open a guest's session.
///
/// Every call makes a new person. The access token is all that ties them to their orders: whoever
/// has it can see and move these, and without it nobody can.
#[utoipa::path(
    post, path = "/api/v1/sessions", tag = "sessions",
    operation_id = "open_session",
    request_body = OpenSession,
    responses((status = CREATED, description = "The session", body = Session)),
    extensions(
        ("x-action" = json!("session.open")),
        ("x-limit" = json!("session")),
    ),
)]
async fn open(
    State(edge): State<Edge>,
    Body(wish): Body<OpenSession>,
) -> Result<(StatusCode, Json<Session>), Problem> {
    let email = email(&wish.email)?.to_string();
    let person = PersonId::from_u128(u128::from_be_bytes(edge.random()?));
    let expires_at = edge.now() + edge.session_lifetime();
    let access = Access { person, session: None, expires_at };
    let session = Session {
        access_token: new_access_token(&edge, access, Some(&email))?,
        person: Id(person),
        expires_at: At(access.expires_at),
    };
    Ok((StatusCode::CREATED, Json(session)))
}
