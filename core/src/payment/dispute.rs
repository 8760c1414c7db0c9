//! Money that a buyer's bank asks back: what the provider says of it, and what an operator does
//! about the tickets.
//!
//! While a dispute is open nobody knows whose the money is, so nothing is given back of that
//! payment. A lost one means that the money is gone: what is given back from then on is at most
//! what is left. Tickets become void by an operator's word alone. Whatever comes of it, what a
//! payment has left beyond the price of its tickets goes back.
//!
//! No end is for ever: a bank may take up again what was won or lost, and decide otherwise. What
//! counts is how a dispute stood when its provider was last asked.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::refund::price_of;
use super::{Capture, Refund, RefundCause, RefundState};
use crate::command::{Actor, DisputeDecision, DisputeNotice};
use crate::fact::{DisputeClosed, DisputeDecided, DisputeOpened, Fact, RefundWanted};
use crate::id::OrderId;
use crate::money::{Amount, Currency};
use crate::order::{Order, OrderState};
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::sale::{Decided, Sale, operator, sum};

/// A payment that a buyer's bank asks back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The provider's name for it.
    pub name: String,
    /// The provider's name for the payment, which may be told of later.
    pub payment: String,
    /// How much is asked back.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
    /// Why, in the provider's words.
    pub reason: String,
    /// How far it is.
    pub state: DisputeState,
    /// Whether an operator leaves the tickets valid, although the money is gone. It is said of one
    /// loss: after another, somebody has to say it again.
    pub is_kept: bool,
}

impl Dispute {
    /// How it ended; `None` while it is open.
    fn end(&self) -> Option<DisputeEnd> {
        match self.state {
            DisputeState::Open => None,
            DisputeState::Won => Some(DisputeEnd::Won),
            DisputeState::Lost { amount, currency, .. } => {
                Some(DisputeEnd::Lost { amount, currency })
            }
        }
    }
}

/// How far a dispute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisputeState {
    /// Nobody knows whose the money is.
    Open,
    /// The money stays.
    Won,
    /// The money is gone.
    Lost {
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
        /// How many refunds the order had by then.
        refunds: u32,
    },
}

/// How a dispute ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisputeEnd {
    /// The money stays: the bank decided so, or whoever asked it back thought better of it.
    Won,
    /// The money is gone.
    Lost {
        /// How much.
        amount: Amount,
        /// Of what.
        currency: Currency,
    },
}

impl Sale {
    /// An operator decides what becomes of the tickets of a payment that is asked back.
    pub(crate) fn decide_dispute(
        &self,
        actor: Actor,
        id: OrderId,
        number: u32,
        decision: DisputeDecision,
    ) -> Decided {
        operator(actor)?;
        let order = self.order(id.number).ok_or(Refusal::NotFound(Thing::Order))?;
        let dispute =
            order.disputes.get(number as usize).ok_or(Refusal::NotFound(Thing::Dispute))?;
        let (tickets, may) = match decision {
            DisputeDecision::KeepTickets => (0, order.awaits_decision(dispute)),
            DisputeDecision::VoidTickets => {
                let at_stake = order.tickets_at_stake(dispute);
                (at_stake, at_stake != 0 && dispute.state != DisputeState::Won)
            }
        };
        if !may {
            return Err(Refusal::NotInThatState { status: order.status().name() });
        }
        let mut facts: Vec<Fact> =
            vec![DisputeDecided { order: id, dispute: number, tickets }.into()];
        let mut after = order.clone();
        after.void(tickets);
        facts.extend(rest_of_disputed(id, &after, number));
        Ok((facts, Reply::Done))
    }
}

fn opened(notice: &DisputeNotice) -> DisputeOpened {
    DisputeOpened {
        order: notice.order,
        dispute: notice.dispute.clone(),
        payment: notice.payment.clone(),
        amount: notice.amount,
        currency: notice.currency,
        reason: notice.reason.clone(),
    }
}

/// What a payment has left beyond the price of its tickets goes back, unless a bank still asks for
/// it.
pub(super) fn rest_of(id: OrderId, order: &Order, capture: u32) -> Option<Fact> {
    if order.is_disputed(capture) {
        return None;
    }
    let tickets = price_of(order, order.tickets_of(capture));
    let rest = order.left(capture).checked_sub(tickets)?;
    let cause = RefundCause::Disputed;
    let wanted = RefundWanted { order: id, capture, amount: rest, tickets: 0, cause };
    (!rest.is_zero()).then(|| wanted.into())
}

/// The same of the payment that a dispute is about, if it has come.
fn rest_of_disputed(id: OrderId, order: &Order, number: u32) -> Option<Fact> {
    let capture = order.capture_of(order.disputes.get(number as usize)?)?;
    rest_of(id, order, capture)
}

/// How disputes change an order.
impl Order {
    /// How a provider says that a dispute of this order stands now. A dispute has one name,
    /// however often it is taken up; what is known is no news.
    pub(crate) fn facts_of_dispute(&self, notice: &DisputeNotice) -> Vec<Fact> {
        let id = notice.order;
        let number = self.disputes.iter().position(|dispute| dispute.name == notice.dispute);
        let known = number.map(|number| self.disputes[number].end());
        if known == Some(notice.end) {
            return Vec::new();
        }
        let mut after = self.clone();
        let mut facts: Vec<Fact> = Vec::new();
        if known.is_none() || notice.end.is_none() {
            let opened = opened(notice);
            after.open_dispute(&opened);
            facts.push(opened.into());
        }
        if let Some(end) = notice.end {
            let number = number.unwrap_or(self.disputes.len()) as u32;
            after.close_dispute(number, end);
            facts.push(DisputeClosed { order: id, dispute: number, end }.into());
            facts.extend(rest_of_disputed(id, &after, number));
        }
        facts
    }

