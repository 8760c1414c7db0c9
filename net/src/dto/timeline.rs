//! What happened to an order, so that "why" has an answer.

use onsale_core::order::{OrderEnd, Step, StepKind};
use onsale_core::payment::DisputeEnd;
use serde::Serialize;
use utoipa::ToSchema;

use super::At;
use super::id::OrderRef;
use super::order::RefundCauseDto;

/// Everything that happened to an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// Which order.
    pub order: OrderRef,
    /// What happened, in order.
    pub steps: Vec<StepDto>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepDto {
    /// When.
    pub happened_at: At,
    /// The number of the fact in the journal that keeps the event.
    #[schema(example = 48_213)]
    pub fact: u64,
    /// What.
    pub what: Happening,
    /// For ENDED: how.
    pub end: Option<OrderEndDto>,
    /// For `PAYMENT_CAPTURED`, `REFUND_WANTED`, `DISPUTE_OPENED` and `DISPUTE_LOST`: how much, in
    /// minor units.
    #[schema(example = 17_800)]
    pub amount_minor: Option<u64>,
    /// For `PAYMENT_CAPTURED`, `DISPUTE_OPENED` and `DISPUTE_LOST`: of what, an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// For `REFUND_WANTED`: why.
    pub cause: Option<RefundCauseDto>,
    /// For `PAYMENT_CAPTURED`, `REFUND_DONE` and `DISPUTE_OPENED` the provider's name for it, for
    /// `REFUND_REFUSED` the provider's words, for `REFUND_SETTLED` by what it can be found.
    #[schema(example = "pay_4f1b2b0b")]
    pub note: Option<String>,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(example = "PLACED")]
pub enum Happening {
    /// It was placed.
    Placed,
    /// The buyer can pay.
    PaymentReady,
    /// The buyer has done their part.
    PaymentStarted,
    /// Money came.
    PaymentCaptured,
    /// Its tickets were issued.
    Completed,
    /// It came to nothing.
    Ended,
    /// Stock was found for it again after its end.
    Revived,
    /// Money must go back.
    RefundWanted,
    /// Money is on its way back: the provider says so. Of a refund that was settled it is the
    /// second time.
    RefundDone,
    /// The provider will not give it back.
    RefundRefused,
    /// The provider is asked for it once more.
    RefundRetried,
    /// It went back another way: whoever runs the event vouches for it.
    RefundSettled,
    /// A bank asks its money back.
    DisputeOpened,
    /// The money stays.
    DisputeWon,
    /// The money is gone. The tickets stay as they are.
    DisputeLost,
    /// Whoever runs the event took the tickets back because of a dispute.
    TicketsVoided,
    /// Whoever runs the event left the tickets valid, although the money is gone.
    TicketsKept,
}

/// How an order came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OrderEnd, example = "EXPIRED")]
pub enum OrderEndDto {
    /// Its buyer did not want it any more.
    Cancelled,
    /// The event was called off.
    EventCancelled,
    /// The provider said that no money will come.
    Declined,
    /// The provider would not open a page to pay on.
    IntentRefused,
    /// Money came, but not what was asked for.
    Mismatch,
    /// Its time was over.
    Expired,
}

impl From<OrderEnd> for OrderEndDto {
    fn from(end: OrderEnd) -> Self {
        match end {
            OrderEnd::Cancelled => Self::Cancelled,
            OrderEnd::EventCancelled => Self::EventCancelled,
            OrderEnd::Declined => Self::Declined,
            OrderEnd::IntentRefused => Self::IntentRefused,
            OrderEnd::Mismatch => Self::Mismatch,
            OrderEnd::Expired => Self::Expired,
        }
    }
}

impl From<Step> for StepDto {
    fn from(step: Step) -> Self {
        let bare = |what| Self {
            happened_at: At(step.at),
            fact: step.fact,
            what,
            end: None,
            amount_minor: None,
            currency: None,
            cause: None,
            note: None,
        };
        match step.kind {
            StepKind::Placed => bare(Happening::Placed),
            StepKind::PaymentReady => bare(Happening::PaymentReady),
            StepKind::PaymentStarted => bare(Happening::PaymentStarted),
            StepKind::PaymentCaptured { payment, amount, currency } => Self {
                amount_minor: Some(amount.as_minor()),
                currency: Some(currency.to_string()),
                note: Some(payment),
                ..bare(Happening::PaymentCaptured)
            },
            StepKind::Completed => bare(Happening::Completed),
            StepKind::Ended(end) => Self { end: Some(end.into()), ..bare(Happening::Ended) },
            StepKind::Revived => bare(Happening::Revived),
            StepKind::RefundWanted { amount, cause } => Self {
                amount_minor: Some(amount.as_minor()),
                cause: Some(cause.into()),
                ..bare(Happening::RefundWanted)
            },
            StepKind::RefundDone { reference } => {
                Self { note: Some(reference), ..bare(Happening::RefundDone) }
            }
            StepKind::RefundRefused { reason } => {
                Self { note: Some(reason), ..bare(Happening::RefundRefused) }
            }
            StepKind::RefundRetried { .. } => bare(Happening::RefundRetried),
            StepKind::RefundSettled { reference } => {
                Self { note: Some(reference), ..bare(Happening::RefundSettled) }
            }
            StepKind::DisputeOpened { dispute, amount, currency } => Self {
                amount_minor: Some(amount.as_minor()),
                currency: Some(currency.to_string()),
                note: Some(dispute),
                ..bare(Happening::DisputeOpened)
            },
            StepKind::DisputeClosed { end: DisputeEnd::Won, .. } => bare(Happening::DisputeWon),
            StepKind::DisputeClosed { end: DisputeEnd::Lost { amount, currency }, .. } => Self {
                amount_minor: Some(amount.as_minor()),
                currency: Some(currency.to_string()),
                ..bare(Happening::DisputeLost)
            },
            StepKind::DisputeDecided { void: true, .. } => bare(Happening::TicketsVoided),
            StepKind::DisputeDecided { void: false, .. } => bare(Happening::TicketsKept),
        }
    }
}
