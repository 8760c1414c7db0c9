//! A hold becomes an order.

use alloc::vec;
use alloc::vec::Vec;

use super::OrderStatus;
use crate::command::{Actor, Provider};
use crate::fact::{Fact, OrderCompleted, OrderPlaced};
use crate::hold::Line;
use crate::id::{HoldId, OrderId, PlaceId};
use crate::refusal::Refusal;
use crate::reply::{HoldView, Reply};
use crate::sale::{Decided, Sale};
use crate::time::Time;
use crate::waitroom::{EndReason, Place};

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
        let held = self.hold_of(actor, hold.number)?;
        if let Some(order) = held.place.and_then(|place| self.order_of_place(place)) {
            return Err(Refusal::OrderedAlready { order });
        }
        let order = OrderId::new(self.id(), self.next_order());
        let until = now + self.spec().terms.order;
        let provider = provider.clone();
        let mut facts: Vec<Fact> =
            vec![OrderPlaced { order, hold, provider, until, accept_other_seats }.into()];
        let total = Line::total(&held.lines);
        let status = if total.is_zero() {
            facts.push(OrderCompleted { order, first_ticket: self.next_ticket() }.into());
            facts.extend(self.place_ended(held.place, EndReason::Completed));
            OrderStatus::Completed
        } else {
            OrderStatus::Pending
        };
        let currency = self.spec().currency;
        let view = HoldView { hold, lines: held.lines.clone(), total, currency, until: held.until };
        Ok((facts, Reply::OrderPlaced { order, hold: view, status, until }))
    }

    /// The fact that an order's end brings with it for the admission it was placed with.
    pub(crate) fn place_ended(&self, place: Option<u32>, reason: EndReason) -> Option<Fact> {
        let number = place.filter(|number| {
            let place = self.waitroom().and_then(|waitroom| waitroom.place(*number));
            place.is_some_and(Place::is_admitted)
        })?;
        let place = PlaceId::new(self.id(), number);
        Some(crate::fact::PlaceEnded { place, reason }.into())
    }
}
