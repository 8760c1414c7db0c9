//! Webhook endpoints: where facts are sent, as organisers and the platform want it. What was sent,
//! and what is to be sent again, is in `sending`.

mod sending;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::id::{OrganiserId, WebhookId};
use onsale_control::webhooks::{Endpoint, manage};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Grant, Permit, Unowned};
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::id::{OrganiserRef, WebhookRef};
use crate::dto::webhook_endpoint::{
    NewWebhookEndpoint, SaveWebhookEndpoint, WebhookEndpointDto, WebhookEndpointList, WebhookPage,
};
use crate::extract::{Body, Named, Params};
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(list_own, create_own))
        .routes(routes!(show, change, remove))
        .merge(sending::routes())
}

/// List all webhook endpoints.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints", tag = "webhooks",
    operation_id = "list_webhook_endpoints",
    params(WebhookPage),
    responses((status = OK, description = "A page of endpoints", body = WebhookEndpointList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("webhook.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    uri: Uri,
    Permit(Unowned, _): Permit<Unowned>,
    Params(wish): Params<WebhookPage>,
) -> Result<Response, Problem> {
    listed(&edge, &uri, None, &wish).await
}

/// List the webhook endpoints of an organiser.
#[utoipa::path(
    get, path = "/api/v1/organisers/{id}/webhook-endpoints", tag = "webhooks",
    operation_id = "list_webhook_endpoints_of_organiser",
    params(("id" = OrganiserRef, Path, description = "Of which organiser"), WebhookPage),
    responses((status = OK, description = "A page of endpoints", body = WebhookEndpointList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("webhook.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list_own(
    State(edge): State<Edge>,
    uri: Uri,
    Permit(Named(organiser), _): Permit<Named<OrganiserId>>,
    Params(wish): Params<WebhookPage>,
) -> Result<Response, Problem> {
    listed(&edge, &uri, Some(organiser), &wish).await
}

async fn listed(
    edge: &Edge,
    uri: &Uri,
    organiser: Option<OrganiserId>,
    wish: &WebhookPage,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let list = async move |control: Control| {
        manage::list(&control.database, organiser, after, limit).await
    };
    let found = edge.backstage(list).await?;
    Ok(page::answer(uri, found, |endpoints, next| WebhookEndpointList { endpoints, next }))
}

/// Make a webhook endpoint that gets everything.
///
/// It gets what happens from now on. Its secret is shown here, and not again.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints", tag = "webhooks",
    operation_id = "create_webhook_endpoint",
    request_body = SaveWebhookEndpoint,
    responses((status = CREATED, description = "The new endpoint", body = NewWebhookEndpoint,
        headers(
            ("Location" = String, description = "The endpoint"),
            ("ETag" = String, description = "Of this version"),
        ))),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["too_many_endpoints"])),
    ),
)]
async fn create(
    State(edge): State<Edge>,
    Permit(Unowned, grant): Permit<Unowned>,
    Body(wish): Body<SaveWebhookEndpoint>,
) -> Result<Response, Problem> {
    made(&edge, &grant, None, wish).await
}

/// Make a webhook endpoint that gets what is about the events of an organiser.
///
/// It gets what happens from now on. Its secret is shown here, and not again.
#[utoipa::path(
    post, path = "/api/v1/organisers/{id}/webhook-endpoints", tag = "webhooks",
    operation_id = "create_webhook_endpoint_of_organiser",
    params(("id" = OrganiserRef, Path, description = "Of which organiser")),
    request_body = SaveWebhookEndpoint,
    responses((status = CREATED, description = "The new endpoint", body = NewWebhookEndpoint,
        headers(
            ("Location" = String, description = "The endpoint"),
            ("ETag" = String, description = "Of this version"),
        ))),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["too_many_endpoints"])),
    ),
)]
async fn create_own(
    State(edge): State<Edge>,
    Permit(Named(organiser), grant): Permit<Named<OrganiserId>>,
    Body(wish): Body<SaveWebhookEndpoint>,
) -> Result<Response, Problem> {
    made(&edge, &grant, Some(organiser), wish).await
}

async fn made(
    edge: &Edge,
    grant: &Grant,
    organiser: Option<OrganiserId>,
    wish: SaveWebhookEndpoint,
) -> Result<Response, Problem> {
    let rules = edge.webhook_rules()?;
    let (by, wish) = (grant.by(edge), wish.parse(rules)?);
    let create = async move |control: Control| {
        manage::create(&control.database, rules, &by, organiser, &wish).await
    };
    let (endpoint, secret) = edge.backstage(create).await?;
    edge.call_webhooks();
    let location = format!("/api/v1/webhook-endpoints/{}", endpoint.id);
    let (version, secret) = (endpoint.version, secret.expose().to_owned());
    let made = NewWebhookEndpoint { endpoint: endpoint.into(), secret };
    let body = versioned(version, &made);
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// Show a webhook endpoint.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks",
    operation_id = "show_webhook_endpoint",
    params(("id" = WebhookRef, Path, description = "Which")),
    responses((status = OK, description = "The endpoint", body = WebhookEndpointDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("webhook.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    Permit(Named(id), _): Permit<Named<WebhookId>>,
) -> Result<Response, Problem> {
    let find = async move |control: Control| manage::find(&control.database, id).await;
    edge.backstage(find).await.map(shown)
}

/// Change a webhook endpoint: all of it is replaced.
#[utoipa::path(
    put, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks",
    operation_id = "change_webhook_endpoint",
    params(("id" = WebhookRef, Path, description = "Which"), IfMatchHeader),
    request_body = SaveWebhookEndpoint,
    responses((status = OK, description = "It is so", body = WebhookEndpointDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<WebhookId>>,
    Seen(seen): Seen,
    Body(wish): Body<SaveWebhookEndpoint>,
) -> Result<Response, Problem> {
    let (by, wish) = (grant.by(&edge), wish.parse(edge.webhook_rules()?)?);
    let change =
        async move |control: Control| manage::change(&control.database, &by, id, seen, &wish).await;
    let changed = edge.backstage(change).await?;
    edge.call_webhooks();
    Ok(shown(changed))
}

/// Remove a webhook endpoint.
#[utoipa::path(
    delete, path = "/api/v1/webhook-endpoints/{id}", tag = "webhooks",
    operation_id = "remove_webhook_endpoint",
    params(("id" = WebhookRef, Path, description = "Which"), IfMatchHeader),
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<WebhookId>>,
    Seen(seen): Seen,
) -> Result<StatusCode, Problem> {
    let by = grant.by(&edge);
    let remove =
        async move |control: Control| manage::remove(&control.database, &by, id, seen).await;
    edge.backstage(remove).await?;
    edge.call_webhooks();
    Ok(StatusCode::NO_CONTENT)
}

/// An endpoint with the tag of its version.
fn shown(endpoint: Endpoint) -> Response {
    versioned(endpoint.version, &WebhookEndpointDto::from(endpoint))
}
