//! The rows of a sale say what its partition says of itself.

use std::collections::BTreeMap;

use onsale_core::command::Actor;
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId, TicketId};
use onsale_core::inventory::seating;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::payment;
use onsale_core::payment::RefundView;
use onsale_core::query::{Audit, EventView, OrderView, Query, StockAudit, View};
use onsale_core::spec::ClassId;
use sqlx::AnyConnection;

use super::*;
use crate::projection::rows::{
    Class, ClassCounts, Event, Hold, Item, Order, Payment, Quarter, Quota, QuotaClass, Refund,
    RefundState, Seat, SeatState, Totals,
};
use crate::projection::sql;
use crate::projection::table::Stored;

/// Enough to see every kind of fact; `onsale-sim` shows a seed that fails.
const SEEDS: std::ops::Range<u64> = 0..60;

databases! {
    async fn the_rows_say_what_the_partition_says_of_itself(database: TestDatabase) {
        for seed in SEEDS {
            for sale in sales(seed..seed + 1) {
                project_all(&database, &sale, 50).await;
                Compared { rows: Rows::of(&database).await, sale }.compare();
            }
            clear(&database).await;
        }
    }
}

/// All rows that were made of a partition's facts.
struct Rows {
    events: Vec<Event>,
    classes: Vec<Class>,
    quotas: Vec<Quota>,
    quota_classes: Vec<QuotaClass>,
    holds: Vec<Hold>,
    seats: Vec<Seat>,
    counts: Vec<ClassCounts>,
    quarters: Vec<Quarter>,
    totals: Vec<Totals>,
    orders: Vec<Order>,
    items: Vec<Item>,
    payments: Vec<Payment>,
    refunds: Vec<Refund>,
}

impl Rows {
    async fn of(database: &Database) -> Self {
        let mut connection = database.reader().await.unwrap();
        let connection = &mut *connection;
        Self {
            events: all(connection).await,
            classes: all(connection).await,
            quotas: all(connection).await,
            quota_classes: all(connection).await,
            holds: all(connection).await,
            seats: all(connection).await,
            counts: all(connection).await,
            quarters: all(connection).await,
            totals: all(connection).await,
            orders: all(connection).await,
            items: all(connection).await,
            payments: all(connection).await,
            refunds: all(connection).await,
        }
    }
}

async fn all<R: Stored>(connection: &mut AnyConnection) -> Vec<R> {
    let rows = sqlx::query(R::TABLE.texts.list).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| sql::read(row).unwrap()).collect()
}

struct Compared {
    rows: Rows,
    sale: Sale,
}

impl Compared {
    fn compare(&self) {
        let events: Vec<_> = self.sale.state.sales().map(onsale_core::sale::Sale::id).collect();
        let of_partition = |event: EventId| event.partition() == self.sale.partition;
        let known = self.rows.events.iter().map(|row| row.event).filter(|id| of_partition(*id));
        assert_eq!(known.collect::<Vec<_>>(), events, "{}", self.replay());
        for event in events {
            let View::Event(view) = self.look(Query::Event(event)) else { unreachable!() };
            self.compare_offer(&view);
            let View::Audit(audit) = self.look(Query::Audit(event)) else { unreachable!() };
            self.compare_stock(event, &audit);
            self.compare_money(event, &audit);
            if view.seats > 0 {
                self.compare_seats(event);
            }
        }
        for order in self.rows.orders.iter().filter(|order| of_partition(order.event)) {
            let View::Order(view) = self.look(Query::Order(order.order_id)) else { unreachable!() };
            self.compare_order(order, &view);
        }
    }

    fn look(&self, query: Query) -> View {
        let now = self.sale.state.last_time();
        self.sale.state.query(now, Actor::Operator, query).unwrap()
    }

    fn replay(&self) -> String {
        let (seed, partition) = (self.sale.seed, self.sale.partition.number());
        format!("partition {partition}; replay with: onsale-sim run --seed {seed} --timeline")
    }

    fn compare_offer(&self, view: &EventView) {
        let replay = self.replay();
        let row = self.rows.events.iter().find(|row| row.event == view.event).unwrap();
        assert_eq!((&row.name, row.phase), (&view.name, view.phase), "{replay}");
        assert_eq!((row.seats, row.currency), (view.seats, view.currency), "{replay}");
        assert_eq!(row.has_waitroom, view.waitroom.is_some(), "{replay}");
        let classes = self.rows.classes.iter().filter(|row| row.event == view.event);
        let classes: Vec<_> = classes
            .map(|row| (row.name.clone(), row.price_minor, row.opens_at, row.closes_at))
            .collect();
        let expected: Vec<_> = (view.classes.iter())
            .map(|class| {
                let window = class.window;
                (class.name.clone(), class.price, kept(window.opens_at), kept(window.closes_at))
            })
            .collect();
        assert_eq!(classes, expected, "{replay}");
    }

