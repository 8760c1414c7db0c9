//! Pictures of events: what was sent, by what is in it. No address that somebody gives is ever
//! asked for one.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use onsale_control::Control;
use onsale_control::catalogue::event::image;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inside;
use super::object::{ForEvent, Listed, Picture, PictureOf};
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::conditional::{IfMatchHeader, Keep, Seen, is_known, mark};
use crate::dto::catalogue::event::CatalogueEvent;
use crate::dto::id::EventRef;
use crate::extract::{Named, content};
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(add)).routes(routes!(remove)).routes(routes!(show))
}

/// What is in a picture, as large as the platform's rules allow.
struct Content(Bytes);

impl FromRequest<Edge> for Content {
    type Rejection = Problem;

    async fn from_request(request: Request, edge: &Edge) -> Result<Self, Problem> {
        content(request, edge.catalogue()?.images.bytes_max).await.map(Self)
    }
}

/// The bytes of a picture.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary, content_media_type = "image/*")]
#[expect(dead_code, reason = "only described: they are taken as they come")]
struct Pixels(Vec<u8>);

/// Give an event another picture, behind the others.
///
/// PNG, JPEG or WebP, by what is in it and not by what it is called. At most 4 MiB and 10 pictures,
/// unless the platform says otherwise.
#[utoipa::path(
    post, path = "/api/v1/catalogue/events/{id}/images", tag = "catalogue",
    operation_id = "add_image",
    params(("id" = EventRef, Path, description = "Which event"), IfMatchHeader),
    request_body(content(
        (Pixels = "image/png"), (Pixels = "image/jpeg"), (Pixels = "image/webp"),
    )),
    responses((status = CREATED, description = "The event has it", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled", "full", "image_too_large", "no_image"])),
    ),
)]
async fn add(
    State(edge): State<Edge>,
    Permit(Listed(Named(id)), grant): ForEvent,
    Seen(seen): Seen,
    Content(bytes): Content,
) -> Result<Response, Problem> {
    let (by, limits) = (grant.by(&edge), edge.catalogue()?.images);
    let add = async move |control: Control| {
        image::add(&control.database, &by, id, seen, &bytes, limits).await
    };
    let event = edge.backstage(add).await?;
    Ok((StatusCode::CREATED, inside(event)).into_response())
}

/// Take a picture from an event.
#[utoipa::path(
    delete, path = "/api/v1/catalogue/events/{id}/images/{image}", tag = "catalogue",
    operation_id = "remove_image",
    params(
        ("id" = EventRef, Path, description = "Which event"),
        ("image" = String, Path, description = "The picture's id"),
        IfMatchHeader,
    ),
    responses((status = OK, description = "The event has it no more", body = CatalogueEvent,
        headers(("ETag" = String, description = "Of this version")))),
    extensions(
        ("x-action" = json!("event.change")),
        ("x-limit" = json!("manage")),
        ("x-problems" = json!(["event_cancelled"])),
    ),
)]
async fn remove(
    State(edge): State<Edge>,
    Permit(Listed(PictureOf(id, picture)), grant): Permit<Listed<PictureOf>>,
    Seen(seen): Seen,
) -> Result<Response, Problem> {
    let by = grant.by(&edge);
    let remove = async move |control: Control| {
        image::remove(&control.database, &by, id, seen, picture).await
    };
    Ok(inside(edge.backstage(remove).await?))
}

/// Show a picture.
///
/// Its name is what is in it, so it never changes. Whoever knows the name may see it.
#[utoipa::path(
    get, path = "/api/v1/catalogue/images/{image}", tag = "catalogue",
    operation_id = "show_image",
    params(("image" = String, Path, description = "The picture's id",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")),
    responses(
        (status = OK, description = "The picture", content(
            (Pixels = "image/png"), (Pixels = "image/jpeg"), (Pixels = "image/webp"),
        )),
        (status = NOT_MODIFIED, description = "You have it already"),
    ),
    extensions(
        ("x-action" = json!("catalogue.search")),
        ("x-limit" = json!("read")),
        ("x-problems" = json!(["control_unavailable"])),
    ),
)]
async fn show(
    State(edge): State<Edge>,
    Picture(picture): Picture,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tag = picture.to_string();
    let mut response = if is_known(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let find = async move |control: Control| image::content(&control.database, picture).await;
        let (media_type, bytes) = edge.backstage(find).await?;
        ([(CONTENT_TYPE, media_type.name())], Body::from(bytes)).into_response()
    };
    mark(&mut response, Keep::Forever, &format!("\"{tag}\""));
    Ok(response)
}
