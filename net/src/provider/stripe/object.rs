//! What Stripe's objects say about an order, whether they come in an answer or in an event.
//!
//! The payment's name is that of the Payment Intent: a Checkout Session has exactly one, and
//! refunds are asked for by it.

use onsale_core::command::{DisputeNotice, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::DisputeEnd;
use serde::Deserialize;

use super::unit;
use crate::provider::installation::Installation;
use crate::provider::notice::word;
use crate::provider::{AskError, NoticeError, RefundReceipt};

/// What the merchant notes on an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    order: Option<String>,
    refund: Option<String>,
}

impl Metadata {
    /// The order, if it is one of ours.
    fn order(&self, installation: &Installation) -> Option<OrderId> {
        installation.order_named(self.order.as_deref()?).ok()
    }
}

/// A hosted page.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) url: Option<String>,
    status: Option<String>,
    payment_status: Option<String>,
    payment_intent: Option<Expandable>,
    amount_total: Option<u64>,
    currency: Option<String>,
    metadata: Option<Metadata>,
}

/// A thing of which there is the name or the whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Expandable {
    Name(String),
    Whole(Box<PaymentIntent>),
}

impl Expandable {
    fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Whole(intent) => &intent.id,
        }
    }
}

impl Session {
    /// Whether one can still pay on it.
    pub(super) fn is_open(&self) -> bool {
        self.status.as_deref() == Some("open")
    }

    /// What it says about the order's money; nothing while the buyer has not done their part. A
    /// buyer whose card was declined tries again on the same page.
    pub(super) fn notice(
        &self,
        installation: &Installation,
    ) -> Result<Option<PaymentNotice>, NoticeError> {
        let state = (self.status.as_deref(), self.payment_status.as_deref());
        match state {
            (_, Some("paid")) => {
                let money = money(self.amount_total, self.currency.as_deref())?;
                self.says(installation, money).map(Some)
            }
            (Some("complete"), Some("unpaid")) => self.says(installation, self.pending()).map(Some),
            _ => Ok(None),
        }
    }

    /// That the money will not come: there is no second attempt once the page is complete.
    pub(super) fn declined(
        &self,
        installation: &Installation,
    ) -> Result<PaymentNotice, NoticeError> {
        self.says(installation, PaymentOutcome::Declined)
    }

    /// What became of a payment that takes days; that it is under way, if that is not known.
    fn pending(&self) -> PaymentOutcome {
        match &self.payment_intent {
            Some(Expandable::Whole(intent)) if intent.is_open() || intent.is_cancelled() => {
                PaymentOutcome::Declined
            }
            _ => PaymentOutcome::Started,
        }
    }

    fn says(
        &self,
        installation: &Installation,
        outcome: PaymentOutcome,
    ) -> Result<PaymentNotice, NoticeError> {
        let payment = self.payment_intent.as_ref().ok_or_else(|| malformed("no payment_intent"))?;
        notice(installation, self.metadata.as_ref(), payment.name(), outcome)
    }
}

/// A payment, from the wish for it to its end.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: String,
    pub(super) client_secret: Option<String>,
    status: String,
    amount_received: Option<u64>,
    currency: Option<String>,
    metadata: Option<Metadata>,
}

impl PaymentIntent {
    /// Whether one can still pay.
    pub(super) fn is_open(&self) -> bool {
        let open = ["requires_payment_method", "requires_confirmation", "requires_action"];
        open.contains(&self.status.as_str())
    }

    fn is_cancelled(&self) -> bool {
        self.status == "canceled"
    }

    /// What it says about the order's money; nothing while the buyer has not done their part. A
    /// buyer whose card was declined tries again with the same intent.
    pub(super) fn notice(
        &self,
        installation: &Installation,
    ) -> Result<Option<PaymentNotice>, NoticeError> {
        let outcome = match self.status.as_str() {
            "succeeded" => money(self.amount_received, self.currency.as_deref())?,
            "processing" => PaymentOutcome::Started,
            "canceled" => PaymentOutcome::Declined,
            _ => return Ok(None),
        };
        notice(installation, self.metadata.as_ref(), &self.id, outcome).map(Some)
    }
}

/// A payment that a bank asks back. Source: docs.stripe.com/api/disputes/object.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dispute {
    id: String,
    amount: u64,
    currency: String,
    reason: Option<String>,
    status: String,
    payment_intent: Option<Expandable>,
    #[serde(default)]
    balance_transactions: Vec<BalanceTransaction>,
}

/// What a dispute did to the account: negative if money went.
#[derive(Clone, Copy, Debug, Deserialize)]
struct BalanceTransaction {
    amount: i64,
}

