//! What a provider says, in any order and any number of times.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Capture, RefundCause};
use crate::command::{IntentOutcome, PaymentNotice, PaymentOutcome};
use crate::fact::{
    Fact, IntentReady, OrderCompleted, PaymentCaptured, PaymentStarted, RefundWanted,
};
use crate::id::OrderId;
use crate::money::{Amount, Currency};
use crate::order::{Intent, Order, OrderEnd, OrderState};
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::sale::{Decided, Sale};
use crate::time::Time;
use crate::waitroom::EndReason;

/// Money that a notice reports.
pub(super) struct Money<'a> {
    pub(super) payment: &'a str,
    pub(super) amount: Amount,
    pub(super) currency: Currency,
}

impl Sale {
    pub(crate) fn decide_record_intent(&self, id: OrderId, outcome: &IntentOutcome) -> Decided {
        let order = self.order(id.number).ok_or(Refusal::NotFound(Thing::Order))?;
        let awaited = order.state == OrderState::Pending && order.intent == Intent::Wanted;
        let facts = match outcome {
            _ if !awaited => Vec::new(),
            IntentOutcome::Ready { reference, url } => {
                let (reference, url) = (reference.clone(), url.clone());
                vec![IntentReady { order: id, reference, url }.into()]
            }
            IntentOutcome::Refused { .. } => self.order_ended(id, order, OrderEnd::IntentRefused),
        };
        Ok((facts, Reply::Done))
    }

    /// A notice about an order of this event by the order's own provider.
    pub(crate) fn facts_of_notice(
        &self,
        now: Time,
        order: &Order,
        notice: &PaymentNotice,
    ) -> Vec<Fact> {
        let id = notice.order;
        match notice.outcome {
            PaymentOutcome::Captured { amount, currency } => {
                self.captured(id, order, &Money { payment: &notice.payment, amount, currency })
            }
            PaymentOutcome::Declined if order.state == OrderState::Pending => {
                self.order_ended(id, order, OrderEnd::Declined)
            }
            PaymentOutcome::Started => self.started(now, id, order),
            PaymentOutcome::Declined => Vec::new(),
        }
    }

    /// While a payment is in flight the order waits a little longer, up to a cap, once. The notice
    /// may come before the answer to our own question for a page.
    fn started(&self, now: Time, id: OrderId, order: &Order) -> Vec<Fact> {
        let is_over = order.state != OrderState::Pending || order.until <= now;
        if is_over || order.has_started() {
            return Vec::new();
        }
        let terms = self.spec().terms;
        let cap = order.placed_at + terms.order + terms.payment_grace;
        let until = order.until.max(cap.min(now + terms.payment_grace));
        vec![PaymentStarted { order: id, until }.into()]
    }

    fn captured(&self, id: OrderId, order: &Order, money: &Money<'_>) -> Vec<Fact> {
        if order.captures.iter().any(|capture| capture.payment == money.payment) {
            return Vec::new();
        }
        let mut facts: Vec<Fact> = vec![
            PaymentCaptured {
                order: id,
                payment: String::from(money.payment),
                amount: money.amount,
                currency: money.currency,
            }
            .into(),
        ];
        let is_right = money.amount == order.total() && money.currency == self.spec().currency;
        match order.state {
            OrderState::Pending if is_right => {
                facts.push(OrderCompleted { order: id, first_ticket: self.next_ticket() }.into());
                facts.extend(self.visit_ended(order.place, EndReason::Completed));
            }
            OrderState::Pending => {
                facts.extend(self.order_ended(id, order, OrderEnd::Mismatch));
                facts.extend(give_back(id, order, money, RefundCause::Mismatch));
            }
            OrderState::Completed(_) => {
                facts.extend(give_back(id, order, money, RefundCause::Duplicate));
            }
            OrderState::Ended(_) if is_right => facts.extend(self.paid_late(id, order, money)),
            OrderState::Ended(_) => {
                facts.extend(give_back(id, order, money, RefundCause::Mismatch));
            }
        }
        facts
    }
}

/// All of the money that just came goes back; but for what a bank has taken before we heard of it.
pub(super) fn give_back(
    id: OrderId,
    order: &Order,
    money: &Money<'_>,
    cause: RefundCause,
) -> Option<Fact> {
    let (payment, currency) = (String::from(money.payment), money.currency);
    let taken = order.taken_of(&Capture { payment, amount: money.amount, currency });
    let amount = money.amount.checked_sub(taken).unwrap_or(Amount::ZERO);
    let capture = order.captures.len() as u32;
    let wanted = RefundWanted { order: id, capture, amount, tickets: 0, cause };
    // Money that is nothing is told of all the same, as it always was.
    (taken.is_zero() || !amount.is_zero()).then(|| wanted.into())
}
