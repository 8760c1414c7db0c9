//! Where providers say what became of payments: `POST /api/v1/webhooks/{provider}`.
//!
//! The raw bytes are verified before anything else is done with them. The answer is what makes the
//! provider stop: its own acknowledgement for everything that is in the journal now, duplicates and
//! payments for unknown orders included; a fault of the server's only when there is no journal to
//! put it in, so that the provider sends it again.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use onsale_core::command::{Actor, Command, PaymentNotice, Request};
use onsale_core::id::PartitionId;
use tracing::{debug, error, warn};

use super::{Providers, RawNotice};
use crate::port::{CallError, Partitions};
use crate::problem::{Problem, catalog};

/// The longest notice that is read, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// The path of the route.
pub const PATH: &str = "/api/v1/webhooks/{provider}";

/// What the route needs.
#[derive(Clone)]
struct Webhooks<P> {
    port: P,
    providers: Providers,
}

/// The route for the webhooks of `providers`. Needs no reactor, so it runs on every executor.
pub fn routes<P: Partitions>(port: P, providers: Providers) -> Router {
    Router::new()
        .route(PATH, post(receive::<P>))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(Webhooks { port, providers })
}

async fn receive<P: Partitions>(
    State(state): State<Webhooks<P>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let no_provider = || Problem::new(&catalog::NOT_FOUND, "there is no such payment provider");
    let provider = state.providers.find(&name).ok_or_else(no_provider)?;
    let body = body.map_err(|reason| unreadable(&reason))?;
    let query = query.unwrap_or_default();
    let notice = RawNotice { headers: &headers, query: &query, body: &body };
    let notices = provider.verify_notice(notice, state.port.now()).await.map_err(|reason| {
        warn!(provider = name, %reason, "a notice that is not believed");
        Problem::new(&catalog::MALFORMED, reason.to_string())
    })?;
    for notice in notices {
        record(&state.port, notice).await?;
    }
    let words = provider.acknowledgement();
    Ok(([(header::CONTENT_TYPE, words.content_type)], words.body).into_response())
}

/// Puts a notice into the journal of the order's partition; if there is no such partition, of the
/// first: money is never dropped. The only problem is that the partition does not answer.
async fn record<P: Partitions>(port: &P, notice: PaymentNotice) -> Result<(), Problem> {
    let order = notice.order;
    let payment = notice.payment.clone();
    let request = Request::new(Actor::System, Command::RecordPayment(notice));
    let owner = order.event.partition();
    let partition = if owner.number() < port.count() { owner } else { PartitionId::FIRST };
    match port.execute(partition, request).await {
        Ok(_) => Ok(()),
        Err(CallError::Refused(refusal)) => {
            debug!(%order, payment, %refusal, "a notice of no interest any more");
            Ok(())
        }
        Err(CallError::NoSuchPartition) => {
            error!(%order, payment, "a payment, and no partition to write it down in");
            Ok(())
        }
        Err(unavailable @ (CallError::Overloaded { .. } | CallError::Stopped)) => {
            Err(unavailable.into())
        }
    }
}

fn unreadable(reason: &BytesRejection) -> Problem {
    let words = reason.body_text();
    match reason.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(&catalog::BODY_TOO_LARGE, words).member("limit", BODY_MAX_BYTES)
        }
        _ => Problem::new(&catalog::MALFORMED, words),
    }
}
