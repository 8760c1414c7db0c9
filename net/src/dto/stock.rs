//! How much there is: availability, seats, and an operator's books.

use onsale_core::inventory::Counts;
use onsale_core::inventory::seating::{SeatIndex, SeatState};
use onsale_core::query::{Audit, Availability, SeatsView, StockAudit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Id;
use super::id::EventRef;

/// How much there is of each class of an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Availability)]
pub struct AvailabilityDto {
    /// Which event.
    pub event: EventRef,
    /// Rises with every change of the stock.
    #[schema(example = 48_213)]
    pub version: u64,
    /// Each class, in the order of definition.
    pub classes: Vec<ClassAvailabilityDto>,
}

/// How much there is of one class.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = ClassAvailability)]
pub struct ClassAvailabilityDto {
    /// Which class, from 0.
    #[schema(example = 0)]
    pub class: u16,
    /// How many tickets can be had now.
    #[schema(example = 812)]
    pub left: u32,
    /// Whether more may come back, because what is short is only held.
    #[schema(example = true)]
    pub may_come_back: bool,
    /// How many tickets are in carts and in orders that wait for their payment.
    #[schema(example = 340)]
    pub held: u32,
    /// How many tickets are paid for.
    #[schema(example = 48_848)]
    pub sold: u32,
}

impl From<Availability> for AvailabilityDto {
    fn from(availability: Availability) -> Self {
        let classes = availability.classes.iter().map(|class| ClassAvailabilityDto {
            class: class.class.0,
            left: class.room.left,
            may_come_back: class.room.may_come_back,
            held: class.counts.held,
            sold: class.counts.sold,
        });
        Self {
            event: Id(availability.event),
            version: availability.version,
            classes: classes.collect(),
        }
    }
}

/// Which seats are not free, by index in the chart; all others are.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Seats {
    /// Which event.
    pub event: EventRef,
    /// Rises with every change of the stock.
    #[schema(example = 48_213)]
    pub version: u64,
    /// In carts and in orders that wait for their payment: they may come back. Rising.
    #[schema(example = json!([3, 4]))]
    pub held: Vec<u32>,
    /// Paid for. Rising.
    #[schema(example = json!([0, 1, 2]))]
    pub sold: Vec<u32>,
    /// Not for sale. Rising.
    #[schema(example = json!([23]))]
    pub blocked: Vec<u32>,
}

impl From<SeatsView> for Seats {
    fn from(view: SeatsView) -> Self {
        let (mut held, mut sold, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        for (SeatIndex(seat), state) in view.taken {
            match state {
                SeatState::Free => {}
                SeatState::Held(_) | SeatState::Ordered(_) => held.push(seat),
                SeatState::Sold(_) => sold.push(seat),
                SeatState::Blocked => blocked.push(seat),
            }
        }
        Self { event: Id(view.event), version: view.version, held, sold, blocked }
    }
}

/// Seats to block, or to give free.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeatBlock {
    /// Which, by index in the chart.
    #[schema(example = json!([23, 24]))]
    pub seats: Vec<u32>,
    /// Whether to block them, or to give them free.
    #[schema(example = true)]
    pub block: bool,
}

/// The books of an event: whether nothing was lost and nothing invented.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Audit)]
pub struct AuditDto {
    /// Whether everything adds up. While money is on its way back it does not yet.
    #[schema(example = true)]
    pub holds: bool,
    /// Each quota and each class of seats.
    pub stock: Vec<StockAuditDto>,
    /// Money that came, in minor units of the event's currency.
    #[schema(example = 434_747_200)]
    pub captured_minor: u64,
    /// Money that went back, in minor units; twice what went by hand and by the provider as well.
    #[schema(example = 17_800)]
    pub refunded_minor: u64,
    /// Money that is going back, in minor units.
    #[schema(example = 0)]
    pub refunding_minor: u64,
    /// Money that banks took back, in minor units.
    #[schema(example = 0)]
    pub charged_back_minor: u64,
    /// What that cost, and what went back twice, in minor units: valid tickets whose money is gone,
    /// and money that had gone back before.
    #[schema(example = 0)]
    pub loss_minor: u64,
    /// What the valid tickets cost, in minor units: captured plus loss less refunded and charged
    /// back.
    #[schema(example = 434_729_400)]
    pub ticket_value_minor: u64,
    /// Valid tickets.
    #[schema(example = 48_846)]
    pub tickets: u32,
    /// Seats that two valid tickets name: must be 0.
    #[schema(example = 0)]
    pub seats_sold_twice: u32,
    /// Orders that wait for their payment.
    #[schema(example = 12)]
    pub pending: u32,
    /// Refunds that a provider will not make: somebody has to look into them.
    #[schema(example = 0)]
    pub refunds_refused: u32,
    /// Payments that a bank asks back, and nobody knows whose they are.
    #[schema(example = 0)]
    pub disputes_open: u32,
}

/// One line of the books: `free + held + sold + blocked` must be `capacity`, and both recounts must
/// agree.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StockAudit)]
pub struct StockAuditDto {
    /// The quota's or the class's name.
    #[schema(example = "Standing")]
    pub name: String,
    /// How many tickets there are.
    #[schema(example = 50_000)]
    pub capacity: u32,
    /// Tickets that nobody has.
    #[schema(example = 812)]
    pub free: u32,
    /// Tickets in carts and pending orders.
    #[schema(example = 342)]
    pub held: u32,
    /// Tickets paid for.
    #[schema(example = 48_846)]
    pub sold: u32,
    /// Tickets kept from sale.
    #[schema(example = 0)]
    pub blocked: u32,
    /// Held, as counted now from the holds and pending orders.
    #[schema(example = 342)]
    pub held_recounted: u32,
    /// Sold, as counted now from the valid tickets.
    #[schema(example = 48_846)]
    pub sold_recounted: u32,
}

impl From<Audit> for AuditDto {
    fn from(audit: Audit) -> Self {
        Self {
            holds: audit.holds(),
            captured_minor: audit.captured.as_minor(),
            refunded_minor: audit.refunded.as_minor(),
            refunding_minor: audit.refunding.as_minor(),
            charged_back_minor: audit.charged_back.as_minor(),
            loss_minor: audit.loss.as_minor(),
            ticket_value_minor: audit.ticket_value.as_minor(),
            tickets: audit.tickets,
            seats_sold_twice: audit.seats_sold_twice,
            pending: audit.pending,
            refunds_refused: audit.refunds_refused,
            disputes_open: audit.disputes_open,
            stock: audit.stock.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<StockAudit> for StockAuditDto {
    fn from(line: StockAudit) -> Self {
        let Counts { free, held, sold, blocked } = line.counts;
        Self {
            name: line.name,
            capacity: line.capacity,
            free,
            held,
            sold,
            blocked,
            held_recounted: line.held_recounted,
            sold_recounted: line.sold_recounted,
        }
    }
}
