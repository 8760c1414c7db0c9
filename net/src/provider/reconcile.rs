//! Finds payments whose webhook never came, by asking the provider.
//!
//! An intent is asked about twice shortly before its order's time is over, when it is over, and
//! with growing pauses for an hour after that: money may still come late. It is forgotten as soon
//! as money has come. What the provider says goes to the rules like a webhook would.

use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;
use std::sync::Arc;
use std::time::Duration;

use onsale_core::command::{Command, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::order::{Intent, Order, OrderStatus};
use onsale_core::time::{Span, Time};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::backoff::Backoff;
use super::call::{call, is_admitted};
use super::metrics::{self, ProviderMetrics};
use super::record::{Recorded, record, seen};
use super::{AskError, PaymentProvider, Providers, Question};
use crate::port::Partitions;

/// An intent that a buyer can pay, and of which no payment is known.
///
/// [`super::effects::run`] gives those that it created; after a restart the composition gives one
/// ([`PendingIntent::of`]) for every order that is unpaid. Giving one twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingIntent {
    /// Whose intent it is.
    pub provider: Provider,
    /// For which order.
    pub order: OrderId,
    /// The provider's name for it.
    pub reference: String,
    /// Until when the order must be paid.
    pub until: Time,
}

impl PendingIntent {
    /// The intent of `order`, if it has one that could be paid.
    pub fn of(id: OrderId, order: &Order) -> Option<Self> {
        let Intent::Ready { reference, .. } = &order.intent else { return None };
        let (provider, reference) = (order.provider.clone(), reference.clone());
        Some(Self { provider, order: id, reference, until: order.until })
    }
}

/// The bounds of the work.
#[derive(Clone, Copy, Debug)]
pub struct ReconcileConfig {
    /// How many intents may be watched; the others wait where they come from.
    pub watched_max: usize,
    /// How many may be asked about at once.
    pub polls_at_once: usize,
    /// How long one call may take.
    pub call_timeout: Duration,
    /// How long to wait while a partition is overloaded.
    pub backoff: Backoff,
}

impl Default for ReconcileConfig {
    fn default() -> Self {
        Self {
            watched_max: 1_000_000,
            polls_at_once: 32,
            call_timeout: Duration::from_secs(10),
            backoff: Backoff::default(),
        }
    }
}

/// How long before the order's time is over the first question comes: early enough to keep it.
const BEFORE: Span = Span::from_secs(60);
/// How long before it the last question comes that can still keep it: some providers take money
/// only while the order is wanted, at our word.
const LAST_CALL: Span = Span::from_secs(2);
/// How long after the end the first pause is; it doubles from question to question.
const PAUSE: Span = Span::from_secs(15);
/// How long after the end the last question comes.
const AFTER: Span = Span::from_mins(60);

/// Watches the intents that come in, until the other end is dropped. Wants a tokio runtime with
/// timers, and with IO if a provider does IO.
pub async fn run<P: Partitions>(
    port: P,
    providers: Providers,
    mut intents: mpsc::Receiver<PendingIntent>,
    config: ReconcileConfig,
    metrics: ProviderMetrics,
) {
    let mut watch = Watch::default();
    let mut polls = JoinSet::new();
    let asker = Arc::new(Asker { port, providers, config, metrics });
    loop {
        let now = asker.port.now();
        while polls.len() < config.polls_at_once
            && let Some(intent) = watch.take_due(now)
        {
            let asker = Arc::clone(&asker);
            polls.spawn(async move {
                let settled = asker.is_settled(&intent).await;
                (intent, now, settled)
            });
        }
        metrics::set(&asker.metrics.watched, watch.due.len() + polls.len());
        let may_poll = polls.len() < config.polls_at_once;
        tokio::select! {
            biased;
            Some(ended) = polls.join_next() => match ended {
                Ok((_, _, true)) => {}
                Ok((intent, asked_at, false)) => {
                    if let Some(at) = next_poll(intent.until, asked_at) {
                        watch.add(at, intent);
                    } else {
                        info!(order = %intent.order, "no payment in an hour: not watched");
                    }
                }
                Err(fault) => error!(%fault, "a poll failed; its intent is watched no more"),
            },
            intent = intents.recv(), if watch.due.len() < config.watched_max => {
                let Some(intent) = intent else { break };
                let first = intent.until - BEFORE;
                watch.add(first.max(now), intent);
            }
            () = asker.sleep_until(watch.first()), if may_poll => {}
        }
    }
}

/// When to ask next about an intent that was asked about at `asked_at`.
fn next_poll(until: Time, asked_at: Time) -> Option<Time> {
    let pauses = (0..).map(|n| Span::from_ms(PAUSE.as_ms() << n)).take_while(|p| *p < AFTER);
    let after = [Span::ZERO].into_iter().chain(pauses).chain([AFTER]);
    let all = [until - LAST_CALL].into_iter().chain(after.map(|span| until + span));
    all.into_iter().find(|at| *at > asked_at)
}

/// Intents in the order in which they are due.
#[derive(Default)]
struct Watch {
    due: BTreeMap<(Time, u64), PendingIntent>,
    added: u64,
}

impl Watch {
    fn add(&mut self, at: Time, intent: PendingIntent) {
        self.added += 1;
        self.due.insert((at, self.added), intent);
    }

    fn first(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    fn take_due(&mut self, now: Time) -> Option<PendingIntent> {
        let due = self.due.first_entry().filter(|entry| entry.key().0 <= now);
        due.map(OccupiedEntry::remove)
    }
}

/// How an order stands, as far as its money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrderState {
    /// Its money can come.
    Waiting,
    /// Nothing came, and its time is over.
    Over,
    /// Nobody says.
    Unknown,
    /// Something came; or nobody knows of such an order.
    Paid,
}