impl Dispute {
    /// What it says about an order's money, where its Payment Intent is there as a whole. An
    /// inquiry (`warning_…`) asks for none: a refund is the best answer to it.
    pub(super) fn notice(
        &self,
        installation: &Installation,
    ) -> Result<Option<DisputeNotice>, NoticeError> {
        let Some(Expandable::Whole(intent)) = &self.payment_intent else { return Ok(None) };
        let order = intent.metadata.as_ref().and_then(|metadata| metadata.order(installation));
        let Some(order) = order.filter(|_| !self.status.starts_with("warning_")) else {
            return Ok(None);
        };
        let (amount, currency) = amount(Some(self.amount), Some(&self.currency))?;
        let end = match self.status.as_str() {
            "lost" => Some(DisputeEnd::Lost { amount, currency }),
            // Settled before it was one: by giving the money back, or by telling the buyer more.
            "prevented" if self.took_money() => Some(DisputeEnd::Lost { amount, currency }),
            "won" | "prevented" => Some(DisputeEnd::Won),
            // `needs_response`, `under_review`, and what is not known yet: somebody looks at it.
            _ => None,
        };
        Ok(Some(DisputeNotice {
            provider: Provider(super::NAME.into()),
            order,
            payment: intent.id.clone(),
            dispute: self.id.clone(),
            amount,
            currency,
            reason: word(self.reason.as_deref()),
            end,
        }))
    }

    fn took_money(&self) -> bool {
        let moved = self.balance_transactions.iter().map(|one| i128::from(one.amount));
        moved.sum::<i128>() < 0
    }
}

/// Money that goes back.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    id: String,
    status: Option<String>,
    failure_reason: Option<String>,
    metadata: Option<Metadata>,
}

impl Refund {
    /// Whether it is the one that was asked for under this id.
    pub(super) fn is_called(&self, id: &str) -> bool {
        self.metadata.as_ref().and_then(|metadata| metadata.refund.as_deref()) == Some(id)
    }

    /// How it stands.
    pub(super) fn receipt(self) -> Result<RefundReceipt, AskError> {
        match self.status.as_deref() {
            Some("succeeded") => Ok(RefundReceipt::done(self.id)),
            Some(status @ ("failed" | "canceled")) => {
                let reason = self.failure_reason.unwrap_or_default();
                Err(AskError::Refused(format!("the refund {} is {status}: {reason}", self.id)))
            }
            // `pending`, `requires_action`, and what is not known yet.
            _ => Ok(RefundReceipt::pending(self.id)),
        }
    }
}

/// A list; the first hundred are more than an order has.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// Why Stripe did not do it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Failure {
    error: Reason,
}

#[derive(Clone, Debug, Deserialize)]
struct Reason {
    code: Option<String>,
}

impl Failure {
    /// Codes of refusals that somebody can mend: the account's balance is less than the refund.
    /// Which of the two Stripe gives for refunds is unconfirmed.
    const PASSING: [&str; 2] = ["balance_insufficient", "insufficient_funds"];

    /// Whether the same may be done later.
    pub(super) fn passes(&self) -> bool {
        self.error.code.as_deref().is_some_and(|code| Self::PASSING.contains(&code))
    }
}

fn money(units: Option<u64>, currency: Option<&str>) -> Result<PaymentOutcome, NoticeError> {
    let (amount, currency) = amount(units, currency)?;
    Ok(PaymentOutcome::Captured { amount, currency })
}

fn amount(units: Option<u64>, currency: Option<&str>) -> Result<(Amount, Currency), NoticeError> {
    let code = currency.ok_or_else(|| malformed("no currency"))?.to_ascii_uppercase();
    let currency: Currency = code.parse().map_err(|_| malformed("not a currency"))?;
    let units = units.ok_or_else(|| malformed("no amount"))?;
    let amount: Option<Amount> = unit::from_stripe(units, currency);
    let amount = amount.ok_or_else(|| malformed("not an amount of its currency"))?;
    Ok((amount, currency))
}

fn notice(
    installation: &Installation,
    metadata: Option<&Metadata>,
    payment: &str,
    outcome: PaymentOutcome,
) -> Result<PaymentNotice, NoticeError> {
    let order = metadata.and_then(|metadata| metadata.order(installation));
    let order = order.ok_or_else(|| NoticeError::Foreign(payment.to_owned()))?;
    let (provider, payment) = (Provider(super::NAME.into()), payment.to_owned());
    Ok(PaymentNotice { provider, order, payment, outcome })
}

fn malformed(what: &str) -> NoticeError {
    NoticeError::Malformed(what.to_owned())
}
