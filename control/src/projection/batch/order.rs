//! Orders: placed, completed, ended, revived.

use onsale_core::fact::{OrderCompleted, OrderEnded, OrderPlaced, OrderRevived, PaymentStarted};
use onsale_core::hold::Line;
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::order::{OrderEnd, OrderStatus};

use super::sums::money;
use super::{Batch, Mark};
use crate::projection::rows::{Item, Order, Seat, SeatState};

impl Batch {
    /// The order of a fact, which is the last one about it from now on.
    pub(super) fn step(&mut self, mark: Mark, order: OrderId) -> Option<&mut Order> {
        let order = self.orders.get_mut(order)?;
        order.fact = mark.number;
        Some(order)
    }

    pub(super) fn order_placed(&mut self, mark: Mark, fact: &OrderPlaced) -> Option<()> {
        let hold = self.holds.take(fact.hold)?;
        let (event, lines) = (hold.event, &hold.lines);
        let order = Order {
            order_id: fact.order,
            event,
            person: hold.person,
            status: OrderStatus::Pending,
            provider: fact.provider.0.clone(),
            currency: self.events.get(event)?.currency,
            total_minor: Line::total(lines),
            tickets: Line::tickets(lines),
            tickets_void: 0,
            captured_minor: Amount::ZERO,
            refunding_minor: Amount::ZERO,
            refunded_minor: Amount::ZERO,
            charged_back_minor: Amount::ZERO,
            placed_at: mark.at,
            expires_at: fact.until,
            ready_at: None,
            started_at: None,
            captured_at: None,
            completed_at: None,
            ended_at: None,
            ended_as: None,
            revived_at: None,
            refunded_at: None,
            trace: mark.trace,
            fact: mark.number,
        };
        self.orders.put(fact.order, order);
        self.put_items(fact.order, lines);
        self.seat(event, lines, SeatState::Ordered, &fact.order);
        self.totals(event).orders_placed += 1;
        Some(())
    }

    fn put_items(&mut self, order_id: OrderId, lines: &[Line]) {
        for (item, (class, price_minor, seat)) in (0..).zip(Line::each(lines)) {
            let row =
                Item { order_id, item, class, price_minor, seat, ticket: None, void_at: None };
            self.items.put((order_id, item), row);
        }
    }

    pub(super) fn payment_started(&mut self, mark: Mark, fact: &PaymentStarted) -> Option<()> {
        let order = self.step(mark, fact.order)?;
        (order.started_at, order.expires_at) = (Some(mark.at), fact.until);
        Some(())
    }

    pub(super) fn order_completed(&mut self, mark: Mark, fact: &OrderCompleted) -> Option<()> {
        let order = self.step(mark, fact.order)?;
        (order.status, order.completed_at) = (OrderStatus::Completed, Some(mark.at));
        let (id, event) = (fact.order, fact.order.event);
        let mut issued = Vec::new();
        for item in self.items.range_mut((id, 0)..=(id, u32::MAX)) {
            item.ticket = Some(fact.first_ticket + item.item);
            issued.push(item.clone());
        }
        for item in &issued {
            let price = money(item.price_minor);
            let counts = self.counts(event, item.class);
            (counts.held, counts.sold) = (counts.held - 1, counts.sold + 1);
            let quarter = self.quarter(event, item.class, mark.at);
            (quarter.issued, quarter.issued_minor) =
                (quarter.issued + 1, quarter.issued_minor + price);
            let totals = self.totals(event);
            (totals.tickets_issued, totals.issued_minor) =
                (totals.tickets_issued + 1, totals.issued_minor + price);
        }
        self.seat_items(&issued, Some(SeatState::Sold));
        self.totals(event).orders_completed += 1;
        Some(())
    }

    pub(super) fn order_ended(&mut self, mark: Mark, fact: &OrderEnded) -> Option<()> {
        let order = self.step(mark, fact.order)?;
        (order.ended_at, order.ended_as) = (Some(mark.at), Some(fact.end));
        order.status = status_of(fact.end);
        let (status, event) = (order.status, order.event);
        let items = self.items_of(fact.order);
        for item in &items {
            self.counts(event, item.class).held -= 1;
        }
        self.seat_items(&items, None);
        let totals = self.totals(event);
        *match status {
            OrderStatus::Cancelled => &mut totals.orders_cancelled,
            OrderStatus::Expired => &mut totals.orders_expired,
            _ => &mut totals.orders_failed,
        } += 1;
        Some(())
    }

    pub(super) fn order_revived(&mut self, mark: Mark, fact: &OrderRevived) -> Option<()> {
        let order = self.step(mark, fact.order)?;
        (order.status, order.revived_at) = (OrderStatus::Pending, Some(mark.at));
        let event = order.event;
        self.put_items(fact.order, &fact.lines);
        self.held(event, &fact.lines, 1);
        self.seat(event, &fact.lines, SeatState::Ordered, &fact.order);
        self.totals(event).orders_revived += 1;
        Some(())
    }

    fn items_of(&self, order: OrderId) -> Vec<Item> {
        self.items.range((order, 0)..=(order, u32::MAX)).cloned().collect()
    }

    /// The seats of some tickets of an order are in a state now, or free.
    pub(super) fn seat_items(&mut self, items: &[Item], state: Option<SeatState>) {
        for item in items {
            let Some(seat) = item.seat else { continue };
            let (event, class) = (item.order_id.event, item.class);
            let row = state.map(|state| {
                let holder = Some(item.order_id.to_string());
                Seat { event, seat, class, state, holder }
            });
            self.seats.insert((event, seat), row);
        }
    }
}

/// What an order is called that came to such an end.
const fn status_of(end: OrderEnd) -> OrderStatus {
    match end {
        OrderEnd::Cancelled | OrderEnd::EventCancelled => OrderStatus::Cancelled,
        OrderEnd::Declined | OrderEnd::IntentRefused | OrderEnd::Mismatch => OrderStatus::Failed,
        OrderEnd::Expired => OrderStatus::Expired,
    }
}
