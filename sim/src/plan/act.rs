//! What operators do in a plan.

use onsale_core::command::Steer;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::spec::Change;
use serde::{Deserialize, Serialize};

/// What an operator can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// Steer the waitroom.
    Steer(Steer),
    /// Block seats, or give them free.
    Block {
        /// Which.
        seats: Vec<SeatIndex>,
        /// Whether to block.
        block: bool,
    },
    /// Open it a second time.
    OpenAgain,
    /// Change how much there is, what it costs, or when it is sold.
    Change(Change),
    /// Define it once more, as before or with something changed.
    DefineAgain {
        /// Whether something is changed.
        otherwise: bool,
    },
    /// Call it off.
    Cancel,
    /// Give money back for an order of the event, the newest if there are fewer.
    Refund {
        /// Which order, by its number.
        order: u32,
        /// Which of its tickets, counted from 0; all if none are named.
        tickets: Vec<u32>,
    },
    /// Settle the refunds of the event that the provider has refused.
    SettleRefunds {
        /// Whether the money goes back by hand; else the provider is asked again.
        by_hand: bool,
    },
    /// Settle the refunds of the event that the provider is being asked for.
    SettleStuck {
        /// Whether the money goes back by hand; else the provider is asked again, which is refused.
        by_hand: bool,
    },
    /// Decide on the tickets of payments of the event that banks ask back.
    DecideDisputes {
        /// Whether they become void; else those stay valid whose money is gone.
        void: bool,
    },
}
