//! Where providers say what became of payments: `/api/v1/webhooks/{provider}`, by `POST`, or by
//! `GET` where the provider does it so.
//!
//! The raw bytes are verified before anything else is done with them. The answer is what makes the
//! provider stop: its own acknowledgement for everything that is in the journal now, duplicates and
//! payments for unknown orders included, and for what is another installation's on the account; a
//! fault of the server's only when there is no journal to put it in, so that it comes again.
//!
//! Notices of money are timed until they are durable. Deliberately not timed: those that lead to a
//! question, whose time is the provider's.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use onsale_core::command::{
    Actor, Command, DisputeNotice, PaymentNotice, PaymentOutcome, Provider, Request,
};
use onsale_core::id::{OrderId, PartitionId};
use tracing::{debug, error, info, warn};

use super::metrics::{NoticeMetrics, NoticeTimes};
use super::reconcile::PendingIntent;
use super::record::seen;
use super::{Fate, NoticeError, PaymentProvider, Providers, RawNotice, Said};
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
    times: Arc<NoticeTimes>,
}

/// The route for the webhooks of `providers`, on one more core. Needs no reactor, so it runs on
/// every executor.
pub fn routes<P: Partitions>(port: P, providers: Providers, metrics: &NoticeMetrics) -> Router {
    let times = metrics.new_core(&providers);
    Router::new()
        .route(PATH, get(receive::<P>).post(receive::<P>))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(Webhooks { port, providers, times })
}

/// When a request was there, as far as its head. Only for the histogram: what is decided goes by
/// the port's clock.
struct Arrived(Instant);

impl<S: Sync> FromRequestParts<S> for Arrived {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Instant::now()))
    }
}

async fn receive<P: Partitions>(
    State(state): State<Webhooks<P>>,
    arrived: Arrived,
    method: Method,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let no_provider = || Problem::new(&catalog::NOT_FOUND, "there is no such payment provider");
    let provider = state.providers.find(&name).ok_or_else(no_provider)?;
    let expected = provider.notice_method();
    if method != expected {
        let detail = format!("notices of {name} come by {expected}");
        return Err(Problem::new(&catalog::METHOD_NOT_ALLOWED, detail));
    }
    let body = body.map_err(|reason| unreadable(&reason))?;
    let query = query.unwrap_or_default();
    let raw = RawNotice { headers: &headers, query: &query, body: &body };
    let said = match provider.verify_notice(raw, state.port.now()) {
        Ok(said) => said,
        Err(reason) => return disbelieve(provider, &reason),
    };
    for each in said {
        if let Err(problem) = state.take(provider, each, &arrived).await {
            return answer(provider, Fate::NotNow).ok_or(problem);
        }
    }
    Ok(answer(provider, Fate::Recorded).unwrap_or_else(|| StatusCode::OK.into_response()))
}

fn disbelieve(provider: &dyn PaymentProvider, reason: &NoticeError) -> Result<Response, Problem> {
    warn!(provider = provider.name(), %reason, "a notice that is not believed");
    let problem = || Problem::new(&catalog::MALFORMED, reason.to_string());
    answer(provider, Fate::NotBelieved(reason)).ok_or_else(problem)
}

/// What this provider wants to hear, if it goes by more than the status.
fn answer(provider: &dyn PaymentProvider, fate: Fate<'_>) -> Option<Response> {
    let words = provider.notice_answer(fate)?;
    Some(([(header::CONTENT_TYPE, words.content_type)], words.body).into_response())
}

impl<P: Partitions> Webhooks<P> {
    async fn take(
        &self,
        provider: &dyn PaymentProvider,
        said: Said,
        arrived: &Arrived,
    ) -> Result<(), Problem> {
        match said {
            Said::Payment(notice) => self.take_payment(provider, notice, arrived).await,
            Said::PaymentIfOrdered(notice) => {
                if self.has_ordered(provider, notice.order).await? {
                    return self.take_payment(provider, notice, arrived).await;
                }
                let (provider, payment) = (provider.name(), notice.payment);
                info!(provider, payment, "a notice for no order here: another installation's");
                Ok(())
            }
            Said::AskDispute(dispute) => {
                let is_done = self.providers.ask_dispute(provider.name(), dispute).await;
                if is_done { Ok(()) } else { Err(later()) }
            }
            Said::Ask { order, reference } => {
                let (provider, until) = (Provider(provider.name().into()), self.port.now());
                let is_taken =
                    self.providers.ask(PendingIntent { provider, order, reference, until });
                if is_taken { Ok(()) } else { Err(later()) }
            }
        }
    }

    async fn take_payment(
        &self,
        provider: &dyn PaymentProvider,
        notice: PaymentNotice,
        Arrived(arrived): &Arrived,
    ) -> Result<(), Problem> {
        let (order, payment) = (notice.order, notice.payment.clone());
        let is_money = matches!(notice.outcome, PaymentOutcome::Captured { .. });
        write_down(&self.port, order, &payment, Command::RecordPayment(notice)).await?;
        if is_money {
            self.times.count(provider.name(), arrived.elapsed());
        }
        Ok(())
    }

    /// Whether there is this order, to be paid at this provider.
    async fn has_ordered(
        &self,
        provider: &dyn PaymentProvider,
        order: OrderId,
    ) -> Result<bool, Problem> {
        let view = seen(&self.port, order).await?;
        Ok(view.is_some_and(|view| view.provider == provider.name()))
    }
}

fn later() -> Problem {
    CallError::Overloaded { retry_after_s: 1 }.into()
}

/// Puts what a provider says about a dispute into the journal, as [`write_down`] does.
pub(super) async fn write_down_dispute<P: Partitions>(
    port: &P,
    notice: DisputeNotice,
) -> Result<(), Problem> {
    let (order, dispute) = (notice.order, notice.dispute.clone());
    write_down(port, order, &dispute, Command::RecordDispute(Box::new(notice))).await
}

/// Puts what a provider says about an order into the journal of the order's partition; if there is
/// no such partition, of the first: money is never dropped. `name` is the provider's, for the log.
/// The only problem is that the partition does not answer.
async fn write_down<P: Partitions>(
    port: &P,
    order: OrderId,
    name: &str,
    command: Command,
) -> Result<(), Problem> {
    let request = Request::new(Actor::System, command);
    let owner = order.event.partition();
    let partition = if owner.number() < port.count() { owner } else { PartitionId::FIRST };
    match port.execute(partition, request).await {
        Ok(_) => Ok(()),
        Err(CallError::Refused(refusal)) => {
            debug!(%order, name, %refusal, "a notice of no interest any more");
            Ok(())
        }
        Err(CallError::NoSuchPartition) => {
            error!(%order, name, "a notice, and no partition to write it down in");
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
