//! Refunds that their providers will not make, and what an operator does about them.

use onsale_core::command::RefundSettlement;
use onsale_core::query::RefusedRefund;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::OrderRef;
use super::order::RefundCauseDto;
use super::{Id, at};
use crate::problem::Problem;

/// A refund that its provider will not make.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RefusedRefund)]
pub struct RefusedRefundDto {
    /// Of which order.
    pub order: OrderRef,
    /// Which of the order's refunds, from 0.
    #[schema(example = 0)]
    pub number: u32,
    /// How often it was asked for and refused.
    #[schema(example = 1)]
    pub attempts: u32,
    /// How much, in minor units.
    #[schema(example = 8900)]
    pub amount_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Why it should go back.
    pub cause: RefundCauseDto,
    /// Who has the money.
    #[schema(example = "sandbox")]
    pub provider: String,
    /// The provider's name for the payment.
    #[schema(example = "pay_4f1b2b0b")]
    pub payment: String,
    /// The provider's words.
    #[schema(example = "insufficient balance")]
    pub reason: String,
}

/// A page of refunds that their providers will not make.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefusedRefundList {
    /// By order and number.
    pub refunds: Vec<RefusedRefundDto>,
    /// What to send as `after` for the next page; null on the last one.
    pub next: Option<OrderRef>,
}

/// What becomes of a refund that its provider will not make, or does not come to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"how": "again"}))]
pub enum SettleRefund {
    /// The provider, which has refused it, is asked once more, as for a new refund.
    Again {},
    /// The money went back another way: whoever says so vouches for it.
    ByHand {
        /// By what it can be found, such as the number of a bank transfer. It is kept for ever:
        /// name no person in it.
        #[schema(example = "transfer 2026-10-07/3", min_length = 1, max_length = 200)]
        reference: String,
    },
}

impl SettleRefund {
    /// What it says, if it is good in itself.
    pub fn parse(self) -> Result<RefundSettlement, Problem> {
        let how = match self {
            Self::Again {} => RefundSettlement::Again,
            Self::ByHand { reference } => RefundSettlement::ByHand { reference },
        };
        at("reference", how.problem().map_or(Ok(how), Err))
    }
}

impl From<RefusedRefund> for RefusedRefundDto {
    fn from(refund: RefusedRefund) -> Self {
        Self {
            order: Id(refund.order),
            number: refund.refund,
            attempts: refund.attempt.saturating_add(1),
            amount_minor: refund.amount.as_minor(),
            currency: refund.currency.to_string(),
            cause: refund.cause.into(),
            provider: refund.provider,
            payment: refund.payment,
            reason: refund.reason,
        }
    }
}
