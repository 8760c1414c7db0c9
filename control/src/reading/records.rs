//! Orders with everything that belongs to them, put together for a page of ids: their tickets, what
//! is printed on the seats, what the classes and events are called, and who has bought.

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::id::{EventId, OrderId, PersonId, TicketId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::{OrderEnd, OrderStatus};
use onsale_core::spec::{ClassId, Numbering};
use onsale_core::time::Time;
use onsale_core::trace::TraceId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::database::{ReadRow, StoreError, queries};
use crate::projection::rows::{Class, Event, Item, Order};
use crate::projection::sql;
use crate::projection::table::keyed;

/// An order and everything that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Which.
    pub id: OrderId,
    /// What its event is called.
    pub event_name: String,
    /// Who has bought.
    pub person: PersonId,
    /// Their name and address; `None` if they are not asked for, or not known here.
    pub buyer: Option<Buyer>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Who takes the money.
    pub provider: String,
    /// What the amounts are in.
    pub currency: Currency,
    /// What it costs.
    pub total: Amount,
    /// What came in.
    pub captured: Amount,
    /// What is on its way back.
    pub refunding: Amount,
    /// What went back.
    pub refunded: Amount,
    /// What banks took back.
    pub charged_back: Amount,
    /// What it is of, a ticket each.
    pub tickets: Vec<TicketRecord>,
    /// When it was placed.
    pub placed_at: Time,
    /// Until when it must be paid.
    pub expires_at: Time,
    /// When the buyer could pay.
    pub ready_at: Option<Time>,
    /// When the buyer had done their part.
    pub started_at: Option<Time>,
    /// When money came first.
    pub captured_at: Option<Time>,
    /// When its tickets were issued.
    pub completed_at: Option<Time>,
    /// When it came to nothing.
    pub ended_at: Option<Time>,
    /// How.
    pub ended_as: Option<OrderEnd>,
    /// When stock was found for it again.
    pub revived_at: Option<Time>,
    /// When money was wanted back last.
    pub refunded_at: Option<Time>,
    /// The trace of whoever placed it.
    pub trace: Option<TraceId>,
}

/// A ticket of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRecord {
    /// Of which class.
    pub class: ClassId,
    /// What that is called.
    pub class_name: String,
    /// What it costs.
    pub price: Amount,
    /// Its seat, if it has one.
    pub seat: Option<PrintedSeat>,
    /// Which it is, once it is issued.
    pub ticket: Option<TicketId>,
    /// When it became void.
    pub void_at: Option<Time>,
}

/// A seat, with what is printed where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintedSeat {
    /// Its index in the chart.
    pub index: SeatIndex,
    /// What is printed on the section.
    pub section: String,
    /// What is printed on the row.
    pub row: String,
    /// What is printed on the seat.
    pub seat: String,
}

/// Who has bought, for those who may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buyer {
    /// Their given name.
    pub given_name: String,
    /// Their family name.
    pub family_name: String,
    /// Their address of e-mail, if they have one.
    pub email: Option<String>,
}

/// The orders with these ids, in that order.
pub(super) async fn records(
    snapshot: &mut AnyConnection,
    ids: &[OrderId],
    with_buyers: bool,
) -> Result<Vec<OrderRecord>, StoreError> {
    let wanted: BTreeSet<_> = ids.iter().copied().collect();
    let events: BTreeSet<_> = ids.iter().map(|id| id.event).collect();
    let orders = sql::find::<Order>(snapshot, &wanted).await?;
    let people: BTreeSet<_> = orders.iter().map(|order| order.person).collect();
    let mut orders: BTreeMap<_, _> = orders.into_iter().map(|one| (one.order_id, one)).collect();
    let mut known = Known {
        items: BTreeMap::new(),
        seats: printed(snapshot, &wanted).await?,
        names: sql::find(snapshot, &events).await?.into_iter().map(name_of).collect(),
        classes: sql::find(snapshot, &events).await?.into_iter().map(name_of_class).collect(),
        buyers: if with_buyers { buyers(snapshot, &people).await? } else { BTreeMap::new() },
    };
    for item in sql::find::<Item>(snapshot, &wanted).await? {
        known.items.entry(item.order_id).or_default().push(item);
    }
    Ok(ids.iter().filter_map(|id| Some(known.record(orders.remove(id)?))).collect())
}

fn name_of(event: Event) -> (EventId, String) {
    (event.event, event.name)
}

fn name_of_class(class: Class) -> ((EventId, ClassId), String) {
    ((class.event, class.class), class.name)
}

