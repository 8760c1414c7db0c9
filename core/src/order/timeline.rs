//! What happened to an order, so that "why" has an answer.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::OrderEnd;
use crate::money::{Amount, Currency};
use crate::payment::{DisputeEnd, RefundCause};
use crate::time::Time;

/// One thing that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Time,
    /// The number of the fact in its partition's journal.
    pub fact: u64,
    /// What.
    pub kind: StepKind,
}

/// What can happen to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepKind {
    /// It was placed.
    Placed,
    /// The buyer can pay.
    PaymentReady,
    /// The buyer has done their part.
    PaymentStarted,
    /// Money came.
    PaymentCaptured {
        /// The provider's name for it.
        payment: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
    /// Its tickets were issued.
    Completed,
    /// It came to nothing.
    Ended(OrderEnd),
    /// Stock was found for it again after its end.
    Revived,
    /// Money must go back.
    RefundWanted {
        /// How much.
        amount: Amount,
        /// Why.
        cause: RefundCause,
    },
    /// Money is on its way back: the provider says so.
    RefundDone {
        /// The provider's name for it.
        reference: String,
    },
    /// The provider will not give it back.
    RefundRefused {
        /// The provider's words.
        reason: String,
    },
    /// The provider is asked for it once more.
    RefundRetried {
        /// Which attempt this is, counted on from the first, which is 0.
        attempt: u32,
    },
    /// It went back another way: an operator vouches for it.
    RefundSettled {
        /// By what it can be found.
        reference: String,
    },
    /// A bank asks its money back.
    DisputeOpened {
        /// The provider's name for the dispute.
        dispute: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
    /// It is known whose the money is.
    DisputeClosed {
        /// Which of the order's disputes, from 0.
        dispute: u32,
        /// Whose it is.
        end: DisputeEnd,
    },
    /// An operator decided about the tickets that it had paid for.
    DisputeDecided {
        /// Which of the order's disputes, from 0.
        dispute: u32,
        /// Whether they are void now.
        void: bool,
    },
}
