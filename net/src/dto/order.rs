//! Orders: from their placing to their tickets and refunds, and what happened on the way.

use onsale_core::id::TicketId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::order::{OrderStatus, PaymentStatus};
use onsale_core::payment::{RefundCause, RefundState, RefundView};
use onsale_core::query::{OrderView, TicketView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hold::LineDto;
use super::id::{EventRef, HoldRef, OrderRef, TicketRef};
use super::{At, Id};

/// A wish to make a hold an order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// What to buy.
    pub hold: HoldRef,
    /// Who takes the money.
    #[schema(example = "sandbox")]
    pub provider: String,
    /// Whether equal or better seats will do, if the money comes late and these are gone. Default
    /// false: then the money goes back.
    #[serde(default)]
    #[schema(example = false)]
    pub accept_other_seats: bool,
}

/// An order that was placed. Look at the order for the address to pay at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderPlaced {
    /// Which.
    pub id: OrderRef,
    /// Of which event.
    pub event: EventRef,
    /// PENDING, or COMPLETED if there is nothing to pay.
    pub status: OrderStatusDto,
    /// What it is of.
    pub lines: Vec<LineDto>,
    /// What it costs, in minor units.
    #[schema(example = 17_800)]
    pub total_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Until when it must be paid.
    pub expires_at: At,
}

/// An order as its buyer sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Order {
    /// Which.
    pub id: OrderRef,
    /// Of which event.
    pub event: EventRef,
    /// Where it is in its life.
    pub status: OrderStatusDto,
    /// What it is of.
    pub lines: Vec<LineDto>,
    /// What it costs, in minor units.
    #[schema(example = 17_800)]
    pub total_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// When it was placed.
    pub placed_at: At,
    /// Until when it must be paid.
    pub expires_at: At,
    /// Who takes the money.
    #[schema(example = "sandbox")]
    pub provider: String,
    /// How far the payment is.
    pub payment: Payment,
    /// What came in, in minor units of the event's currency.
    #[schema(example = 17_800)]
    pub captured_minor: u64,
    /// What went back or is going back.
    pub refunds: Vec<Refund>,
    /// Its tickets, once they are issued.
    pub tickets: Vec<Ticket>,
    /// Changes when anything above does: what to give as `seen` to wait for a change.
    #[schema(example = "b1946ac92492d234")]
    pub version: String,
}

/// Where an order is in its life: PENDING (waits for its payment), COMPLETED (paid, its tickets are
/// valid), FAILED (the payment did), CANCELLED, EXPIRED (not paid in time), REFUNDED,
/// `PARTIALLY_REFUNDED`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = OrderStatus, example = "PENDING")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum OrderStatusDto {
    Pending,
    Completed,
    Failed,
    Cancelled,
    Expired,
    Refunded,
    PartiallyRefunded,
}

/// How far a payment is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Payment {
    /// How far.
    pub status: PaymentStatusDto,
    /// When READY: where the buyer pays.
    #[schema(example = "https://pay.example.org/p/4f1b2b0b")]
    pub url: Option<String>,
}

/// How far a payment is: FREE (nothing to pay), PREPARING (the page is being made), READY (pay at
/// `url`), PROCESSING (the provider's answer is awaited), PAID, CLOSED (it will not be paid any
/// more).
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = PaymentStatus, example = "READY")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum PaymentStatusDto {
    Free,
    Preparing,
    Ready,
    Processing,
    Paid,
    Closed,
}

/// Money that goes back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refund {
    /// Which of the order's refunds, from 0.
    #[schema(example = 0)]
    pub number: u32,
    /// How much, in minor units.
    #[schema(example = 8900)]
    pub amount_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Why.
    pub cause: RefundCauseDto,
    /// How far it is.
    pub state: RefundStateDto,
    /// When DONE the provider's name for it, or by what it can be found if it was settled by hand;
    /// when REFUSED the provider's words.
    #[schema(example = "re_4f1b2b0b")]
    pub note: Option<String>,
}

/// Why money goes back: ASKED (an operator wants it), DUPLICATE (the order had been paid),
/// `EVENT_CANCELLED`, LATE (nothing was left to give for it), MISMATCH (not what was asked for),
/// DISPUTED (left of a payment that a bank had asked back).
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = RefundCause, example = "ASKED")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum RefundCauseDto {
    Asked,
    Duplicate,
    EventCancelled,
    Late,
    Mismatch,
    Disputed,
}

/// How far a refund is: WANTED (the provider is being asked), DONE (on its way, or settled by
/// hand), REFUSED (somebody has to look into it).
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schema(as = RefundState, example = "DONE")]
#[expect(missing_docs, reason = "the type's own documentation explains each")]
pub enum RefundStateDto {
    Wanted,
    Done,
    Refused,
}

/// A ticket as its buyer sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Ticket {
    /// Which.
    pub id: TicketRef,
    /// Of which class, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// What it cost, in minor units.
    #[schema(example = 8900)]
    pub price_minor: u64,
    /// Its seat; null for a counted ticket.
    pub seat: Option<Seat>,
    /// Whether it still lets somebody in.
    #[schema(example = true)]
    pub valid: bool,
}

