//! Where providers say what became of payments: `POST /api/v1/webhooks/{provider}`.
//!
//! The raw bytes are verified before anything else is done with them. The answer is what makes the
//! provider stop: its own acknowledgement for everything that is in the journal now, duplicates and
//! payments for unknown orders included; a fault of the server's only when there is no journal to
//! put it in, so that the provider sends it again.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use onsale_core::command::{Actor, Command, PaymentNotice, Request};
use tracing::{debug, error, warn};

use super::signature::SignatureError;
use super::{NoticeError, Providers, RawNotice};
use crate::port::{CallError, Partitions};

/// The longest notice that is read, in bytes.
pub const BODY_MAX_BYTES: usize = 256 * 1024;

/// What the route needs.
#[derive(Clone)]
struct Webhooks<P> {
    port: P,
    providers: Providers,
}

/// The route for the webhooks of `providers`. Needs no reactor, so it runs on every executor.
pub fn routes<P: Partitions>(port: P, providers: Providers) -> Router {
    Router::new()
        .route("/api/v1/webhooks/{provider}", post(receive::<P>))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(Webhooks { port, providers })
}

async fn receive<P: Partitions>(
    State(state): State<Webhooks<P>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(provider) = state.providers.find(&name) else {
        return problem(StatusCode::NOT_FOUND, "not_found", "there is no such payment provider");
    };
    let query = query.unwrap_or_default();
    let notice = RawNotice { headers: &headers, query: &query, body: &body };
    let notices = match provider.verify_notice(notice, state.port.now()).await {
        Ok(notices) => notices,
        Err(reason) => {
            warn!(provider = name, %reason, "a notice that is not believed");
            return disbelief(&reason);
        }
    };
    for notice in notices {
        if let Err(unavailable) = record(&state.port, notice).await {
            return unavailable;
        }
    }
    let words = provider.acknowledgement();
    ([(header::CONTENT_TYPE, words.content_type)], words.body).into_response()
}

/// Puts a notice into the journal of the order's partition, or answers why it is not there.
async fn record<P: Partitions>(port: &P, notice: PaymentNotice) -> Result<(), Response> {
    let order = notice.order;
    let payment = notice.payment.clone();
    let request = Request::new(Actor::System, Command::RecordPayment(notice));
    let retry_after_s = match port.execute(order.event.partition(), request).await {
        Ok(_) => return Ok(()),
        Err(CallError::Refused(refusal)) => {
            debug!(%order, payment, %refusal, "a notice of no interest any more");
            return Ok(());
        }
        Err(CallError::NoSuchPartition) => {
            error!(%order, payment, "a payment for an order of a partition that does not exist");
            return Ok(());
        }
        Err(CallError::Overloaded { retry_after_s }) => retry_after_s,
        Err(CallError::Stopped) => 5,
    };
    let words = "the notice is not recorded: send it again";
    let mut answer = problem(StatusCode::SERVICE_UNAVAILABLE, "overloaded", words);
    answer.headers_mut().insert(header::RETRY_AFTER, retry_after_s.into());
    Err(answer)
}

fn disbelief(reason: &NoticeError) -> Response {
    let (status, code) = match reason {
        NoticeError::Signature(SignatureError::Missing | SignatureError::Wrong) => {
            (StatusCode::UNAUTHORIZED, "signature_invalid")
        }
        NoticeError::Signature(SignatureError::Untimely) => {
            (StatusCode::UNAUTHORIZED, "signature_untimely")
        }
        NoticeError::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
    };
    problem(status, code, &reason.to_string())
}

/// A problem document of RFC 9457.
fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(),
        "detail": detail, "code": code,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, body.to_string()).into_response()
}
