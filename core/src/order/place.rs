//! A hold becomes an order.

use alloc::vec;
use alloc::vec::Vec;

use super::OrderStatus;
use crate::command::{Actor, Provider};
use crate::fact::{Fact, HoldReleased, OrderCompleted, OrderPlaced};
use crate::hold::Line;
use crate::id::{HoldId, OrderId};
use crate::reply::{HoldView, Reply};
use crate::sale::{Decided, Sale};
use crate::time::Time;
use crate::waitroom::EndReason;

impl Sale {
    pub(crate) fn decide_place_order(
        &self,
        now: Time,
        actor: Actor,
        hold: HoldId,
        provider: &Provider,
        accept_other_seats: bool,
    ) -> Decided {
        self.must_be_open()?;
        let held = self.hold_of(now, actor, hold.number)?;
        if let Some(place) = held.place {
            self.check_visit(now, held.person, place)?;
        }
        let order = OrderId::new(self.id(), self.next_order());
        let until = now + self.spec().terms.order;
        let provider = provider.clone();
        let mut facts: Vec<Fact> =
            vec![OrderPlaced { order, hold, provider, until, accept_other_seats }.into()];
        let total = Line::total(&held.lines);
        let status = if total.is_zero() {
            facts.push(OrderCompleted { order, first_ticket: self.next_ticket() }.into());
            // The hold itself does not go back: it is an order by now.
            let itself = Fact::from(HoldReleased { hold, expired: false });
            let ended = self.visit_ended(held.place, EndReason::Completed);
            facts.extend(ended.into_iter().filter(|fact| *fact != itself));
            OrderStatus::Completed
        } else {
            OrderStatus::Pending
        };
        let currency = self.spec().currency;
        let view = HoldView { hold, lines: held.lines.clone(), total, currency, until: held.until };
        Ok((facts, Reply::OrderPlaced { order, hold: view, status, until }))
    }
}
