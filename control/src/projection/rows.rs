//! The rows of the read models. What each table is for, `docs/read-models.md` says.
//!
//! Ids only, nothing of a person: names and addresses are joined when they are read.

use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::{OrderEnd, OrderStatus};
use onsale_core::payment::RefundCause;
use onsale_core::query::Phase;
use onsale_core::spec::{ClassId, Numbering, QuotaId};
use onsale_core::time::Time;
use onsale_core::trace::TraceId;

use super::table::rows;

rows! {
    /// How far the read models are with a partition: written in the transaction of the rows, so
    /// that each fact counts once.
    Replace pub Checkpoint in "sale_checkpoints" {
        key {
            /// Which partition.
            partition: PartitionId,
        }
        /// Which journal of it: another data directory has another one.
        journal: Journal,
        /// The last fact that was taken in; 0 before the first.
        fact: u64,
        /// The journal's chain behind it, by which another copy of the journal is told from this
        /// one; `None` before the first.
        chain: Option<u32>,
        /// When that fact happened.
        at: Time,
    }
    /// An event, as its partition knows it.
    Replace pub(crate) Event in "sale_events" {
        key { event: EventId, }
        name: String,
        currency: Currency,
        phase: Phase,
        seats: u32,
        has_waitroom: bool,
        defined_at: Time,
        opened_at: Option<Time>,
        cancelled_at: Option<Time>,
    }
    /// A ticket class.
    Replace pub(crate) Class in "sale_classes" {
        key { event: EventId, class: ClassId, }
        name: String,
        price_minor: Amount,
        opens_at: Time,
        closes_at: Time,
        /// How many seats of the plan are of it.
        seats: u32,
    }
    /// A number of tickets over some classes together.
    Replace pub(crate) Quota in "sale_quotas" {
        key { event: EventId, quota: QuotaId, }
        name: String,
        capacity: u32,
    }
    /// A class that counts against a quota.
    Replace pub(crate) QuotaClass in "sale_quota_classes" {
        key { event: EventId, quota: QuotaId, class: ClassId, }
    }
    /// A row of the plan: what is printed on its seats.
    Replace pub(crate) PlanRow in "sale_plan_rows" {
        key { event: EventId, first_seat: SeatIndex, }
        seats: u32,
        class: ClassId,
        section: String,
        label: String,
        numbering: Numbering,
    }
    /// A cart that is alive.
    Replace pub(crate) Hold in "sale_holds" {
        key { hold: HoldId, }
        event: EventId,
        person: PersonId,
        taken_at: Time,
        ends_at: Time,
        lines: Vec<Line>,
    }
    /// A seat that is not free.
    Replace pub(crate) Seat in "sale_seats" {
        key { event: EventId, seat: SeatIndex, }
        class: ClassId,
        state: SeatState,
        /// The hold or the order that has it.
        holder: Option<String>,
    }
    /// How much of a class is where. What is free follows from the quotas and the plan.
    Add pub(crate) ClassCounts in "sale_class_counts" {
        key { event: EventId, class: ClassId, }
        held: i64,
        sold: i64,
        blocked: i64,
    }
    /// What was sold and given back of a class in a quarter of an hour: zones differ by no less.
    Add pub(crate) Quarter in "sale_quarters" {
        key { event: EventId, class: ClassId, quarter: u64, }
        issued: i64,
        issued_minor: i64,
        voided: i64,
        voided_minor: i64,
    }
    /// How many came how far, and what came of it.
    Add pub(crate) Totals in "sale_totals" {
        key { event: EventId, }
        joined: i64,
        admitted: i64,
        places_completed: i64,
        places_expired: i64,
        places_left: i64,
        places_abandoned: i64,
        holds_taken: i64,
        holds_expired: i64,
        holds_released: i64,
        orders_placed: i64,
        orders_completed: i64,
        orders_cancelled: i64,
        orders_expired: i64,
        orders_failed: i64,
        orders_revived: i64,
        tickets_issued: i64,
        tickets_voided: i64,
        issued_minor: i64,
        voided_minor: i64,
        captured_minor: i64,
        refunding_minor: i64,
        refunded_minor: i64,
        refused_minor: i64,
        refunds_refused: i64,
        charged_back_minor: i64,
    }
    /// An order. Amounts are in the event's currency.
    Replace pub(crate) Order in "orders" {
        key { order_id: OrderId, }
        event: EventId,
        person: PersonId,
        status: OrderStatus,
        provider: String,
        currency: Currency,
        total_minor: Amount,
        tickets: u32,
        tickets_void: u32,
        captured_minor: Amount,
        refunding_minor: Amount,
        refunded_minor: Amount,
        charged_back_minor: Amount,
        placed_at: Time,
        /// Until when it must be paid.
        expires_at: Time,
        ready_at: Option<Time>,
        started_at: Option<Time>,
        captured_at: Option<Time>,
        completed_at: Option<Time>,
        ended_at: Option<Time>,
        ended_as: Option<OrderEnd>,
        revived_at: Option<Time>,
        refunded_at: Option<Time>,
        /// Of whoever placed it.
        trace: Option<TraceId>,
        /// The last fact about it.
        fact: u64,
    }
    /// One ticket of an order, issued or not.
    Replace pub(crate) Item in "order_items" {
        key { order_id: OrderId, item: u32, }
        class: ClassId,
        price_minor: Amount,
        seat: Option<SeatIndex>,
        /// Its number, once it is issued.
        ticket: Option<u32>,
        void_at: Option<Time>,
    }
    /// Money that came for an order.
    Replace pub(crate) Payment in "order_payments" {
        key { order_id: OrderId, capture: u32, }
        payment: String,
        amount_minor: Amount,
        currency: Currency,
        captured_at: Time,
    }
    /// Money that goes back.
    Replace pub(crate) Refund in "order_refunds" {
        key { order_id: OrderId, refund: u32, }
        capture: u32,
        amount_minor: Amount,
        currency: Currency,
        cause: RefundCause,
        state: RefundState,
        /// The provider's name for it, or its words; what it was settled by, if it was by hand.
        note: Option<String>,
        wanted_at: Time,
        settled_at: Option<Time>,
    }
    /// A payment that a bank asked back.
    Replace pub(crate) Dispute in "order_disputes" {
        key { order_id: OrderId, dispute: u32, }
        /// The provider's name for it.
        name: String,
        /// The provider's name for the payment, which may be told of later.
        payment: String,
        /// How much is gone; `None` unless it is.
        lost_minor: Option<Amount>,
        lost_currency: Option<Currency>,
    }
}

/// Which journal: the number that all of its segments bear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journal(pub u128);

/// Who has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatState {
    /// Nobody: it is not for sale.
    Blocked,
    /// A cart.
    Held,
    /// An order that waits for its payment.
    Ordered,
    /// An order that is paid.
    Sold,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// The provider is being asked.
    Wanted,
    /// It is on its way, or was settled by hand.
    Done,
    /// The provider will not: somebody has to look into it.
    Refused,
}
