//! Categories: what kinds of event there are.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::catalogue::category;
use onsale_control::id::CategoryId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::access::{Permit, Unowned};
use crate::conditional::{IfMatchHeader, Seen, versioned};
use crate::dto::category::{CategoryDto, CategoryList, CategoryPage, NameCategory};
use crate::dto::id::CategoryRef;
use crate::extract::{Body, Named, Params};
use crate::page;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(show, rename, remove))
}

/// List the categories.
#[utoipa::path(
    get, path = "/api/v1/categories", tag = "catalogue",
    operation_id = "list_categories",
    params(CategoryPage),
    responses((status = OK, description = "A page of categories, by name", body = CategoryList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("category.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    uri: Uri,
    Params(wish): Params<CategoryPage>,
) -> Result<Response, Problem> {
    let (limit, after) = (page::limit(wish.limit)?, page::cursor(wish.after.as_deref())?);
    let list = async move |control: Control| category::list(&control.database, after, limit).await;
    let found = edge.backstage(list).await?;
    Ok(page::answer(&uri, found, |categories, next| CategoryList { categories, next }))
}

/// Make a category.
#[utoipa::path(
    post, path = "/api/v1/categories", tag = "catalogue",
    operation_id = "create_category",
    request_body = NameCategory,
    responses((status = CREATED, description = "The new category", body = CategoryDto, headers(
        ("Location" = String, description = "The category"),
        ("ETag" = String, description = "Of this version"),
    ))),
    extensions(
        ("x-action" = json!("category.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["name_taken"])),
    ),
)]
async fn create(
    State(edge): State<Edge>,
    Permit(Unowned, grant): Permit<Unowned>,
    Body(wish): Body<NameCategory>,
) -> Result<Response, Problem> {
    let (by, name) = (grant.by(&edge), wish.parse()?);
    let create =
        async move |control: Control| category::create(&control.database, &by, &name).await;
    let category = edge.backstage(create).await?;
    let location = format!("/api/v1/categories/{}", category.id);
    let body = versioned(category.version, &CategoryDto::from(category));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// Show a category.
#[utoipa::path(
    get, path = "/api/v1/categories/{id}", tag = "catalogue",
    operation_id = "show_category",
    params(("id" = CategoryRef, Path, description = "Which")),
    responses((status = OK, description = "The category", body = CategoryDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("category.see")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn show(State(edge): State<Edge>, Named(id): Named<CategoryId>) -> Result<Response, Problem> {
    let find = async move |control: Control| category::find(&control.database, id).await;
    let category = edge.backstage(find).await?;
    Ok(versioned(category.version, &CategoryDto::from(category)))
}

/// Call a category something else.
#[utoipa::path(
    patch, path = "/api/v1/categories/{id}", tag = "catalogue",
    operation_id = "rename_category",
    params(("id" = CategoryRef, Path, description = "Which"), IfMatchHeader),
    request_body = NameCategory,
    responses((status = OK, description = "It is called that", body = CategoryDto,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("category.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["name_taken"])),
    ),
)]
async fn rename(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<CategoryId>>,
    Seen(seen): Seen,
    Body(wish): Body<NameCategory>,
) -> Result<Response, Problem> {
    let (by, name) = (grant.by(&edge), wish.parse()?);
    let rename = async move |control: Control| {
        category::rename(&control.database, &by, id, seen, &name).await
    };
    let category = edge.backstage(rename).await?;
    Ok(versioned(category.version, &CategoryDto::from(category)))
}

/// Remove a category that no event has.
#[utoipa::path(
    delete, path = "/api/v1/categories/{id}", tag = "catalogue",
    operation_id = "remove_category",
    params(("id" = CategoryRef, Path, description = "Which"), IfMatchHeader),
    responses((status = NO_CONTENT, description = "It is gone")),
    extensions(
        ("x-action" = json!("category.manage")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["in_use"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Named(id), grant): Permit<Named<CategoryId>>,
    Seen(seen): Seen,
) -> Result<StatusCode, Problem> {
    let by = grant.by(&edge);
    let remove =
        async move |control: Control| category::remove(&control.database, &by, id, seen).await;
    edge.backstage(remove).await?;
    Ok(StatusCode::NO_CONTENT)
}