    /// Each line of the books: quotas first, then classes of seats.
    fn compare_stock(&self, event: EventId, audit: &Audit) {
        let quotas = self.rows.quotas.iter().filter(|row| row.event == event);
        let seated = self.rows.classes.iter().filter(|row| row.event == event && row.seats > 0);
        let quota = |row: &Quota| {
            let of_it = |link: &&QuotaClass| link.event == event && link.quota == row.quota;
            let classes: Vec<_> =
                self.rows.quota_classes.iter().filter(of_it).map(|link| link.class).collect();
            let counts = self.counts(event, &classes);
            (row.name.clone(), i64::from(row.capacity), counts.held, counts.sold, 0)
        };
        let seats = |row: &Class| {
            let counts = self.counts(event, &[row.class]);
            (row.name.clone(), i64::from(row.seats), counts.held, counts.sold, counts.blocked)
        };
        let lines: Vec<_> = quotas.map(quota).chain(seated.map(seats)).collect();
        let expected = |line: &StockAudit| {
            let counts = line.counts;
            let numbers = [line.capacity, counts.held, counts.sold, counts.blocked].map(i64::from);
            let [capacity, held, sold, blocked] = numbers;
            (line.name.clone(), capacity, held, sold, blocked)
        };
        let expected: Vec<_> = audit.stock.iter().map(expected).collect();
        assert_eq!(lines, expected, "{event}; {}", self.replay());
        self.recount(event);
    }

    fn counts(&self, event: EventId, classes: &[ClassId]) -> ClassCounts {
        let of_them = |row: &&ClassCounts| row.event == event && classes.contains(&row.class);
        let nothing = ClassCounts::nothing(event, ClassId(0));
        self.rows.counts.iter().filter(of_them).fold(nothing, |sum, row| ClassCounts {
            held: sum.held + row.held,
            sold: sum.sold + row.sold,
            blocked: sum.blocked + row.blocked,
            ..sum
        })
    }

    /// What is held is what is in carts and in orders that wait for their payment.
    fn recount(&self, event: EventId) {
        let mut held = BTreeMap::<ClassId, i64>::new();
        let holds = self.rows.holds.iter().filter(|hold| hold.event == event);
        for (class, ..) in holds.flat_map(|hold| Line::each(&hold.lines)) {
            *held.entry(class).or_default() += 1;
        }
        let waits = |order: &Order| order.event == event && order.status == OrderStatus::Pending;
        let pending: Vec<_> = self
            .rows
            .orders
            .iter()
            .filter(|order| waits(order))
            .map(|order| order.order_id)
            .collect();
        for item in self.rows.items.iter().filter(|item| pending.contains(&item.order_id)) {
            *held.entry(item.class).or_default() += 1;
        }
        let counted = self.rows.counts.iter().filter(|row| row.event == event && row.held != 0);
        let counted: BTreeMap<_, _> = counted.map(|row| (row.class, row.held)).collect();
        assert_eq!(held, counted, "{event}; {}", self.replay());
    }

    fn compare_money(&self, event: EventId, audit: &Audit) {
        let totals = self.rows.totals.iter().find(|row| row.event == event).unwrap();
        let ended = totals.orders_cancelled + totals.orders_expired + totals.orders_failed;
        let found = [
            totals.captured_minor,
            totals.refunded_minor,
            totals.refunding_minor,
            totals.charged_back_minor,
            totals.issued_minor - totals.voided_minor,
            totals.tickets_issued - totals.tickets_voided,
            totals.orders_placed + totals.orders_revived - totals.orders_completed - ended,
            totals.refunds_refused,
        ];
        let minor = |amount: Amount| amount.as_minor().cast_signed();
        let expected = [
            minor(audit.captured),
            minor(audit.refunded),
            minor(audit.refunding),
            minor(audit.charged_back),
            minor(audit.ticket_value),
            i64::from(audit.tickets),
            i64::from(audit.pending),
            i64::from(audit.refunds_refused),
        ];
        assert_eq!(found, expected, "{event}; {}", self.replay());
        let quarters = self.rows.quarters.iter().filter(|row| row.event == event);
        let sold = quarters.fold([0; 4], |sum, row| {
            let row = [row.issued, row.issued_minor, row.voided, row.voided_minor];
            [0, 1, 2, 3].map(|i| sum[i] + row[i])
        });
        let Totals { tickets_issued, issued_minor, tickets_voided, voided_minor, .. } = totals;
        let total = [*tickets_issued, *issued_minor, *tickets_voided, *voided_minor];
        assert_eq!(sold, total, "{event}; {}", self.replay());
    }

