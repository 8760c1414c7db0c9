//! Who has the seats of an event, for whoever sells.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use onsale_control::Control;
use onsale_control::reading::{Asked, SeatRecord, seats};
use onsale_core::id::EventId;
use onsale_core::inventory::seating::SeatIndex;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::known;
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::dto::id::EventRef;
use crate::dto::in_query;
use crate::dto::reading::seats::{SeatRecordList, SeatsPage};
use crate::extract::{Named, Params};
use crate::page;
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

/// The largest page, and the usual one.
const SEATS_MAX: u16 = 1_000;
const SEATS_USUAL: u16 = 500;

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(list))
}

/// List the seats of an event that are not free, and who has them.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/seat-status", tag = "operator",
    operation_id = "list_seat_status",
    params(("id" = EventRef, Path, description = "Of which event"), SeatsPage),
    responses((status = OK, description = "A page of seats", body = SeatRecordList,
        headers(("Link" = String, description = "The next page, if there is one (RFC 8288)")))),
    extensions(
        ("x-action" = json!("event.orders")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn list(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    uri: Uri,
    Params(wish): Params<SeatsPage>,
) -> Result<Response, Problem> {
    let limit = limit(wish.limit)?;
    let (filter, catch_up) = (wish.filter(), CatchUp::parse(wish.catch_up_ms)?);
    known(&edge, &grant, event).await?;
    let list = async move |control: Control, asked: Asked| {
        // One more, to see whether there is another page.
        let page = (wish.after.map(SeatIndex), limit + 1);
        seats(&control.database, &asked, event, filter, page).await
    };
    let (as_of, mut found) = read(&edge, Some(event), catch_up, list).await?;
    let has_more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    let next = found.last().filter(|_| has_more).map(|last: &SeatRecord| last.seat.index.0);
    let next = next.map(|index| index.to_string());
    let seats = found.into_iter().map(Into::into).collect();
    let list = SeatRecordList { as_of: as_of.into(), seats, next };
    Ok(page::respond(&uri, list.next.as_deref(), &list))
}

fn limit(asked: Option<u16>) -> Result<u16, Problem> {
    let limit = asked.unwrap_or(SEATS_USUAL);
    if (1..=SEATS_MAX).contains(&limit) {
        return Ok(limit);
    }
    in_query("limit", Err(format!("must be 1 to {SEATS_MAX}")))
}
