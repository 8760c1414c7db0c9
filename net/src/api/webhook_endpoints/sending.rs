//! What is sent to webhook endpoints: what it is signed with, what was tried, what is to be sent
//! again. The server does it a moment later, beside the sale.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::id::WebhookId;
use onsale_control::webhooks::{delivery, manage};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::shown;
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::conditional::versioned;
use crate::dto::At;
use crate::dto::id::WebhookRef;
use crate::dto::webhook_endpoint::{
    NewWebhookSecret, ReplayWebhooks, WebhookDeliveryList, WebhookEndpointDto, WebhookPage,
    WebhookPing,
};
use crate::extract::{Body, Named, Params};
use crate::json::Json;
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(routes!(rotate))
        .routes(routes!(deliveries))
        .routes(routes!(replay))
        .routes(routes!(try_out))
}

/// Make a new secret for a webhook endpoint.
///
/// For a day the one before signs beside it: a receiver takes either meanwhile.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/secret", tag = "webhooks",
    operation_id = "rotate_webhook_secret",
    params(("id" = WebhookRef, Path, description = "Of which endpoint")),
    responses((status = OK, description = "The new secret", body = NewWebhookSecret,
        headers(("ETag" = String, description = "Of the endpoint's version")))),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn rotate(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<WebhookId>>,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let rotate = async move |control: Control| manage::rotate(&control.database, &by, id).await;
    let (endpoint, secret) = edge.backstage(rotate).await?;
    edge.call_webhooks();
    let secret = NewWebhookSecret {
        secret: secret.expose().to_owned(),
        former_secret_until_at: endpoint.former_until.map(At),
    };
    Ok(versioned(endpoint.version, &secret))
}

/// List what was sent to a webhook endpoint lately, and what came of it.
///
/// The last hundred attempts are kept; they are there about a second later.
#[utoipa::path(
    get, path = "/api/v1/webhook-endpoints/{id}/deliveries", tag = "webhooks",
    operation_id = "list_webhook_deliveries",
    params(("id" = WebhookRef, Path, description = "To which endpoint"), WebhookPage),
    responses((status = OK, description = "A page of attempts, newest first",
        body = WebhookDeliveryList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("webhook.see")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn deliveries(
    State(edge): State<Edge>,
    uri: Uri,
    Permit(Named(id), _): Permit<Named<WebhookId>>,
    Params(wish): Params<WebhookPage>,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let list =
        async move |control: Control| delivery::list(&control.database, id, after, limit).await;
    let found = edge.backstage(list).await?;
    Ok(page::answer(&uri, found, |deliveries, next| WebhookDeliveryList { deliveries, next }))
}

/// Send everything again to a webhook endpoint, from somewhere on.
///
/// Under the same ids: what the receiver has seen it can pass over. What was going to be sent is
/// sent in its turn. It goes back as far as the server keeps facts (`journal.keep`).
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/replay", tag = "webhooks",
    operation_id = "replay_webhooks",
    params(("id" = WebhookRef, Path, description = "To which endpoint")),
    request_body = ReplayWebhooks,
    responses((status = ACCEPTED, description = "It is sent from there on, if it is enabled",
        body = WebhookEndpointDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn replay(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<WebhookId>>,
    Body(wish): Body<ReplayWebhooks>,
) -> Result<Response, Problem> {
    let (by, since) = (grant.by(&edge), wish.since());
    let replay =
        async move |control: Control| manage::replay(&control.database, &by, id, since).await;
    let endpoint = edge.backstage(replay).await?;
    edge.call_webhooks();
    Ok((StatusCode::ACCEPTED, shown(endpoint)).into_response())
}

/// Send a ping to a webhook endpoint, to try it out.
///
/// Whatever its state. It is an event like others, of the type `onsale.webhook.ping.v1`, about
/// nothing.
#[utoipa::path(
    post, path = "/api/v1/webhook-endpoints/{id}/test", tag = "webhooks",
    operation_id = "test_webhook_endpoint",
    params(("id" = WebhookRef, Path, description = "Which endpoint")),
    responses((status = ACCEPTED, description = "It is sent in a moment", body = WebhookPing)),
    extensions(
        ("x-action" = json!("webhook.manage")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn try_out(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<WebhookId>>,
) -> Result<(StatusCode, Json<WebhookPing>), Problem> {
    let by = grant.by(&edge);
    let ping = async move |control: Control| manage::ping(&control.database, &by, id).await;
    let event = edge.backstage(ping).await?;
    edge.call_webhooks();
    Ok((StatusCode::ACCEPTED, Json(WebhookPing { event })))
}
