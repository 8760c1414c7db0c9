//! The books of one order: its tickets, its money, and what its buyer may be told of it.

use onsale_core::fact::OrderPlaced;
use onsale_core::hold::Line;
use onsale_core::money::Currency;
use onsale_core::order::{OrderEnd, OrderStatus, PaymentStatus};
use onsale_core::payment::RefundCause;
use onsale_core::query::OrderView;
use onsale_core::time::Time;

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Pending,
    /// Its tickets: the first one's number, how many, and which are void.
    Completed {
        first: u32,
        count: u32,
        void: u32,
    },
    Ended(OrderEnd),
}

/// Money that came. The amount is in minor units.
#[derive(Debug)]
pub(crate) struct CaptureBook {
    pub(crate) payment: String,
    pub(crate) amount: u64,
    pub(crate) currency: Currency,
}

/// Money that goes back. The amount is in minor units.
#[derive(Debug)]
pub(crate) struct RefundBook {
    /// The fact that wants it.
    pub(crate) fact: u64,
    pub(crate) capture: usize,
    pub(crate) amount: u64,
    pub(crate) tickets: u32,
    pub(crate) cause: RefundCause,
    pub(crate) is_done: bool,
    pub(crate) is_refused: bool,
    /// An operator says that it went back another way.
    pub(crate) is_by_hand: bool,
    /// The facts that want it anew.
    pub(crate) retries: Vec<u64>,
}

/// An order.
pub(crate) struct OrderBook {
    /// The fact that placed it.
    pub(crate) placed: u64,
    pub(crate) placed_at: Time,
    pub(crate) until: Time,
    pub(crate) hold: u32,
    pub(crate) provider: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) standing: Standing,
    pub(crate) is_ready: bool,
    pub(crate) is_started: bool,
    pub(crate) captures: Vec<CaptureBook>,
    pub(crate) refunds: Vec<RefundBook>,
    /// How it looked, from which fact on.
    pub(crate) faces: Vec<(u64, Face)>,
}

/// How far a payment is, without where it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payment {
    Free,
    Preparing,
    Ready,
    Processing,
    Paid,
    Closed,
}

/// What of an order a buyer can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    pub(crate) status: OrderStatus,
    pub(crate) payment: Payment,
    pub(crate) refunds: usize,
}

impl OrderBook {
    pub(super) fn new(number: u64, at: Time, fact: &OrderPlaced, lines: Vec<Line>) -> Self {
        let mut book = Self {
            placed: number,
            placed_at: at,
            until: fact.until,
            hold: fact.hold.number,
            provider: fact.provider.0.clone(),
            lines,
            standing: Standing::Pending,
            is_ready: false,
            is_started: false,
            captures: Vec::new(),
            refunds: Vec::new(),
            faces: Vec::new(),
        };
        book.note_face(number);
        book
    }

    pub(super) fn note_face(&mut self, number: u64) {
        let payment = match self.standing {
            _ if self.total() == 0 => Payment::Free,
            Standing::Completed { .. } => Payment::Paid,
            Standing::Ended(_) => Payment::Closed,
            Standing::Pending if !self.is_ready => Payment::Preparing,
            Standing::Pending if self.is_started => Payment::Processing,
            Standing::Pending => Payment::Ready,
        };
        let face = Face { status: self.status(), payment, refunds: self.refunds.len() };
        self.faces.push((number, face));
    }

    fn status(&self) -> OrderStatus {
        match self.standing {
            Standing::Pending => OrderStatus::Pending,
            Standing::Completed { void: 0, .. } => OrderStatus::Completed,
            Standing::Completed { .. } if self.valid() == 0 => OrderStatus::Refunded,
            Standing::Completed { .. } => OrderStatus::PartiallyRefunded,
            Standing::Ended(OrderEnd::Expired) => OrderStatus::Expired,
            Standing::Ended(OrderEnd::Cancelled | OrderEnd::EventCancelled) => {
                OrderStatus::Cancelled
            }
            Standing::Ended(_) => OrderStatus::Failed,
        }
    }

    /// What it costs, in minor units.
    pub(crate) fn total(&self) -> u64 {
        self.lines.iter().map(|line| line.price.as_minor() * u64::from(line.count)).sum()
    }

    /// The bits of its valid tickets.
    pub(crate) fn valid(&self) -> u32 {
        match self.standing {
            Standing::Completed { count, void, .. } => {
                let all = 1u32.checked_shl(count).map_or(u32::MAX, |bit| bit - 1);
                all & !void
            }
            _ => 0,
        }
    }

    /// What the tickets with these bits cost, in minor units.
    pub(crate) fn price_of(&self, tickets: u32) -> u64 {
        let each = Line::each(&self.lines).enumerate();
        let chosen = each.filter(|(i, _)| tickets & (1 << i) != 0);
        chosen.map(|(_, (_, price, _))| price.as_minor()).sum()
    }

    /// Money that came, in minor units.
    pub(crate) fn captured(&self) -> u64 {
        self.captures.iter().map(|capture| capture.amount).sum()
    }

    /// Money that goes back or went back out of one payment, in minor units.
    pub(crate) fn refunds_of(&self, capture: usize) -> u64 {
        let refunds = self.refunds.iter().filter(|refund| refund.capture == capture);
        refunds.map(|refund| refund.amount).sum()
    }
}

impl Face {
    /// The face that a buyer is shown.
    pub(crate) fn of(view: &OrderView) -> Self {
        let payment = match view.payment {
            PaymentStatus::Free => Payment::Free,
            PaymentStatus::Preparing => Payment::Preparing,
            PaymentStatus::Ready(_) => Payment::Ready,
            PaymentStatus::Processing => Payment::Processing,
            PaymentStatus::Paid => Payment::Paid,
            PaymentStatus::Closed => Payment::Closed,
        };
        Self { status: view.status, payment, refunds: view.refunds.len() }
    }
}