/// A seat, with what is printed where it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Seat {
    /// Its index in the chart.
    #[schema(example = 240)]
    pub index: u32,
    /// What is printed on the section.
    #[schema(example = "Stalls left")]
    pub section: String,
    /// What is printed on the row.
    #[schema(example = "A")]
    pub row: String,
    /// What is printed on the seat.
    #[schema(example = "17")]
    pub seat: String,
}

/// A wish to give money back and take tickets for it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// The tickets that become void.
    pub tickets: WhichTickets,
}

/// `"all"` that are valid, or a list of ids.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected \"all\" or a list of ticket ids")]
#[schema(example = "all")]
pub enum WhichTickets {
    /// All that are valid.
    All(All),
    /// These.
    These(Vec<TicketRef>),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum All {
    /// All that are valid.
    All,
}

impl From<WhichTickets> for Option<Vec<TicketId>> {
    fn from(tickets: WhichTickets) -> Self {
        match tickets {
            WhichTickets::All(All::All) => None,
            WhichTickets::These(ids) => Some(ids.into_iter().map(|id| id.0).collect()),
        }
    }
}

/// Money that goes back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refunding {
    /// Of which order.
    pub order: OrderRef,
    /// How much, in minor units.
    #[schema(example = 8900)]
    pub amount_minor: u64,
    /// Of what: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
}

impl From<OrderView> for Order {
    fn from(order: OrderView) -> Self {
        Self {
            id: Id(order.order),
            event: Id(order.order.event),
            status: order.status.into(),
            lines: order.lines.into_iter().map(Into::into).collect(),
            total_minor: order.total.as_minor(),
            currency: order.currency.to_string(),
            placed_at: At(order.placed_at),
            expires_at: At(order.until),
            provider: order.provider,
            payment: order.payment.into(),
            captured_minor: order.captured.as_minor(),
            refunds: order.refunds.into_iter().map(Into::into).collect(),
            tickets: order.tickets.into_iter().map(Into::into).collect(),
            version: String::new(),
        }
    }
}

impl From<OrderStatus> for OrderStatusDto {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::Pending,
            OrderStatus::Completed => Self::Completed,
            OrderStatus::Failed => Self::Failed,
            OrderStatus::Cancelled => Self::Cancelled,
            OrderStatus::Expired => Self::Expired,
            OrderStatus::Refunded => Self::Refunded,
            OrderStatus::PartiallyRefunded => Self::PartiallyRefunded,
        }
    }
}

impl From<OrderStatusDto> for OrderStatus {
    fn from(status: OrderStatusDto) -> Self {
        match status {
            OrderStatusDto::Pending => Self::Pending,
            OrderStatusDto::Completed => Self::Completed,
            OrderStatusDto::Failed => Self::Failed,
            OrderStatusDto::Cancelled => Self::Cancelled,
            OrderStatusDto::Expired => Self::Expired,
            OrderStatusDto::Refunded => Self::Refunded,
            OrderStatusDto::PartiallyRefunded => Self::PartiallyRefunded,
        }
    }
}

impl From<PaymentStatus> for Payment {
    fn from(payment: PaymentStatus) -> Self {
        let without_url = |status| Self { status, url: None };
        match payment {
            PaymentStatus::Free => without_url(PaymentStatusDto::Free),
            PaymentStatus::Preparing => without_url(PaymentStatusDto::Preparing),
            PaymentStatus::Ready(url) => Self { status: PaymentStatusDto::Ready, url: Some(url) },
            PaymentStatus::Processing => without_url(PaymentStatusDto::Processing),
            PaymentStatus::Paid => without_url(PaymentStatusDto::Paid),
            PaymentStatus::Closed => without_url(PaymentStatusDto::Closed),
        }
    }
}

impl From<RefundCause> for RefundCauseDto {
    fn from(cause: RefundCause) -> Self {
        match cause {
            RefundCause::Asked => Self::Asked,
            RefundCause::Duplicate => Self::Duplicate,
            RefundCause::EventCancelled => Self::EventCancelled,
            RefundCause::Late => Self::Late,
            RefundCause::Mismatch => Self::Mismatch,
            RefundCause::Disputed => Self::Disputed,
        }
    }
}

impl From<RefundView> for Refund {
    fn from(refund: RefundView) -> Self {
        let (state, note) = match refund.state {
            RefundState::Wanted => (RefundStateDto::Wanted, None),
            RefundState::Done { reference } | RefundState::Settled { reference, .. } => {
                (RefundStateDto::Done, Some(reference))
            }
            RefundState::Refused { reason } => (RefundStateDto::Refused, Some(reason)),
        };
        Self {
            number: refund.number,
            amount_minor: refund.amount.as_minor(),
            currency: refund.currency.to_string(),
            cause: refund.cause.into(),
            state,
            note,
        }
    }
}

impl From<TicketView> for Ticket {
    fn from(ticket: TicketView) -> Self {
        let seat = ticket.seat.map(|(SeatIndex(index), label)| Seat {
            index,
            section: label.section,
            row: label.row,
            seat: label.seat,
        });
        Self {
            id: Id(ticket.ticket),
            class: ticket.class.0,
            price_minor: ticket.price.as_minor(),
            seat,
            valid: ticket.valid,
        }
    }
}
