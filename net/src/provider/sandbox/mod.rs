//! A payment provider that is part of the product and behaves like a real one: its own books,
//! hosted pay pages, signed webhooks over HTTP, refunds, and every misbehaviour on demand
//! ([`Behaviour`]). No money moves.
//!
//! ```text
//! Sandbox (a handle) --messages--> Actor (owns Ledger and its file) --HTTP--> webhook URL
//!    ^ create_intent, refund, query      ^ pages: see, pay
//! ```
//!
//! Deliberately absent: any short cut to the orders. What the sandbox knows comes in by the calls
//! and the pages that a real provider has, and goes out by webhook or when it is asked.

mod actor;
pub mod behaviour;
pub mod file;
pub mod ledger;
mod page;
mod text;
pub mod webhook;

use std::path::PathBuf;

use futures_util::FutureExt;
use futures_util::future::pending;
use onsale_core::command::PaymentNotice;
use onsale_core::id::OrderId;
use onsale_core::money::Currency;
use onsale_core::time::Time;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use self::actor::{Message, Opened};
use self::file::LedgerFile;
use self::ledger::{Intent, IntentId, PayError};
use super::secret::Secret;
use super::{
    AskError, Asking, Clock, Fate, IntentPage, IntentWish, NoticeAnswer, NoticeError,
    PaymentProvider, Question, RawNotice, RefundReceipt, RefundWish, Said,
};

pub use self::actor::Actor;
pub use self::behaviour::Behaviour;
pub use self::page::routes;

/// The provider's name.
pub const NAME: &str = "sandbox";

/// How many messages may wait for the sandbox; senders beyond that wait for room.
const MAILBOX: usize = 1_024;

/// What the sandbox needs to know.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where its books are kept.
    pub directory: PathBuf,
    /// Where browsers reach its pages, such as `http://127.0.0.1:8080`, without a last slash.
    pub public_url: String,
    /// Where its webhooks go, such as `http://127.0.0.1:8080/api/v1/webhooks/sandbox`.
    pub webhook_url: String,
    /// Where a buyer goes who has paid; `?order=` and the order's id are added.
    pub return_url: String,
    /// What webhooks are signed with, and the names of intents are derived from.
    pub secret: Secret,
}

/// Why there is no sandbox.
#[derive(Debug, Error)]
pub enum StartError {
    /// Its books cannot be opened.
    #[error(transparent)]
    Books(#[from] file::OpenError),
    /// There is no way to send webhooks.
    #[error("cannot make an HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// The sandbox as everybody else sees it. A cheap handle that works on every executor.
#[derive(Clone, Debug)]
pub struct Sandbox {
    messages: mpsc::Sender<Message>,
    public_url: String,
    return_url: String,
    secret: Secret,
}

impl Sandbox {
    /// Opens the books. The [`Actor`] must be run on a tokio runtime with timers and IO for
    /// anything to be answered.
    pub fn open(config: SandboxConfig, clock: Clock) -> Result<(Self, Actor), StartError> {
        let SandboxConfig { directory, public_url, webhook_url, return_url, secret } = config;
        let (file, ledger) = LedgerFile::open(&directory)?;
        let sender = webhook::Sender::new(webhook_url, secret.clone())?;
        let (messages, mailbox) = mpsc::channel(MAILBOX);
        let actor = Actor::new(ledger, file, mailbox, sender, clock);
        Ok((Self { messages, public_url, return_url, secret }, actor))
    }

    /// The intent of an order. Nobody can guess it who does not have the secret.
    pub fn intent_of(&self, order: OrderId) -> IntentId {
        let digest = self.secret.hmac_sha256_hex(format!("intent {order}").as_bytes());
        IntentId(digest[..32].to_owned())
    }

    /// What the books say about an intent; `None` also if they are closed.
    pub async fn find(&self, intent: IntentId) -> Option<Intent> {
        self.ask(|answer| Message::Find { intent, answer }).await.ok().flatten()
    }

    /// Pays, as the behaviour (or the amount) says. Once: whoever pays again is shown the same.
    pub async fn pay(
        &self,
        intent: IntentId,
        behaviour: Option<Behaviour>,
    ) -> Result<Result<Intent, PayError>, AskError> {
        self.ask(|answer| Message::Pay { intent, behaviour, answer }).await
    }

    /// Sends a message and waits for what is answered.
    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, AskError> {
        let closed = || AskError::Temporary("the sandbox does not run".into());
        let (answer, answered) = oneshot::channel();
        self.messages.send(message(answer)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())
    }
}

impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn takes(&self, _: Currency) -> bool {
        true
    }

    fn create_intent<'a>(&'a self, wish: &'a IntentWish) -> Asking<'a, IntentPage> {
        async move {
            let (intent, wish) = (self.intent_of(wish.order), wish.clone());
            let url = format!("{}/sandbox/pay/{}", self.public_url, intent.0);
            let reference = intent.0.clone();
            match self.ask(|answer| Message::Open { intent, wish, answer }).await?? {
                Opened::Ready => Ok(IntentPage { reference, url }),
                Opened::Silence => pending().await,
            }
        }
        .boxed()
    }

    fn refund<'a>(&'a self, wish: &'a RefundWish) -> Asking<'a, RefundReceipt> {
        async move {
            let (intent, wish) = (self.intent_of(wish.order), wish.clone());
            let refund = self.ask(|answer| Message::Refund { intent, wish, answer }).await??;
            Ok(RefundReceipt::done(refund.reference()))
        }
        .boxed()
    }

    fn query<'a>(&'a self, question: &'a Question) -> Asking<'a, Vec<PaymentNotice>> {
        let intent = IntentId(question.reference.clone());
        self.ask(|answer| Message::Query { intent, answer }).boxed()
    }

    fn verify_notice(&self, notice: RawNotice<'_>, now: Time) -> Result<Vec<Said>, NoticeError> {
        webhook::read(&self.secret, notice, now)
    }

    fn notice_answer(&self, fate: Fate<'_>) -> Option<NoticeAnswer> {
        (fate == Fate::Recorded).then(|| NoticeAnswer::json(r#"{"received":true}"#))
    }
}
