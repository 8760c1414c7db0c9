//! A refund that its provider refuses, and what an operator does about it: by the runner, with a
//! provider that says under one id for ever what it has said once, as some do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use onsale_core::command::{
    Actor, Command, PaymentNotice, PaymentOutcome, Provider, RefundSettlement,
};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::RefundState;
use onsale_core::time::Time;
use onsale_net::provider::effects::{self, EffectsConfig};
use onsale_net::provider::metrics::ProviderMetrics;
use onsale_net::provider::{
    AskError, Asking, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError, PaymentProvider,
    Providers, Question, RawNotice, RefundReceipt, RefundWish, Said,
};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::world::{MemoryPort, event, order_of, place_order};

/// Gives money back once there is some.
#[derive(Default)]
struct Stubborn {
    has_money: AtomicBool,
    /// Whether it was given back, by id.
    said: Mutex<BTreeMap<String, bool>>,
}

impl Stubborn {
    fn give_back(&self, id: String) -> Result<RefundReceipt, AskError> {
        let has_money = self.has_money.load(Ordering::SeqCst);
        if *self.said.lock().unwrap().entry(id.clone()).or_insert(has_money) {
            Ok(RefundReceipt::done(id))
        } else {
            Err(AskError::Refused("there is no money".into()))
        }
    }

    /// What it has said, by id.
    fn said(&self) -> Vec<(String, bool)> {
        self.said.lock().unwrap().clone().into_iter().collect()
    }
}

impl PaymentProvider for Stubborn {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        let page =
            IntentPage { reference: wish.order.to_string(), url: "http://127.0.0.1/".into() };
        std::future::ready(Ok(page)).boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        std::future::ready(self.give_back(wish.id())).boxed()
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

/// A provider without money, and an order that it must give 50.00 back for.
async fn refused() -> (MemoryPort, Arc<Stubborn>, OrderId) {
    let (port, queue) = MemoryPort::new();
    let stubborn = Arc::new(Stubborn::default());
    let providers = Providers::new([Arc::clone(&stubborn) as Arc<dyn PaymentProvider>]);
    let (watch, mut watched) = mpsc::channel(10);
    let metrics = ProviderMetrics::default();
    let config = EffectsConfig::default();
    tokio::spawn(effects::run(port.clone(), providers, queue, watch, config, metrics));
    let order = place_order(&port, event(&port, 5_000), 1, 1);
    watched.recv().await.unwrap();
    let notice = PaymentNotice {
        provider: Provider("sandbox".into()),
        order,
        payment: "pay_1".into(),
        outcome: PaymentOutcome::Captured {
            amount: Amount::from_minor(5_000),
            currency: "EUR".parse().unwrap(),
        },
    };
    port.apply(Actor::System, Command::RecordPayment(notice));
    port.apply(Actor::Operator, Command::RefundOrder { order, tickets: None });
    assert_eq!(state(&port, order).await, no());
    (port, stubborn, order)
}

/// How far the refund is when everything that is under way has come to its end.
async fn state(port: &MemoryPort, order: OrderId) -> RefundState {
    sleep(Duration::from_secs(60)).await;
    order_of(port, order).await.refunds[0].state.clone()
}

fn no() -> RefundState {
    RefundState::Refused { reason: "there is no money".into() }
}

fn settle(port: &MemoryPort, order: OrderId, how: RefundSettlement) {
    port.apply(Actor::Operator, Command::SettleRefund { order, refund: 0, how });
}

#[tokio::test(start_paused = true)]
async fn each_attempt_at_a_refund_has_an_id_of_its_own() {
    let (port, stubborn, order) = refused().await;
    settle(&port, order, RefundSettlement::Again);
    assert_eq!(state(&port, order).await, no());
    stubborn.has_money.store(true, Ordering::SeqCst);
    settle(&port, order, RefundSettlement::Again);
    let reference = format!("{order}-0-2");
    assert_eq!(state(&port, order).await, RefundState::Done { reference: reference.clone() });
    let said = [(format!("{order}-0"), false), (format!("{order}-0-1"), false), (reference, true)];
    assert_eq!(stubborn.said(), said);
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_by_hand_is_not_asked_for_any_more() {
    let (port, stubborn, order) = refused().await;
    stubborn.has_money.store(true, Ordering::SeqCst);
    let reference = "transfer 7".to_owned();
    settle(&port, order, RefundSettlement::ByHand { reference: reference.clone() });
    assert_eq!(state(&port, order).await, RefundState::Done { reference });
    assert_eq!(stubborn.said(), [(format!("{order}-0"), false)]);
    let mut queue = port.restart_effects();
    assert!(queue.try_recv().is_err(), "nor after a restart");
}
