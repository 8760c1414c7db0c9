//! How an event stands, on the wire.

use onsale_control::reading::{
    ClassSummary, Funnel, Money, OrderCounts, QuotaSummary, Summary, TicketCounts,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AsOfDto;
use crate::dto::At;
use crate::dto::event::PhaseDto;
use crate::dto::id::EventRef;

/// How fresh the sums should be.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SummaryWish {
    /// How long to wait, in milliseconds, until what has just happened is in it. Default 0.
    #[param(minimum = 0, maximum = 5_000, example = 2_000)]
    pub catch_up_ms: Option<u16>,
}

/// How an event stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = EventTotals)]
pub struct SummaryDto {
    /// As of when it is.
    pub as_of: AsOfDto,
    /// Which event.
    pub event: EventRef,
    /// What it is called.
    #[schema(example = "The Lanterns")]
    pub name: String,
    /// What amounts are in: an ISO 4217 code.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Where it is in its life.
    pub phase: PhaseDto,
    /// Whether people queue for it.
    #[schema(example = true)]
    pub has_waitroom: bool,
    /// When it was defined.
    pub defined_at: At,
    /// When the world could see it first.
    pub opened_at: Option<At>,
    /// When it was called off.
    pub cancelled_at: Option<At>,
    /// Each class, in the order of definition.
    pub classes: Vec<ClassSummaryDto>,
    /// Each quota, in the order of definition.
    pub quotas: Vec<QuotaSummaryDto>,
    /// How many orders came how far.
    pub orders: OrderCountsDto,
    /// How many tickets there are, and what they cost.
    pub tickets: TicketCountsDto,
    /// What came in and what went back.
    pub money: MoneyDto,
    /// How many people came how far, up to an order.
    pub funnel: FunnelDto,
}

/// How a class stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ClassSummary)]
pub struct ClassSummaryDto {
    /// Which, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// What it is called.
    #[schema(example = "Stalls")]
    pub name: String,
    /// What a ticket costs now, in minor units.
    #[schema(example = 8_900)]
    pub price_minor: u64,
    /// How many seats of the plan are of it.
    #[schema(example = 12_000)]
    pub seats: u32,
    /// How many tickets are in carts and in orders that wait for their payment.
    #[schema(example = 340)]
    pub held: i64,
    /// How many are paid for.
    #[schema(example = 8_848)]
    pub sold: i64,
    /// How many seats are kept from sale.
    #[schema(example = 24)]
    pub blocked: i64,
}

/// How a quota stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QuotaSummary)]
pub struct QuotaSummaryDto {
    /// Which, from 0.
    #[schema(example = 0)]
    pub quota: u16,
    /// What it is called.
    #[schema(example = "Hall")]
    pub name: String,
    /// How many tickets it has room for now.
    #[schema(example = 5_000)]
    pub capacity: u32,
    /// How many of them are in carts and in orders that wait for their payment.
    #[schema(example = 120)]
    pub held: i64,
    /// How many are paid for.
    #[schema(example = 3_112)]
    pub sold: i64,
}

/// How many orders came how far.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = OrderCounts)]
pub struct OrderCountsDto {
    /// Were placed.
    #[schema(example = 5_000)]
    pub placed: i64,
    /// Wait for their payment now.
    #[schema(example = 90)]
    pub pending: i64,
    /// Were paid; the money of some may have gone back.
    #[schema(example = 4_700)]
    pub completed: i64,
    /// Were given up, by their buyers or with the event.
    #[schema(example = 60)]
    pub cancelled: i64,
    /// Were not paid in time.
    #[schema(example = 130)]
    pub expired: i64,
    /// Could not be paid.
    #[schema(example = 20)]
    pub failed: i64,
    /// Were paid after they had come to nothing, and got their tickets all the same.
    #[schema(example = 3)]
    pub revived: i64,
}

/// How many tickets there are, and what they cost.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = TicketCounts)]
pub struct TicketCountsDto {
    /// Were issued.
    #[schema(example = 8_850)]
    pub issued: i64,
    /// Are void by now.
    #[schema(example = 2)]
    pub voided: i64,
    /// What those cost that are valid, in minor units.
    #[schema(example = 78_747_200)]
    pub valid_minor: i64,
}