struct Asker<P> {
    port: P,
    providers: Providers,
    config: ReconcileConfig,
    metrics: ProviderMetrics,
}

impl<P: Partitions> Asker<P> {
    /// Whether the intent needs to be watched no more.
    async fn is_settled(&self, intent: &PendingIntent) -> bool {
        let state = self.state(intent.order).await;
        let stuck = self.providers.stuck();
        if state == OrderState::Paid {
            stuck.answered(intent.order);
            return true;
        }
        let Some(provider) = self.providers.find(&intent.provider.0) else {
            warn!(order = %intent.order, provider = intent.provider.0, "no such provider here");
            self.is_unanswered(intent, Some("there is no such provider here: configure it".into()));
            return false;
        };
        if !stuck.takes_urgent(intent.order) && !is_admitted(&self.providers, &intent.provider.0) {
            self.is_unanswered(intent, None);
            return false;
        }
        let is_wanted = state == OrderState::Waiting;
        if state == OrderState::Over {
            self.close(provider, intent).await;
        }
        self.metrics.polls.inc();
        let (order, reference) = (intent.order, intent.reference.clone());
        let question = Question { order, reference, is_wanted };
        match self.call(intent, provider.query(&question)).await {
            Ok(notices) => {
                stuck.answered(intent.order);
                self.record(notices).await
            }
            Err(reason) => {
                warn!(order = %intent.order, %reason, "the provider does not say");
                self.is_unanswered(intent, Some(reason.to_string()));
                false
            }
        }
    }

    fn is_unanswered(&self, intent: &PendingIntent, reason: Option<String>) {
        let now = self.port.now();
        let next_at = next_poll(intent.until, now);
        self.providers.stuck().unanswered(intent, reason, now, next_at);
    }

    /// Nobody shall pay for an order that is over. What is paid all the same is found by asking.
    async fn close(&self, provider: &dyn PaymentProvider, intent: &PendingIntent) {
        let closing = provider.close_intent(intent.order, &intent.reference);
        if let Err(reason) = self.call(intent, closing).await {
            warn!(order = %intent.order, %reason, "a page to pay on may still be open");
        }
    }

    async fn call<T>(
        &self,
        intent: &PendingIntent,
        asked: impl Future<Output = Result<T, AskError>>,
    ) -> Result<T, AskError> {
        call(&self.providers, &intent.provider.0, self.config.call_timeout, asked).await
    }

    /// How an order stands.
    async fn state(&self, order: OrderId) -> OrderState {
        match seen(&self.port, order).await {
            Ok(Some(view)) if !view.captured.is_zero() || !view.refunds.is_empty() => {
                OrderState::Paid
            }
            Ok(Some(view)) if view.status == OrderStatus::Pending => OrderState::Waiting,
            Ok(Some(_)) => OrderState::Over,
            Ok(None) => OrderState::Paid,
            Err(_) => OrderState::Unknown,
        }
    }

    /// Passes on what the provider said; returns whether money came.
    async fn record(&self, notices: Vec<PaymentNotice>) -> bool {
        let mut paid = false;
        for notice in notices {
            let order = notice.order;
            let captured = matches!(notice.outcome, PaymentOutcome::Captured { .. });
            let salt = u64::from(order.number);
            let command = Command::RecordPayment(notice);
            let recorded = record(&self.port, order, command, self.config.backoff, salt).await;
            if captured && recorded == Recorded::Done {
                info!(%order, "a payment was found by asking: its webhook never came");
                self.metrics.reconciled.inc();
                paid = true;
            }
        }
        paid
    }

    /// Sleeps until a time by the port's clock. Looks at that clock once a minute at least, so a
    /// clock that is set does not keep it asleep.
    async fn sleep_until(&self, at: Option<Time>) {
        let left = at.unwrap_or(Time::MAX).since(self.port.now());
        let nap = Duration::from_millis(left.as_ms()).min(Duration::from_secs(60));
        tokio::time::sleep(nap).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_around_the_end_and_ever_more_rarely_for_an_hour() {
        let until = Time::from_ms(3_600_000_000);
        let mut asked = Vec::new();
        let first = until - BEFORE;
        let mut at = first;
        while let Some(next) = next_poll(until, at) {
            asked.push(next.since(first).as_ms() / 1_000);
            at = next;
        }
        assert_eq!(asked, [58, 60, 75, 90, 120, 180, 300, 540, 1_020, 1_980, 3_660]);
    }

    #[test]
    fn the_earliest_is_asked_about_first_and_none_too_early() {
        let event = onsale_core::id::EventId::new(onsale_core::id::PartitionId::new(0).unwrap(), 0);
        let intent = |number| PendingIntent {
            provider: Provider("sandbox".into()),
            order: OrderId::new(event.unwrap(), number),
            reference: String::new(),
            until: Time::ZERO,
        };
        let mut watch = Watch::default();
        watch.add(Time::from_ms(20), intent(2));
        watch.add(Time::from_ms(10), intent(1));
        watch.add(Time::from_ms(10), intent(3));
        assert_eq!(watch.take_due(Time::from_ms(9)), None);
        assert_eq!(watch.take_due(Time::from_ms(10)), Some(intent(1)));
        assert_eq!(watch.take_due(Time::from_ms(10)), Some(intent(3)));
        assert_eq!(watch.take_due(Time::from_ms(10)), None);
        assert_eq!(watch.first(), Some(Time::from_ms(20)));
    }
}
