//! What banks ask back: what is written down of it, what an operator decides, and what is left for
//! whom.

use onsale_core::command::{Actor, DisputeDecision, DisputeNotice};
use onsale_core::fact::{DisputeClosed, DisputeDecided, DisputeOpened, Fact, RefundWanted};
use onsale_core::id::OrderId;
use onsale_core::money::{Amount, Currency};
use onsale_core::payment::{Dispute, DisputeEnd, DisputeState, RefundCause};

use super::event::{Event, Order, Stage};
use super::operate::operator;
use super::order::is_refused;
use super::{Predicted, done};

impl Event {
    /// What a provider says is how a dispute stands now: what is known is no news, all else is.
    pub(super) fn disputed(order: &Order, notice: &DisputeNotice) -> Vec<Fact> {
        let id = notice.order;
        let mut later = order.clone();
        let mut facts: Vec<Fact> = vec![];
        let known = order.disputes.iter().position(|dispute| dispute.name == notice.dispute);
        let number = known.unwrap_or(order.disputes.len());
        let is_news = known.is_none_or(|at| !stands_so(&order.disputes[at], notice.end));
        if is_news && (known.is_none() || notice.end.is_none()) {
            let fact = DisputeOpened {
                order: id,
                dispute: notice.dispute.clone(),
                payment: notice.payment.clone(),
                amount: notice.amount,
                currency: notice.currency,
                reason: notice.reason.clone(),
            };
            later.dispute_opened(&fact);
            facts.push(fact.into());
        }
        if let (Some(end), true) = (notice.end, is_news) {
            later.dispute_closed(number, end);
            facts.push(DisputeClosed { order: id, dispute: number as u32, end }.into());
            facts.extend(later.rest_for_dispute(id, number));
        }
        facts
    }

    pub(super) fn decide_dispute(
        &self,
        actor: Actor,
        id: OrderId,
        number: u32,
        decision: DisputeDecision,
    ) -> Predicted {
        operator(actor)?;
        let order = self.order_of(actor, id)?;
        let dispute = order.disputes.get(number as usize).ok_or("not_found")?;
        let voids = decision == DisputeDecision::VoidTickets;
        let may = if voids {
            dispute.state != DisputeState::Won && order.stake(dispute) != 0
        } else {
            order.awaits_word(dispute)
        };
        if !may {
            return Err("not_in_that_state");
        }
        let tickets = if voids { order.stake(dispute) } else { 0 };
        let mut later = order.clone();
        later.void(tickets);
        let decided = Fact::from(DisputeDecided { order: id, dispute: number, tickets });
        let rest = later.rest_for_dispute(id, number as usize);
        done([decided].into_iter().chain(rest).collect())
    }
}

impl Order {
    /// It begins, or a bank takes it up again.
    pub(super) fn dispute_opened(&mut self, fact: &DisputeOpened) {
        let opened = Dispute {
            name: fact.dispute.clone(),
            payment: fact.payment.clone(),
            amount: fact.amount,
            currency: fact.currency,
            reason: fact.reason.clone(),
            state: DisputeState::Open,
            is_kept: false,
        };
        let known = self.disputes.iter().position(|dispute| dispute.name == opened.name);
        match known {
            Some(at) => self.disputes[at] = opened,
            None => self.disputes.push(opened),
        }
    }

    pub(super) fn dispute_closed(&mut self, number: usize, end: DisputeEnd) {
        let refunds = self.refunds.len() as u32;
        if let Some(dispute) = self.disputes.get_mut(number) {
            dispute.is_kept = false;
            dispute.state = match end {
                DisputeEnd::Won => DisputeState::Won,
                DisputeEnd::Lost { amount, currency } => {
                    DisputeState::Lost { amount, currency, refunds }
                }
            };
        }
        self.overtake();
    }

    /// What a provider will not give back and a bank has taken is owed no more, whatever the bank
    /// says later.
    pub(super) fn overtake(&mut self) {
        for number in 0..self.refunds.len() {
            let is_now = is_refused(&self.refunds[number]) && self.is_lost_since(number as u32);
            self.refunds[number].is_overtaken |= is_now;
        }
    }

    pub(super) fn void(&mut self, tickets: u32) {
        if let Stage::Paid { void, .. } = &mut self.stage {
            *void |= tickets;
        }
    }

