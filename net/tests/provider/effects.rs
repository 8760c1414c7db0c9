//! The runner against a provider that does what a test tells it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use onsale_core::command::PaymentNotice;
use onsale_core::effect::Effect;
use onsale_core::id::OrderId;
use onsale_core::money::Currency;
use onsale_core::order::{OrderStatus, PaymentStatus};
use onsale_core::time::{Span, Time};
use onsale_net::port::Partitions;
use onsale_net::provider::effects::{self, EffectsConfig};
use onsale_net::provider::metrics::ProviderMetrics;
use onsale_net::provider::reconcile::PendingIntent;
use onsale_net::provider::stuck::Asked;
use onsale_net::provider::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Providers, Question, RawNotice, RefundReceipt, RefundWish, Said,
};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::world::{MemoryPort, event, order_of, place_order};

/// Opens pages, after it has failed for a while, and takes a second for it.
#[derive(Default)]
struct Scripted {
    failures: AtomicU32,
    refuses: bool,
    calls: AtomicU32,
    under_way: AtomicU32,
    under_way_max: AtomicU32,
}

impl Scripted {
    async fn open(&self, order: OrderId) -> Result<IntentPage, AskError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let under_way = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.under_way_max.fetch_max(under_way, Ordering::SeqCst);
        sleep(Duration::from_secs(1)).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        let one_less = |left: u32| left.checked_sub(1);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
            return Err(AskError::Temporary("down".into()));
        }
        if self.refuses {
            return Err(AskError::Refused("never".into()));
        }
        Ok(IntentPage { reference: order.to_string(), url: "http://127.0.0.1/".into() })
    }
}

impl PaymentProvider for Scripted {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        self.open(wish.order).boxed()
    }

    fn refund<'a>(&'a self, _wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        std::future::ready(Err(AskError::Refused("never".into()))).boxed()
    }

    fn query<'a>(&'a self, _: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        std::future::ready(Ok(Vec::new())).boxed()
    }

    fn verify_notice(&self, _: RawNotice<'_>, _: Time) -> Result<Vec<Said>, NoticeError> {
        Ok(Vec::new())
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        let answer = NoticeAnswer { content_type: "text/plain", body: "" };
        (fate == Fate::Recorded).then_some(answer)
    }
}

/// Runs the effects of a port against a provider; returns where its intents are announced.
fn run(
    port: &MemoryPort,
    queue: mpsc::Receiver<Effect>,
    provider: Option<&Arc<Scripted>>,
    config: EffectsConfig,
) -> (mpsc::Receiver<PendingIntent>, ProviderMetrics) {
    run_at(port, queue, providers(provider), config)
}

fn providers(provider: Option<&Arc<Scripted>>) -> Providers {
    Providers::new(provider.map(|provider| Arc::clone(provider) as Arc<dyn PaymentProvider>))
}

