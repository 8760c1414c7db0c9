//! What one provider knows: intents, the money that came for them, the money that went back.
//!
//! Pure: whoever calls says what time it is. The books decide what can be; how a provider words it
//! and signs it is its protocol's business ([`crate::protocol::Protocol`]). Amounts are in minor
//! units of ISO 4217, whatever unit the protocol speaks; times are Unix seconds.
//!
//! Deliberately absent: answers that are repeated word for word ([`crate::answers`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// The books of one provider.
#[derive(Clone, Debug)]
pub struct Books {
    intents: BTreeMap<String, Intent>,
    /// Of which intent a capture or a refund is, by its name; and other names of intents.
    owners: BTreeMap<String, String>,
    serial: u64,
    refunds_as: RefundStatus,
}

/// What a buyer is asked to pay. By default nothing has happened to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Intent {
    /// The provider's name for it.
    pub reference: String,
    /// How much, in minor units.
    pub amount: u64,
    /// Of what: three capital letters.
    pub currency: String,
    /// When it was made.
    pub created_s: u64,
    /// From when on it cannot be paid.
    pub expires_s: Option<u64>,
    /// How it stands.
    pub status: IntentStatus,
    /// Whether the buyer has done their part and the money is on its way: then it may come
    /// whatever happens to the intent meanwhile.
    pub is_started: bool,
    /// The money that came.
    pub captures: Vec<Capture>,
    /// The money that went back, or was meant to.
    pub refunds: Vec<Refund>,
    /// What banks asked back.
    pub disputes: Vec<Dispute>,
    /// What the protocol wants to remember.
    pub details: Value,
}

/// A payment that a bank asks back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dispute {
    /// The provider's name for it.
    pub id: String,
    /// Of which capture.
    pub capture: String,
    /// How much.
    pub amount: u64,
    /// How it stands.
    pub status: DisputeStatus,
    /// When it began.
    pub at_s: u64,
    /// Whether the bank has taken it up again after it had decided.
    pub is_again: bool,
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The bank has not decided.
    Open,
    /// The money stays.
    Won,
    /// The money is gone.
    Lost,
}

/// How an intent stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// It can be paid.
    #[default]
    Open,
    /// All the money came.
    Paid,
    /// The bank said no, and the provider does not let the buyer try again.
    Declined,
    /// The buyer or the merchant does not want it any more.
    Cancelled,
    /// Its time is over.
    Expired,
}

/// Money that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Capture {
    /// The provider's name for the payment.
    pub id: String,
    /// How much.
    pub amount: u64,
    /// When.
    pub at_s: u64,
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// The provider's name for the refund.
    pub id: String,
    /// Of which capture.
    pub capture: String,
    /// How much.
    pub amount: u64,
    /// The merchant's name for it: it is done once.
    pub key: Option<String>,
    /// How it stands.
    pub status: RefundStatus,
    /// When it was asked for.
    pub at_s: u64,
    /// What the protocol wants to remember.
    pub details: Value,
}

/// How a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The provider has not made up its mind. The money counts as given back.
    Pending,
    /// The money is on its way.
    Done,
    /// It will not be: the money is still here.
    Failed,
}

/// What is wanted of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundDraft {
    /// The name that it gets.
    pub id: String,
    /// Of which capture.
    pub capture: String,
    /// How much.
    pub amount: u64,
    /// The merchant's name for it.
    pub key: Option<String>,
    /// What the protocol wants to remember.
    pub details: Value,
}

/// What came of asking for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// It is in the books now.
    New(Refund),
    /// It was before, under the same key.
    Again(Refund),
}

/// There is an intent of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is an intent of this name")]
pub struct Taken;

/// Why the books say no to what somebody wants to do with an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ActError {
    /// There is no such intent.
    #[error("there is no such intent")]
    NotFound,
    /// It was paid, or its time is over, or nobody wants it any more.
    #[error("the intent is not open")]
    Closed,
    /// The protocol knows no such act.
    #[error("this provider knows no such act")]
    NoSuchAct,
}

/// Why the books say no to a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefundError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// More than is left, or nothing.
    #[error("the amount is more than what is left of the payment, or zero")]
    Amount,
    /// The key belongs to another refund.
    #[error("the key belongs to a refund with other parameters")]
    KeyUsed,
}

/// Sums of one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// What came.
    pub captured: u64,
    /// What went back, and what may still go back.
    pub refunded: u64,
    /// What banks took back.
    pub charged_back: u64,
}

impl Books {
    /// Empty books that number what they name from `serial` on.
    pub fn new(serial: u64) -> Self {
        let (intents, owners) = (BTreeMap::new(), BTreeMap::new());
        Self { intents, owners, serial, refunds_as: RefundStatus::Done }
    }

