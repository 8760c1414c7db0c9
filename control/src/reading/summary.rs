//! How an event stands: what is left, what came in, and how many came how far.

use onsale_core::id::EventId;
use onsale_core::money::{Amount, Currency};
use onsale_core::query::Phase;
use onsale_core::spec::{ClassId, QuotaId};
use onsale_core::time::Time;

use super::{AsOf, Asked};
use crate::database::{Database, StoreError};
use crate::projection::rows::{Class, ClassCounts, Event, Quota, QuotaClass, Totals};
use crate::projection::sql;

/// How an event stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What it is called.
    pub name: String,
    /// What its amounts are in.
    pub currency: Currency,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether people queue for it.
    pub has_waitroom: bool,
    /// When it was defined.
    pub defined_at: Time,
    /// When the world could see it first.
    pub opened_at: Option<Time>,
    /// When it was called off.
    pub cancelled_at: Option<Time>,
    /// Each class, in the order of definition.
    pub classes: Vec<ClassSummary>,
    /// Each quota, in the order of definition.
    pub quotas: Vec<QuotaSummary>,
    /// How many orders came how far.
    pub orders: OrderCounts,
    /// How many tickets there are, and what they cost.
    pub tickets: TicketCounts,
    /// What came in and what went back, in the event's currency.
    pub money: Money,
    /// How many people came how far, up to an order.
    pub funnel: Funnel,
}

/// How many orders came how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderCounts {
    /// Were placed.
    pub placed: i64,
    /// Wait for their payment now.
    pub pending: i64,
    /// Were paid; the money of some may have gone back.
    pub completed: i64,
    /// Were given up, by their buyers or with the event.
    pub cancelled: i64,
    /// Were not paid in time.
    pub expired: i64,
    /// Could not be paid.
    pub failed: i64,
    /// Were paid after they had come to nothing, and got their tickets all the same.
    pub revived: i64,
}

/// How many tickets there are, and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketCounts {
    /// Were issued.
    pub issued: i64,
    /// Are void by now.
    pub voided: i64,
    /// What those cost, in minor units, that are valid.
    pub valid_minor: i64,
}

/// What came in and what went back, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Came in.
    pub captured_minor: i64,
    /// Is wanted back, and no provider has answered yet.
    pub refunding_minor: i64,
    /// Went back.
    pub refunded_minor: i64,
    /// Was taken back by banks.
    pub charged_back_minor: i64,
    /// Is wanted back, and a provider will not.
    pub refused_minor: i64,
    /// How many refunds that are.
    pub refunds_refused: i64,
}

/// How many people came how far, up to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funnel {
    /// Queued.
    pub joined: i64,
    /// Were let in.
    pub admitted: i64,
    /// Left the queue or the sale.
    pub left: i64,
    /// Gave no sign of life any more.
    pub abandoned: i64,
    /// Were let in and took too long.
    pub expired: i64,
    /// Got what they came for.
    pub completed: i64,
    /// Carts that were filled.
    pub holds_taken: i64,
    /// Carts whose time was over.
    pub holds_expired: i64,
    /// Carts that were given back.
    pub holds_released: i64,
}

/// How a class stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSummary {
    /// Which.
    pub class: ClassId,
    /// What it is called.
    pub name: String,
    /// What a ticket costs now.
    pub price: Amount,
    /// How many seats of the plan are of it.
    pub seats: u32,
    /// How many tickets are in carts and in orders that wait for their payment.
    pub held: i64,
    /// How many are paid for.
    pub sold: i64,
    /// How many seats are kept from sale.
    pub blocked: i64,
}

/// How a quota stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaSummary {
    /// Which.
    pub quota: QuotaId,
    /// What it is called.
    pub name: String,
    /// How many tickets it has room for now.
    pub capacity: u32,
    /// How many of them are in carts and in orders that wait for their payment.
    pub held: i64,
    /// How many are paid for.
    pub sold: i64,
}

