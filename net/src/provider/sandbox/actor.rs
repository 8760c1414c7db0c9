//! The task that owns the sandbox's books. It is reached by messages only, writes a line before it
//! answers, and delivers what there is to say: at most so many webhooks at once, those of one
//! intent one after the other, each again until it arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use onsale_core::command::PaymentNotice;
use onsale_core::time::{Span, Time};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tracing::{debug, error};

use super::behaviour::Behaviour;
use super::file::LedgerFile;
use super::ledger::{Entry, Intent, IntentId, Ledger, PayError, Refund};
use super::webhook::{Body, Sender};
use crate::provider::backoff::Backoff;
use crate::provider::{AskError, Clock, IntentWish, RefundWish};

/// How many webhooks may be under way at once.
const DELIVERIES_AT_ONCE: usize = 16;

/// What the task can be asked.
pub(super) enum Message {
    Open { intent: IntentId, wish: IntentWish, answer: oneshot::Sender<OpenAnswer> },
    Find { intent: IntentId, answer: oneshot::Sender<Option<Intent>> },
    Pay { intent: IntentId, behaviour: Option<Behaviour>, answer: oneshot::Sender<PayAnswer> },
    Query { intent: IntentId, answer: oneshot::Sender<Vec<PaymentNotice>> },
    Refund { intent: IntentId, wish: RefundWish, answer: oneshot::Sender<RefundAnswer> },
}

pub(super) type OpenAnswer = Result<Opened, AskError>;
pub(super) type PayAnswer = Result<Intent, PayError>;
pub(super) type RefundAnswer = Result<Refund, AskError>;

/// What came of opening an intent.
pub(super) enum Opened {
    /// One can pay.
    Ready,
    /// It is open, and whoever asked shall never hear of it.
    Silence,
}

/// The task, ready to run.
pub struct Actor {
    ledger: Ledger,
    file: LedgerFile,
    messages: mpsc::Receiver<Message>,
    sender: Sender,
    clock: Clock,
    /// Intents with something to say, by when it is to be said.
    due: BTreeSet<(Time, IntentId)>,
    /// How often the delivery of what an intent has to say first has failed.
    failures: BTreeMap<IntentId, u32>,
    /// How often a call was made to fail on demand, by its key.
    refusals: BTreeMap<String, u32>,
    deliveries: JoinSet<(IntentId, Result<(), String>)>,
}

impl Actor {
    pub(super) fn new(
        ledger: Ledger,
        file: LedgerFile,
        messages: mpsc::Receiver<Message>,
        sender: Sender,
        clock: Clock,
    ) -> Self {
        let due = ledger.intents().filter_map(|(id, intent)| due(id, intent)).collect();
        let (failures, refusals) = (BTreeMap::new(), BTreeMap::new());
        let deliveries = JoinSet::new();
        Self { ledger, file, messages, sender, clock, due, failures, refusals, deliveries }
    }

    /// Answers and delivers until nobody holds the provider any more. Ends early when the file
    /// cannot be written: whoever asks then is told to come back.
    pub async fn run(mut self) {
        loop {
            self.start_deliveries();
            let nap = self.nap();
            let worked = tokio::select! {
                message = self.messages.recv() => match message {
                    Some(message) => self.answer(message),
                    None => return,
                },
                Some(ended) = self.deliveries.join_next() => match ended {
                    Ok((intent, outcome)) => self.delivered(intent, outcome),
                    Err(fault) => Err(io::Error::other(fault)),
                },
                () = tokio::time::sleep(nap) => Ok(()),
            };
            if let Err(fault) = worked {
                return error!(%fault, "the sandbox stops: its books cannot be kept");
            }
        }
    }

