//! What an account can be opened by elsewhere: seen, linked and unlinked by its owner.

use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::elsewhere::{lead, provider, returned};
use super::passwords::proof;
use crate::access::Account;
use crate::api::edge::Edge;
use crate::dto::identity::{BeginLink, EndVisit, IdentityList, Linked, VisitBegun, return_path};
use crate::extract::{Body, ProviderNamed};
use crate::json::Json;
use crate::problem::Problem;
use crate::problem::oidc::ReturnError;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(begin))
        .routes(routes!(link))
        .routes(routes!(unlink))
}

/// List what your account can be opened by elsewhere.
#[utoipa::path(
    get, path = "/api/v1/me/identities", tag = "accounts",
    operation_id = "list_identities",
    responses((status = OK, description = "All of it", body = IdentityList)),
    extensions(
        ("x-action" = json!("account.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(State(edge): State<Edge>, account: Account) -> Result<Json<IdentityList>, Problem> {
    let person = account.person;
    let all =
        edge.backstage(async move |control| control.accounts.identities(person).await).await?;
    Ok(Json(all.into()))
}

/// Begin to link your account to a provider.
///
/// As for signing in there. It needs your password, or, where the account has none, that you have
/// signed in within the last ten minutes.
#[utoipa::path(
    post, path = "/api/v1/me/identities/{provider}/visits", tag = "accounts",
    operation_id = "begin_link",
    params(("provider" = String, Path, description = "Which", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    request_body = BeginLink,
    responses((status = OK, description = "Where to go", body = VisitBegun)),
    extensions(
        ("x-action" = json!("account.link")),
        ("x-limit" = json!("credentials")),
        ("x-problems" = json!([
            "control_unavailable", "not_found", "password_required", "password_wrong",
            "provider_away", "sign_in_again", "too_many_guesses"
        ])),
    ),
)]
async fn begin(
    State(edge): State<Edge>,
    account: Account,
    ProviderNamed(name): ProviderNamed,
    Body(wish): Body<BeginLink>,
) -> Result<Json<VisitBegun>, Problem> {
    let (path, now) = (return_path(&wish.return_path)?, edge.now());
    let provider = provider(&edge, &name)?;
    let proof = proof(&account, wish.password.as_deref());
    let begun = edge
        .backstage(async move |control| {
            let visit = control.accounts.begin_link(name.as_str(), &path, proof, now).await?;
            Ok::<_, Problem>(lead(&control, &provider, visit, now).await?)
        })
        .await?;
    Ok(Json(begun))
}

/// Come back from a provider, and have your account linked to it.
#[utoipa::path(
    post, path = "/api/v1/me/identities/{provider}/returns", tag = "accounts",
    operation_id = "link_identity",
    params(("provider" = String, Path, description = "Which", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    request_body = EndVisit,
    responses((status = OK, description = "Linked", body = Linked)),
    extensions(
        ("x-action" = json!("account.link")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!([
            "control_unavailable", "identity_taken", "not_found", "provider_away",
            "provider_refused", "visit_over"
        ])),
    ),
)]
async fn link(
    State(edge): State<Edge>,
    account: Account,
    ProviderNamed(name): ProviderNamed,
    Body(wish): Body<EndVisit>,
) -> Result<Json<Linked>, Problem> {
    let (wish, provider) = (wish.checked()?, provider(&edge, &name)?);
    let (person, by, now) = (account.person, account.by(&edge), edge.now());
    let returned = edge
        .backstage(async move |control| {
            let (provider, owner) = ((&name, &provider), Some(person));
            let (returned, claims) = returned(&control, provider, &wish, owner, now).await?;
            control.accounts.link(person, &claims, &by).await?;
            Ok::<_, ReturnError>(returned)
        })
        .await?;
    Ok(Json(Linked { return_path: returned.return_path.as_str().to_owned() }))
}

/// Unlink your account from a provider, unless there would be no way to sign in.
#[utoipa::path(
    delete, path = "/api/v1/me/identities/{provider}", tag = "accounts",
    operation_id = "unlink_identity",
    params(("provider" = String, Path, description = "Which", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    responses((status = NO_CONTENT, description = "Unlinked")),
    extensions(
        ("x-action" = json!("account.link")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable", "last_way_in"])),
    ),
)]
async fn unlink(
    State(edge): State<Edge>,
    account: Account,
    ProviderNamed(name): ProviderNamed,
) -> Result<StatusCode, Problem> {
    let (person, by) = (account.person, account.by(&edge));
    edge.backstage(async move |control| control.accounts.unlink(person, name.as_str(), &by).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
