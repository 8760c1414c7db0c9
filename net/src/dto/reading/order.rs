//! Orders as histories and lists have them.

use onsale_control::accounts::email::Email;
use onsale_control::reading::{Buyer, HistoryFilter, OrderFilter, OrderRecord, TicketRecord};
use onsale_core::spec::ClassId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AsOfDto;
use crate::dto::id::{EventRef, OrderRef, PersonRef, TicketRef};
use crate::dto::order::{OrderStatusDto, Seat};
use crate::dto::timeline::OrderEndDto;
use crate::dto::{At, Id, in_query_if_any};
use crate::problem::Problem;

/// An order and everything that belongs to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrderRecord)]
pub struct OrderRecordDto {
    /// Which.
    pub id: OrderRef,
    /// Of which event.
    pub event: EventRef,
    /// What that is called.
    #[schema(example = "The Lanterns")]
    pub event_name: String,
    /// Who has bought.
    pub person: PersonRef,
    /// Their name and address, for those who may know (`event.buyers`); null for others, in one's
    /// own history, and for guests.
    pub buyer: Option<BuyerDto>,
    /// Where it is in its life.
    pub status: OrderStatusDto,
    /// Who takes the money.
    #[schema(example = "sandbox")]
    pub provider: String,
    /// What amounts are in: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// What it costs, in minor units.
    #[schema(example = 17_800)]
    pub total_minor: u64,
    /// What came in.
    #[schema(example = 17_800)]
    pub captured_minor: u64,
    /// What is on its way back.
    #[schema(example = 0)]
    pub refunding_minor: u64,
    /// What went back.
    #[schema(example = 8_900)]
    pub refunded_minor: u64,
    /// What banks took back.
    #[schema(example = 0)]
    pub charged_back_minor: u64,
    /// What it is of.
    pub tickets: Vec<TicketRecordDto>,
    /// When it was placed.
    pub placed_at: At,
    /// Until when it must be paid.
    pub expires_at: At,
    /// When the buyer could pay.
    pub ready_at: Option<At>,
    /// When the buyer had done their part.
    pub started_at: Option<At>,
    /// When money came first.
    pub captured_at: Option<At>,
    /// When its tickets were issued.
    pub completed_at: Option<At>,
    /// When it came to nothing.
    pub ended_at: Option<At>,
    /// How.
    pub ended_as: Option<OrderEndDto>,
    /// When stock was found for it again, because money came late.
    pub revived_at: Option<At>,
    /// When money was wanted back last.
    pub refunded_at: Option<At>,
    /// The trace (W3C) of the request that placed it.
    #[schema(example = "0af7651916cd43dd8448eb211c80319c")]
    pub trace: Option<String>,
}

/// A ticket of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TicketRecord)]
pub struct TicketRecordDto {
    /// Which; null until it is issued.
    pub id: Option<TicketRef>,
    /// Of which class, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// What that is called.
    #[schema(example = "Stalls")]
    pub class_name: String,
    /// What it costs, in minor units.
    #[schema(example = 8_900)]
    pub price_minor: u64,
    /// Its seat; null for a counted ticket.
    pub seat: Option<Seat>,
    /// When it became void.
    pub void_at: Option<At>,
}

/// Who has bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BuyerContact)]
pub struct BuyerDto {
    /// Their given name.
    #[schema(example = "Ada")]
    pub given_name: String,
    /// Their family name.
    #[schema(example = "Lovelace")]
    pub family_name: String,
    /// Their address of e-mail, if they have one.
    #[schema(example = "ada@example.org")]
    pub email: Option<String>,
}

/// A page of orders.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderRecordList {
    /// As of when it is.
    pub as_of: AsOfDto,
    /// The newest first.
    pub orders: Vec<OrderRecordDto>,
    /// What to send as `after` for the next page; null on the last one.
    #[schema(example = "WyIxNzkwODQ4ODAwMDAwIiwib3JkXzA1Il0")]
    pub next: Option<String>,
}

/// Which of one's own orders to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryPage {
    /// Only those that are so far.
    pub status: Option<OrderStatusDto>,
    /// Only those of this event.
    pub event: Option<EventRef>,
    /// How long to wait, in milliseconds, until what has just happened is in it. Default 0.
    #[param(minimum = 0, maximum = 5_000, example = 2_000)]
    pub catch_up_ms: Option<u16>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl HistoryPage {
    /// Which orders are wanted.
    pub fn filter(&self) -> HistoryFilter {
        let event = self.event.map(|event| event.0);
        HistoryFilter { status: self.status.map(Into::into), event }
    }
}