    /// Whoever asked may be gone: that is what sending an answer in vain means.
    fn answer(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::Open { intent, wish, answer } => {
                let opened = self.open(&intent, &wish)?;
                let _ = answer.send(opened);
            }
            Message::Find { intent, answer } => {
                let _ = answer.send(self.ledger.find(&intent).cloned());
            }
            Message::Pay { intent, behaviour, answer } => {
                let paid = self.pay(&intent, behaviour)?;
                let _ = answer.send(paid);
            }
            Message::Query { intent, answer } => {
                let now = (self.clock)();
                let found = self.ledger.find(&intent);
                let report = found.map(|found| found.report(&intent, now));
                let _ = answer.send(report.unwrap_or_default());
            }
            Message::Refund { intent, wish, answer } => {
                let refunded = self.refund(&intent, &wish)?;
                let _ = answer.send(refunded);
            }
        }
        Ok(())
    }

    fn open(&mut self, id: &IntentId, wish: &IntentWish) -> io::Result<OpenAnswer> {
        let behaviour = Behaviour::of_amount(wish.amount);
        let fails = match behaviour {
            Behaviour::Timeout | Behaviour::Unavailable => self.fails(wish.order.to_string()),
            _ => false,
        };
        if fails && behaviour == Behaviour::Unavailable {
            return Ok(Err(AskError::Temporary("the sandbox fails, as it was asked to".into())));
        }
        match self.ledger.open(id, wish) {
            Ok(entry) => self.note(entry)?,
            Err(refusal) => return Ok(Err(refusal)),
        }
        Ok(Ok(if fails { Opened::Silence } else { Opened::Ready }))
    }

    fn pay(&mut self, id: &IntentId, behaviour: Option<Behaviour>) -> io::Result<PayAnswer> {
        let entry = match self.ledger.pay(id, behaviour, (self.clock)()) {
            Ok(entry) => entry,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let is_new = entry.is_some();
        self.note(entry)?;
        let intent = self.ledger.find(id);
        if is_new {
            self.due.extend(intent.and_then(|intent| due(id, intent)));
        }
        Ok(intent.cloned().ok_or(PayError::NotFound))
    }

    fn refund(&mut self, id: &IntentId, wish: &RefundWish) -> io::Result<RefundAnswer> {
        let behaviour = self.ledger.find(id).and_then(|intent| intent.behaviour);
        if behaviour == Some(Behaviour::RefundFails) && self.fails(wish.id()) {
            return Ok(Err(AskError::Temporary("the refund fails, as it was asked to".into())));
        }
        match self.ledger.refund(id, wish) {
            Ok((entry, refund)) => {
                self.note(entry)?;
                Ok(Ok(refund))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Whether a call that fails at first still does.
    fn fails(&mut self, key: String) -> bool {
        let made = self.refusals.entry(key).or_default();
        let fails = *made < Behaviour::FAILURES;
        *made += u32::from(fails);
        fails
    }

    /// Writes a line and applies it, if there is one. A write goes to the page cache and takes
    /// microseconds: not worth another thread.
    fn note(&mut self, entry: Option<Entry>) -> io::Result<()> {
        if let Some(entry) = entry {
            self.file.append(&entry)?;
            self.ledger.apply(entry);
        }
        Ok(())
    }

    fn start_deliveries(&mut self) {
        let now = (self.clock)();
        while self.deliveries.len() < DELIVERIES_AT_ONCE
            && self.due.first().is_some_and(|(at, _)| *at <= now)
            && let Some((_, id)) = self.due.pop_first()
        {
            let intent = self.ledger.find(&id);
            let body = intent.and_then(|intent| {
                intent.notices.front().map(|notice| Body::of(&id, intent, notice))
            });
            if let Some(body) = body {
                let sender = self.sender.clone();
                self.deliveries.spawn(async move {
                    let outcome = sender.send(&body, now).await;
                    (id, outcome)
                });
            }
        }
    }

    fn delivered(&mut self, id: IntentId, outcome: Result<(), String>) -> io::Result<()> {
        match outcome {
            Ok(()) => {
                self.failures.remove(&id);
                self.note(Some(Entry::Delivered { intent: id.clone() }))?;
                self.due.extend(self.ledger.find(&id).and_then(|intent| due(&id, intent)));
            }
            Err(reason) => {
                debug!(intent = id.0, reason, "a webhook did not arrive; it is sent again");
                let failures = self.failures.entry(id.clone()).or_default();
                let salt = id.0.bytes().fold(0, |salt, byte| salt << 5 ^ u64::from(byte));
                let pause = Backoff::default().delay(*failures, salt).as_millis() as u64;
                *failures += 1;
                self.due.insert(((self.clock)() + Span::from_ms(pause), id));
            }
        }
        Ok(())
    }

    /// How long until the next webhook is due. Looks at the clock once a minute at least; while all
    /// deliveries are under way, one that ends wakes the task.
    fn nap(&self) -> Duration {
        let longest = Duration::from_secs(60);
        let first = self.due.first().filter(|_| self.deliveries.len() < DELIVERIES_AT_ONCE);
        first.map_or(longest, |(at, _)| {
            Duration::from_millis(at.since((self.clock)()).as_ms()).min(longest)
        })
    }
}

/// When the intent has something to say.
fn due(id: &IntentId, intent: &Intent) -> Option<(Time, IntentId)> {
    intent.notices.front().map(|notice| (notice.not_before, id.clone()))
}
