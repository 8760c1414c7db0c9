//! The catalogue over HTTP: an event from an idea to the moment it is for sale, and what people
//! find. What is sold right now, and how much is left, is under `/api/v1/events`: fast, and without
//! a database. An event has the same id in both.

mod events;
mod images;
mod lifecycle;
mod lists;
mod object;
mod seating;
mod selling;

use axum::response::Response;
use onsale_control::catalogue::event::Event;
use utoipa_axum::router::OpenApiRouter;

use super::edge::Edge;
use crate::conditional::versioned;
use crate::dto::catalogue::event::CatalogueEvent;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .merge(lists::routes())
        .merge(events::routes())
        .merge(selling::routes())
        .merge(seating::routes())
        .merge(images::routes())
        .merge(lifecycle::routes())
}

/// An event as those see it who work on it, with the tag of its version.
fn inside(event: Event) -> Response {
    versioned(event.version, &CatalogueEvent::inside(event))
}
