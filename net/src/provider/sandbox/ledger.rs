//! The sandbox's books: what it was asked for, what it took, what it gave back and what it still
//! has to say. Pure: an operation looks and returns what to write down; [`Ledger::apply`] is the
//! only thing that changes anything, and does the same when the file is replayed.
//!
//! The books guard themselves: an intent is captured once (twice only where that is the
//! misbehaviour asked for), and no more goes back than came.

use std::collections::{BTreeMap, VecDeque};

use onsale_core::command::{PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::time::{Span, Time};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::behaviour::Behaviour;
use crate::provider::{AskError, IntentWish, RefundWish};

/// How long after an order's time is over a late payment is heard of.
const LATENESS: Span = Span::from_secs(30);

/// The name of an intent: unguessable, since whoever knows it can pay.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub String);

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// Somebody may pay.
    Opened {
        /// The new intent.
        intent: IntentId,
        /// For which order.
        #[serde(with = "super::text")]
        order: OrderId,
        /// How much, in minor units.
        amount_minor: Amount,
        /// Of what.
        #[serde(with = "super::text")]
        currency: Currency,
        /// Until when one may pay.
        until: Time,
    },
    /// Somebody paid, or was declined.
    Closed {
        /// Which intent.
        intent: IntentId,
        /// How it goes on.
        behaviour: Behaviour,
        /// The money that was taken.
        captures: Vec<Capture>,
        /// What there is to say, in this order.
        notices: VecDeque<Notice>,
    },
    /// The first thing there was to say arrived.
    Delivered {
        /// Of which intent.
        intent: IntentId,
    },
    /// Money went back.
    Refunded {
        /// Of which intent.
        intent: IntentId,
        /// What went back.
        refund: Refund,
    },
}

/// Money that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// Its name.
    pub payment: String,
    /// How much, in minor units.
    pub amount_minor: Amount,
}

/// Money that went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The key under which it was asked for.
    pub key: String,
    /// Out of which capture.
    pub payment: String,
    /// How much, in minor units.
    pub amount_minor: Amount,
}

impl Refund {
    /// Its name.
    pub fn reference(&self) -> String {
        format!("re_{}", self.key)
    }
}

/// Something to say by webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its name: the same for the same news.
    pub id: String,
    /// What is said.
    #[serde(rename = "type")]
    pub kind: NoticeKind,
    /// Of which payment.
    pub payment: String,
    /// How much was taken, in minor units.
    pub amount_minor: Amount,
    /// When it happened.
    pub at: Time,
    /// When it may be said.
    pub not_before: Time,
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// The money was taken.
    #[serde(rename = "payment.captured")]
    Captured,
    /// It will not be.
    #[serde(rename = "payment.declined")]
    Declined,
    /// The buyer has done their part.
    #[serde(rename = "payment.started")]
    Started,
}

impl NoticeKind {
    /// What it means for an order.
    pub const fn outcome(self, amount: Amount, currency: Currency) -> PaymentOutcome {
        match self {
            Self::Captured => PaymentOutcome::Captured { amount, currency },
            Self::Declined => PaymentOutcome::Declined,
            Self::Started => PaymentOutcome::Started,
        }
    }
}

/// Everything about one wish to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// For which order.
    pub order: OrderId,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Until when one may pay.
    pub until: Time,
    /// How it went, once somebody paid or was declined.
    pub behaviour: Option<Behaviour>,
    /// What was taken.
    pub captures: Vec<Capture>,
    /// What went back.
    pub refunds: Vec<Refund>,
    /// What there still is to say.
    pub notices: VecDeque<Notice>,
}

/// Why one cannot pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayError {
    /// There is no such intent.
    #[error("there is no such payment page")]
    NotFound,
    /// The order's time is over.
    #[error("this payment page has expired: nothing was charged")]
    Expired,
}

/// The books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    intents: BTreeMap<IntentId, Intent>,
}

impl Ledger {
    /// The books after these lines.
    pub fn replay(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut ledger = Self::default();
        entries.into_iter().for_each(|entry| ledger.apply(entry));
        ledger
    }

    /// The intent with this name.
    pub fn find(&self, intent: &IntentId) -> Option<&Intent> {
        self.intents.get(intent)
    }

    /// All intents.
    pub fn intents(&self) -> impl Iterator<Item = (&IntentId, &Intent)> {
        self.intents.iter()
    }

    /// Opens an intent under a name that follows from the order; nothing to write if it is open.
    pub fn open(&self, intent: &IntentId, wish: &IntentWish) -> Result<Option<Entry>, AskError> {
        let IntentWish { order, amount, currency, until } = *wish;
        match self.find(intent) {
            None => {
                let intent = intent.clone();
                Ok(Some(Entry::Opened { intent, order, amount_minor: amount, currency, until }))
            }
            Some(open) if (open.amount, open.currency) == (amount, currency) => Ok(None),
            Some(_) => Err(AskError::Refused("the order has a page for another amount".into())),
        }
    }

    /// Takes the money as the behaviour says; nothing to write if it was taken (or declined)
    /// already. Without a behaviour the amount decides.
    pub fn pay(
        &self,
        id: &IntentId,
        behaviour: Option<Behaviour>,
        now: Time,
    ) -> Result<Option<Entry>, PayError> {
        let intent = self.find(id).ok_or(PayError::NotFound)?;
        if intent.behaviour.is_some() {
            return Ok(None);
        }
        if now >= intent.until {
            return Err(PayError::Expired);
        }
        let behaviour = behaviour.unwrap_or(Behaviour::of_amount(intent.amount));
        let captures = captures(id, intent.amount, behaviour);
        let notices = notices(id, intent, &captures, behaviour, now);
        Ok(Some(Entry::Closed { intent: id.clone(), behaviour, captures, notices }))
    }

