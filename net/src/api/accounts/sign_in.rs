//! Signing in, staying so, and signing out.

use axum::extract::State;
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode};
use onsale_control::accounts::email::Email;
use onsale_control::accounts::password::Password;
use onsale_control::accounts::session::SignedIn;
use onsale_control::accounts::sign_in::Credentials;
use onsale_control::accounts::text::Device;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Account;
use crate::api::edge::Edge;
use crate::auth::new_access_token;
use crate::auth::token::Access;
use crate::dto::account::email;
use crate::dto::sign_in::{Refresh, SignIn, SignedInDto};
use crate::dto::{At, Id};
use crate::extract::Body;
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(refresh))
        .routes(routes!(sign_out))
        .routes(routes!(sign_out_by_token))
        .routes(routes!(sign_out_everywhere))
}

/// Sign in.
///
/// Whoever guesses learns nothing but that it was wrong, and must soon wait between guesses.
#[utoipa::path(
    post, path = "/api/v1/sign-in", tag = "accounts",
    operation_id = "sign_in",
    request_body = SignIn,
    responses((status = OK, description = "Signed in", body = SignedInDto)),
    extensions(
        ("x-action" = json!("session.sign_in")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!(["control_unavailable", "sign_in_failed", "too_many_guesses"])),
    ),
)]
async fn sign_in(
    State(edge): State<Edge>,
    headers: HeaderMap,
    Body(wish): Body<SignIn>,
) -> Result<Json<SignedInDto>, Problem> {
    let (email, password) = (email(&wish.email)?, Password::typed(&wish.password));
    edge.attempt(name_hash(&email)).await?;
    let credentials = Credentials { email, password, device: device(&headers) };
    let now = edge.now();
    let signed_in = edge
        .backstage(async move |control| control.accounts.sign_in(credentials, now).await)
        .await?;
    signed_in_as(&edge, &signed_in).map(Json)
}

/// Renew a session.
///
/// A refresh token is good once; the answer brings its successor. Asked again within half a minute,
/// the answer has the same successor: a lost reply loses nothing. A token that comes again later,
/// or after its successor was used, was copied: the session ends.
#[utoipa::path(
    post, path = "/api/v1/sign-in/refresh", tag = "accounts",
    operation_id = "refresh",
    request_body = Refresh,
    responses((status = OK, description = "Still signed in", body = SignedInDto)),
    extensions(
        ("x-action" = json!("session.sign_in")),
        ("x-limit" = json!("session")),
        ("x-problems" = json!([
            "control_unavailable", "refresh_token_invalid", "refresh_token_reused"
        ])),
    ),
)]
async fn refresh(
    State(edge): State<Edge>,
    Body(wish): Body<Refresh>,
) -> Result<Json<SignedInDto>, Problem> {
    let (token, now) = (wish.parse()?, edge.now());
    let signed_in =
        edge.backstage(async move |control| control.accounts.refresh(&token, now).await).await?;
    signed_in_as(&edge, &signed_in).map(Json)
}

/// Sign out on this device.
#[utoipa::path(
    post, path = "/api/v1/sign-out", tag = "accounts",
    operation_id = "sign_out",
    responses((status = NO_CONTENT, description = "Signed out")),
    extensions(
        ("x-action" = json!("session.end")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn sign_out(State(edge): State<Edge>, account: Account) -> Result<StatusCode, Problem> {
    let (Account { person, session, .. }, now) = (account, edge.now());
    // Whether it has ended meanwhile makes no difference.
    edge.backstage(async move |control| control.accounts.end_session(person, session, now).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out by a refresh token.
///
/// For who has no access token that is still good. What is no token of ours signs nobody out, and
/// is answered the same.
#[utoipa::path(
    post, path = "/api/v1/sign-out/by-token", tag = "accounts",
    operation_id = "sign_out_by_token",
    request_body = Refresh,
    responses((status = NO_CONTENT, description = "Signed out")),
    extensions(
        ("x-action" = json!("session.sign_in")),
        ("x-limit" = json!("session")),
        ("x-problems" = json!(["control_unavailable", "refresh_token_invalid"])),
    ),
)]
async fn sign_out_by_token(
    State(edge): State<Edge>,
    Body(wish): Body<Refresh>,
) -> Result<StatusCode, Problem> {
    let (token, now) = (wish.parse()?, edge.now());
    edge.backstage(async move |control| control.accounts.sign_out_by(&token, now).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out on every device.
#[utoipa::path(
    post, path = "/api/v1/sign-out/everywhere", tag = "accounts",
    operation_id = "sign_out_everywhere",
    responses((status = NO_CONTENT, description = "Signed out")),
    extensions(
        ("x-action" = json!("session.end")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn sign_out_everywhere(
    State(edge): State<Edge>,
    account: Account,
) -> Result<StatusCode, Problem> {
    let (person, now) = (account.person, edge.now());
    edge.backstage(async move |control| control.accounts.end_all_sessions(person, now).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address as it is compared, for the limits that all cores and machines share.
fn name_hash(email: &Email) -> u128 {
    let digest: [u8; 32] = Sha256::digest(email.key()).into();
    digest.first_chunk().copied().map_or(0, u128::from_be_bytes)
}

/// What the device calls itself.
pub(super) fn device(headers: &HeaderMap) -> Device {
    let name = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Device::new(name.unwrap_or_default())
}

/// Tokens for whoever is signed in.
pub(super) fn signed_in_as(edge: &Edge, signed_in: &SignedIn) -> Result<SignedInDto, Problem> {
    let SignedIn { person, session, refresh_token, refresh_expires_at } = signed_in;
    let expires_at = edge.now() + edge.access_lifetime();
    let access = Access { person: *person, session: Some(*session), expires_at };
    Ok(SignedInDto {
        access_token: new_access_token(edge, access, None)?,
        expires_at: At(expires_at),
        refresh_token: refresh_token.to_string(),
        refresh_expires_at: At(*refresh_expires_at),
        session: Id(*session),
        person: Id(*person),
    })
}
