//! Payment providers: one shape for all of them, one file or folder for each.
//!
//! ```text
//! facts -> Effect -> effects::run -> PaymentProvider -> the provider
//!                         |                                 | webhook (webhook::routes)
//!                         v                                 v
//!                  RecordIntent, RecordRefund        RecordPayment  <- reconcile::run, by polling
//! ```
//!
//! What lives here: asking providers ([`effects`]), believing what they say ([`webhook`],
//! [`reconcile`]) and the [`sandbox`], a provider that is part of the product.
//! Deliberately absent: any decision about orders. Whatever a provider says becomes a command, and
//! the rules in `onsale-core` decide what it means, in any order and any number of times.

pub mod backoff;
pub mod currency;
pub mod effects;
pub mod metrics;
pub mod reconcile;
mod record;
pub mod sandbox;
pub mod secret;
pub mod signature;
pub mod webhook;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::HeaderMap;
use onsale_core::command::PaymentNotice;
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::time::Time;
use thiserror::Error;

/// A payment provider, as the rest of the server sees it.
///
/// The calls that go over the network ([`create_intent`](Self::create_intent),
/// [`refund`](Self::refund), [`query`](Self::query)) want tokio's reactor and have no time limit of
/// their own: whoever calls sets one. [`verify_notice`](Self::verify_notice) runs wherever the
/// webhook came in.
pub trait PaymentProvider: Send + Sync {
    /// Its name in orders and in the path of its webhooks.
    fn name(&self) -> &'static str;

    /// Asks for a page on which the buyer pays. The same [`IntentWish::id`] gives the same page,
    /// however often it is asked for.
    fn create_intent<'a>(
        &'a self,
        wish: &'a IntentWish,
    ) -> BoxFuture<'a, Result<IntentPage, AskError>>;

    /// Asks to give money back. The same [`RefundWish::id`] gives it back once.
    fn refund<'a>(&'a self, wish: &'a RefundWish)
    -> BoxFuture<'a, Result<RefundReceipt, AskError>>;

    /// Asks what became of an intent: everything that its webhooks would say.
    fn query<'a>(
        &'a self,
        order: OrderId,
        reference: &'a str,
    ) -> BoxFuture<'a, Result<Vec<PaymentNotice>, AskError>>;

    /// Makes sure that a webhook is the provider's and not too old, and reads it. What is of no
    /// interest here is an empty list.
    fn verify_notice<'a>(
        &'a self,
        notice: RawNotice<'a>,
        now: Time,
    ) -> BoxFuture<'a, Result<Vec<PaymentNotice>, NoticeError>>;

    /// What the provider must be answered to stop sending a webhook.
    fn acknowledgement(&self) -> Acknowledgement;
}

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

impl IntentWish {
    /// The key under which the provider does this once: an order has one page.
    pub fn id(&self) -> String {
        self.order.to_string()
    }
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
    /// Of which payment, by the provider's name for it.
    pub payment: String,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl RefundWish {
    /// The key under which the provider does this once.
    pub fn id(&self) -> String {
        format!("{}-{}", self.order, self.refund)
    }
}

/// Money that is on its way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReceipt {
    /// The provider's name for the refund.
    pub reference: String,
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

/// A webhook as it came in: nothing parsed, nothing believed.
#[derive(Clone, Copy)]
pub struct RawNotice<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// What stood behind the `?`, or nothing.
    pub query: &'a str,
    /// The body, byte for byte.
    pub body: &'a [u8],
}

/// Why a webhook is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoticeError {
    /// It is not the provider's, or too old.
    #[error(transparent)]
    Signature(#[from] signature::SignatureError),
    /// It is the provider's, but not what its documentation says.
    #[error("the notice cannot be read: {0}")]
    Malformed(String),
}

/// What a provider must be answered, with status 200, to stop sending a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'static str,
}

/// The providers that are configured, by name. A cheap handle.
#[derive(Clone, Default)]
pub struct Providers(Arc<BTreeMap<&'static str, Arc<dyn PaymentProvider>>>);

impl Providers {
    /// These providers; of two with one name, the latter.
    pub fn new(providers: impl IntoIterator<Item = Arc<dyn PaymentProvider>>) -> Self {
        Self(Arc::new(providers.into_iter().map(|each| (each.name(), each)).collect()))
    }

    /// The provider with this name.
    pub fn find(&self, name: &str) -> Option<&dyn PaymentProvider> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// All names, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
