//! An order comes to nothing: given up, declined, expired, called off. The stock goes back and the
//! admission ends, in one decision.

use alloc::vec;
use alloc::vec::Vec;

use super::{Order, OrderEnd, OrderState};
use crate::command::Actor;
use crate::fact::{Fact, OrderEnded};
use crate::id::OrderId;
use crate::refusal::{Refusal, Thing};
use crate::reply::Reply;
use crate::sale::{Decided, Sale};
use crate::waitroom::EndReason;

impl Sale {
    pub(crate) fn decide_cancel_order(&self, actor: Actor, id: OrderId) -> Decided {
        let order = self.order_of(actor, id.number)?;
        match order.state {
            OrderState::Pending => {
                Ok((self.order_ended(id, order, OrderEnd::Cancelled), Reply::Done))
            }
            OrderState::Ended(_) => Ok((Vec::new(), Reply::Done)),
            OrderState::Completed(_) => {
                Err(Refusal::NotInThatState { status: order.status().name() })
            }
        }
    }

    /// The facts of an order's end.
    pub(crate) fn order_ended(&self, id: OrderId, order: &Order, end: OrderEnd) -> Vec<Fact> {
        let reason = if end == OrderEnd::Cancelled { EndReason::Left } else { EndReason::Expired };
        let mut facts = vec![OrderEnded { order: id, end }.into()];
        facts.extend(self.visit_ended(order.place, reason));
        facts
    }

    /// The order with this number, if it is the actor's.
    pub(crate) fn order_of(&self, actor: Actor, number: u32) -> Result<&Order, Refusal> {
        self.order(number)
            .filter(|order| actor.may_act_for(order.person))
            .ok_or(Refusal::NotFound(Thing::Order))
    }
}
