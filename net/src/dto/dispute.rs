//! Payments that banks ask back, and what an operator does about their tickets.

use onsale_core::command::DisputeDecision;
use onsale_core::query::LiveDispute;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;
use super::id::OrderRef;

/// A payment that a buyer's bank asks back, or has taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Dispute)]
pub struct DisputeDto {
    /// Of which order.
    pub order: OrderRef,
    /// Which of the order's disputes, from 0.
    #[schema(example = 0)]
    pub number: u32,
    /// How far it is.
    pub state: DisputeStateDto,
    /// How much is asked back, in minor units.
    #[schema(example = 8900)]
    pub amount_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// How many valid tickets the payment has paid for.
    #[schema(example = 2)]
    pub tickets: u32,
    /// The provider.
    #[schema(example = "stripe")]
    pub provider: String,
    /// The provider's name for the dispute.
    #[schema(example = "dp_4f1b2b0b")]
    pub dispute: String,
    /// The provider's name for the payment.
    #[schema(example = "pi_4f1b2b0b")]
    pub payment: String,
    /// Why, in a word of the provider's.
    #[schema(example = "fraudulent")]
    pub reason: String,
}

/// How far a dispute is: OPEN (nobody knows whose the money is), LOST (it is gone, its tickets are
/// valid, and somebody has to say whether they stay so).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = DisputeState, example = "OPEN")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum DisputeStateDto {
    Open,
    Lost,
}

/// A page of disputes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisputeList {
    /// By order and number.
    pub disputes: Vec<DisputeDto>,
    /// What to send as `after` for the next page; null on the last one.
    pub next: Option<OrderRef>,
}

/// What becomes of the tickets of a payment that a bank asks back.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideDispute {
    /// What becomes of them.
    pub tickets: DisputedTickets,
}

/// What becomes of tickets: `void` (they let nobody in any more), `keep` (they stay valid, although
/// the money is gone).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "void")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum DisputedTickets {
    Keep,
    Void,
}

impl From<DisputedTickets> for DisputeDecision {
    fn from(tickets: DisputedTickets) -> Self {
        match tickets {
            DisputedTickets::Keep => Self::KeepTickets,
            DisputedTickets::Void => Self::VoidTickets,
        }
    }
}

impl From<LiveDispute> for DisputeDto {
    fn from(dispute: LiveDispute) -> Self {
        let state = if dispute.is_lost { DisputeStateDto::Lost } else { DisputeStateDto::Open };
        Self {
            order: Id(dispute.order),
            number: dispute.number,
            state,
            amount_minor: dispute.amount.as_minor(),
            currency: dispute.currency.to_string(),
            tickets: dispute.tickets,
            provider: dispute.provider,
            dispute: dispute.dispute,
            payment: dispute.payment,
            reason: dispute.reason,
        }
    }
}
