//! The keys that tokens are signed with: published, so that others can verify tokens, and rotated.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use onsale_control::access::Action;
use onsale_control::access::audit::Deed;
use tokio::task::spawn_blocking;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Permit, Unowned};
use crate::auth::keys::TokenKeys;
use crate::conditional::Keep;
use crate::dto::At;
use crate::dto::token_key::{JwkSet, NewTokenKey};
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(published)).routes(routes!(rotate))
}

/// List the public keys that verify tokens (RFC 7517).
///
/// The `kid` of a token names its key. Ask again when a token names one that you do not have.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "accounts",
    operation_id = "list_token_keys",
    responses((status = OK, description = "The keys", body = JwkSet,
        content_type = "application/jwk-set+json")),
    extensions(
        ("x-action" = json!("token_keys.see")),
        ("x-limit" = json!("read")),
    ),
)]
async fn published(State(edge): State<Edge>) -> Response {
    let keys = JwkSet::from(&*edge.keys());
    let content_type = HeaderValue::from_static("application/jwk-set+json");
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, Keep::Minutes.header())];
    (headers, serde_json::to_vec(&keys).unwrap_or_default()).into_response()
}

/// Make a new key, which signs from now on.
///
/// Earlier ones verify until the last of their tokens has expired: nobody is signed out.
#[utoipa::path(
    post, path = "/api/v1/token-keys", tag = "operator",
    operation_id = "rotate_token_keys",
    responses((status = CREATED, description = "The new key", body = NewTokenKey)),
    extensions(
        ("x-action" = json!("token_keys.rotate")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable", "full"])),
    ),
)]
async fn rotate(
    State(edge): State<Edge>,
    Permit(Unowned, grant): Permit<Unowned>,
) -> Result<(StatusCode, Json<NewTokenKey>), Problem> {
    let (ring, entropy, now) = (edge.key_ring(), edge.random()?, edge.now());
    let rotate = edge.backstage(async move |_| -> Result<_, Problem> {
        let rotated = spawn_blocking(move || ring.rotate(&entropy, now)).await;
        Ok(rotated.map_err(|_| Problem::internal("the new key was given up"))??)
    });
    let deed = Deed::new(Action::RotateTokenKeys);
    let named = |deed: Deed, keys: &Arc<TokenKeys>| deed.to(keys.newest().id());
    let keys = grant.recorded(&edge, deed, rotate, named).await?;
    let newest = keys.newest();
    let key = NewTokenKey { kid: newest.id().to_owned(), created_at: At(newest.created_at()) };
    Ok((StatusCode::CREATED, Json(key)))
}
