//! What the outside world must be asked to do because of a fact. At least once, under a stable id;
//! what comes of it comes back as a command. After a restart the outstanding effects follow from
//! the state alone.

use alloc::string::String;

use crate::command::Provider;
use crate::id::OrderId;
use crate::money::{Amount, Currency};
use crate::time::Time;

/// Something to ask of a payment provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// On behalf of which order.
    pub order: OrderId,
    /// Of whom.
    pub provider: Provider,
    /// What.
    pub kind: EffectKind,
}

/// What can be asked of a payment provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// A page on which the buyer pays. Its id is the order's: an order has one.
    CreateIntent {
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
        /// Until when the page is of use.
        until: Time,
    },
    /// To give money back. Its id is the order's, `refund` and `attempt`.
    Refund {
        /// Which of the order's refunds, from 0.
        refund: u32,
        /// Which attempt at it, from 0: each is asked for under an id of its own.
        attempt: u32,
        /// Of which payment, by the provider's name for it.
        payment: String,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
}
