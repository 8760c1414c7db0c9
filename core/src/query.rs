//! What can be looked at, and how it looks. A query changes nothing; its answer shows state whose
//! facts may not be durable yet, so the driver parks it like a reply.

use alloc::string::String;
use alloc::vec::Vec;

use crate::hold::Line;
use crate::id::{EventId, HoldId, OrderId, PlaceId, TicketId};
use crate::inventory::seating::{SeatIndex, SeatState};
use crate::inventory::{Counts, Room};
use crate::money::{Amount, Currency};
use crate::order::{OrderStatus, PaymentStatus, Step};
use crate::payment::{RefundCause, RefundView};
use crate::reply::HoldView;
use crate::spec::{Class, ClassId, Limits, Plan, Quota, Terms, WaitroomSpec};
use crate::time::{Span, Time};
use crate::waitroom::{Commitment, PlaceState, Reveal};

/// What can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// The books of an event: an operator's check that nothing was lost.
    Audit(EventId),
    /// How much there is of each class.
    Availability(EventId),
    /// The disputes of an event that somebody has to know of: those that are open, and those that
    /// are lost while their tickets are valid and nobody has said that they stay so.
    Disputes {
        /// Of which event.
        event: EventId,
        /// Behind the order with this number.
        after: Option<u32>,
        /// Of how many orders at most.
        orders_max: u16,
    },
    /// An event.
    Event(EventId),
    /// All events of the partition that the actor may see.
    Events,
    /// A hold.
    Hold(HoldId),
    /// An order.
    Order(OrderId),
    /// A place in a waitroom.
    Place(PlaceId),
    /// The seating plan: it never changes.
    Plan(EventId),
    /// The refunds of an event that their providers will not make: for an operator to settle.
    RefusedRefunds {
        /// Of which event.
        event: EventId,
        /// Behind the order with this number.
        after: Option<u32>,
        /// Of how many orders at most.
        orders_max: u16,
    },
    /// What the lottery was drawn with.
    Reveal(EventId),
    /// Which seats are not free.
    Seats(EventId),
    /// What happened to an order.
    Timeline(OrderId),
}

impl Query {
    /// The event that it is about; `None` if it is about all.
    pub const fn event(self) -> Option<EventId> {
        Some(match self {
            Self::Events => return None,
            Self::Audit(event)
            | Self::Availability(event)
            | Self::Disputes { event, .. }
            | Self::Event(event)
            | Self::Plan(event)
            | Self::RefusedRefunds { event, .. }
            | Self::Reveal(event)
            | Self::Seats(event) => event,
            Self::Hold(hold) => hold.event,
            Self::Order(order) | Self::Timeline(order) => order.event,
            Self::Place(place) => place.event,
        })
    }
}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// To [`Query::Audit`].
    Audit(Audit),
    /// To [`Query::Availability`].
    Availability(Availability),
    /// To [`Query::Disputes`], by order and number.
    Disputes(Vec<LiveDispute>),
    /// To [`Query::Event`].
    Event(EventView),
    /// To [`Query::Events`].
    Events(Vec<EventView>),
    /// To [`Query::Hold`].
    Hold(HoldView),
    /// To [`Query::Order`].
    Order(OrderView),
    /// To [`Query::Place`].
    Place(PlaceView),
    /// To [`Query::Plan`].
    Plan(Plan),
    /// To [`Query::RefusedRefunds`], by order and number.
    RefusedRefunds(Vec<RefusedRefund>),
    /// To [`Query::Reveal`].
    Reveal {
        /// What had been published before.
        commitment: Commitment,
        /// What it was a commitment to; `None` before the draw.
        reveal: Option<Reveal>,
    },
    /// To [`Query::Seats`].
    Seats(SeatsView),
    /// To [`Query::Timeline`].
    Timeline(Vec<Step>),
}

/// Where an event is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Phase {
    /// Only operators see it.
    Defined,
    /// The world sees it.
    Open,
    /// It was called off.
    Cancelled,
}

/// An event as the world sees it: everything but its plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventView {
    /// Which event.
    pub event: EventId,
    /// What it is called.
    pub name: String,
    /// What its prices are in.
    pub currency: Currency,
    /// Where it is in its life.
    pub phase: Phase,
    /// What is sold.
    pub classes: Vec<Class>,
    /// How much of it.
    pub quotas: Vec<Quota>,
    /// How many numbered seats it has.
    pub seats: u32,
    /// How much one buyer may have.
    pub limits: Limits,
    /// How long things are kept.
    pub terms: Terms,
    /// Its waitroom, if it has one.
    pub waitroom: Option<WaitroomView>,
}

/// A waitroom as the world sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitroomView {
    /// Its numbers, as they are now.
    pub spec: WaitroomSpec,
    /// Whether the lottery was drawn: before, everybody has the same chance.
    pub drawn: bool,
    /// Whether nobody is let in for now.
    pub paused: bool,
    /// How many people wait.
    pub waiting: u32,
    /// How many are inside.
    pub inside: u32,
    /// What the lottery is committed to.
    pub commitment: Commitment,
}

/// How much there is of each class of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// Which event.
    pub event: EventId,
    /// Rises with every change of the stock.
    pub version: u64,
    /// Each class, in the order of definition.
    pub classes: Vec<ClassAvailability>,
}

/// How much there is of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassAvailability {
    /// Which class.
    pub class: ClassId,
    /// How many can be had now, and whether more may come back.
    pub room: Room,
    /// How many are held and sold.
    pub counts: Counts,
}

