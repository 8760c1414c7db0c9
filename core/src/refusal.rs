//! Why a command or a query is refused. A refusal changes nothing and is not logged.

use alloc::vec::Vec;

use thiserror::Error;

use crate::id::OrderId;
use crate::inventory::seating::SeatIndex;
use crate::spec::{ClassId, QuotaId};
use crate::time::Time;

/// Why something is refused, with what the caller needs to know to go on. The text says what to
/// do; [`Refusal::code`] is stable and documented.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The event has a waitroom and the buyer was not let in, or has been inside too long.
    #[error("join the waitroom of this event and wait to be let in")]
    AdmissionRequired,
    /// What is left is in other people's carts.
    #[error("everything left is held by others right now: some of it may come back, try again")]
    AllHeld {
        /// The class that is short.
        class: ClassId,
        /// How many could be had.
        left: u32,
    },
    /// More is held and sold than there would be.
    #[error("{least} tickets of this quota are held and sold: there must be as many at least")]
    BelowSold {
        /// Of which quota.
        quota: QuotaId,
        /// How many there must be at least.
        least: u32,
    },
    /// A seat for a companion without one for a wheelchair user.
    #[error("a companion seat is sold together with an accessible one")]
    CompanionAlone {
        /// The companion seats.
        seats: Vec<SeatIndex>,
    },
    /// The event was defined before, as something else.
    #[error("the event is defined already, and otherwise: ask for each change by itself")]
    DefinedAlready,
    /// A bank has the payment, or asks for it.
    #[error("a bank has this payment or asks for it: see the disputes of the event")]
    Disputed,
    /// A place in the queue was asked for before there was a waitroom, or where there is none.
    #[error("the waitroom is not open yet: come back at doors_at")]
    DoorsClosed {
        /// When it opens.
        doors_at: Time,
    },
    /// The event was called off.
    #[error("the event was cancelled: whatever was paid is refunded")]
    EventCancelled,
    /// The hold was given back, has expired or is an order already.
    #[error("the hold is no more: take a new one")]
    HoldGone,
    /// The key was used for something else.
    #[error("this Idempotency-Key was used for another request: use a new one")]
    KeyReused,
    /// The choice leaves one seat alone.
    #[error("this choice leaves a single seat alone: choose the seats next to it, or others")]
    LeavesOrphan {
        /// The seats that would be alone.
        seats: Vec<SeatIndex>,
    },
    /// The buyer would have more than one buyer may.
    #[error("one buyer may have {limit} of these, and you have {has}")]
    LimitReached {
        /// How many one buyer may have.
        limit: u32,
        /// How many this one has.
        has: u32,
    },
    /// A wish makes no sense.
    #[error("{0}")]
    Malformed(&'static str),
    /// No seats next to each other are left.
    #[error("no {count} seats next to each other are left: ask for fewer, or allow to split")]
    NoNeighbours {
        /// How many were asked for.
        count: u32,
    },
    /// There is no such thing, or it is somebody else's.
    #[error("there is no such {0}")]
    NotFound(Thing),
    /// The order is not in a state in which this can be done.
    #[error("the order is {status}: this cannot be done to it")]
    NotInThatState {
        /// Its state.
        status: &'static str,
    },
    /// The class is not for sale now.
    #[error("this ticket class is not on sale now")]
    NotOnSale {
        /// Which class.
        class: ClassId,
        /// From when on it is.
        opens_at: Time,
        /// From when on it is not any more.
        closes_at: Time,
    },
    /// The event has no waitroom.
    #[error("this event has no waitroom: take a hold right away")]
    NoWaitroom,
    /// Only an operator may do this.
    #[error("only an operator may do this")]
    OperatorOnly,
    /// The admission has been used for an order.
    #[error("this admission was used for an order: see that order, or queue again")]
    OrderedAlready {
        /// That order.
        order: OrderId,
    },
    /// The partition has no room for another one.
    #[error("there is no room for another {0} here")]
    Full(Thing),
    /// The provider is still asked for the refund.
    #[error(
        "the provider is being asked for this refund: once it is a stuck effect, have it asked at \
         once there, or settle it by hand"
    )]
    RefundUnderWay,
    /// Seats that are not for sale.
    #[error("some of these seats are not for sale: choose others")]
    SeatsBlocked {
        /// Which of them.
        seats: Vec<SeatIndex>,
    },
    /// Seats that somebody else has.
    #[error("some of these seats are taken: choose others")]
    SeatsTaken {
        /// Which of them.
        seats: Vec<SeatIndex>,
    },
    /// Everything is paid for.
    #[error("sold out: what was asked for is paid for and gone")]
    SoldOut {
        /// The class that is short.
        class: ClassId,
        /// How many could be had.
        left: u32,
    },
    /// The sale is over or cannot be changed like this any more.
    #[error("the event is open already")]
    OpenAlready,
    /// Seats that the plan does not have, or not in this class.
    #[error("some of these seats do not exist in this class: see the event's seats")]
    UnknownSeats {
        /// Which of them.
        seats: Vec<SeatIndex>,
    },
}