    fn disputes_about(&self, capture: u32) -> Vec<&Dispute> {
        let payment = self.captures.get(capture as usize).map(|capture| &capture.payment);
        self.disputes.iter().filter(|dispute| Some(&dispute.payment) == payment).collect()
    }

    /// Whether nobody knows whose a payment is.
    pub(super) fn is_disputed(&self, capture: u32) -> bool {
        self.disputes_about(capture).iter().any(|dispute| dispute.state == DisputeState::Open)
    }

    /// What banks have taken of a payment of so much, which need not have been told yet.
    pub(super) fn taken_of(&self, payment: &str, came: (Amount, Currency)) -> u64 {
        let about = self.disputes.iter().filter(|dispute| dispute.payment == payment);
        about
            .map(|dispute| match dispute.state {
                DisputeState::Lost { amount, currency, .. } if currency == came.1 => {
                    amount.as_minor()
                }
                DisputeState::Lost { .. } => came.0.as_minor(),
                DisputeState::Open | DisputeState::Won => 0,
            })
            .sum()
    }

    /// Whether a bank has taken money since a refund was wanted.
    pub(super) fn is_lost_since(&self, number: u32) -> bool {
        let Some(refund) = self.refunds.get(number as usize) else { return false };
        let about = self.disputes_about(refund.capture);
        let mut lost = about.iter().filter_map(|dispute| match dispute.state {
            DisputeState::Lost { refunds, .. } => Some(refunds),
            DisputeState::Open | DisputeState::Won => None,
        });
        lost.any(|refunds| number < refunds)
    }

    /// What neither goes back nor went, and no bank has taken.
    pub(super) fn left(&self, capture: u32) -> u64 {
        let Some(came) = self.captures.get(capture as usize) else { return 0 };
        let refunds = self.refunds.iter();
        let owed = refunds.filter(|refund| refund.capture == capture && !refund.is_overtaken);
        let back: u64 = owed.map(|refund| refund.amount.as_minor()).sum();
        let taken = self.taken_of(&came.payment, (came.amount, came.currency));
        came.amount.as_minor().saturating_sub(back + taken)
    }

    /// As much of the price of some tickets as can go back now.
    pub(super) fn payable(&self, tickets: u32) -> Amount {
        let paid = self.paid_with.filter(|capture| !self.is_disputed(*capture));
        let left = paid.map_or(0, |capture| self.left(capture));
        self.price_of(tickets).min(Amount::from_minor(left))
    }

    /// What goes back of a payment without anybody asking: what is beyond the price of its tickets.
    pub(super) fn rest(&self, id: OrderId, capture: u32) -> Option<Fact> {
        let tickets = if self.paid_with == Some(capture) { self.valid() } else { 0 };
        let rest = self.left(capture).saturating_sub(self.price_of(tickets).as_minor());
        let (amount, cause) = (Amount::from_minor(rest), RefundCause::Disputed);
        let fact = RefundWanted { order: id, capture, amount, tickets: 0, cause };
        (rest > 0 && !self.is_disputed(capture)).then(|| fact.into())
    }

    fn rest_for_dispute(&self, id: OrderId, number: usize) -> Option<Fact> {
        let payment = &self.disputes.get(number)?.payment;
        let capture = self.captures.iter().position(|capture| capture.payment == *payment)?;
        self.rest(id, capture as u32)
    }

    /// The bits of the valid tickets that a disputed payment has paid for.
    pub(super) fn stake(&self, dispute: &Dispute) -> u32 {
        let paid = self.paid_with.and_then(|capture| self.captures.get(capture as usize));
        let is_it = paid.is_some_and(|capture| capture.payment == dispute.payment);
        if is_it { self.valid() } else { 0 }
    }

    /// Whether the money is gone and somebody has to say what becomes of the tickets.
    pub(super) fn awaits_word(&self, dispute: &Dispute) -> bool {
        let is_lost = matches!(dispute.state, DisputeState::Lost { .. });
        is_lost && !dispute.is_kept && self.stake(dispute) != 0
    }
}

/// Whether a dispute stands as somebody says: open, or ended so.
pub(super) fn stands_so(dispute: &Dispute, end: Option<DisputeEnd>) -> bool {
    match (dispute.state, end) {
        (DisputeState::Open, None) | (DisputeState::Won, Some(DisputeEnd::Won)) => true,
        (DisputeState::Lost { amount, currency, .. }, Some(end)) => {
            end == DisputeEnd::Lost { amount, currency }
        }
        _ => false,
    }
}
