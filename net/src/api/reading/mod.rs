//! What the read models answer: histories, lists, exports, sums. A file for each.
//!
//! Whoever may ask is known before anything is read, and an event that its partition does not know
//! is not found, however far behind the models are.

mod csv;
mod event_orders;
mod export;
mod history;
mod sales;
mod seats;
mod summary;

use onsale_core::id::EventId;
use onsale_core::query::Query;
use utoipa_axum::router::OpenApiRouter;

use super::edge::Edge;
use crate::access::Grant;
use crate::problem::Problem;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    history::routes()
        .merge(event_orders::routes())
        .merge(export::routes())
        .merge(sales::routes())
        .merge(seats::routes())
        .merge(summary::routes())
}

/// That there is such an event.
async fn known(edge: &Edge, grant: &Grant, event: EventId) -> Result<(), Problem> {
    grant.look(edge, event, Query::Event(event)).await.map(drop)
}
