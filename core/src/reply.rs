//! What a command that was accepted is answered with. Replies are kept in the journal under their
//! idempotency keys, so whoever asks again gets the very same bytes.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::hold::Line;
use crate::id::{EventId, HoldId, OrderId, PlaceId};
use crate::money::{Amount, Currency};
use crate::order::OrderStatus;
use crate::time::Time;
use crate::waitroom::Commitment;

/// The answer to a command. A new one goes to the end: their order is part of the journal's format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It was done; there is nothing more to say.
    Done,
    /// An event was created.
    EventDefined {
        /// Which.
        event: EventId,
        /// What its lottery is committed to.
        commitment: Commitment,
    },
    /// The person has a place in the waitroom: a new one, or the one they had.
    Joined {
        /// Which.
        place: PlaceId,
        /// How many people are ahead; `None` before the lottery.
        ahead: Option<u32>,
    },
    /// Stock was taken.
    HoldTaken(HoldView),
    /// An order was placed.
    OrderPlaced {
        /// Which.
        order: OrderId,
        /// What it is of.
        hold: HoldView,
        /// [`OrderStatus::Pending`], or [`OrderStatus::Completed`] if it was free.
        status: OrderStatus,
        /// Until when it must be paid.
        until: Time,
    },
    /// Money goes back.
    Refunding {
        /// Of which order.
        order: OrderId,
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
    /// An id was taken for an event that will be defined later.
    EventReserved {
        /// Which.
        event: EventId,
    },
}

/// A hold as its buyer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// Which hold.
    pub hold: HoldId,
    /// What is held, at which price.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Amount,
    /// Of what.
    pub currency: Currency,
    /// Until when.
    pub until: Time,
}
