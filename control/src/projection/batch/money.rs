//! Money: what came in, what goes back, and the tickets that are void for it.

use std::mem::replace;

use onsale_core::fact::{
    DisputeDecided, PaymentCaptured, RefundDone, RefundRefused, RefundRetried, RefundSettled,
    RefundWanted,
};
use onsale_core::id::OrderId;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;

use super::sums::{money, sum};
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
        self.count_charged_back(id)
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
        if refund.currency == self.orders.get(id)?.currency {
            self.count_refund(id, RefundState::Wanted, fact.amount, 1)?;
        }
        self.refunds.put((id, refund.refund), refund);
        Some(())
    }

    pub(super) fn dispute_decided(&mut self, mark: Mark, fact: &DisputeDecided) -> Option<()> {
        self.step(mark, fact.order)?;
        if fact.tickets != 0 {
            self.void_tickets(mark, fact.order, fact.tickets)?;
        }
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

    /// What was settled by hand before is gone twice, and stays as it was settled.
    pub(super) fn refund_done(&mut self, mark: Mark, fact: &RefundDone) -> Option<()> {
        let id = (fact.order, fact.refund);
        let refund = self.refunds.get(id)?;
        if refund.state != RefundState::Done {
            let change = (RefundState::Done, Some(&fact.reference));
            return self.refund_changed(mark, id, change);
        }
        let (amount, currency) = (refund.amount_minor, refund.currency);
        if currency == self.step(mark, fact.order)?.currency {
            self.count_refund(fact.order, RefundState::Done, amount, 1)?;
        }
        Some(())
    }

    pub(super) fn refund_refused(&mut self, mark: Mark, fact: &RefundRefused) -> Option<()> {
        let change = (RefundState::Refused, Some(&fact.reason));
        self.refund_changed(mark, (fact.order, fact.refund), change)
    }

    pub(super) fn refund_retried(&mut self, mark: Mark, fact: &RefundRetried) -> Option<()> {
        self.refund_changed(mark, (fact.order, fact.refund), (RefundState::Wanted, None))
    }

    pub(super) fn refund_settled(&mut self, mark: Mark, fact: &RefundSettled) -> Option<()> {
        let change = (RefundState::Done, Some(&fact.reference));
        self.refund_changed(mark, (fact.order, fact.refund), change)
    }

    /// A refund is in another state: its money is counted there, and no more where it was.
    fn refund_changed(
        &mut self,
        mark: Mark,
        id: (OrderId, u32),
        (state, note): (RefundState, Option<&String>),
    ) -> Option<()> {
        self.step(mark, id.0)?;
        let refund = self.refunds.get_mut(id)?;
        let was = replace(&mut refund.state, state);
        refund.note = note.cloned();
        refund.settled_at = (state != RefundState::Wanted).then_some(mark.at);
        let (amount, currency) = (refund.amount_minor, refund.currency);
        if currency == self.orders.get(id.0)?.currency {
            self.count_refund(id.0, was, amount, -1)?;
            self.count_refund(id.0, state, amount, 1)?;
        }
        Some(())
    }

    /// One refund more in this state; one less, if `sign` is negative.
    fn count_refund(
        &mut self,
        id: OrderId,
        state: RefundState,
        amount: Amount,
        sign: i64,
    ) -> Option<()> {
        let order = self.orders.get_mut(id)?;
        let of_order = match state {
            RefundState::Wanted => Some(&mut order.refunding_minor),
            RefundState::Done => Some(&mut order.refunded_minor),
            RefundState::Refused => None,
        };
        if let Some(minor) = of_order {
            let less = minor.checked_sub(amount).unwrap_or(Amount::ZERO);
            *minor = if sign < 0 { less } else { sum(*minor, amount) };
        }
        let totals = self.totals(id.event);
        let minor = sign * money(amount);
        match state {
            RefundState::Wanted => totals.refunding_minor += minor,
            RefundState::Done => totals.refunded_minor += minor,
            RefundState::Refused => {
                totals.refused_minor += minor;
                totals.refunds_refused += sign;
            }
        }
        Some(())
    }
}
