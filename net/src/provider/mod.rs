//! Payment providers: one shape for all of them, one file or folder for each.
//!
//! ```text
//! facts -> Effect -> effects::run -> PaymentProvider -> the provider
//!                         |                                 | webhook (webhook::routes)
//!                         v                                 v
//!                  RecordIntent, RecordRefund        RecordPayment  <- reconcile::run, by polling
//!                                                   RecordDispute  <- disputes::run, by asking
//! ```
//!
//! What lives here: asking providers ([`effects`]), believing what they say ([`webhook`],
//! [`reconcile`]) and the [`sandbox`], a provider that is part of the product.
//! Deliberately absent: any decision about orders. Whatever a provider says becomes a command, and
//! the rules in `onsale-core` decide what it means, in any order and any number of times.

pub mod api;
pub mod backoff;
pub mod breaker;
mod call;
pub mod currency;
pub mod disputes;
pub mod effects;
pub mod installation;
pub mod metrics;
mod notice;
pub mod notice_secrets;
pub mod payos;
pub mod paypal;
pub mod razorpay;
pub mod reconcile;
mod record;
pub mod sandbox;
pub mod secret;
pub mod signature;
pub mod stripe;
pub mod stuck;
mod vietnam;
pub mod vnpay;
pub mod webhook;
pub mod zalopay;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Method;
use onsale_core::command::{DisputeNotice, PaymentNotice};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::time::Time;
use thiserror::Error;
use tokio::sync::mpsc;

use self::breaker::Breaker;
use self::disputes::DisputeQuestion;
pub use self::notice::{Fate, NoticeAnswer, NoticeError, RawNotice, Said};
use self::notice_secrets::NoticeSecrets;
use self::reconcile::PendingIntent;
use self::stuck::StuckEffects;

/// A payment provider, as the rest of the server sees it.
///
/// The calls that go over the network ([`create_intent`](Self::create_intent),
/// [`close_intent`](Self::close_intent), [`query`](Self::query), [`refund`](Self::refund),
/// [`query_refund`](Self::query_refund), [`query_dispute`](Self::query_dispute)) want tokio's
/// reactor and have no time limit of their own: whoever calls sets one.
/// [`verify_notice`](Self::verify_notice) runs wherever the webhook came in, and waits for nothing.
pub trait PaymentProvider: Send + Sync {
    /// Its name in orders and in the path of its webhooks.
    fn name(&self) -> &'static str;

    /// Whether it takes money of this kind.
    fn takes(&self, currency: Currency) -> bool;

    /// Asks for a page on which the buyer pays. The same order has a page for the same payment,
    /// however often it is asked for.
    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage>;

    /// Makes sure that an intent cannot be paid any more: its order's time is over. Does nothing
    /// where the provider does it by itself. That it was paid or closed before is no error.
    fn close_intent<'a>(&'a self, _order: OrderId, _reference: &'a str) -> Asking<'a, ()> {
        std::future::ready(Ok(())).boxed()
    }

    /// Asks what became of an intent: everything that its webhooks would say.
    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>>;

    /// Asks to give money back. The same refund and attempt gives it back once.
    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt>;

    /// Asks what became of a refund that was pending, by the receipt's reference.
    fn query_refund<'a>(
        &'a self,
        wish: &'a RefundWish,
        _reference: &'a str,
    ) -> Asking<'a, RefundReceipt> {
        self.refund(wish)
    }

    /// Asks how a dispute stands that a notice has named ([`Said::AskDispute`]). Nothing if there
    /// is nothing to know: it is about no order that could be one of this server's, or asks for no
    /// money yet.
    fn query_dispute<'a>(&'a self, _dispute: &'a str) -> Asking<'a, Option<DisputeNotice>> {
        std::future::ready(Ok(None)).boxed()
    }

    /// How its notices come.
    fn notice_method(&self) -> Method {
        Method::POST
    }

    /// Makes sure that a notice is the provider's and not too old, and reads it. What is of no
    /// interest here is an empty list.
    fn verify_notice(&self, notice: RawNotice<'_>, now: Time) -> Result<Vec<Said>, NoticeError>;

    /// What its notices are verified with, where that can be replaced while the server runs.
    fn notice_secrets(&self) -> Option<&NoticeSecrets> {
        None
    }

    /// What the provider must be answered, where it does not go by the status alone. What it must
    /// not send again gets status 200; `None` is a problem with its own status.
    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer>;
}

/// What somebody over the network is asked for.
pub type Asking<'a, T> = BoxFuture<'a, Result<T, AskError>>;

/// What time it is by the server's clock: the port's, for everything but tests.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// The wish for a page on which the buyer pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentWish {
    /// For which order.
    pub order: OrderId,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Until when the page is of use.
    pub until: Time,
}

/// A page on which the buyer pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentPage {
    /// The provider's name for the intent.
    pub reference: String,
    /// Where the page is.
    pub url: String,
}

