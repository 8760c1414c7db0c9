//! Money goes back: of some tickets, of all, what the provider says to it, and what an operator
//! does about it if the provider will not.

use alloc::vec;
use alloc::vec::Vec;

use super::dispute::rest_of;
use super::{RefundCause, RefundState};
use crate::command::{Actor, RefundOutcome, RefundSettlement};
use crate::fact::{Fact, RefundDone, RefundRefused, RefundRetried, RefundSettled, RefundWanted};
use crate::hold::Line;
use crate::id::{OrderId, TicketId};
use crate::money::Amount;
use crate::order::{Order, OrderState, Tickets};
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::sale::{Decided, Sale, operator};

impl Sale {
    /// An operator gives money back for tickets; `None` for all that are valid.
    pub(crate) fn decide_refund(
        &self,
        actor: Actor,
        id: OrderId,
        wanted: Option<&[TicketId]>,
    ) -> Decided {
        operator(actor)?;
        let order = self.order(id.number).ok_or(Refusal::NotFound(Thing::Order))?;
        let wrong_state = Refusal::NotInThatState { status: order.status().name() };
        let OrderState::Completed(tickets) = order.state else {
            return Err(wrong_state);
        };
        let chosen = match wanted {
            Some(wanted) => bits(id, tickets, wanted)?,
            None => tickets.valid(),
        };
        if chosen == 0 || chosen & !tickets.valid() != 0 {
            return Err(wrong_state);
        }
        if order.paid_by.is_some_and(|capture| order.is_disputed(capture)) {
            return Err(Refusal::Disputed);
        }
        let fact = refund_of(id, order, chosen, RefundCause::Asked);
        let reply =
            Reply::Refunding { order: id, amount: fact.amount, currency: self.spec().currency };
        Ok((vec![fact.into()], reply))
    }

    /// What the provider says to a refund. That money went back counts whichever attempt it was,
    /// and also if it went another way meanwhile: then it is gone twice. That an earlier one was
    /// refused is known, and says nothing of the one under way. One that is refused because a bank
    /// has the money leaves the rest of it, if there is any.
    pub(crate) fn decide_record_refund(
        &self,
        id: OrderId,
        refund: u32,
        attempt: u32,
        outcome: &RefundOutcome,
    ) -> Decided {
        let order = self.order(id.number).ok_or(Refusal::NotFound(Thing::Order))?;
        let known = order.refunds.get(refund as usize).ok_or(Refusal::NotFound(Thing::Refund))?;
        let is_wanted = known.state == RefundState::Wanted;
        let is_news = is_wanted || matches!(known.state, RefundState::Settled { twice: None, .. });
        let facts: Vec<Fact> = match outcome {
            RefundOutcome::Done { reference } if is_news => {
                vec![RefundDone { order: id, refund, reference: reference.clone() }.into()]
            }
            RefundOutcome::Refused { reason } if is_wanted && attempt == known.attempt => {
                let mut after = order.clone();
                after.refuse_refund(refund, reason.clone());
                let refused =
                    Fact::from(RefundRefused { order: id, refund, reason: reason.clone() });
                let rest = rest_of(id, &after, known.capture);
                [refused].into_iter().chain(rest).collect()
            }
            RefundOutcome::Done { .. } | RefundOutcome::Refused { .. } => Vec::new(),
        };
        Ok((facts, Reply::Done))
    }

    /// An operator decides on what a provider will not do, or does not come to do: that is asked
    /// for anyway, but it may have gone back another way.
    pub(crate) fn decide_settle_refund(
        &self,
        actor: Actor,
        id: OrderId,
        refund: u32,
        how: &RefundSettlement,
    ) -> Decided {
        operator(actor)?;
        if let Some(problem) = how.problem() {
            return Err(Refusal::Malformed(problem));
        }
        let order = self.order(id.number).ok_or(Refusal::NotFound(Thing::Order))?;
        let known = order.refunds.get(refund as usize).ok_or(Refusal::NotFound(Thing::Refund))?;
        match known.state {
            RefundState::Wanted if *how == RefundSettlement::Again => {
                return Err(Refusal::RefundUnderWay);
            }
            RefundState::Wanted | RefundState::Refused { .. } => {}
            RefundState::Done { .. } | RefundState::Settled { .. } => {
                return Err(Refusal::NotInThatState { status: order.status().name() });
            }
        }
        let is_gone = known.is_overtaken || order.is_behind_a_loss(refund, known);
        if is_gone || order.is_disputed(known.capture) {
            return Err(Refusal::Disputed);
        }
        let fact: Fact = match how {
            RefundSettlement::Again => {
                RefundRetried { order: id, refund, attempt: known.attempt + 1 }.into()
            }
            RefundSettlement::ByHand { reference } => {
                RefundSettled { order: id, refund, reference: reference.clone() }.into()
            }
        };
        Ok((vec![fact], Reply::Done))
    }
}

/// The money of the `chosen` tickets goes back, out of the payment that paid for them: as much of
/// it as no bank has taken or asks for.
pub(crate) fn refund_of(
    id: OrderId,
    order: &Order,
    chosen: u32,
    cause: RefundCause,
) -> RefundWanted {
    let paid_by = order.paid_by.filter(|capture| !order.is_disputed(*capture));
    let left = paid_by.map_or(Amount::ZERO, |capture| order.left(capture));
    let amount = price_of(order, chosen).min(left);
    let capture = order.paid_by.unwrap_or(0);
    RefundWanted { order: id, capture, amount, tickets: chosen, cause }
}

/// What some of an order's tickets cost: bit `i` is the `i`-th.
pub(crate) fn price_of(order: &Order, tickets: u32) -> Amount {
    let prices = Line::each(&order.lines).map(|(_, price, _)| price).enumerate();
    prices
        .filter(|(i, _)| tickets & (1 << i) != 0)
        .try_fold(Amount::ZERO, |sum, (_, price)| sum.checked_add(price))
        .expect("a part of an order's total fits where the total does")
}

/// Ticket numbers are dense within an event, so a ticket of another event may have the same one.
fn bits(id: OrderId, tickets: Tickets, wanted: &[TicketId]) -> Result<u32, Refusal> {
    wanted.iter().try_fold(0u32, |bits, ticket| {
        let number = (ticket.event == id.event).then_some(ticket.number);
        let offset = number.and_then(|number| number.checked_sub(tickets.first));
        let offset = offset.filter(|offset| *offset < tickets.count);
        offset.map(|offset| bits | (1 << offset)).ok_or(Refusal::NotFound(Thing::Ticket))
    })
}