/// What came in and what went back, in minor units.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = EventMoney)]
pub struct MoneyDto {
    /// Came in.
    #[schema(example = 78_765_000)]
    pub captured_minor: i64,
    /// Is wanted back, and no provider has answered yet.
    #[schema(example = 0)]
    pub refunding_minor: i64,
    /// Went back.
    #[schema(example = 17_800)]
    pub refunded_minor: i64,
    /// Was taken back by banks.
    #[schema(example = 0)]
    pub charged_back_minor: i64,
    /// Is wanted back, and a provider will not: somebody has to look into it.
    #[schema(example = 0)]
    pub refused_minor: i64,
    /// How many refunds that are.
    #[schema(example = 0)]
    pub refunds_refused: i64,
}

/// How many people came how far, up to an order.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Funnel)]
pub struct FunnelDto {
    /// Queued.
    #[schema(example = 120_000)]
    pub joined: i64,
    /// Were let in.
    #[schema(example = 9_000)]
    pub admitted: i64,
    /// Left the queue or the sale.
    #[schema(example = 700)]
    pub left: i64,
    /// Gave no sign of life any more.
    #[schema(example = 15_000)]
    pub abandoned: i64,
    /// Were let in and took too long.
    #[schema(example = 400)]
    pub expired: i64,
    /// Got what they came for.
    #[schema(example = 4_700)]
    pub completed: i64,
    /// Carts that were filled.
    #[schema(example = 8_000)]
    pub holds_taken: i64,
    /// Carts whose time was over.
    #[schema(example = 900)]
    pub holds_expired: i64,
    /// Carts that were given back.
    #[schema(example = 1_200)]
    pub holds_released: i64,
}

impl SummaryDto {
    /// What was found.
    pub fn new(as_of: AsOfDto, event: EventRef, summary: Summary) -> Self {
        Self {
            as_of,
            event,
            name: summary.name,
            currency: summary.currency.to_string(),
            phase: summary.phase.into(),
            has_waitroom: summary.has_waitroom,
            defined_at: At(summary.defined_at),
            opened_at: summary.opened_at.map(At),
            cancelled_at: summary.cancelled_at.map(At),
            classes: summary.classes.into_iter().map(Into::into).collect(),
            quotas: summary.quotas.into_iter().map(Into::into).collect(),
            orders: summary.orders.into(),
            tickets: summary.tickets.into(),
            money: summary.money.into(),
            funnel: summary.funnel.into(),
        }
    }
}

impl From<ClassSummary> for ClassSummaryDto {
    fn from(summary: ClassSummary) -> Self {
        let ClassSummary { class, name, price, seats, held, sold, blocked } = summary;
        Self { class: class.0, name, price_minor: price.as_minor(), seats, held, sold, blocked }
    }
}

impl From<QuotaSummary> for QuotaSummaryDto {
    fn from(summary: QuotaSummary) -> Self {
        let QuotaSummary { quota, name, capacity, held, sold } = summary;
        Self { quota: quota.0, name, capacity, held, sold }
    }
}

impl From<OrderCounts> for OrderCountsDto {
    fn from(counts: OrderCounts) -> Self {
        let OrderCounts { placed, pending, completed, cancelled, expired, failed, revived } =
            counts;
        Self { placed, pending, completed, cancelled, expired, failed, revived }
    }
}

impl From<TicketCounts> for TicketCountsDto {
    fn from(counts: TicketCounts) -> Self {
        let TicketCounts { issued, voided, valid_minor } = counts;
        Self { issued, voided, valid_minor }
    }
}

impl From<Money> for MoneyDto {
    fn from(money: Money) -> Self {
        let Money { captured_minor, refunding_minor, refunded_minor, .. } = money;
        let Money { charged_back_minor, refused_minor, refunds_refused, .. } = money;
        Self {
            captured_minor,
            refunding_minor,
            refunded_minor,
            charged_back_minor,
            refused_minor,
            refunds_refused,
        }
    }
}

impl From<Funnel> for FunnelDto {
    fn from(funnel: Funnel) -> Self {
        let Funnel { joined, admitted, left, abandoned, expired, completed, .. } = funnel;
        let Funnel { holds_taken, holds_expired, holds_released, .. } = funnel;
        Self {
            joined,
            admitted,
            left,
            abandoned,
            expired,
            completed,
            holds_taken,
            holds_expired,
            holds_released,
        }
    }
}
