//! What a random history does about money.

use std::collections::BTreeSet;

use onsale_core::command::{Actor, Command, DisputeDecision, PaymentOutcome, RefundSettlement};
use onsale_core::hold::Line;
use onsale_core::id::TicketId;
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;

use super::Run;
use super::common::{by_hand, captured, lost, refund_done, refund_refused};
use super::naive::{Ends, Stage};

impl Run {
    pub(super) fn captured(&mut self) {
        let (number, order) = self.order();
        let lines = self.naive.orders.get(number).map(|order| order.lines.clone());
        let total = lines.map_or(Amount::from_minor(1), |lines| Line::total(&lines));
        let amount = if self.chance(8) { Amount::from_minor(7) } else { total };
        let payment = format!("pay-{}-{}", number, self.below(3));
        self.world.notify(order, &payment, captured(amount));
        let exists = number < self.naive.orders.len();
        let now_has = if exists { self.world.order_view(order).lines } else { vec![] };
        self.naive.captured(number, &payment, amount, &now_has);
        self.catch_up();
    }

    pub(super) fn started_or_declined(&mut self) {
        let (number, order) = self.order();
        if self.chance(2) {
            self.world.notify(order, "pay-0", PaymentOutcome::Started);
            self.naive.started(number);
        } else {
            self.world.notify(order, "pay-0", PaymentOutcome::Declined);
            self.naive.declined(number);
        }
        self.catch_up();
    }

    pub(super) fn refund(&mut self) {
        let (number, order) = self.order();
        let first = match self.naive.orders.get(number).map(|order| &order.stage) {
            Some(Stage::Paid { first, .. }) => *first,
            _ => 0,
        };
        let some: BTreeSet<usize> = (0..self.below(3)).map(|_| self.below(4) as usize).collect();
        let some = (!self.chance(3)).then_some(some);
        let id = |i: &usize| TicketId::new(self.event, first + *i as u32);
        let tickets = some.as_ref().map(|some| some.iter().map(id).collect());
        let answer = self.world.ask(Actor::Operator, Command::RefundOrder { order, tickets });
        let verdict = self.naive.refund(number, some.as_ref());
        self.judge(&answer, verdict);
    }

    /// One of an order's refunds, or one that there is not.
    fn refund_of(&mut self, number: usize) -> usize {
        let refunds = self.naive.orders.get(number).map_or(0, |order| order.refunds.len());
        self.number(refunds)
    }

    /// Now and then the answer is to the attempt before.
    pub(super) fn refund_answered(&mut self) {
        let (number, order) = self.order();
        let refund = self.refund_of(number);
        let known = self.naive.orders.get(number).and_then(|order| order.refunds.get(refund));
        let attempt = known.map_or(0, |refund| refund.attempt);
        let attempt = attempt.saturating_sub(u32::from(self.chance(4)));
        let is_done = self.chance(2);
        let command = if is_done { refund_done } else { refund_refused };
        let answer = self.world.ask(Actor::System, command(order, refund as u32, attempt));
        let verdict = self.naive.refund_answered(number, refund, attempt, is_done);
        self.judge(&answer, verdict);
    }

    pub(super) fn settle_refund(&mut self) {
        let (number, order) = self.order();
        let refund = self.refund_of(number);
        let reference = (!self.chance(2)).then_some(if self.chance(9) { "" } else { "by hand" });
        let how = reference.map_or(RefundSettlement::Again, by_hand);
        let answer = self.world.settle_refund(order, refund as u32, how);
        let verdict = self.naive.settle_refund(number, refund, reference);
        self.tally.settled_by_hand.extend(answer.is_ok().then_some(reference.is_some()));
        self.judge(&answer, verdict);
    }

    /// How a dispute stands, any number of times, and now and then before the payment itself is
    /// told of. It may be taken up again, and stand otherwise without that.
    pub(super) fn disputed(&mut self) {
        let (number, order) = self.order();
        let total =
            self.naive.orders.get(number).map_or(1, |order| Line::total(&order.lines).as_minor());
        let of = self.below(3);
        let payment = format!("pay-{number}-{of}");
        let name = format!("dp-{number}-{of}-{}", self.below(2));
        let amount = [total, total, total / 2, total + 7][self.below(4) as usize];
        let (ends, end) = match self.below(3) {
            0 => (Ends::NotYet, None),
            1 => (Ends::Won, Some(DisputeEnd::Won)),
            _ => (Ends::Lost(amount), Some(lost(amount))),
        };
        self.world.dispute(order, &payment, &name, Amount::from_minor(amount), end);
        let stood = self.naive.disputed(number, &payment, &name, ends);
        self.tally.turned.extend(stood.map(|stood| (stood.name(), ends.name())));
        self.catch_up();
    }

    pub(super) fn decide_dispute(&mut self) {
        let (number, order) = self.order();
        let disputes = self.naive.orders.get(number).map_or(0, |order| order.disputes.len());
        let dispute = self.number(disputes);
        let void = self.chance(2);
        let decision =
            if void { DisputeDecision::VoidTickets } else { DisputeDecision::KeepTickets };
        let answer = self.world.decide_dispute(order, dispute as u32, decision);
        let verdict = self.naive.decide_dispute(number, dispute, void);
        self.tally.voided.extend(answer.is_ok().then_some(void));
        self.judge(&answer, verdict);
    }

    /// What is open is won or lost; what is lost has its tickets made void, or left.
    pub(super) fn close_disputes(&mut self) {
        for live in self.world.live_disputes(self.event, None, u16::MAX) {
            let won = Some(DisputeEnd::Won);
            let end = if self.chance(2) { won } else { Some(lost(live.amount.as_minor())) };
            self.world.dispute(live.order, &live.payment, &live.dispute, live.amount, end);
        }
        for live in self.world.live_disputes(self.event, None, u16::MAX) {
            let void = self.chance(2);
            let decision =
                if void { DisputeDecision::VoidTickets } else { DisputeDecision::KeepTickets };
            // Another dispute of the same payment may have been decided on meanwhile.
            drop(self.world.decide_dispute(live.order, live.number, decision));
        }
        assert_eq!(self.world.live_disputes(self.event, None, 9), [], "all are decided on");
    }
}
