//! Asks payment providers for what the facts make necessary, and reports what came of it.
//!
//! An effect is attempted until it is settled: temporary failures are followed by another attempt
//! under the same id, for ever. An effect may be given any number of times (after a restart all
//! outstanding ones are): the provider does it once because of its id, the rules take the outcome
//! once because the order has moved on. So nothing needs to be remembered here; what keeps failing
//! is on a list ([`super::stuck`]).
//!
//! Everything waits on tokio's timers, so a paused tokio clock drives it in tests.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use onsale_core::command::{Command, IntentOutcome, Provider, RefundOutcome};
use onsale_core::effect::{Effect, EffectKind};
use onsale_core::id::OrderId;
use onsale_core::payment::RefundState;
use onsale_core::time::Span;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{self, JoinSet};
use tracing::{error, info, warn};

use super::backoff::Backoff;
use super::call::{admission, call};
use super::metrics::{self, ProviderMetrics};
use super::reconcile::PendingIntent;
use super::record::{Recorded, record, seen};
use super::stuck::AskId;
use super::{AskError, IntentWish, Providers, RefundReceipt, RefundWish};
use crate::port::Partitions;

/// The bounds of the work.
#[derive(Clone, Copy, Debug)]
pub struct EffectsConfig {
    /// How many calls to one provider may be under way at once.
    pub calls_at_once: usize,
    /// How many effects may be outstanding; the others wait in the queue.
    pub outstanding_max: usize,
    /// How long one call may take.
    pub call_timeout: Duration,
    /// How long to wait before another attempt.
    pub backoff: Backoff,
    /// Tells this server's jitter from others'.
    pub salt: u64,
}

impl Default for EffectsConfig {
    fn default() -> Self {
        Self {
            calls_at_once: 32,
            outstanding_max: 100_000,
            call_timeout: Duration::from_secs(10),
            backoff: Backoff::default(),
            salt: 0,
        }
    }
}

/// Runs effects from the queue until its other end is dropped; what is outstanding then is dropped
/// too, to be derived again at the next start. Every intent that became ready is given to `watch`.
///
/// Wants a tokio runtime with timers, and with IO if a provider does IO.
pub async fn run<P: Partitions>(
    port: P,
    providers: Providers,
    mut queue: mpsc::Receiver<Effect>,
    watch: mpsc::Sender<PendingIntent>,
    config: EffectsConfig,
    metrics: ProviderMetrics,
) {
    let runner = Arc::new(Runner::new(port, providers, watch, config, metrics));
    let mut tasks = JoinSet::new();
    let mut running = BTreeSet::new();
    let mut ids: HashMap<task::Id, AskId> = HashMap::new();
    loop {
        tokio::select! {
            biased;
            Some(ended) = tasks.join_next_with_id() => {
                let task = match ended {
                    Ok((task, ())) => task,
                    Err(fault) => {
                        error!(%fault, "an effect failed; it is tried again after a restart");
                        fault.id()
                    }
                };
                if let Some(id) = ids.remove(&task) {
                    running.remove(&id);
                }
            }
            effect = queue.recv(), if running.len() < config.outstanding_max => {
                let Some(effect) = effect else { break };
                let id = AskId::of(&effect);
                if running.insert(id) {
                    let runner = Arc::clone(&runner);
                    let task = tasks.spawn(async move { runner.settle(id, effect).await });
                    ids.insert(task.id(), id);
                }
            }
        }
        metrics::set(&runner.metrics.outstanding, running.len());
    }
}

struct Runner<P> {
    port: P,
    providers: Providers,
    calls: BTreeMap<&'static str, Semaphore>,
    watch: mpsc::Sender<PendingIntent>,
    config: EffectsConfig,
    metrics: ProviderMetrics,
}

/// What one attempt led to.
enum Attempt {
    /// There is nothing left to do.
    Void,
    /// The provider has taken a refund on, and has not made up its mind.
    Pending(RefundReceipt),
    /// There is something to record, and perhaps something to watch from then on.
    Settled(Command, Option<PendingIntent>),
}

impl<P: Partitions> Runner<P> {
    fn new(
        port: P,
        providers: Providers,
        watch: mpsc::Sender<PendingIntent>,
        config: EffectsConfig,
        metrics: ProviderMetrics,
    ) -> Self {
        let calls = |name| (name, Semaphore::new(config.calls_at_once));
        let calls = providers.names().map(calls).collect();
        Self { port, providers, calls, watch, config, metrics }
    }

