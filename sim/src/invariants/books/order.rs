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
    /// A bank had the money while its provider would not give it back: nothing is owed of it.
    pub(crate) is_overtaken: bool,
    /// An operator says that it went back another way, and how things stood by then.
    pub(crate) by_hand: Option<ByHand>,
    /// The facts that want it anew.
    pub(crate) retries: Vec<u64>,
}

/// Money that went back another way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByHand {
    /// The provider was asked for it at that time: it may have given it back as well.
    pub(crate) was_asked: bool,
    /// The provider says that it did.
    pub(crate) is_twice: bool,
}

/// A payment that a bank asks back.
#[derive(Debug)]
pub(crate) struct DisputeBook {
    pub(crate) dispute: String,
    pub(crate) payment: String,
    pub(crate) is_open: bool,
    /// How much is gone, in minor units, and how many refunds there were by then.
    pub(crate) lost: Option<(u64, usize)>,
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
    pub(crate) disputes: Vec<DisputeBook>,
    /// The payment that its tickets were issued for, if they are not free.
    pub(crate) paid_by: Option<usize>,
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

impl RefundBook {
    pub(super) fn retry(&mut self, number: u64, attempt: u32) -> Result<(), &'static str> {
        if !std::mem::replace(&mut self.is_refused, false) {
            return Err("a refund is asked for again that is not refused");
        }
        self.retries.push(number);
        let is_next = self.retries.len() == attempt as usize;
        if is_next { Ok(()) } else { Err("attempts at a refund are not numbered densely") }
    }

    pub(super) fn settle_by_hand(&mut self) -> Result<(), &'static str> {
        if self.is_done {
            return Err("a refund is settled that is done");
        }
        self.by_hand = Some(ByHand { was_asked: !self.is_refused, is_twice: false });
        (self.is_done, self.is_refused) = (true, false);
        Ok(())
    }

    /// The provider has given it back.
    pub(super) fn is_made(&mut self) -> Result<(), &'static str> {
        if let Some(by_hand) = self.by_hand.as_mut().filter(|by_hand| !by_hand.is_twice) {
            by_hand.is_twice = true;
        } else if self.is_done || self.is_refused {
            return Err("a refund ends twice");
        }
        self.is_done = true;
        Ok(())
    }

    /// The provider will not give it back.
    pub(super) fn is_refused_by_its_provider(&mut self) -> Result<(), &'static str> {
        let ends_twice = self.is_done || std::mem::replace(&mut self.is_refused, true);
        if ends_twice { Err("a refund ends twice") } else { Ok(()) }
    }

    /// How much of it went back a second time, in minor units.
    pub(crate) fn gone_twice(&self) -> u64 {
        if self.by_hand.is_some_and(|by_hand| by_hand.is_twice) { self.amount } else { 0 }
    }
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
            disputes: Vec::new(),
            paid_by: None,
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

    /// A bank asks money back, or takes that up again.
    pub(super) fn open_dispute(&mut self, opened: DisputeBook) -> Result<(), &'static str> {
        let known = self.disputes.iter_mut().find(|known| known.dispute == opened.dispute);
        match known {
            Some(known) if known.is_open => return Err("a dispute is opened that is open"),
            Some(known) => *known = opened,
            None => self.disputes.push(opened),
        }
        Ok(())
    }

    /// Money that came, in minor units.
    pub(crate) fn captured(&self) -> u64 {
        self.captures.iter().map(|capture| capture.amount).sum()
    }

    /// Money that goes back or went back out of one payment, in minor units.
    pub(crate) fn refunds_of(&self, capture: usize) -> u64 {
        let refunds = self.refunds.iter();
        let owed = refunds.filter(|refund| refund.capture == capture && !refund.is_overtaken);
        owed.map(|refund| refund.amount).sum()
    }

    /// Money of one payment that banks took back, in minor units.
    pub(crate) fn charged_back(&self, capture: usize) -> u64 {
        self.lost_of(capture).map(|(amount, _)| amount).sum()
    }

    /// A bank has the money of refunds that their provider will not make: they are owed no more.
    pub(super) fn overtake(&mut self) {
        for number in 0..self.refunds.len() {
            let book = &self.refunds[number];
            let is_lost = self.lost_of(book.capture).any(|(_, before)| number < before);
            let is_now = book.is_refused && is_lost;
            self.refunds[number].is_overtaken |= is_now;
        }
    }

    /// What banks took of one payment, or went back twice, beyond what was left of it, in minor
    /// units.
    pub(crate) fn loss(&self, capture: usize) -> u64 {
        let done = self.refunds.iter().filter(|refund| refund.capture == capture && refund.is_done);
        let back: u64 = done.clone().map(|refund| refund.amount).sum();
        let twice: u64 = done.map(RefundBook::gone_twice).sum();
        let tickets = if self.paid_by == Some(capture) { self.price_of(self.valid()) } else { 0 };
        let extra = self.charged_back(capture) + twice;
        (back + extra + tickets).saturating_sub(self.captures[capture].amount).min(extra)
    }

    fn lost_of(&self, capture: usize) -> impl Iterator<Item = (u64, usize)> {
        let payment = self.captures.get(capture).map(|capture| &capture.payment);
        let about = self.disputes.iter().filter(move |book| Some(&book.payment) == payment);
        about.filter_map(|book| book.lost)
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
