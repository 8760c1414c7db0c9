//! The addresses of an account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_control::id::AddressId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::Account;
use crate::api::edge::Edge;
use crate::dto::address::{AddressDto, AddressList, KeptAddressDto};
use crate::dto::id::AddressRef;
use crate::extract::{Body, Named};
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(change, remove))
}

/// List your addresses.
#[utoipa::path(
    get, path = "/api/v1/me/addresses", tag = "accounts",
    operation_id = "list_addresses",
    responses((status = OK, description = "All of them", body = AddressList)),
    extensions(
        ("x-action" = json!("account.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(State(edge): State<Edge>, account: Account) -> Result<Json<AddressList>, Problem> {
    let person = account.person;
    let all = edge.backstage(async move |control| control.accounts.addresses(person).await).await?;
    Ok(Json(AddressList { addresses: all.into_iter().map(KeptAddressDto::from).collect() }))
}

/// Keep another address.
#[utoipa::path(
    post, path = "/api/v1/me/addresses", tag = "accounts",
    operation_id = "add_address",
    request_body = AddressDto,
    responses((status = CREATED, description = "The address", body = KeptAddressDto,
        headers(("Location" = String, description = "The address")))),
    extensions(
        ("x-action" = json!("account.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable", "full", "not_found"])),
    ),
)]
async fn add(
    State(edge): State<Edge>,
    account: Account,
    Body(wish): Body<AddressDto>,
) -> Result<Response, Problem> {
    let (address, person, now) = (wish.parse()?, account.person, edge.now());
    let kept = edge
        .backstage(async move |control| control.accounts.add_address(person, address, now).await)
        .await?;
    let location = format!("/api/v1/me/addresses/{}", kept.id);
    let body = Json(KeptAddressDto::from(kept));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// Have one of your addresses say something else.
#[utoipa::path(
    put, path = "/api/v1/me/addresses/{id}", tag = "accounts",
    operation_id = "change_address",
    params(("id" = AddressRef, Path, description = "Which")),
    request_body = AddressDto,
    responses((status = OK, description = "The address", body = KeptAddressDto)),
    extensions(
        ("x-action" = json!("account.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn change(
    State(edge): State<Edge>,
    account: Account,
    Named(id): Named<AddressId>,
    Body(wish): Body<AddressDto>,
) -> Result<Json<KeptAddressDto>, Problem> {
    let (address, person) = (wish.parse()?, account.person);
    let kept = edge
        .backstage(async move |control| control.accounts.change_address(person, id, address).await)
        .await?;
    Ok(Json(kept.into()))
}

/// Remove one of your addresses.
#[utoipa::path(
    delete, path = "/api/v1/me/addresses/{id}", tag = "accounts",
    operation_id = "remove_address",
    params(("id" = AddressRef, Path, description = "Which")),
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("account.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    account: Account,
    Named(id): Named<AddressId>,
) -> Result<StatusCode, Problem> {
    let person = account.person;
    edge.backstage(async move |control| control.accounts.remove_address(person, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