/// Which seats are not free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatsView {
    /// Which event.
    pub event: EventId,
    /// Rises with every change of the stock.
    pub version: u64,
    /// Each seat that is not free, in order.
    pub taken: Vec<(SeatIndex, SeatState)>,
}

/// A place in a waitroom as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceView {
    /// Which place.
    pub place: PlaceId,
    /// For how many tickets.
    pub party: u32,
    /// Where its owner is.
    pub state: PlaceState,
    /// When they came.
    pub joined_at: Time,
    /// How many people are ahead; `None` before the lottery and for those who wait no more.
    pub ahead: Option<u32>,
    /// How long it will take, by what was seen lately.
    pub estimate: Option<Span>,
    /// How many people wait.
    pub waiting: u32,
    /// When the first people are let in.
    pub opens_at: Time,
    /// Whether nobody is let in for now.
    pub paused: bool,
    /// Whether everything is paid for and gone.
    pub sold_out: bool,
}

/// An order as its buyer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderView {
    /// Which order.
    pub order: OrderId,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// What it is of.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Amount,
    /// Of what.
    pub currency: Currency,
    /// When it was placed.
    pub placed_at: Time,
    /// Until when it must be paid.
    pub until: Time,
    /// Who takes the money.
    pub provider: String,
    /// How far the payment is.
    pub payment: PaymentStatus,
    /// What came in, in the event's currency.
    pub captured: Amount,
    /// What went back or is going back.
    pub refunds: Vec<RefundView>,
    /// Its tickets, once they are issued.
    pub tickets: Vec<TicketView>,
}

/// A ticket as its buyer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketView {
    /// Which ticket.
    pub ticket: TicketId,
    /// Of which class.
    pub class: ClassId,
    /// What it cost.
    pub price: Amount,
    /// Its seat, with what is printed on section, row and seat.
    pub seat: Option<(SeatIndex, SeatLabel)>,
    /// Whether it still lets somebody in.
    pub valid: bool,
}

/// What is printed where a seat is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatLabel {
    /// On the section.
    pub section: String,
    /// On the row.
    pub row: String,
    /// On the seat.
    pub seat: String,
}

/// A refund that its provider will not make, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRefund {
    /// Of which order.
    pub order: OrderId,
    /// Which of the order's refunds, from 0.
    pub refund: u32,
    /// Which attempt at it was the last, from 0.
    pub attempt: u32,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Why it should go back.
    pub cause: RefundCause,
    /// Who has the money.
    pub provider: String,
    /// The provider's name for the payment.
    pub payment: String,
    /// The provider's words.
    pub reason: String,
}

/// A dispute that is open, or that an operator must decide on, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDispute {
    /// Of which order.
    pub order: OrderId,
    /// Which of the order's disputes, from 0.
    pub number: u32,
    /// The provider's name for it.
    pub dispute: String,
    /// Who had the money.
    pub provider: String,
    /// The provider's name for the payment.
    pub payment: String,
    /// How much is asked back.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Why, in a word of the provider's.
    pub reason: String,
    /// Whether the money is gone; else nobody knows yet whose it is.
    pub is_lost: bool,
    /// How many valid tickets the payment has paid for.
    pub tickets: u32,
}

/// The books of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// For each quota and each class of seats: whether free + held + sold + blocked is its
    /// capacity, counted from the holds and orders themselves.
    pub stock: Vec<StockAudit>,
    /// Money that came, in the event's currency.
    pub captured: Amount,
    /// Money that went back, in the event's currency; what went twice, twice.
    pub refunded: Amount,
    /// Money that is going back, in the event's currency.
    pub refunding: Amount,
    /// Money that banks took back, in the event's currency.
    pub charged_back: Amount,
    /// What that cost, and what went back twice: valid tickets whose money is gone, and money that
    /// had gone back before.
    pub loss: Amount,
    /// What the valid tickets cost.
    pub ticket_value: Amount,
    /// Valid tickets.
    pub tickets: u32,
    /// Seats that two valid tickets name.
    pub seats_sold_twice: u32,
    /// Orders that wait for their payment.
    pub pending: u32,
    /// Refunds that a provider will not make.
    pub refunds_refused: u32,
    /// Payments that a bank asks back, and nobody knows whose they are.
    pub disputes_open: u32,
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockAudit {
    /// The quota's or the class's name.
    pub name: String,
    /// How many there are.
    pub capacity: u32,
    /// As counted while selling.
    pub counts: Counts,
    /// Held, as counted now from the holds and pending orders.
    pub held_recounted: u32,
    /// Sold, as counted now from the valid tickets.
    pub sold_recounted: u32,
}

impl Audit {
    /// Whether nothing was lost and nothing invented. While money is on its way back, or would be
    /// if no bank asked for it, it does not hold yet.
    pub fn holds(&self) -> bool {
        let stock = self.stock.iter().all(|line| {
            line.counts.total() == Some(line.capacity)
                && line.counts.held == line.held_recounted
                && line.counts.sold == line.sold_recounted
        });
        let minor = |amounts: &[Amount]| -> u128 {
            amounts.iter().map(|amount| u128::from(amount.as_minor())).sum()
        };
        let money = minor(&[self.captured, self.loss])
            == minor(&[self.refunded, self.charged_back, self.ticket_value]);
        stock && money && self.seats_sold_twice == 0 && self.refunding.is_zero()
    }
}