/// How an event stands; `None` if nothing is known of it yet.
pub async fn summary(
    database: &Database,
    asked: &Asked,
    event: EventId,
) -> Result<(AsOf, Option<Summary>), StoreError> {
    let mut snapshot = database.snapshot().await?;
    let as_of = asked.as_of(&mut snapshot, Some(event)).await?;
    let wanted = [event].into();
    let Some(row) = sql::find::<Event>(&mut snapshot, &wanted).await?.pop() else {
        return Ok((as_of, None));
    };
    let mut classes = sql::find::<Class>(&mut snapshot, &wanted).await?;
    let counts = sql::find::<ClassCounts>(&mut snapshot, &wanted).await?;
    let mut quotas = sql::find::<Quota>(&mut snapshot, &wanted).await?;
    let links = sql::find::<QuotaClass>(&mut snapshot, &wanted).await?;
    let totals = sql::find::<Totals>(&mut snapshot, &wanted).await?.pop();
    let totals = totals.unwrap_or(Totals::nothing(event));
    classes.sort_by_key(|class| class.class);
    quotas.sort_by_key(|quota| quota.quota);
    let summary = Summary {
        name: row.name,
        currency: row.currency,
        phase: row.phase,
        has_waitroom: row.has_waitroom,
        defined_at: row.defined_at,
        opened_at: row.opened_at,
        cancelled_at: row.cancelled_at,
        classes: classes.into_iter().map(|class| class_summary(class, &counts)).collect(),
        quotas: quotas.into_iter().map(|quota| quota_summary(quota, &links, &counts)).collect(),
        orders: OrderCounts::of(&totals),
        tickets: TicketCounts::of(&totals),
        money: Money::of(&totals),
        funnel: Funnel::of(&totals),
    };
    Ok((as_of, Some(summary)))
}

fn class_summary(class: Class, counts: &[ClassCounts]) -> ClassSummary {
    let counts = counts.iter().find(|counts| counts.class == class.class);
    let nothing = ClassCounts::nothing(class.event, class.class);
    let ClassCounts { held, sold, blocked, .. } = *counts.unwrap_or(&nothing);
    let Class { class, name, price_minor: price, seats, .. } = class;
    ClassSummary { class, name, price, seats, held, sold, blocked }
}

fn quota_summary(quota: Quota, links: &[QuotaClass], counts: &[ClassCounts]) -> QuotaSummary {
    let counts_against =
        |class| links.iter().any(|link| (link.quota, link.class) == (quota.quota, class));
    let own = || counts.iter().filter(|counts| counts_against(counts.class));
    let (held, sold) =
        (own().map(|counts| counts.held).sum(), own().map(|counts| counts.sold).sum());
    let Quota { quota, name, capacity, .. } = quota;
    QuotaSummary { quota, name, capacity, held, sold }
}

impl OrderCounts {
    const fn of(totals: &Totals) -> Self {
        let Totals { orders_placed: placed, orders_completed: completed, .. } = *totals;
        let Totals { orders_cancelled: cancelled, orders_expired: expired, .. } = *totals;
        let Totals { orders_failed: failed, orders_revived: revived, .. } = *totals;
        let pending = placed + revived - completed - cancelled - expired - failed;
        Self { placed, pending, completed, cancelled, expired, failed, revived }
    }
}

impl TicketCounts {
    const fn of(totals: &Totals) -> Self {
        let valid_minor = totals.issued_minor - totals.voided_minor;
        Self { issued: totals.tickets_issued, voided: totals.tickets_voided, valid_minor }
    }
}

impl Money {
    const fn of(totals: &Totals) -> Self {
        Self {
            captured_minor: totals.captured_minor,
            refunding_minor: totals.refunding_minor,
            refunded_minor: totals.refunded_minor,
            charged_back_minor: totals.charged_back_minor,
            refused_minor: totals.refused_minor,
            refunds_refused: totals.refunds_refused,
        }
    }
}

impl Funnel {
    const fn of(totals: &Totals) -> Self {
        Self {
            joined: totals.joined,
            admitted: totals.admitted,
            left: totals.places_left,
            abandoned: totals.places_abandoned,
            expired: totals.places_expired,
            completed: totals.places_completed,
            holds_taken: totals.holds_taken,
            holds_expired: totals.holds_expired,
            holds_released: totals.holds_released,
        }
    }
}