fn run_at(
    port: &MemoryPort,
    queue: mpsc::Receiver<Effect>,
    providers: Providers,
    config: EffectsConfig,
) -> (mpsc::Receiver<PendingIntent>, ProviderMetrics) {
    let (watch, watched) = mpsc::channel(1_000);
    let metrics = ProviderMetrics::default();
    tokio::spawn(effects::run(port.clone(), providers, queue, watch, config, metrics.clone()));
    (watched, metrics)
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_is_given_often_is_done_once() {
    let (port, mut queue) = MemoryPort::new();
    let order = place_order(&port, event(&port, 5_000), 1, 1);
    let effect = queue.recv().await.unwrap();
    let provider = Arc::new(Scripted::default());
    let (given, queue) = mpsc::channel(10);
    let (mut watched, metrics) = run(&port, queue, Some(&provider), EffectsConfig::default());
    for _ in 0..3 {
        given.send(effect.clone()).await.unwrap();
    }
    assert_eq!(watched.recv().await.unwrap().order, order);
    assert_eq!(provider.calls.load(Ordering::SeqCst), 1, "those under way are one");

    given.send(effect).await.unwrap();
    watched.recv().await.unwrap();
    let view = order_of(&port, order).await;
    assert_eq!(view.payment, PaymentStatus::Ready("http://127.0.0.1/".into()));
    assert_eq!((metrics.settled.get(), metrics.retries.get()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_comes_back_after_minutes_is_asked_again() {
    let (port, queue) = MemoryPort::new();
    let order = place_order(&port, event(&port, 5_000), 1, 1);
    let provider = Arc::new(Scripted { failures: AtomicU32::new(12), ..Scripted::default() });
    let (mut watched, metrics) = run(&port, queue, Some(&provider), EffectsConfig::default());
    assert_eq!(watched.recv().await.unwrap().order, order);
    assert_eq!(metrics.retries.get(), 12);
    assert_eq!(order_of(&port, order).await.status, OrderStatus::Pending);
}

#[tokio::test(start_paused = true)]
async fn what_keeps_failing_is_listed_and_whoever_knows_better_has_it_asked_for_at_once() {
    let (port, queue) = MemoryPort::new();
    let order = place_order(&port, event(&port, 5_000), 1, 1);
    let provider = Arc::new(Scripted { failures: AtomicU32::new(10), ..Scripted::default() });
    let providers = providers(Some(&provider));
    let (mut watched, _) = run_at(&port, queue, providers.clone(), EffectsConfig::default());
    let listed = || providers.stuck().list(port.now(), None, 9);
    while listed().is_empty() {
        sleep(Duration::from_millis(100)).await;
    }
    let stuck = &listed()[0];
    assert_eq!((stuck.id.order, stuck.id.what, stuck.failures), (order, Asked::Intent, 10));
    assert_eq!(stuck.reason.as_deref(), Some("down"));
    assert_eq!(providers.working().count(), 0, "it is left alone for five seconds at least");
    let before = port.now();
    assert_eq!(providers.retry(order, before), 1);
    watched.recv().await.unwrap();
    assert!(port.now().since(before) < Span::from_secs(2), "the call itself takes one");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(listed(), []);
    assert_eq!(providers.retry(order, port.now()), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_a_page_when_the_time_is_over() {
    let (port, queue) = MemoryPort::new();
    let order = place_order(&port, event(&port, 5_000), 1, 1);
    let provider = Arc::new(Scripted { failures: AtomicU32::new(u32::MAX), ..Scripted::default() });
    let (_watched, metrics) = run(&port, queue, Some(&provider), EffectsConfig::default());
    sleep(Duration::from_secs(20 * 60)).await;
    let calls = provider.calls.load(Ordering::SeqCst);
    sleep(Duration::from_secs(20 * 60)).await;
    assert_eq!(provider.calls.load(Ordering::SeqCst), calls);
    assert_eq!(metrics.outstanding.get(), 0);
    assert_eq!(order_of(&port, order).await.status, OrderStatus::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_definitive_no_ends_the_order() {
    let refuses = Arc::new(Scripted { refuses: true, ..Scripted::default() });
    for provider in [Some(&refuses), None] {
        let (port, queue) = MemoryPort::new();
        let order = place_order(&port, event(&port, 5_000), 1, 1);
        let (_watched, metrics) = run(&port, queue, provider, EffectsConfig::default());
        sleep(Duration::from_secs(5)).await;
        assert_eq!(order_of(&port, order).await.status, OrderStatus::Failed);
        assert_eq!((metrics.settled.get(), metrics.retries.get()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn an_outcome_waits_for_an_overloaded_partition() {
    let (port, queue) = MemoryPort::new();
    let order = place_order(&port, event(&port, 5_000), 1, 1);
    port.overloaded.store(5, Ordering::SeqCst);
    let provider = Arc::new(Scripted::default());
    let (mut watched, _) = run(&port, queue, Some(&provider), EffectsConfig::default());
    watched.recv().await.unwrap();
    assert!(matches!(order_of(&port, order).await.payment, PaymentStatus::Ready(_)));
    assert_eq!(provider.calls.load(Ordering::SeqCst), 1, "the provider is not asked again");
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_under_way_than_allowed() {
    let (port, queue) = MemoryPort::new();
    for person in 0..50 {
        place_order(&port, event(&port, 5_000), person, 1);
    }
    let provider = Arc::new(Scripted { failures: AtomicU32::new(20), ..Scripted::default() });
    let config = EffectsConfig { calls_at_once: 4, ..EffectsConfig::default() };
    let (mut watched, _) = run(&port, queue, Some(&provider), config);
    for _ in 0..50 {
        watched.recv().await.unwrap();
    }
    assert_eq!(provider.under_way_max.load(Ordering::SeqCst), 4);
}
