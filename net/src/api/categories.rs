//! Categories: what kinds of event there are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use onsale_control::catalogue::category;
use onsale_control::id::CategoryId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::edge::Edge;
use crate::auth::Operator;
use crate::dto::category::{CategoryDto, CategoryList, NameCategory};
use crate::dto::id::CategoryRef;
use crate::extract::{Body, Named};
use crate::json::Json;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(rename, remove))
}

/// List the categories.
#[utoipa::path(
    get, path = "/api/v1/categories", tag = "catalogue",
    operation_id = "list_categories",
    responses((status = OK, description = "All of them", body = CategoryList)),
    extensions(
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn list(State(edge): State<Edge>) -> Result<Json<CategoryList>, Problem> {
    let all = edge.backstage(async |control| category::list(&control.database).await).await?;
    Ok(Json(CategoryList { categories: all.into_iter().map(CategoryDto::from).collect() }))
}

/// Make a category.
#[utoipa::path(
    post, path = "/api/v1/categories", tag = "catalogue",
    operation_id = "create_category",
    request_body = NameCategory,
    responses((status = CREATED, description = "The new category", body = CategoryDto,
        headers(("Location" = String, description = "The category")))),
    security(("operator" = [])),
    extensions(
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable", "name_taken"])),
    ),
)]
async fn create(
    State(edge): State<Edge>,
    _: Operator,
    Body(wish): Body<NameCategory>,
) -> Result<Response, Problem> {
    let name = wish.parse()?;
    let category = edge
        .backstage(async move |control| category::create(&control.database, &name).await)
        .await?;
    let location = format!("/api/v1/categories/{}", category.id);
    let body = Json(CategoryDto::from(category));
    Ok((StatusCode::CREATED, [(LOCATION, location)], body).into_response())
}

/// Call a category something else.
#[utoipa::path(
    patch, path = "/api/v1/categories/{id}", tag = "catalogue",
    operation_id = "rename_category",
    params(("id" = CategoryRef, Path, description = "Which")),
    request_body = NameCategory,
    responses((status = NO_CONTENT, description = "It is called that")),
    security(("operator" = [])),
    extensions(
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable", "name_taken"])),
    ),
)]
async fn rename(
    State(edge): State<Edge>,
    _: Operator,
    Named(id): Named<CategoryId>,
    Body(wish): Body<NameCategory>,
) -> Result<StatusCode, Problem> {
    let name = wish.parse()?;
    edge.backstage(async move |control| category::rename(&control.database, id, &name).await)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a category.
#[utoipa::path(
    delete, path = "/api/v1/categories/{id}", tag = "catalogue",
    operation_id = "remove_category",
    params(("id" = CategoryRef, Path, description = "Which")),
    responses((status = NO_CONTENT, description = "It is gone")),
    security(("operator" = [])),
    extensions(
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    _: Operator,
    Named(id): Named<CategoryId>,
) -> Result<StatusCode, Problem> {
    edge.backstage(async move |control| category::remove(&control.database, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