    fn compare_seats(&self, event: EventId) {
        let View::Seats(view) = self.look(Query::Seats(event)) else { unreachable!() };
        let order = |number| Some(OrderId::new(event, number).to_string());
        let state = |state| match state {
            seating::SeatState::Free => unreachable!("only what is not free is listed"),
            seating::SeatState::Blocked => (SeatState::Blocked, None),
            seating::SeatState::Held(number) => {
                (SeatState::Held, Some(HoldId::new(event, number).to_string()))
            }
            seating::SeatState::Ordered(number) => (SeatState::Ordered, order(number)),
            seating::SeatState::Sold(number) => (SeatState::Sold, order(number)),
        };
        let expected: Vec<_> = view.taken.iter().map(|(seat, of)| (*seat, state(*of))).collect();
        let rows = self.rows.seats.iter().filter(|row| row.event == event);
        let rows: Vec<_> = rows.map(|row| (row.seat, (row.state, row.holder.clone()))).collect();
        assert_eq!(rows, expected, "{event}; {}", self.replay());
    }

    fn compare_order(&self, row: &Order, view: &OrderView) {
        let replay = self.replay();
        let id = row.order_id;
        let found = (row.status, row.total_minor, row.currency, row.placed_at, row.expires_at);
        let expected = (view.status, view.total, view.currency, view.placed_at, view.until);
        assert_eq!(found, expected, "{id}; {replay}");
        assert_eq!(
            (&row.provider, row.captured_minor),
            (&view.provider, view.captured),
            "{replay}"
        );
        let items: Vec<_> = self.rows.items.iter().filter(|item| item.order_id == id).collect();
        let lines: Vec<_> = Line::each(&view.lines).collect();
        let kept: Vec<_> =
            items.iter().map(|item| (item.class, item.price_minor, item.seat)).collect();
        assert_eq!(kept, lines, "{id}; {replay}");
        let tickets: Vec<_> = (items.iter())
            .filter_map(|item| {
                Some((TicketId::new(id.event, item.ticket?), item.void_at.is_none()))
            })
            .collect();
        let expected: Vec<_> =
            view.tickets.iter().map(|ticket| (ticket.ticket, ticket.valid)).collect();
        assert_eq!(tickets, expected, "{id}; {replay}");
        let refunds: Vec<_> = (self.rows.refunds.iter())
            .filter(|refund| refund.order_id == id)
            .map(|row| {
                (
                    row.refund,
                    row.amount_minor,
                    row.currency,
                    row.cause,
                    (row.state, row.note.clone()),
                )
            })
            .collect();
        let expected: Vec<_> = (view.refunds.iter())
            .map(|refund| {
                (refund.number, refund.amount, refund.currency, refund.cause, state(&refund.state))
            })
            .collect();
        assert_eq!(refunds, expected, "{id}; {replay}");
        let sum = |wanted| {
            let own = view.refunds.iter().filter(|refund| refund.currency == view.currency);
            let these = own.filter(|refund| state(&refund.state).0 == wanted);
            these.map(|refund| refund.amount.as_minor() * times(refund)).sum::<u64>()
        };
        let found = [row.refunding_minor, row.refunded_minor].map(Amount::as_minor);
        assert_eq!(found, [sum(RefundState::Wanted), sum(RefundState::Done)], "{id}; {replay}");
        let View::Timeline(steps) = self.look(Query::Timeline(id)) else { unreachable!() };
        assert_eq!(row.fact, steps.last().unwrap().fact, "{id}; {replay}");
        let paid = self.rows.payments.iter().filter(|payment| payment.order_id == id);
        let is_capture = |step: &&onsale_core::order::Step| {
            matches!(step.kind, onsale_core::order::StepKind::PaymentCaptured { .. })
        };
        assert_eq!(paid.count(), steps.iter().filter(is_capture).count(), "{id}; {replay}");
    }
}

/// The state of a refund's row, and its note.
fn state(state: &payment::RefundState) -> (RefundState, Option<String>) {
    match state {
        payment::RefundState::Wanted => (RefundState::Wanted, None),
        payment::RefundState::Done { reference }
        | payment::RefundState::Settled { reference, .. } => {
            (RefundState::Done, Some(reference.clone()))
        }
        payment::RefundState::Refused { reason } => (RefundState::Refused, Some(reason.clone())),
    }
}

/// How often the money of a refund went back, or is to.
const fn times(refund: &RefundView) -> u64 {
    if matches!(refund.state, payment::RefundState::Settled { twice: Some(_), .. }) { 2 } else { 1 }
}
