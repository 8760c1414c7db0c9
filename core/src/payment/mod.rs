//! Money: what came in, what goes back, and what must be asked of a provider.
//!
//! Whatever order notices come in, a captured payment ends as one set of tickets or one refund,
//! unless a bank takes it back: what is left then is in `dispute`.

mod dispute;
mod late;
mod record;
mod refund;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::money::{Amount, Currency};
use crate::sale::sum;

pub use self::dispute::{Dispute, DisputeEnd, DisputeState};
pub(crate) use self::refund::{price_of, refund_of};

/// Money that came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The provider's name for the payment.
    pub payment: String,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Out of which of the order's captures, from 0.
    pub capture: u32,
    /// How much, in that capture's currency.
    pub amount: Amount,
    /// Why.
    pub cause: RefundCause,
    /// Which attempt at it this is, from 0.
    pub attempt: u32,
    /// How far it is.
    pub state: RefundState,
    /// Whether a bank took the money before the provider would give it back. Nothing is owed of it
    /// any more, whatever the bank decides later: what is left of the payment is asked for anew.
    pub is_overtaken: bool,
}

impl Refund {
    /// How much went back: twice as much if the provider made it besides whoever settled it.
    pub(crate) fn gone(&self) -> Amount {
        match self.state {
            RefundState::Wanted | RefundState::Refused { .. } => Amount::ZERO,
            RefundState::Done { .. } | RefundState::Settled { twice: None, .. } => self.amount,
            RefundState::Settled { twice: Some(_), .. } => sum([self.amount; 2].into_iter()),
        }
    }

    /// How much of that went back a second time.
    pub(crate) fn gone_twice(&self) -> Amount {
        match self.state {
            RefundState::Settled { twice: Some(_), .. } => self.amount,
            _ => Amount::ZERO,
        }
    }
}

/// Why money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundCause {
    /// An operator wants it.
    Asked,
    /// The order had been paid already.
    Duplicate,
    /// The event was called off.
    EventCancelled,
    /// It came after the order's end and there was nothing left to give for it.
    Late,
    /// It was not what had been asked for.
    Mismatch,
    /// A bank asked for the payment; this much of it is left, and no valid ticket is.
    Disputed,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundState {
    /// The provider is being asked.
    Wanted,
    /// It is on its way: the provider says so.
    Done {
        /// The provider's name for it.
        reference: String,
    },
    /// It went back another way: an operator vouches for it.
    Settled {
        /// By what it can be found.
        reference: String,
        /// The provider's name for it, if it gave the same money back as well: it is gone twice.
        twice: Option<String>,
    },
    /// The provider will not: somebody has to look into it.
    Refused {
        /// The provider's words.
        reason: String,
    },
}

/// A refund as the buyer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundView {
    /// Which of the order's refunds, from 0.
    pub number: u32,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Why.
    pub cause: RefundCause,
    /// How far it is.
    pub state: RefundState,
}