/// The wish to give money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundWish {
    /// Of which order.
    pub order: OrderId,
    /// Which of the order's refunds, from 0.
    pub refund: u32,
    /// Which attempt at it, from 0: a provider that has refused one is asked anew.
    pub attempt: u32,
    /// Of which payment, by the provider's name for it.
    pub payment: String,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl RefundWish {
    /// What it is called here. Providers that others use too call it by the order's name with the
    /// mark ([`Installation::refund_name`](installation::Installation::refund_name)).
    pub fn id(&self) -> String {
        format!("{}-{}", self.order, self.number('-'))
    }

    /// Which of the order's refunds, and which attempt at it if not the first. `between` is what
    /// stands between the two.
    pub fn number(&self, between: char) -> String {
        match self.attempt {
            0 => self.refund.to_string(),
            attempt => format!("{}{between}{attempt}", self.refund),
        }
    }
}

/// A refund that the provider has taken on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReceipt {
    /// The provider's name for the refund.
    pub reference: String,
    /// Whether it may still fail: then it is asked for again later.
    pub is_pending: bool,
}

impl RefundReceipt {
    /// The money is on its way back.
    pub fn done(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), is_pending: false }
    }

    /// The provider has not made up its mind.
    pub fn pending(reference: impl Into<String>) -> Self {
        Self { reference: reference.into(), is_pending: true }
    }
}

/// What a provider is asked about an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Of which order.
    pub order: OrderId,
    /// The provider's name for the intent.
    pub reference: String,
    /// Whether the order still waits for its money. A provider that takes it in two steps, first
    /// the buyer's word and then ours, is only then given ours.
    pub is_wanted: bool,
}

/// Why a provider did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AskError {
    /// It will not, however often one asks.
    #[error("refused: {0}")]
    Refused(String),
    /// It did not now, or did not say: ask again under the same id.
    #[error("not now: {0}")]
    Temporary(String),
}

/// Where the buyer of this order goes afterwards, where `base` is the address in the settings.
fn return_url(base: &str, order: OrderId) -> String {
    format!("{base}?order={order}")
}

/// The providers that are configured, by name. A cheap handle.
#[derive(Clone, Default)]
pub struct Providers {
    all: Arc<BTreeMap<&'static str, Known>>,
    asks: Option<mpsc::Sender<PendingIntent>>,
    disputes: Option<mpsc::Sender<DisputeQuestion>>,
    stuck: StuckEffects,
}

struct Known {
    provider: Arc<dyn PaymentProvider>,
    breaker: Breaker,
}

impl Providers {
    /// These providers; of two with one name, the latter.
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn PaymentProvider>>) -> Self {
        let known = |provider: Arc<dyn PaymentProvider>| {
            (provider.name(), Known { provider, breaker: Breaker::default() })
        };
        let all = Arc::new(providers.into_iter().map(known).collect());
        Self { all, asks: None, disputes: None, stuck: StuckEffects::default() }
    }

    /// The same, asked through here about what their notices leave open ([`Said::Ask`]).
    #[must_use]
    pub fn asked_by(self, asks: mpsc::Sender<PendingIntent>) -> Self {
        Self { asks: Some(asks), ..self }
    }

    /// The same, asked through here about disputes that their notices name ([`Said::AskDispute`]).
    #[must_use]
    pub fn disputes_asked_by(self, disputes: mpsc::Sender<DisputeQuestion>) -> Self {
        Self { disputes: Some(disputes), ..self }
    }

    /// The provider with this name.
    pub fn find(&self, name: &str) -> Option<&dyn PaymentProvider> {
        self.all.get(name).map(|known| known.provider.as_ref())
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.all.keys().copied()
    }

    /// Those that work, as far as is known.
    pub fn working(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.all.iter().filter(|(_, known)| !known.breaker.is_open()).map(|(name, _)| *name)
    }

    /// Those that take money of this kind.
    pub fn taking(&self, currency: Currency) -> impl Iterator<Item = &'static str> + '_ {
        let takes = move |known: &Known| known.provider.takes(currency);
        self.all.iter().filter(move |(_, known)| takes(known)).map(|(name, _)| *name)
    }

    /// What decides whether the provider with this name is asked.
    pub fn breaker(&self, name: &str) -> Option<&Breaker> {
        self.all.get(name).map(|known| &known.breaker)
    }

    /// What they were asked for and nothing comes of.
    pub fn stuck(&self) -> &StuckEffects {
        &self.stuck
    }

    /// Has all that is stuck of an order asked for at once, whether the provider is left alone or
    /// not; how much that was.
    pub fn retry(&self, order: OrderId, now: Time) -> u32 {
        self.stuck.retry(order, now, |intent| self.ask(intent))
    }

    /// Has an intent asked about soon. `false` if nobody can now.
    fn ask(&self, intent: PendingIntent) -> bool {
        self.asks.as_ref().is_some_and(|asks| asks.try_send(intent).is_ok())
    }

    /// Has a dispute asked about now. `false` if nobody can, or what was said is not written down.
    async fn ask_dispute(&self, provider: &'static str, dispute: String) -> bool {
        let (question, answer) = DisputeQuestion::new(provider, dispute);
        let is_taken = self.disputes.as_ref().is_some_and(|asks| asks.try_send(question).is_ok());
        is_taken && answer.await.unwrap_or(false)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
