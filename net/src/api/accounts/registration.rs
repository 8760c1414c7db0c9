//! Registration: the answer is the same whether an address has an account or not; what there is to
//! say is said in a letter.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_control::access::audit::Who;
use onsale_control::accounts::register::{RegisterError, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Origin;
use crate::api::edge::Edge;
use crate::auth::Principal;
use crate::dto::account::{ConfirmEmail, ConfirmedEmail, EmailOnly, RegisterAccount, email};
use crate::extract::Body;
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(send_again))
        .routes(routes!(confirm))
}

/// Register.
///
/// A letter goes to the address; the account is there when that is answered. Sent with a guest's
/// token, the account becomes that guest's: their orders stay theirs. The answer is the same
/// whether the address has an account already or not.
#[utoipa::path(
    post, path = "/api/v1/accounts", tag = "accounts",
    operation_id = "register",
    request_body = RegisterAccount,
    responses((status = ACCEPTED, description = "See your letters")),
    security((), ("guest" = []), ("account" = []), ("operator" = [])),
    extensions(
        ("x-action" = json!("account.register")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!(["already_registered", "control_unavailable", "password_weak"])),
    ),
)]
async fn register(
    State(edge): State<Edge>,
    principal: Option<Principal>,
    Body(wish): Body<RegisterAccount>,
) -> Result<StatusCode, Problem> {
    let guest = match principal {
        Some(Principal::Account { .. }) => return Err(RegisterError::AlreadyRegistered.into()),
        Some(Principal::Guest { person }) => Some(person),
        Some(Principal::Operator) | None => None,
    };
    let (email, password, name, purpose) = wish.parse()?;
    let wish = Registration { email, password, name, purpose, guest };
    let now = edge.now();
    edge.backstage(async move |control| control.accounts.register(wish, now).await).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Have the letter of a registration sent again.
///
/// At most a few an hour. The answer is the same whether somebody has registered or not.
#[utoipa::path(
    post, path = "/api/v1/accounts/letters", tag = "accounts",
    operation_id = "send_confirmation_again",
    request_body = EmailOnly,
    responses((status = ACCEPTED, description = "See your letters")),
    extensions(
        ("x-action" = json!("account.register")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn send_again(
    State(edge): State<Edge>,
    Body(wish): Body<EmailOnly>,
) -> Result<StatusCode, Problem> {
    let (email, now) = (email(&wish.email)?, edge.now());
    edge.backstage(async move |control| control.accounts.send_again(email, now).await).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Confirm an address, by what the letter to it brought.
///
/// For a registration this makes the account; for a new address of an account, it replaces the old
/// one.
#[utoipa::path(
    post, path = "/api/v1/accounts/confirmations", tag = "accounts",
    operation_id = "confirm_email",
    request_body = ConfirmEmail,
    responses((status = OK, description = "The address is confirmed", body = ConfirmedEmail)),
    extensions(
        ("x-action" = json!("account.register")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!([
            "already_registered", "control_unavailable", "email_taken", "link_invalid"
        ])),
    ),
)]
async fn confirm(
    State(edge): State<Edge>,
    origin: Origin,
    Body(ConfirmEmail { token }): Body<ConfirmEmail>,
) -> Result<Json<ConfirmedEmail>, Problem> {
    let by = origin.by(Who::Nobody, &edge);
    let confirmed =
        edge.backstage(async move |control| control.accounts.confirm(&token, &by).await).await?;
    Ok(Json(confirmed.into()))
}