    /// A dispute begins, or is taken up again.
    pub(crate) fn open_dispute(&mut self, fact: &DisputeOpened) {
        let dispute = Dispute {
            name: fact.dispute.clone(),
            payment: fact.payment.clone(),
            amount: fact.amount,
            currency: fact.currency,
            reason: fact.reason.clone(),
            state: DisputeState::Open,
            is_kept: false,
        };
        match self.disputes.iter_mut().find(|known| known.name == dispute.name) {
            Some(known) => *known = dispute,
            None => self.disputes.push(dispute),
        }
    }

    pub(crate) fn close_dispute(&mut self, number: u32, end: DisputeEnd) {
        let refunds = self.refunds.len() as u32;
        let dispute = &mut self.disputes[number as usize];
        dispute.is_kept = false;
        dispute.state = match end {
            DisputeEnd::Won => DisputeState::Won,
            DisputeEnd::Lost { amount, currency } => {
                DisputeState::Lost { amount, currency, refunds }
            }
        };
        self.overtake();
    }

    /// The provider will not make a refund.
    pub(crate) fn refuse_refund(&mut self, number: u32, reason: String) {
        self.refunds[number as usize].state = RefundState::Refused { reason };
        self.overtake();
    }

    /// What its provider will not make while a bank has the money, nobody will.
    fn overtake(&mut self) {
        for number in 0..self.refunds.len() {
            let refund = &self.refunds[number];
            let is_refused = matches!(refund.state, RefundState::Refused { .. });
            let is_now = is_refused && self.is_behind_a_loss(number as u32, refund);
            self.refunds[number].is_overtaken |= is_now;
        }
    }
}

/// What disputes mean for an order.
impl Order {
    /// Its disputes that somebody has to know of, by number: those that are open, and those that
    /// are lost while their tickets are valid and nobody has said that they stay so.
    pub fn live_disputes(&self) -> impl Iterator<Item = (u32, &Dispute)> {
        let disputes = (0..).zip(&self.disputes);
        disputes.filter(move |(_, dispute)| {
            dispute.state == DisputeState::Open || self.awaits_decision(dispute)
        })
    }

    /// Whether a bank asks for this payment, and nobody knows whose it is.
    pub(crate) fn is_disputed(&self, capture: u32) -> bool {
        self.disputes_of(capture).any(|dispute| dispute.state == DisputeState::Open)
    }

    /// What banks have taken of one of its payments, in that payment's currency.
    pub(crate) fn charged_back(&self, capture: u32) -> Amount {
        let came = self.captures.get(capture as usize);
        came.map_or(Amount::ZERO, |came| self.taken_of(came))
    }

    /// What banks have taken of a payment, be it one of its own already or not. Money that went in
    /// another currency is as much as the payment was.
    pub(super) fn taken_of(&self, came: &Capture) -> Amount {
        let its = self.disputes.iter().filter(|dispute| dispute.payment == came.payment);
        sum(its.filter_map(|dispute| match dispute.state {
            DisputeState::Lost { amount, currency, .. } if currency == came.currency => {
                Some(amount)
            }
            DisputeState::Lost { .. } => Some(came.amount),
            DisputeState::Open | DisputeState::Won => None,
        }))
    }

    /// Whether a bank took the money after the provider was asked for a refund: it may be gone.
    pub(super) fn is_behind_a_loss(&self, number: u32, refund: &Refund) -> bool {
        let is_later = |dispute: &Dispute| match dispute.state {
            DisputeState::Lost { refunds, .. } => number < refunds,
            DisputeState::Open | DisputeState::Won => false,
        };
        self.disputes_of(refund.capture).any(is_later)
    }

    /// What has neither gone back nor is to go back of a payment, and no bank has taken.
    pub(crate) fn left(&self, capture: u32) -> Amount {
        let Some(came) = self.captures.get(capture as usize) else { return Amount::ZERO };
        let of_it = |refund: &&Refund| refund.capture == capture && !refund.is_overtaken;
        let back = self.refunds.iter().filter(of_it).map(|refund| refund.amount);
        let gone = sum(back.chain([self.charged_back(capture)]));
        came.amount.checked_sub(gone).unwrap_or(Amount::ZERO)
    }

    /// The payment that a dispute is about, if it has come.
    fn capture_of(&self, dispute: &Dispute) -> Option<u32> {
        let mut captures = (0..).zip(&self.captures);
        captures.find(|(_, came)| came.payment == dispute.payment).map(|(capture, _)| capture)
    }

    fn disputes_of(&self, capture: u32) -> impl Iterator<Item = &Dispute> {
        let came = self.captures.get(capture as usize);
        let is_its = move |dispute: &&Dispute| {
            came.is_some_and(|came: &Capture| came.payment == dispute.payment)
        };
        self.disputes.iter().filter(is_its)
    }

    /// The bits of the valid tickets that the disputed payment has paid for.
    pub(crate) fn tickets_at_stake(&self, dispute: &Dispute) -> u32 {
        self.capture_of(dispute).map_or(0, |capture| self.tickets_of(capture))
    }

    /// The bits of the valid tickets that one of its payments has paid for.
    pub(crate) fn tickets_of(&self, capture: u32) -> u32 {
        match self.state {
            OrderState::Completed(tickets) if self.paid_by == Some(capture) => tickets.valid(),
            _ => 0,
        }
    }

    /// Whether the money is gone, its tickets are valid, and nobody has said that they stay so.
    fn awaits_decision(&self, dispute: &Dispute) -> bool {
        let is_lost = matches!(dispute.state, DisputeState::Lost { .. });
        is_lost && !dispute.is_kept && self.tickets_at_stake(dispute) != 0
    }
}
