//! A refund that its provider refuses, or does not come to make, and what an operator does about
//! it: by the runner, with a provider that says under one id for ever what it has said once, as
//! some do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

use crate::world::{MemoryPort, event, order_of, place_order};

/// Gives money back once there is some.
#[derive(Default)]
struct Stubborn {
    has_money: AtomicBool,
    /// Whether it was given back, by id.
    said: Mutex<BTreeMap<String, bool>>,
    /// How it is now, if it does not come to answer.
    mood: Mutex<Option<Mood>>,
    /// How often it was asked to give something back.
    asked: AtomicU32,
    /// Ends what takes its time.
    gate: Notify,
}

/// What a provider does that does not come to answer.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// It fails each time.
    Fails,
    /// It takes its time with the answer.
    Hangs,
    /// It takes refunds on and says no more.
    TakesOn,
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

    async fn answer(&self, id: String) -> Result<RefundReceipt, AskError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Some(Mood::Fails) => return Err(AskError::Temporary("the account is closed".into())),
            Some(Mood::TakesOn) => return Ok(RefundReceipt::pending(id)),
            Some(Mood::Hangs) => self.gate.notified().await,
            None => {}
        }
        self.give_back(id)
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
        self.answer(wish.id()).boxed()
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
    let (port, stubborn, order) = wanted(None).await;
    assert_eq!(state(&port, order).await, no());
    (port, stubborn, order)
}

/// A provider that is asked to give 50.00 back for an order.
async fn wanted(mood: Option<Mood>) -> (MemoryPort, Arc<Stubborn>, OrderId) {
    let (port, queue) = MemoryPort::new();
    let stubborn = Arc::new(Stubborn { mood: Mutex::new(mood), ..Stubborn::default() });
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
    while stubborn.asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
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
    assert_eq!(state(&port, order).await, RefundState::Settled { reference, twice: None });
    assert_eq!(stubborn.said(), [(format!("{order}-0"), false)]);
    let mut queue = port.restart_effects();
    assert!(queue.try_recv().is_err(), "nor after a restart");
}

fn transfer(twice: Option<&str>) -> RefundState {
    let twice = twice.map(str::to_owned);
    RefundState::Settled { reference: "transfer 7".into(), twice }
}

fn by_hand(port: &MemoryPort, order: OrderId) {
    settle(port, order, RefundSettlement::ByHand { reference: "transfer 7".into() });
}

#[tokio::test(start_paused = true)]
async fn what_fails_and_is_settled_by_hand_is_not_asked_for_any_more() {
    let (port, stubborn, order) = wanted(Some(Mood::Fails)).await;
    sleep(Duration::from_secs(3_600)).await;
    by_hand(&port, order);
    let asked = stubborn.asked.load(Ordering::SeqCst);
    *stubborn.mood.lock().unwrap() = None;
    stubborn.has_money.store(true, Ordering::SeqCst);
    sleep(Duration::from_secs(86_400)).await;
    assert_eq!(state(&port, order).await, transfer(None));
    assert_eq!(stubborn.asked.load(Ordering::SeqCst), asked);
    assert!(port.restart_effects().try_recv().is_err(), "nor after a restart");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_under_way_says_that_money_is_gone_twice() {
    let (port, stubborn, order) = wanted(Some(Mood::Hangs)).await;
    stubborn.has_money.store(true, Ordering::SeqCst);
    by_hand(&port, order);
    stubborn.gate.notify_one();
    let name = format!("{order}-0");
    assert_eq!(state(&port, order).await, transfer(Some(&name)));
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_has_taken_on_it_is_asked_about_to_the_end() {
    let (port, stubborn, order) = wanted(Some(Mood::TakesOn)).await;
    by_hand(&port, order);
    assert_eq!(state(&port, order).await, transfer(None));
    *stubborn.mood.lock().unwrap() = None;
    stubborn.has_money.store(true, Ordering::SeqCst);
    sleep(Duration::from_secs(86_400)).await;
    let name = format!("{order}-0");
    assert_eq!(state(&port, order).await, transfer(Some(&name)));
}
