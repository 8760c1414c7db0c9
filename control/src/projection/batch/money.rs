//! Money: what came in, what goes back, and the tickets that are void for it.

use onsale_core::fact::{PaymentCaptured, RefundDone, RefundRefused, RefundWanted};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;

use super::sums::money;
use super::{Batch, Mark};
use crate::projection::rows::{Payment, Refund, RefundState};

impl Batch {
    pub(super) fn payment_captured(&mut self, mark: Mark, fact: &PaymentCaptured) -> Option<()> {
        let id = fact.order;
        let capture = self.payments.range((id, 0)..=(id, u32::MAX)).count() as u32;
        let order = self.step(mark, id)?;
        order.captured_at.get_or_insert(mark.at);
        if fact.currency == order.currency {
            order.captured_minor = sum(order.captured_minor, fact.amount);
            self.totals(id.event).captured_minor += money(fact.amount);
        }
        let payment = Payment {
            order_id: id,
            capture,
            payment: fact.payment.clone(),
            amount_minor: fact.amount,
            currency: fact.currency,
            captured_at: mark.at,
        };
        self.payments.put((id, capture), payment);
        Some(())
    }

    pub(super) fn refund_wanted(&mut self, mark: Mark, fact: &RefundWanted) -> Option<()> {
        let id = fact.order;
        self.step(mark, id)?.refunded_at = Some(mark.at);
        if fact.tickets != 0 {
            self.void_tickets(mark, id, fact.tickets)?;
        }
        // Nothing is asked of a provider for free tickets.
        if fact.amount.is_zero() {
            return Some(());
        }
        let refund = Refund {
            order_id: id,
            refund: self.refunds.range((id, 0)..=(id, u32::MAX)).count() as u32,
            capture: fact.capture,
            amount_minor: fact.amount,
            currency: self.payments.get((id, fact.capture))?.currency,
            cause: fact.cause,
            state: RefundState::Wanted,
            note: None,
            wanted_at: mark.at,
            settled_at: None,
        };
        let order = self.orders.get_mut(id)?;
        if refund.currency == order.currency {
            order.refunding_minor = sum(order.refunding_minor, fact.amount);
            self.totals(id.event).refunding_minor += money(fact.amount);
        }
        self.refunds.put((id, refund.refund), refund);
        Some(())
    }

    fn void_tickets(&mut self, mark: Mark, id: OrderId, tickets: u32) -> Option<()> {
        let is_void = |item: u32| 1_u32.checked_shl(item).is_some_and(|bit| tickets & bit != 0);
        let mut voided = Vec::new();
        for item in self.items.range_mut((id, 0)..=(id, u32::MAX)) {
            if is_void(item.item) {
                item.void_at = Some(mark.at);
                voided.push(item.clone());
            }
        }
        let order = self.orders.get_mut(id)?;
        order.tickets_void += voided.len() as u32;
        order.status = if order.tickets_void == order.tickets {
            OrderStatus::Refunded
        } else {
            OrderStatus::PartiallyRefunded
        };
        for item in &voided {
            let price = money(item.price_minor);
            self.counts(id.event, item.class).sold -= 1;
            let quarter = self.quarter(id.event, item.class, mark.at);
            (quarter.voided, quarter.voided_minor) =
                (quarter.voided + 1, quarter.voided_minor + price);
            let totals = self.totals(id.event);
            (totals.tickets_voided, totals.voided_minor) =
                (totals.tickets_voided + 1, totals.voided_minor + price);
        }
        self.seat_items(&voided, None);
        Some(())
    }

    pub(super) fn refund_done(&mut self, mark: Mark, fact: &RefundDone) -> Option<()> {
        let settled = (RefundState::Done, &fact.reference);
        let refund = self.settle(mark, fact.order, fact.refund, settled)?;
        let order = self.orders.get_mut(fact.order)?;
        if refund.currency == order.currency {
            order.refunded_minor = sum(order.refunded_minor, refund.amount_minor);
            self.totals(fact.order.event).refunded_minor += money(refund.amount_minor);
        }
        Some(())
    }

    pub(super) fn refund_refused(&mut self, mark: Mark, fact: &RefundRefused) -> Option<()> {
        let settled = (RefundState::Refused, &fact.reason);
        let refund = self.settle(mark, fact.order, fact.refund, settled)?;
        let order = self.orders.get(fact.order)?;
        if refund.currency == order.currency {
            let totals = self.totals(fact.order.event);
            totals.refunds_refused += 1;
            totals.refused_minor += money(refund.amount_minor);
        }
        Some(())
    }

    /// The provider has answered: the money is not on its way to be asked for any more.
    fn settle(
        &mut self,
        mark: Mark,
        id: OrderId,
        refund: u32,
        (state, note): (RefundState, &String),
    ) -> Option<Refund> {
        self.step(mark, id)?;
        let refund = self.refunds.get_mut((id, refund))?;
        (refund.state, refund.note, refund.settled_at) = (state, Some(note.clone()), Some(mark.at));
        let refund = refund.clone();
        let order = self.orders.get_mut(id)?;
        if refund.currency == order.currency {
            let rest = order.refunding_minor.checked_sub(refund.amount_minor);
            order.refunding_minor = rest.unwrap_or(Amount::ZERO);
            self.totals(id.event).refunding_minor -= money(refund.amount_minor);
        }
        Some(refund)
    }
}

/// A sum that stops at the largest amount: only a provider that reports impossible money gets
/// there.
fn sum(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::from_minor(u64::MAX))
}
