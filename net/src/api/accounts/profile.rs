//! What an account says about its owner, for its owner; and its end.

use axum::extract::State;
use axum::http::StatusCode;
use onsale_control::Control;
use onsale_control::reading::{Asked, all_of};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::passwords::proof;
use crate::access::Account;
use crate::api::edge::Edge;
use crate::dto::account::{AccountDto, ChangeAccount, ChangeEmail, DeleteAccount, email};
use crate::dto::export::PersonalData;
use crate::extract::Body;
use crate::json::Json;
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(show, change))
        .routes(routes!(change_email))
        .routes(routes!(export))
        .routes(routes!(delete))
}

/// Show your account.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "accounts",
    operation_id = "show_account",
    responses((status = OK, description = "Your account", body = AccountDto)),
    extensions(
        ("x-action" = json!("account.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable", "not_found"])),
    ),
)]
async fn show(State(edge): State<Edge>, account: Account) -> Result<Json<AccountDto>, Problem> {
    let person = account.person;
    let profile =
        edge.backstage(async move |control| control.accounts.profile(person).await).await?;
    profile.map(|profile| Json(profile.into())).ok_or_else(Problem::no_account)
}

/// Change your name or telephone number.
#[utoipa::path(
    patch, path = "/api/v1/me", tag = "accounts",
    operation_id = "change_account",
    request_body = ChangeAccount,
    responses((status = OK, description = "Your account as it is now", body = AccountDto)),
    extensions(
        ("x-action" = json!("account.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable", "not_found"])),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    account: Account,
    Body(wish): Body<ChangeAccount>,
) -> Result<Json<AccountDto>, Problem> {
    let (change, person, now) = (wish.parse()?, account.person, edge.now());
    let profile = edge
        .backstage(async move |control| control.accounts.change_profile(person, change, now).await)
        .await?;
    Ok(Json(profile.into()))
}

/// Ask for letters to go to another address.
///
/// A letter goes there; the address counts when that is answered, and the old one is told. The
/// answer is the same whether the address has another account or not.
#[utoipa::path(
    post, path = "/api/v1/me/email", tag = "accounts",
    operation_id = "change_email",
    request_body = ChangeEmail,
    responses((status = ACCEPTED, description = "See your letters")),
    extensions(
        ("x-action" = json!("account.email")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!([
            "control_unavailable", "not_found", "password_required", "password_wrong",
            "sign_in_again", "too_many_guesses"
        ])),
    ),
)]
async fn change_email(
    State(edge): State<Edge>,
    account: Account,
    Body(wish): Body<ChangeEmail>,
) -> Result<StatusCode, Problem> {
    let (email, now) = (email(&wish.email)?, edge.now());
    let proof = proof(&account, wish.password.as_deref());
    edge.backstage(async move |control| control.accounts.ask_for_email(proof, email, now).await)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Take everything along that is known about you.
///
/// Whatever keeps something about people has its part in [`PersonalData`]: what is in the database
/// by [`onsale_control::accounts::export`]; what is elsewhere is asked for here, beside that.
#[utoipa::path(
    get, path = "/api/v1/me/export", tag = "accounts",
    operation_id = "export_account",
    responses((status = OK, description = "Everything", body = PersonalData)),
    extensions(
        ("x-action" = json!("account.export")),
        ("x-limit" = json!("search")),
        ("x-problems" = json!(["control_unavailable", "not_found"])),
    ),
)]
async fn export(State(edge): State<Edge>, account: Account) -> Result<Json<PersonalData>, Problem> {
    let (person, now) = (account.person, edge.now());
    let all = async move |control: Control, asked: Asked| {
        let export = control.accounts.export(person).await?;
        Ok((export, all_of(&control.database, &asked, person).await?))
    };
    let (export, orders) = read(&edge, None, CatchUp::NONE, all).await?;
    let export = export.ok_or_else(Problem::no_account)?;
    Ok(Json(PersonalData::new(export, orders, now)))
}

/// Delete your account.
///
/// Everything personal is erased at once and every device is signed out. Orders and amounts stay,
/// without your name; the address is free for another account.
#[utoipa::path(
    post, path = "/api/v1/me/deletion", tag = "accounts",
    operation_id = "delete_account",
    request_body = DeleteAccount,
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("account.delete")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!([
            "control_unavailable", "not_found", "password_required", "password_wrong",
            "sign_in_again", "too_many_guesses"
        ])),
    ),
)]
async fn delete(
    State(edge): State<Edge>,
    account: Account,
    Body(wish): Body<DeleteAccount>,
) -> Result<StatusCode, Problem> {
    let (proof, by) = (proof(&account, wish.password.as_deref()), account.by(&edge));
    edge.backstage(async move |control| control.accounts.erase_own(proof, &by).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
