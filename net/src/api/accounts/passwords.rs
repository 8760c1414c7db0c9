//! Changing a password, and choosing another one when it is forgotten.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_control::access::audit::Who;
use onsale_control::accounts::Proof;
use onsale_control::accounts::password::Password;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Account, Origin};
use crate::api::edge::Edge;
use crate::dto::account::{EmailOnly, chosen, email};
use crate::dto::sign_in::{ChangePassword, ResetPassword};
use crate::extract::Body;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(change))
        .routes(routes!(ask_for_reset))
        .routes(routes!(reset))
}

/// Change the password.
///
/// Other devices are signed out. An account without one (who signs in elsewhere) gets its first, if
/// somebody has signed in within the last ten minutes.
#[utoipa::path(
    post, path = "/api/v1/me/password", tag = "accounts",
    operation_id = "change_password",
    request_body = ChangePassword,
    responses((status = NO_CONTENT, description = "Changed")),
    extensions(
        ("x-action" = json!("account.password")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!([
            "control_unavailable", "not_found", "password_required", "password_weak",
            "password_wrong", "sign_in_again", "too_many_guesses"
        ])),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    account: Account,
    Body(wish): Body<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let new = chosen("new_password", &wish.new_password)?;
    let (proof, by) = (proof(&account, wish.current_password.as_deref()), account.by(&edge));
    edge.backstage(async move |control| control.accounts.change_password(proof, new, &by).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a letter to choose another password.
///
/// At most a few an hour. The answer is the same whether the address has an account or not.
#[utoipa::path(
    post, path = "/api/v1/password-resets", tag = "accounts",
    operation_id = "ask_for_password_reset",
    request_body = EmailOnly,
    responses((status = ACCEPTED, description = "See your letters")),
    extensions(
        ("x-action" = json!("account.reset_password")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn ask_for_reset(
    State(edge): State<Edge>,
    Body(wish): Body<EmailOnly>,
) -> Result<StatusCode, Problem> {
    let (email, now) = (email(&wish.email)?, edge.now());
    edge.backstage(async move |control| control.accounts.ask_for_reset(email, now).await).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Choose another password, by what the letter brought. Every device is signed out.
#[utoipa::path(
    post, path = "/api/v1/password-resets/confirmations", tag = "accounts",
    operation_id = "reset_password",
    request_body = ResetPassword,
    responses((status = NO_CONTENT, description = "Changed: sign in with it")),
    extensions(
        ("x-action" = json!("account.reset_password")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!(["control_unavailable", "link_invalid", "password_weak"])),
    ),
)]
async fn reset(
    State(edge): State<Edge>,
    origin: Origin,
    Body(ResetPassword { token, new_password }): Body<ResetPassword>,
) -> Result<StatusCode, Problem> {
    let (new, by) = (chosen("new_password", &new_password)?, origin.by(Who::Nobody, &edge));
    edge.backstage(async move |control| control.accounts.reset_password(&token, new, &by).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What somebody proves themselves with who is signed in already.
pub(super) fn proof(account: &Account, password: Option<&str>) -> Proof {
    let Account { person, session, .. } = *account;
    Proof { person, session, password: password.map(Password::typed) }
}