    /// Tries until there is an outcome, and records it. Somebody who wants it done now ends any
    /// wait, that for a provider that is left alone included. A refund that went back another way
    /// is not asked for again; what the provider has taken on by then it must say all the same.
    async fn settle(&self, id: AskId, effect: Effect) {
        let Effect { order, provider, kind } = effect;
        let salt =
            self.config.salt ^ (u64::from(order.number) << 32 | u64::from(order.event.index()));
        let running = self.providers.stuck().begin(id, &provider.0, self.port.now());
        let (mut pending, mut is_urgent) = (None, false);
        for failures in 0.. {
            if !is_urgent {
                running.unless_urgent(admission(&self.providers, &provider.0)).await;
            }
            let may_be_settled = failures > 0 && pending.is_none();
            if may_be_settled && self.is_settled_by_hand(order, &kind).await {
                info!(%order, "a refund went back another way: nobody is asked for it any more");
                return;
            }
            let attempt = self.attempt(order, &provider, &kind, pending.as_ref()).await;
            let (pause, now) = (self.config.backoff.delay(failures, salt), self.port.now());
            match attempt {
                Ok(Attempt::Void) => return,
                Ok(Attempt::Pending(receipt)) => {
                    pending = Some(receipt);
                    running.is_taken_on(now);
                }
                Ok(Attempt::Settled(command, watched)) => {
                    return self.report(order, command, watched, salt).await;
                }
                Err(reason) => {
                    warn!(%order, provider = provider.0, failures, reason, "trying again later");
                    self.metrics.retries.inc();
                    let next_at = now + Span::from_ms(pause.as_millis() as u64);
                    running.failed(reason, now, next_at);
                }
            }
            is_urgent = running.unless_urgent(tokio::time::sleep(pause)).await;
        }
    }

    async fn attempt(
        &self,
        order: OrderId,
        provider: &Provider,
        kind: &EffectKind,
        pending: Option<&RefundReceipt>,
    ) -> Result<Attempt, String> {
        match *kind {
            EffectKind::CreateIntent { amount, currency, until } => {
                let wish = IntentWish { order, amount, currency, until };
                self.create_intent(provider, &wish).await
            }
            EffectKind::Refund { refund, attempt, ref payment, amount, currency } => {
                let payment = payment.clone();
                let wish = RefundWish { order, refund, attempt, payment, amount, currency };
                self.refund(provider, &wish, pending).await
            }
        }
    }

    /// Whether this is a refund, and an operator has given it back.
    async fn is_settled_by_hand(&self, order: OrderId, kind: &EffectKind) -> bool {
        let EffectKind::Refund { refund, .. } = *kind else { return false };
        let Ok(Some(view)) = seen(&self.port, order).await else { return false };
        let known = view.refunds.iter().find(|known| known.number == refund);
        known.is_some_and(|known| matches!(known.state, RefundState::Settled { .. }))
    }

    async fn create_intent(&self, name: &Provider, wish: &IntentWish) -> Result<Attempt, String> {
        let (order, until) = (wish.order, wish.until);
        if self.port.now() >= until {
            info!(%order, "the order's time was over before there was a page to pay on");
            return Ok(Attempt::Void);
        }
        let page = match self.providers.find(&name.0) {
            Some(provider) => self.call(name, provider.create_intent(wish)).await?,
            None => Err(format!("there is no provider {} here", name.0)),
        };
        let settled =
            |outcome, watched| Attempt::Settled(Command::RecordIntent { order, outcome }, watched);
        Ok(match page {
            Ok(page) => {
                let (provider, reference) = (name.clone(), page.reference.clone());
                let watched = PendingIntent { provider, order, reference, until };
                let (reference, url) = (page.reference, page.url);
                settled(IntentOutcome::Ready { reference, url }, Some(watched))
            }
            Err(reason) => settled(IntentOutcome::Refused { reason }, None),
        })
    }

    /// A provider that is not configured (any more) does not make the money any less owed: the
    /// refund waits for it.
    async fn refund(
        &self,
        name: &Provider,
        wish: &RefundWish,
        pending: Option<&RefundReceipt>,
    ) -> Result<Attempt, String> {
        let no_provider = || format!("there is no provider {} here: configure it", name.0);
        let provider = self.providers.find(&name.0).ok_or_else(no_provider)?;
        let answer = match pending {
            None => provider.refund(wish),
            Some(receipt) => provider.query_refund(wish, &receipt.reference),
        };
        let outcome = match self.call(name, answer).await? {
            Ok(receipt) if receipt.is_pending => return Ok(Attempt::Pending(receipt)),
            Ok(receipt) => RefundOutcome::Done { reference: receipt.reference },
            Err(reason) => RefundOutcome::Refused { reason },
        };
        let (order, refund, attempt) = (wish.order, wish.refund, wish.attempt);
        Ok(Attempt::Settled(Command::RecordRefund { order, refund, attempt, outcome }, None))
    }

    /// Makes one call when it is its turn. The outer error is temporary, the inner one definitive.
    async fn call<T>(
        &self,
        name: &Provider,
        asked: impl Future<Output = Result<T, AskError>>,
    ) -> Result<Result<T, String>, String> {
        // Never closed, and there is one for every provider that can be found: it is only a turn.
        let _turn = match self.calls.get(name.0.as_str()) {
            Some(calls) => calls.acquire().await.ok(),
            None => None,
        };
        match call(&self.providers, &name.0, self.config.call_timeout, asked).await {
            Ok(value) => Ok(Ok(value)),
            Err(AskError::Refused(reason)) => Ok(Err(reason)),
            Err(AskError::Temporary(reason)) => Err(reason),
        }
    }

    async fn report(
        &self,
        order: OrderId,
        command: Command,
        watched: Option<PendingIntent>,
        salt: u64,
    ) {
        if record(&self.port, order, command, self.config.backoff, salt).await == Recorded::Stopped
        {
            return;
        }
        self.metrics.settled.inc();
        if let Some(watched) = watched {
            // Nobody watches any more only when everything is going down.
            let _ = self.watch.send(watched).await;
        }
    }
}