/// What is known of some orders beyond their own rows.
struct Known {
    items: BTreeMap<OrderId, Vec<Item>>,
    seats: BTreeMap<(EventId, SeatIndex), PrintedSeat>,
    names: BTreeMap<EventId, String>,
    classes: BTreeMap<(EventId, ClassId), String>,
    buyers: BTreeMap<PersonId, Buyer>,
}

impl Known {
    fn record(&mut self, order: Order) -> OrderRecord {
        let mut items = self.items.remove(&order.order_id).unwrap_or_default();
        items.sort_by_key(|item| item.item);
        OrderRecord {
            id: order.order_id,
            event_name: self.names.get(&order.event).cloned().unwrap_or_default(),
            buyer: self.buyers.get(&order.person).cloned(),
            person: order.person,
            status: order.status,
            provider: order.provider,
            currency: order.currency,
            total: order.total_minor,
            captured: order.captured_minor,
            refunding: order.refunding_minor,
            refunded: order.refunded_minor,
            charged_back: order.charged_back_minor,
            tickets: items.iter().map(|item| self.ticket(order.event, item)).collect(),
            placed_at: order.placed_at,
            expires_at: order.expires_at,
            ready_at: order.ready_at,
            started_at: order.started_at,
            captured_at: order.captured_at,
            completed_at: order.completed_at,
            ended_at: order.ended_at,
            ended_as: order.ended_as,
            revived_at: order.revived_at,
            refunded_at: order.refunded_at,
            trace: order.trace,
        }
    }

    fn ticket(&self, event: EventId, item: &Item) -> TicketRecord {
        TicketRecord {
            class: item.class,
            class_name: self.classes.get(&(event, item.class)).cloned().unwrap_or_default(),
            price: item.price_minor,
            seat: item.seat.and_then(|seat| self.seats.get(&(event, seat)).cloned()),
            ticket: item.ticket.map(|number| TicketId::new(event, number)),
            void_at: item.void_at,
        }
    }
}

/// What is printed on the seats of some orders.
async fn printed(
    snapshot: &mut AnyConnection,
    orders: &BTreeSet<OrderId>,
) -> Result<BTreeMap<(EventId, SeatIndex), PrintedSeat>, StoreError> {
    let mut seats = BTreeMap::new();
    for row in sql::fetch(snapshot, PRINTED, orders).await? {
        let event = row.parsed("event")?;
        let seat = printed_seat(&row)?;
        seats.extend(seat.map(|seat| ((event, seat.index), seat)));
    }
    Ok(seats)
}

/// The seat in a row with the columns `seat`, `first_seat`, `section`, `label` and `numbering`;
/// `None` if the event has no plan that it is in.
pub(super) fn printed_seat(row: &AnyRow) -> Result<Option<PrintedSeat>, StoreError> {
    let seat: i64 = row.try_get("seat")?;
    let first: Option<i64> = row.try_get("first_seat")?;
    let (section, label): (Option<String>, Option<String>) =
        (row.try_get("section")?, row.try_get("label")?);
    let numbering: Option<&str> = row.try_get("numbering")?;
    let numbering = numbering.and_then(|text| serde_json::from_str::<Numbering>(text).ok());
    let (Some(first), Some(section), Some(label), Some(numbering)) =
        (first, section, label, numbering)
    else {
        return Ok(None);
    };
    let position = u32::try_from(seat - first).ok().and_then(|at| numbering.label(at));
    let index = u32::try_from(seat).ok().map(SeatIndex);
    Ok(position.zip(index).map(|(seat, index)| PrintedSeat {
        index,
        section,
        row: label,
        seat: seat.into_owned(),
    }))
}

async fn buyers(
    snapshot: &mut AnyConnection,
    people: &BTreeSet<PersonId>,
) -> Result<BTreeMap<PersonId, Buyer>, StoreError> {
    let buyer = |row: &AnyRow| {
        let buyer = Buyer {
            given_name: row.try_get("given_name")?,
            family_name: row.try_get("family_name")?,
            email: row.try_get("email")?,
        };
        Ok((row.parsed("person")?, buyer))
    };
    sql::fetch(snapshot, BUYERS, people).await?.iter().map(buyer).collect()
}

queries! {
    PRINTED = keyed!(
        "SELECT o.event, i.seat, r.first_seat, r.section, r.label, r.numbering
        FROM order_items i
        JOIN orders o ON o.order_id = i.order_id
        JOIN sale_plan_rows r ON r.event = o.event AND r.first_seat =
            (SELECT MAX(p.first_seat) FROM sale_plan_rows p
            WHERE p.event = o.event AND p.first_seat <= i.seat)
        WHERE i.order_id IN ",
        ""
    );
    BUYERS = keyed!(
        "SELECT person, given_name, family_name, email FROM accounts
        WHERE erased_at IS NULL AND person IN ",
        ""
    );
}
