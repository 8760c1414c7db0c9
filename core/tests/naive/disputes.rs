//! Payments that banks ask back.

use std::collections::BTreeSet;

use onsale_core::hold::Line;
use onsale_core::payment::RefundCause;

use super::money::{Back, Order, Stage};
use super::{Naive, Verdict};

#[derive(Clone, Debug)]
pub struct Dispute {
    pub name: String,
    pub payment: String,
    pub ends: Ends,
    /// How many refunds there were when it ended.
    refunds: usize,
    is_kept: bool,
}

/// How a dispute ended, with how much is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    NotYet,
    Won,
    Lost(u64),
}

impl Ends {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotYet => "open",
            Self::Won => "won",
            Self::Lost(_) => "lost",
        }
    }
}

impl Order {
    /// Whether nobody knows whose a payment is.
    pub fn is_disputed(&self, capture: usize) -> bool {
        let payment = &self.captures[capture].payment;
        self.disputes.iter().any(|of| of.payment == *payment && of.ends == Ends::NotYet)
    }

    /// What is refused and a bank has taken is owed no more, whatever the bank says later.
    pub fn overtake(&mut self) {
        for refund in 0..self.refunds.len() {
            let is_now =
                self.refunds[refund].back == Back::Refused && self.is_behind_a_loss(refund);
            self.refunds[refund].is_overtaken |= is_now;
        }
    }

    /// Whether a bank took money after the refund was wanted.
    pub fn is_behind_a_loss(&self, refund: usize) -> bool {
        let payment = &self.captures[self.refunds[refund].capture].payment;
        let lost = |of: &&Dispute| of.payment == *payment && matches!(of.ends, Ends::Lost(_));
        self.disputes.iter().filter(lost).any(|of| refund < of.refunds)
    }

    pub fn taken_of(&self, payment: &str) -> u64 {
        let of = self.disputes.iter().filter(|of| of.payment == payment);
        of.map(|of| if let Ends::Lost(amount) = of.ends { amount } else { 0 }).sum()
    }

    /// What is still there of a payment.
    pub fn left(&self, capture: usize) -> u64 {
        let came = &self.captures[capture];
        let refunds = (0..self.refunds.len()).filter(|i| self.refunds[*i].capture == capture);
        let owed = refunds.filter(|i| !self.refunds[*i].is_overtaken);
        let back: u64 = owed.map(|i| self.refunds[i].amount.as_minor()).sum();
        came.amount.as_minor().saturating_sub(back + self.taken_of(&came.payment))
    }

    pub fn valid(&self) -> BTreeSet<usize> {
        let Stage::Paid { void, .. } = &self.stage else { return BTreeSet::new() };
        (0..self.count()).filter(|i| !void.contains(i)).collect()
    }

    pub fn price_of(&self, tickets: &BTreeSet<usize>) -> u64 {
        let prices = Line::each(&self.lines).map(|(_, price, _)| price.as_minor()).enumerate();
        prices.filter(|(i, _)| tickets.contains(i)).map(|(_, price)| price).sum()
    }

    fn at_stake(&self, dispute: &Dispute) -> BTreeSet<usize> {
        let paid = self.paid_by.map(|capture| &self.captures[capture].payment);
        if paid == Some(&dispute.payment) { self.valid() } else { BTreeSet::new() }
    }

    fn awaits_decision(&self, dispute: &Dispute) -> bool {
        let is_lost = matches!(dispute.ends, Ends::Lost(_));
        is_lost && !dispute.is_kept && !self.at_stake(dispute).is_empty()
    }
}

impl Naive {
    /// How a dispute stands, and how it stood before.
    pub fn disputed(
        &mut self,
        number: usize,
        payment: &str,
        name: &str,
        ends: Ends,
    ) -> Option<Ends> {
        let order = self.orders.get_mut(number)?;
        let known = order.disputes.iter().position(|dispute| dispute.name == name);
        let stood = known.map(|at| order.disputes[at].ends);
        if stood == Some(ends) {
            return stood;
        }
        let (name, payment) = (name.to_owned(), payment.to_owned());
        let refunds = order.refunds.len();
        let dispute = Dispute { name, payment, ends, refunds, is_kept: false };
        let at = known.unwrap_or(order.disputes.len());
        order.disputes.splice(at..(at + 1).min(order.disputes.len()), [dispute]);
        order.overtake();
        self.give_back_what_is_left(number, at);
        stood
    }

    pub fn decide_dispute(&mut self, number: usize, dispute: usize, void: bool) -> Verdict {
        let order = self.orders.get_mut(number).ok_or("not_found")?;
        let known = order.disputes.get(dispute).ok_or("not_found")?;
        let at_stake = order.at_stake(known);
        let may = if void {
            known.ends != Ends::Won && !at_stake.is_empty()
        } else {
            order.awaits_decision(known)
        };
        if !may {
            return Err("not_in_that_state");
        }
        order.disputes[dispute].is_kept = !void;
        if let (Stage::Paid { void: voided, .. }, true) = (&mut order.stage, void) {
            voided.extend(at_stake);
        }
        self.give_back_what_is_left(number, dispute);
        Ok(())
    }

    fn give_back_what_is_left(&mut self, number: usize, dispute: usize) {
        let order = &self.orders[number];
        let payment = &order.disputes[dispute].payment;
        let capture = order.captures.iter().position(|capture| capture.payment == *payment);
        if let Some(capture) = capture {
            self.give_rest(number, capture);
        }
    }

    /// What a payment has left beyond the price of its tickets goes back, if it is known whose it
    /// is.
    pub fn give_rest(&mut self, number: usize, capture: usize) {
        let order = &self.orders[number];
        let tickets =
            if order.paid_by == Some(capture) { order.price_of(&order.valid()) } else { 0 };
        let rest = order.left(capture).saturating_sub(tickets);
        if rest > 0 && !order.is_disputed(capture) {
            self.give_back(number, capture, rest, RefundCause::Disputed);
        }
    }

    /// Disputes that somebody has to know of: of which orders, which of theirs.
    pub fn live_disputes(&self) -> impl Iterator<Item = (usize, usize)> {
        let of = |(number, order): (usize, &Order)| {
            let disputes = order.disputes.iter().enumerate();
            let live = disputes.filter(|(_, dispute)| {
                dispute.ends == Ends::NotYet || order.awaits_decision(dispute)
            });
            live.map(|(dispute, _)| (number, dispute)).collect::<Vec<_>>()
        };
        self.orders.iter().enumerate().flat_map(of)
    }
}
