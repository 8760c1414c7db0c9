//! All orders of an event as one file, streamed: the slow pool reads a page and writes its lines
//! while the one before is on its way, so that a core never waits and no more than two pages are in
//! memory. All of it is as of one moment.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use onsale_control::Control;
use onsale_control::access::Action;
use onsale_control::reading::{Asked, EXPORT_PAUSE_MAX, Export};
use onsale_core::id::EventId;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{csv, known};
use crate::access::Permit;
use crate::api::edge::Edge;
use crate::dto::At;
use crate::dto::id::EventRef;
use crate::dto::reading::order::OrdersExport;
use crate::extract::{Named, Params};
use crate::problem::Problem;
use crate::reading::{CatchUp, read};

/// As of when the file is.
const AS_OF: &str = "as-of";

pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(routes!(export))
}

/// Export the orders of an event as CSV, a line for each ticket, the newest order first.
///
/// UTF-8, as RFC 4180 has it. A cell that a spreadsheet would take for a formula begins with an
/// apostrophe. All of it is as of one moment, which the header `As-Of` names. An export that breaks
/// off does not end as a whole body does.
#[utoipa::path(
    get, path = "/api/v1/events/{id}/orders.csv", tag = "operator",
    operation_id = "export_event_orders",
    params(("id" = EventRef, Path, description = "Of which event"), OrdersExport),
    responses((status = OK, description = "The lines", body = String, content_type = "text/csv",
        headers(("As-Of" = String, description = "As of when it is: RFC 3339")))),
    extensions(
        ("x-action" = json!("event.orders")),
        ("x-limit" = json!("manage")),
    ),
)]
async fn export(
    State(edge): State<Edge>,
    Permit(Named(event), grant): Permit<Named<EventId>>,
    Params(wish): Params<OrdersExport>,
) -> Result<Response, Problem> {
    let catch_up = CatchUp::parse(wish.catch_up_ms)?;
    let with_buyers = grant.may(Action::SeeBuyers);
    known(&edge, &grant, event).await?;
    let place = edge.reading()?.export()?;
    let begin = async move |control: Control, asked: Asked| {
        let (database, filter) = (&control.database, wish.filter());
        let export = Export::begin(database, &asked, event, filter, with_buyers).await?;
        Ok((export.as_of(), lines(export, place)))
    };
    let (as_of, lines) = read(&edge, Some(event), catch_up, begin).await?;
    let headers = [
        (CONTENT_TYPE.as_str(), "text/csv; charset=utf-8; header=present".to_owned()),
        (CONTENT_DISPOSITION.as_str(), format!("attachment; filename=\"orders-{event}.csv\"")),
        (AS_OF, At(as_of.at).to_string()),
    ];
    Ok((headers, body(lines)).into_response())
}

/// Some lines, or the news that there will be no more of them.
type Chunk = io::Result<Bytes>;

/// Has an export read to its end beside whoever takes it.
fn lines(export: Export, place: OwnedSemaphorePermit) -> mpsc::Receiver<Chunk> {
    let (out, lines) = mpsc::channel(1);
    tokio::spawn(async move {
        let _place = place;
        pump(export, &out).await;
    });
    lines
}

/// Ends early if whoever takes it has gone, or takes too long for a page.
async fn pump(mut export: Export, out: &mpsc::Sender<Chunk>) {
    let mut chunk = csv::head();
    loop {
        let sent = timeout(EXPORT_PAUSE_MAX, out.send(Ok(chunk.into()))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
        chunk = match export.next().await {
            Ok(Some(orders)) => csv::lines(&orders),
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "an export breaks off");
                let cut = io::Error::other("the export breaks off");
                // They may have gone, too.
                let _ = timeout(EXPORT_PAUSE_MAX, out.send(Err(cut))).await;
                return;
            }
        };
    }
}

fn body(lines: mpsc::Receiver<Chunk>) -> Body {
    Body::from_stream(unfold(lines, async |mut lines| Some((lines.recv().await?, lines))))
}