/// Which orders of an event to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventOrdersPage {
    /// Only those that are so far.
    pub status: Option<OrderStatusDto>,
    /// Only those with a ticket of this class.
    #[param(example = 0)]
    pub class: Option<u16>,
    /// Only those whose money this provider takes.
    #[param(example = "sandbox")]
    pub provider: Option<String>,
    /// Only those that were placed at this time or later.
    pub placed_from: Option<At>,
    /// Only those that were placed before this time.
    pub placed_before: Option<At>,
    /// Only those of whoever has this address, however it is written; for those who may know it
    /// (`event.buyers`).
    #[param(example = "ada@example.org")]
    pub buyer_email: Option<String>,
    /// How long to wait, in milliseconds, until what has just happened is in it. Default 0.
    #[param(minimum = 0, maximum = 5_000, example = 2_000)]
    pub catch_up_ms: Option<u16>,
    /// How many at most.
    #[param(default = 50, minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl EventOrdersPage {
    /// Which orders are wanted.
    pub fn filter(&self) -> Result<OrderFilter, Problem> {
        let email: Option<Email> = in_query_if_any("buyer_email", self.buyer_email.as_deref())?;
        Ok(OrderFilter {
            status: self.status.map(Into::into),
            class: self.class.map(ClassId),
            provider: self.provider.clone(),
            placed_from: self.placed_from.map(|at| at.0),
            placed_before: self.placed_before.map(|at| at.0),
            email_key: email.map(|email| email.key().to_owned()),
        })
    }
}

/// Which orders of an event to export.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersExport {
    /// Only those that are so far.
    pub status: Option<OrderStatusDto>,
    /// Only those with a ticket of this class.
    #[param(example = 0)]
    pub class: Option<u16>,
    /// Only those that were placed at this time or later.
    pub placed_from: Option<At>,
    /// Only those that were placed before this time.
    pub placed_before: Option<At>,
    /// How long to wait, in milliseconds, until what has just happened is in it. Default 0.
    #[param(minimum = 0, maximum = 5_000, example = 2_000)]
    pub catch_up_ms: Option<u16>,
}

impl OrdersExport {
    /// Which orders are wanted.
    pub fn filter(&self) -> OrderFilter {
        OrderFilter {
            status: self.status.map(Into::into),
            class: self.class.map(ClassId),
            placed_from: self.placed_from.map(|at| at.0),
            placed_before: self.placed_before.map(|at| at.0),
            ..OrderFilter::default()
        }
    }
}

impl From<OrderRecord> for OrderRecordDto {
    fn from(order: OrderRecord) -> Self {
        Self {
            id: Id(order.id),
            event: Id(order.id.event),
            event_name: order.event_name,
            person: Id(order.person),
            buyer: order.buyer.map(Into::into),
            status: order.status.into(),
            provider: order.provider,
            currency: order.currency.to_string(),
            total_minor: order.total.as_minor(),
            captured_minor: order.captured.as_minor(),
            refunding_minor: order.refunding.as_minor(),
            refunded_minor: order.refunded.as_minor(),
            charged_back_minor: order.charged_back.as_minor(),
            tickets: order.tickets.into_iter().map(Into::into).collect(),
            placed_at: At(order.placed_at),
            expires_at: At(order.expires_at),
            ready_at: order.ready_at.map(At),
            started_at: order.started_at.map(At),
            captured_at: order.captured_at.map(At),
            completed_at: order.completed_at.map(At),
            ended_at: order.ended_at.map(At),
            ended_as: order.ended_as.map(Into::into),
            revived_at: order.revived_at.map(At),
            refunded_at: order.refunded_at.map(At),
            trace: order.trace.map(|trace| trace.to_string()),
        }
    }
}

impl From<TicketRecord> for TicketRecordDto {
    fn from(ticket: TicketRecord) -> Self {
        Self {
            id: ticket.ticket.map(Id),
            class: ticket.class.0,
            class_name: ticket.class_name,
            price_minor: ticket.price.as_minor(),
            seat: ticket.seat.map(Into::into),
            void_at: ticket.void_at.map(At),
        }
    }
}

impl From<Buyer> for BuyerDto {
    fn from(buyer: Buyer) -> Self {
        let Buyer { given_name, family_name, email } = buyer;
        Self { given_name, family_name, email }
    }
}