    /// A number that was not given before.
    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Takes an intent in.
    pub fn open(&mut self, intent: Intent) -> Result<(), Taken> {
        if self.intents.contains_key(&intent.reference) {
            return Err(Taken);
        }
        self.intents.insert(intent.reference.clone(), intent);
        Ok(())
    }

    /// The intent of this name.
    pub fn find(&self, reference: &str) -> Option<&Intent> {
        self.intents.get(reference)
    }

    /// The same, for a protocol that changes what it remembers.
    pub fn find_mut(&mut self, reference: &str) -> Option<&mut Intent> {
        self.intents.get_mut(reference)
    }

    /// Gives an intent another name, for [`Self::owner_of`].
    pub fn call(&mut self, reference: &str, name: String) {
        self.owners.insert(name, reference.to_owned());
    }

    /// The intent of which a capture or a refund is, or that has this other name.
    pub fn owner_of(&self, name: &str) -> Option<&Intent> {
        self.owners.get(name).and_then(|reference| self.intents.get(reference))
    }

    /// All intents, by name.
    pub fn intents(&self) -> impl Iterator<Item = &Intent> {
        self.intents.values()
    }

    /// The buyer has done their part; the money is on its way.
    pub fn start(&mut self, reference: &str, now_s: u64) -> Result<(), ActError> {
        self.open_intent(reference, now_s)?.is_started = true;
        Ok(())
    }

    /// Money comes: the intent's amount, if no other is said. An intent that was started takes it
    /// whatever has happened since, but not twice. What is less than the amount leaves it open.
    pub fn pay(
        &mut self,
        reference: &str,
        id: String,
        amount: Option<u64>,
        now_s: u64,
    ) -> Result<Capture, ActError> {
        let intent = self.payable_intent(reference, now_s)?;
        let capture = Capture { id, amount: amount.unwrap_or(intent.amount), at_s: now_s };
        intent.captures.push(capture.clone());
        if intent.captured() >= intent.amount {
            intent.status = IntentStatus::Paid;
            intent.is_started = false;
        }
        self.owners.insert(capture.id.clone(), reference.to_owned());
        Ok(capture)
    }

    /// The bank says no. Whether that is the end of the intent depends on the provider.
    pub fn decline(&mut self, reference: &str, ends: bool, now_s: u64) -> Result<(), ActError> {
        let intent = self.payable_intent(reference, now_s)?;
        intent.is_started = false;
        if ends && intent.status == IntentStatus::Open {
            intent.status = IntentStatus::Declined;
        }
        Ok(())
    }

    /// Nobody wants it any more.
    pub fn cancel(&mut self, reference: &str, now_s: u64) -> Result<(), ActError> {
        self.open_intent(reference, now_s)?.status = IntentStatus::Cancelled;
        Ok(())
    }

    /// Its time is over, whatever the clock says.
    pub fn expire(&mut self, reference: &str) -> Result<(), ActError> {
        let intent = self.intents.get_mut(reference).ok_or(ActError::NotFound)?;
        if intent.status != IntentStatus::Open {
            return Err(ActError::Closed);
        }
        intent.status = IntentStatus::Expired;
        Ok(())
    }

    /// Ends what is over by the clock; returns which.
    pub fn expire_due(&mut self, now_s: u64) -> Vec<Intent> {
        let due = |intent: &&mut Intent| {
            intent.status == IntentStatus::Open && !intent.is_open(now_s) && !intent.is_started
        };
        let ended = self.intents.values_mut().filter(due).map(|intent| {
            intent.status = IntentStatus::Expired;
            intent.clone()
        });
        ended.collect()
    }

    /// How refunds stand that are asked for from now on.
    pub fn refunds_as(&mut self, status: RefundStatus) {
        self.refunds_as = status;
    }

    /// Gives money back, once for each key.
    pub fn refund(&mut self, draft: RefundDraft, now_s: u64) -> Result<Refunded, RefundError> {
        let intent = self.owners.get(&draft.capture).and_then(|name| self.intents.get_mut(name));
        let intent = intent.ok_or(RefundError::NotFound)?;
        let by_key = intent.refunds.iter().find(|old| old.key.is_some() && old.key == draft.key);
        if let Some(old) = by_key {
            let is_same = old.capture == draft.capture && old.amount == draft.amount;
            return if is_same {
                Ok(Refunded::Again(old.clone()))
            } else {
                Err(RefundError::KeyUsed)
            };
        }
        if draft.amount == 0 || draft.amount > intent.refundable(&draft.capture) {
            return Err(RefundError::Amount);
        }
        let RefundDraft { id, capture, amount, key, details } = draft;
        let status = self.refunds_as;
        let refund = Refund { id, capture, amount, key, status, at_s: now_s, details };
        intent.refunds.push(refund.clone());
        self.owners.insert(refund.id.clone(), intent.reference.clone());
        Ok(Refunded::New(refund))
    }