/// What was looked for, or what there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A ticket class.
    Class,
    /// A dispute.
    Dispute,
    /// An event.
    Event,
    /// A hold.
    Hold,
    /// An order.
    Order,
    /// A place in a waitroom.
    Place,
    /// A refund.
    Refund,
    /// A seating plan.
    Plan,
    /// A quota.
    Quota,
    /// A ticket.
    Ticket,
}

impl Thing {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Class => "ticket class",
            Self::Dispute => "dispute",
            Self::Event => "event",
            Self::Hold => "hold",
            Self::Order => "order",
            Self::Place => "place in the waitroom",
            Self::Refund => "refund",
            Self::Plan => "seating plan",
            Self::Quota => "quota",
            Self::Ticket => "ticket",
        }
    }
}

impl core::fmt::Display for Thing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl Refusal {
    /// Every code there is, for the documentation and for tests.
    pub const CODES: &'static [&'static str] = &[
        "admission_required",
        "all_held",
        "below_sold",
        "companion_alone",
        "defined_already",
        "disputed",
        "doors_closed",
        "event_cancelled",
        "full",
        "hold_gone",
        "key_reused",
        "leaves_orphan",
        "limit_reached",
        "malformed",
        "no_neighbours",
        "no_waitroom",
        "not_found",
        "not_in_that_state",
        "not_on_sale",
        "open_already",
        "operator_only",
        "ordered_already",
        "refund_under_way",
        "seats_blocked",
        "seats_taken",
        "sold_out",
        "unknown_seats",
    ];

    /// Its stable code, one of [`Self::CODES`].
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AdmissionRequired => "admission_required",
            Self::AllHeld { .. } => "all_held",
            Self::BelowSold { .. } => "below_sold",
            Self::CompanionAlone { .. } => "companion_alone",
            Self::DefinedAlready => "defined_already",
            Self::Disputed => "disputed",
            Self::DoorsClosed { .. } => "doors_closed",
            Self::EventCancelled => "event_cancelled",
            Self::Full(_) => "full",
            Self::HoldGone => "hold_gone",
            Self::KeyReused => "key_reused",
            Self::LeavesOrphan { .. } => "leaves_orphan",
            Self::LimitReached { .. } => "limit_reached",
            Self::Malformed(_) => "malformed",
            Self::NoNeighbours { .. } => "no_neighbours",
            Self::NoWaitroom => "no_waitroom",
            Self::NotFound(_) => "not_found",
            Self::NotInThatState { .. } => "not_in_that_state",
            Self::NotOnSale { .. } => "not_on_sale",
            Self::OpenAlready => "open_already",
            Self::OperatorOnly => "operator_only",
            Self::OrderedAlready { .. } => "ordered_already",
            Self::RefundUnderWay => "refund_under_way",
            Self::SeatsBlocked { .. } => "seats_blocked",
            Self::SeatsTaken { .. } => "seats_taken",
            Self::SoldOut { .. } => "sold_out",
            Self::UnknownSeats { .. } => "unknown_seats",
        }
    }
}
