//! What Razorpay's entities say about an order, whether they come in an answer or in an event.
//!
//! A payment has the notes of its link, so each says by itself which order it is for.

use onsale_core::command::{DisputeNotice, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use serde::Deserialize;
use serde_json::Value;

use crate::provider::api::temporary;
use crate::provider::notice::word;
use crate::provider::{AskError, IntentPage, NoticeError, RefundReceipt};

/// What the merchant notes on an entity: an object, or something else if there is nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Notes(Value);

impl Notes {
    /// The order's name as it was noted.
    pub(super) fn order(&self) -> Option<&str> {
        self.0.get("order")?.as_str()
    }
}

/// A Payment Link.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Link {
    id: String,
    short_url: Option<String>,
    status: Option<String>,
    reference_id: Option<String>,
    order_id: Option<String>,
    #[serde(default)]
    pub(super) notes: Notes,
}

impl Link {
    /// Where one pays.
    pub(super) fn page(self) -> Result<IntentPage, AskError> {
        let url = self.short_url.ok_or_else(|| temporary("no short_url"))?;
        Ok(IntentPage { reference: self.id, url })
    }

    /// Whether it was made under this reference.
    pub(super) fn is_called(&self, reference: &str) -> bool {
        self.reference_id.as_deref() == Some(reference)
    }

    /// Whether one can still pay.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status.as_deref(), Some("created" | "partially_paid"))
    }

    /// Razorpay's order for the link, once somebody tried to pay.
    pub(super) fn order_id(&self) -> Option<&str> {
        self.order_id.as_deref().filter(|id| !id.is_empty())
    }
}

/// Links; they are not a [`Collection`] like the others.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Links {
    pub(super) payment_links: Vec<Link>,
}

/// Things of a kind.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Collection<T> {
    pub(super) items: Vec<T>,
}

/// A payment.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) amount: u64,
    pub(super) currency: String,
    status: String,
    #[serde(default)]
    pub(super) notes: Notes,
}

impl Payment {
    /// Whether the money waits to be taken.
    pub(super) fn is_authorized(&self) -> bool {
        self.status == "authorized"
    }

    /// What it says about the money of `order`; nothing of an attempt that came to nothing, because
    /// the buyer may try again with the same link.
    pub(super) fn notice(&self, order: OrderId) -> Result<Option<PaymentNotice>, NoticeError> {
        let outcome = match self.status.as_str() {
            // What was given back later had come.
            "captured" | "refunded" => {
                let (amount, currency) = money(self.amount, &self.currency)?;
                PaymentOutcome::Captured { amount, currency }
            }
            "authorized" => PaymentOutcome::Started,
            _ => return Ok(None),
        };
        let (provider, payment) = (Provider(super::NAME.into()), self.id.clone());
        Ok(Some(PaymentNotice { provider, order, payment, outcome }))
    }
}

/// A payment that a bank asks back. Source: razorpay.com/docs/api/disputes.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dispute {
    id: String,
    pub(super) payment_id: String,
    amount: u64,
    amount_deducted: Option<u64>,
    currency: String,
    reason_code: Option<String>,
    status: String,
}

impl Dispute {
    /// What it says about the money of `order`. Of one that is `closed`, because the merchant has
    /// given details or a refund, nothing is deducted: the money stays.
    pub(super) fn notice(&self, order: OrderId) -> Result<DisputeNotice, NoticeError> {
        let (amount, currency) = money(self.amount, &self.currency)?;
        let end = match self.status.as_str() {
            "won" | "closed" => Some(DisputeEnd::Won),
            "lost" => {
                let gone = self.amount_deducted.filter(|deducted| *deducted != 0);
                let amount = gone.map_or(amount, Amount::from_minor);
                Some(DisputeEnd::Lost { amount, currency })
            }
            // `open`, `under_review`, and what is not known yet: somebody looks at it.
            _ => None,
        };
        Ok(DisputeNotice {
            provider: Provider(super::NAME.into()),
            order,
            payment: self.payment_id.clone(),
            dispute: self.id.clone(),
            amount,
            currency,
            reason: word(self.reason_code.as_deref()),
            end,
        })
    }
}

/// Money that goes back.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    id: String,
    status: Option<String>,
    receipt: Option<String>,
}

impl Refund {
    /// Whether it is the one that was asked for under this id.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.receipt.as_deref() == Some(id)
    }

    /// How it stands.
    pub(super) fn receipt(self) -> Result<RefundReceipt, AskError> {
        match self.status.as_deref() {
            Some("processed") => Ok(RefundReceipt::done(self.id)),
            Some("failed") => Err(AskError::Refused(format!("the refund {} failed", self.id))),
            _ => Ok(RefundReceipt::pending(self.id)),
        }
    }
}

/// Why Razorpay did not do it. It has one code for all that is wrong with a request, so its words
/// must tell.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Failure {
    error: Reason,
}

#[derive(Clone, Debug, Deserialize)]
struct Reason {
    #[serde(default)]
    description: String,
}

impl Failure {
    /// Whether there is a link with this reference.
    pub(super) fn says_reference_is_used(&self) -> bool {
        let words = &self.error.description;
        words.contains("reference_id") && words.contains("already exists")
    }

    /// Whether somebody must put money into the account first. The words are unconfirmed.
    pub(super) fn says_balance_is_low(&self) -> bool {
        self.error.description.contains("enough balance")
    }
}

fn money(units: u64, code: &str) -> Result<(Amount, Currency), NoticeError> {
    let currency = code.parse().map_err(|_| NoticeError::Malformed("not a currency".to_owned()))?;
    Ok((Amount::from_minor(units), currency))
}
