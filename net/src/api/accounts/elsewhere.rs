//! Signing in at a provider that speaks `OpenID` Connect. Whoever wants to begins a visit there,
//! comes back to a page of the site, and the page sends what it came back with.

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_control::Control;
use onsale_control::accounts::identity::Claims;
use onsale_control::accounts::identity::visit::{Returned, Visit};
use onsale_control::accounts::session::SignedIn;
use onsale_core::id::PersonId;
use onsale_core::time::Time;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::sign_in::{device, signed_in_as};
use crate::api::edge::Edge;
use crate::auth::Principal;
use crate::dto::identity::{
    BeginVisit, EndVisit, OidcProviderList, SignedInElsewhere, VisitBegun, return_path,
};
use crate::extract::{Body, ProviderNamed};
use crate::json::Json;
use crate::oidc::{Provider, ProviderError, ProviderName};
use crate::problem::Problem;
use crate::problem::oidc::ReturnError;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(begin)).routes(routes!(come_back))
}

/// List the providers that people can sign in at (`OpenID` Connect).
#[utoipa::path(
    get, path = "/api/v1/oidc", tag = "accounts",
    operation_id = "list_oidc_providers",
    responses((status = OK, description = "All of them", body = OidcProviderList)),
    extensions(
        ("x-action" = json!("session.sign_in")),
        ("x-limit" = json!("read")),
    ),
)]
async fn list(State(edge): State<Edge>) -> Json<OidcProviderList> {
    Json(OidcProviderList::from(&edge.oidc()))
}

/// Begin to sign in at a provider.
///
/// Keep `visit`, and send the browser to `authorization_url`. The provider sends it to the page
/// `/account/signed-in/{provider}` of the site, with `code` and `state`, or with `error`.
#[utoipa::path(
    post, path = "/api/v1/oidc/{provider}/visits", tag = "accounts",
    operation_id = "begin_oidc_visit",
    params(("provider" = String, Path, description = "Which", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    request_body = BeginVisit,
    responses((status = OK, description = "Where to go", body = VisitBegun)),
    extensions(
        ("x-action" = json!("session.sign_in")),
        ("x-limit" = json!("session")),
        ("x-problems" = json!(["control_unavailable", "not_found", "provider_away"])),
    ),
)]
async fn begin(
    State(edge): State<Edge>,
    ProviderNamed(name): ProviderNamed,
    Body(wish): Body<BeginVisit>,
) -> Result<Json<VisitBegun>, Problem> {
    let (path, now) = (return_path(&wish.return_path)?, edge.now());
    let provider = provider(&edge, &name)?;
    let begun = edge
        .backstage(async move |control| {
            let visit = control.accounts.begin_visit(name.as_str(), &path, None, now).await?;
            lead(&control, &provider, visit, now).await.map_err(ReturnError::Provider)
        })
        .await?;
    Ok(Json(begun))
}

/// Come back from a provider, and be signed in.
///
/// The first time this makes an account, a guest's if their access token is sent along. An account
/// whose address the provider says it has verified is opened, and its owner gets a letter. Each
/// visit and each code is good once.
#[utoipa::path(
    post, path = "/api/v1/oidc/{provider}/returns", tag = "accounts",
    operation_id = "sign_in_by_oidc",
    params(("provider" = String, Path, description = "Which", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    request_body = EndVisit,
    security((), ("guest" = [])),
    responses((status = OK, description = "Signed in", body = SignedInElsewhere)),
    extensions(
        ("x-action" = json!("session.sign_in")),
        ("x-limit" = json!("session")),
        ("x-problems" = json!([
            "control_unavailable", "not_found", "provider_away", "provider_refused", "visit_over"
        ])),
    ),
)]
async fn come_back(
    State(edge): State<Edge>,
    headers: HeaderMap,
    principal: Option<Principal>,
    ProviderNamed(name): ProviderNamed,
    Body(wish): Body<EndVisit>,
) -> Result<Json<SignedInElsewhere>, Problem> {
    let guest = match principal {
        Some(Principal::Guest { person }) => Some(person),
        Some(Principal::Account { .. } | Principal::Operator) | None => None,
    };
    let (wish, provider) = (wish.checked()?, provider(&edge, &name)?);
    let (device, now) = (device(&headers), edge.now());
    let (signed_in, returned): (SignedIn, Returned) = edge
        .backstage(async move |control| {
            let provider = (&name, &provider);
            let (returned, claims) = returned(&control, provider, &wish, None, now).await?;
            let signed_in =
                control.accounts.sign_in_elsewhere(&claims, guest, &device, now).await?;
            Ok::<_, ReturnError>((signed_in, returned))
        })
        .await?;
    let session = signed_in_as(&edge, &signed_in)?;
    let return_path = returned.return_path.as_str().to_owned();
    Ok(Json(SignedInElsewhere { session, return_path }))
}

/// The provider of this name.
pub(super) fn provider(edge: &Edge, name: &ProviderName) -> Result<Provider, Problem> {
    edge.oidc().get(name).cloned().ok_or_else(|| Problem::not_found("provider"))
}

/// Where a visit leads.
pub(super) async fn lead(
    control: &Control,
    provider: &Provider,
    visit: Visit,
    now: Time,
) -> Result<VisitBegun, ProviderError> {
    let site_url = &control.accounts.settings().site_url;
    let url = provider.authorization_url(&visit, site_url, now).await?;
    Ok(VisitBegun::new(&visit, url))
}

/// Ends a visit to this provider that was begun for this (an account to link, or to sign in), and
/// has the provider say who came back.
pub(super) async fn returned(
    control: &Control,
    (name, provider): (&ProviderName, &Provider),
    wish: &EndVisit,
    owner: Option<PersonId>,
    now: Time,
) -> Result<(Returned, Claims), ReturnError> {
    let returned = control.accounts.end_visit(&wish.visit, &wish.state, now).await?;
    let is_that =
        |returned: &Returned| returned.provider == name.as_str() && returned.person == owner;
    let returned = returned.filter(is_that).ok_or(ReturnError::VisitOver)?;
    let site_url = &control.accounts.settings().site_url;
    let claims = provider.claims(&wish.code, &returned, site_url, now).await?;
    Ok((returned, claims))
}