    /// A refund that was pending is not any more.
    pub fn settle_refund(&mut self, id: &str, status: RefundStatus) -> Result<Refund, ActError> {
        let intent = self.owners.get(id).and_then(|name| self.intents.get_mut(name));
        let refund = intent.and_then(|intent| intent.refunds.iter_mut().find(|old| old.id == id));
        let refund = refund.ok_or(ActError::NotFound)?;
        if refund.status != RefundStatus::Pending {
            return Err(ActError::Closed);
        }
        refund.status = status;
        Ok(refund.clone())
    }

    /// A bank asks for the last payment of an intent, has decided about it, or thinks better of
    /// that: a payment has one dispute, which stands so from now on.
    pub fn dispute(
        &mut self,
        reference: &str,
        id: String,
        status: DisputeStatus,
        now_s: u64,
    ) -> Result<Dispute, ActError> {
        let intent = self.intents.get_mut(reference).ok_or(ActError::NotFound)?;
        let capture = intent.captures.last().ok_or(ActError::Closed)?;
        let (capture, amount) = (capture.id.clone(), capture.amount);
        if let Some(old) = intent.disputes.iter_mut().find(|old| old.capture == capture) {
            old.is_again |= old.status != DisputeStatus::Open;
            old.status = status;
            return Ok(old.clone());
        }
        let dispute = Dispute { id, capture, amount, status, at_s: now_s, is_again: false };
        intent.disputes.push(dispute.clone());
        self.owners.insert(dispute.id.clone(), reference.to_owned());
        Ok(dispute)
    }

    /// The sums, by currency.
    pub fn sums(&self) -> BTreeMap<String, Sums> {
        let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
        for intent in self.intents.values() {
            let sum = sums.entry(intent.currency.clone()).or_default();
            sum.captured += intent.captured();
            sum.refunded += intent.refunded();
            sum.charged_back += intent.charged_back();
        }
        sums
    }

    /// An intent that is open, or was when the buyer did their part.
    fn payable_intent(&mut self, reference: &str, now_s: u64) -> Result<&mut Intent, ActError> {
        let intent = self.intents.get_mut(reference).ok_or(ActError::NotFound)?;
        let is_late = intent.is_started && intent.status != IntentStatus::Paid;
        if is_late || intent.is_open(now_s) { Ok(intent) } else { Err(ActError::Closed) }
    }

    fn open_intent(&mut self, reference: &str, now_s: u64) -> Result<&mut Intent, ActError> {
        let intent = self.intents.get_mut(reference).ok_or(ActError::NotFound)?;
        if intent.is_open(now_s) { Ok(intent) } else { Err(ActError::Closed) }
    }
}

impl Intent {
    /// Whether it can be paid at `now_s`.
    pub fn is_open(&self, now_s: u64) -> bool {
        self.status == IntentStatus::Open && self.expires_s.is_none_or(|end| now_s < end)
    }

    /// How much came.
    pub fn captured(&self) -> u64 {
        self.captures.iter().map(|capture| capture.amount).sum()
    }

    /// How much went back, or may still.
    pub fn refunded(&self) -> u64 {
        let counted = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        counted.map(|refund| refund.amount).sum()
    }

    /// How much of a capture went back, or may still.
    pub fn refunded_of(&self, capture: &str) -> u64 {
        let counted = self
            .refunds
            .iter()
            .filter(|refund| refund.capture == capture && refund.status != RefundStatus::Failed);
        counted.map(|refund| refund.amount).sum()
    }

    /// How much of a capture could go back.
    pub fn refundable(&self, capture: &str) -> u64 {
        self.capture(capture).map_or(0, |found| found.amount - self.refunded_of(capture))
    }

    /// How much of it banks took back.
    pub fn charged_back(&self) -> u64 {
        let lost = self.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Lost);
        lost.map(|dispute| dispute.amount).sum()
    }

    /// Whether a bank asks for a payment, or has taken it.
    pub fn is_disputed(&self, capture: &str) -> bool {
        let mut disputes = self.disputes.iter().filter(|dispute| dispute.capture == capture);
        disputes.any(|dispute| dispute.status != DisputeStatus::Won)
    }

    /// The capture of this name.
    pub fn capture(&self, id: &str) -> Option<&Capture> {
        self.captures.iter().find(|capture| capture.id == id)
    }

    /// The dispute of this name.
    pub fn dispute(&self, id: &str) -> Option<&Dispute> {
        self.disputes.iter().find(|dispute| dispute.id == id)
    }

    /// The refund of this name.
    pub fn refund(&self, id: &str) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.id == id)
    }
}

#[cfg(test)]
#[path = "books_tests.rs"]
mod tests;
