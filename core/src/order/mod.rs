//! A purchase, from its placing to its end, with every way it can be undone.

mod cancel;
mod place;
mod timeline;

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::command::Provider;
use crate::hold::Line;
use crate::id::PersonId;
use crate::money::Amount;
use crate::payment::{Capture, Dispute, Refund, RefundState};
use crate::time::Time;

pub use self::timeline::{Step, StepKind};

/// An order and everything that happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Whose it is.
    pub person: PersonId,
    /// The number of the admission that it was placed with.
    pub place: Option<u32>,
    /// What it is of.
    pub lines: Vec<Line>,
    /// Who takes the money.
    pub provider: Provider,
    /// When it was placed.
    pub placed_at: Time,
    /// Until when it waits for its payment.
    pub until: Time,
    /// Whether equal or better seats will do if the money comes late.
    pub accept_other_seats: bool,
    /// How far it is.
    pub state: OrderState,
    /// Where and how it is paid.
    pub intent: Intent,
    /// The money that came.
    pub captures: Vec<Capture>,
    /// The one of them, from 0, that its tickets were issued for; `None` before, and if they are
    /// free.
    pub paid_by: Option<u32>,
    /// The money that goes back.
    pub refunds: Vec<Refund>,
    /// What banks asked back of it.
    pub disputes: Vec<Dispute>,
    /// What happened, in order.
    pub timeline: Vec<Step>,
}

/// How far an order is. What it is called for the buyer is [`OrderStatus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderState {
    /// Its stock is kept and its payment awaited.
    Pending,
    /// It is paid and has tickets.
    Completed(Tickets),
    /// It came to nothing; its stock went back.
    Ended(OrderEnd),
}

/// The tickets of an order: numbered on from the first, in the order of its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tickets {
    /// The number of the first.
    pub first: u32,
    /// How many there are, at most 32.
    pub count: u32,
    /// Which are void: bit `i` is the `i`-th ticket.
    pub void: u32,
}

impl Tickets {
    /// The bits of all tickets.
    pub const fn all(self) -> u32 {
        if self.count >= 32 { u32::MAX } else { (1 << self.count) - 1 }
    }

    /// The bits of those that let somebody in.
    pub const fn valid(self) -> u32 {
        self.all() & !self.void
    }
}

/// How an order came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderEnd {
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

/// Where and how an order is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// There is nothing to pay.
    Free,
    /// The provider is being asked for a page.
    Wanted,
    /// The buyer can pay.
    Ready {
        /// The provider's name for it.
        reference: String,
        /// Where.
        url: String,
        /// Whether the buyer has done their part and the answer is awaited.
        started: bool,
    },
}

/// What a buyer is told of an order's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Waits for its payment.
    Pending,
    /// Paid; the tickets are valid.
    Completed,
    /// The payment failed.
    Failed,
    /// Given up by its buyer, or with the event.
    Cancelled,
    /// Not paid in time.
    Expired,
    /// Everything was given back, or is void because a bank asked for the money.
    Refunded,
    /// Some tickets were given back.
    PartiallyRefunded,
}

impl OrderStatus {
    /// Its name in capitals.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
            Self::Refunded => "REFUNDED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
        }
    }
}

/// What a buyer is told of the payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// There is nothing to pay.
    Free,
    /// The provider is being asked for a page.
    Preparing,
    /// The buyer can pay at this address.
    Ready(String),
    /// The provider's answer is awaited.
    Processing,
    /// The money is here.
    Paid,
    /// It will not be paid any more.
    Closed,
}

impl Order {
    /// What it costs.
    pub fn total(&self) -> Amount {
        Line::total(&self.lines)
    }

    /// Where it is in its life.
    pub fn status(&self) -> OrderStatus {
        match self.state {
            OrderState::Pending => OrderStatus::Pending,
            OrderState::Completed(tickets) if tickets.void == 0 => OrderStatus::Completed,
            OrderState::Completed(tickets) if tickets.valid() == 0 => OrderStatus::Refunded,
            OrderState::Completed(_) => OrderStatus::PartiallyRefunded,
            OrderState::Ended(end) => match end {
                OrderEnd::Cancelled | OrderEnd::EventCancelled => OrderStatus::Cancelled,
                OrderEnd::Declined | OrderEnd::IntentRefused | OrderEnd::Mismatch => {
                    OrderStatus::Failed
                }
                OrderEnd::Expired => OrderStatus::Expired,
            },
        }
    }

    /// How far its payment is.
    pub fn payment(&self) -> PaymentStatus {
        match (&self.state, &self.intent) {
            (_, Intent::Free) => PaymentStatus::Free,
            (OrderState::Completed(_), _) => PaymentStatus::Paid,
            (OrderState::Ended(_), _) => PaymentStatus::Closed,
            (OrderState::Pending, Intent::Wanted) => PaymentStatus::Preparing,
            (OrderState::Pending, Intent::Ready { started: true, .. }) => PaymentStatus::Processing,
            (OrderState::Pending, Intent::Ready { url, .. }) => PaymentStatus::Ready(url.clone()),
        }
    }

    /// Whether the buyer has done their part of a payment.
    pub fn has_started(&self) -> bool {
        self.timeline.iter().any(|step| step.kind == StepKind::PaymentStarted)
    }

    /// Whether the outside world must still be asked for something on its behalf.
    pub fn has_effects(&self) -> bool {
        let intent = self.state == OrderState::Pending && self.intent == Intent::Wanted;
        intent || self.refunds.iter().any(|refund| refund.state == RefundState::Wanted)
    }

    /// The tickets with these bits let nobody in any more.
    pub(crate) fn void(&mut self, tickets: u32) {
        if let OrderState::Completed(known) = &mut self.state {
            known.void |= tickets;
        }
    }

    /// Its refunds that their provider will not make and that are owed, by number, each with the
    /// provider's words.
    pub fn refused_refunds(&self) -> impl Iterator<Item = (u32, &Refund, &str)> {
        let refunds = (0..).zip(&self.refunds);
        let refunds = refunds.filter(|(_, refund)| !refund.is_overtaken);
        refunds.filter_map(|(number, refund)| match &refund.state {
            RefundState::Refused { reason } => Some((number, refund, reason.as_str())),
            RefundState::Wanted | RefundState::Done { .. } | RefundState::Settled { .. } => None,
        })
    }
}