    /// Gives money back; nothing to write if that was done under the same key already.
    pub fn refund(
        &self,
        id: &IntentId,
        wish: &RefundWish,
    ) -> Result<(Option<Entry>, Refund), AskError> {
        let refused = |words: &str| Err(AskError::Refused(words.into()));
        let Some(intent) = self.find(id) else { return refused("there is no such payment") };
        let capture = intent.captures.iter().find(|capture| capture.payment == wish.payment);
        let Some(capture) = capture else { return refused("there is no such payment") };
        let payment = capture.payment.clone();
        let refund = Refund { key: wish.id(), payment, amount_minor: wish.amount };
        if let Some(known) = intent.refunds.iter().find(|known| known.key == refund.key) {
            let again = *known == refund;
            return if again { Ok((None, refund)) } else { refused("the key is another refund's") };
        }
        if wish.currency != intent.currency {
            return refused("the payment was in another currency");
        }
        let of_this = intent.refunds.iter().filter(|known| known.payment == refund.payment);
        let mut taken = of_this.map(|known| known.amount_minor).chain([wish.amount]);
        if taken.try_fold(capture.amount_minor, Amount::checked_sub).is_none() {
            return refused("more than what was paid cannot be given back");
        }
        Ok((Some(Entry::Refunded { intent: id.clone(), refund: refund.clone() }), refund))
    }

    /// Notes what happened. Lines about an intent that was never opened, which this code does not
    /// write, are passed over.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Opened { intent, order, amount_minor, currency, until } => {
                let opened = Intent {
                    order,
                    amount: amount_minor,
                    currency,
                    until,
                    behaviour: None,
                    captures: Vec::new(),
                    refunds: Vec::new(),
                    notices: VecDeque::new(),
                };
                self.intents.entry(intent).or_insert(opened);
            }
            Entry::Closed { intent, behaviour, captures, notices } => {
                self.change(&intent, |intent| {
                    assert!(intent.behaviour.is_none(), "an intent is paid once");
                    intent.behaviour = Some(behaviour);
                    intent.captures = captures;
                    intent.notices = notices;
                });
            }
            Entry::Delivered { intent } => {
                self.change(&intent, |intent| drop(intent.notices.pop_front()));
            }
            Entry::Refunded { intent, refund } => {
                self.change(&intent, |intent| intent.refunds.push(refund));
            }
        }
    }

    fn change(&mut self, intent: &IntentId, change: impl FnOnce(&mut Intent)) {
        if let Some(intent) = self.intents.get_mut(intent) {
            change(intent);
        }
    }
}

impl Intent {
    /// What the sandbox says when it is asked: everything it took, or that it took nothing. What is
    /// late is late here too.
    pub fn report(&self, id: &IntentId, now: Time) -> Vec<PaymentNotice> {
        let say = |payment: &str, outcome| PaymentNotice {
            provider: Provider(super::NAME.into()),
            order: self.order,
            payment: payment.into(),
            outcome,
        };
        match self.behaviour {
            None => Vec::new(),
            Some(Behaviour::Late) if now < self.until + LATENESS => Vec::new(),
            Some(Behaviour::Decline) => {
                vec![say(&payment_name(id, 0), PaymentOutcome::Declined)]
            }
            Some(_) => {
                let taken = |capture: &Capture| {
                    let (amount, currency) = (capture.amount_minor, self.currency);
                    say(&capture.payment, PaymentOutcome::Captured { amount, currency })
                };
                self.captures.iter().map(taken).collect()
            }
        }
    }
}

/// What is taken.
fn captures(id: &IntentId, asked: Amount, behaviour: Behaviour) -> Vec<Capture> {
    let count = match behaviour {
        Behaviour::Decline => 0,
        Behaviour::DuplicateCapture => 2,
        _ => 1,
    };
    let amount_minor = match (behaviour, asked.as_minor()) {
        (Behaviour::WrongAmount, 0 | 1) => Amount::from_minor(2),
        (Behaviour::WrongAmount, minor) => Amount::from_minor(minor - 1),
        _ => asked,
    };
    (1..=count).map(|n| Capture { payment: payment_name(id, n), amount_minor }).collect()
}

/// What is said about it, and in which order.
fn notices(
    id: &IntentId,
    intent: &Intent,
    captures: &[Capture],
    behaviour: Behaviour,
    now: Time,
) -> VecDeque<Notice> {
    let say = |kind: NoticeKind, payment: &str, amount_minor, number: usize| Notice {
        id: format!("ntc_{}_{number}", id.0),
        kind,
        payment: payment.into(),
        amount_minor,
        at: now,
        not_before: match behaviour {
            Behaviour::Late => intent.until + LATENESS,
            _ => now,
        },
    };
    let attempt = payment_name(id, 0);
    let captured = captures.iter().enumerate().map(|(number, capture)| {
        say(NoticeKind::Captured, &capture.payment, capture.amount_minor, number)
    });
    let mut said: VecDeque<Notice> = captured.collect();
    match behaviour {
        Behaviour::Decline => {
            said.push_back(say(NoticeKind::Declined, &attempt, intent.amount, 0));
        }
        Behaviour::Duplicate => said.extend(said.front().cloned()),
        Behaviour::Reordered => {
            said.push_back(say(NoticeKind::Started, &payment_name(id, 1), intent.amount, 1));
            said.push_back(say(NoticeKind::Declined, &attempt, intent.amount, 2));
        }
        Behaviour::Never => said.clear(),
        _ => {}
    }
    said
}

/// The name of the `number`-th attempt to take the money.
fn payment_name(id: &IntentId, number: usize) -> String {
    format!("pay_{}_{number}", id.0)
}
