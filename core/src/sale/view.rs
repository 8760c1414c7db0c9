//! How a sale looks from outside, to whoever may see it.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Bound;

use super::Sale;
use crate::command::Actor;
use crate::hold::{Hold, Line};
use crate::id::{HoldId, OrderId, PlaceId, TicketId};
use crate::inventory::seating::{SeatIndex, Seating};
use crate::money::Amount;
use crate::order::{Order, OrderState};
use crate::payment::{DisputeState, RefundView};
use crate::query::{
    Availability, ClassAvailability, EventView, LiveDispute, OrderView, Phase, PlaceView, Query,
    RefusedRefund, SeatLabel, SeatsView, TicketView, View, WaitroomView,
};
use crate::refusal::{Refusal, Thing};
use crate::reply::HoldView;
use crate::spec::ClassId;
use crate::time::Time;

impl Sale {
    pub(crate) fn query(&self, now: Time, actor: Actor, query: Query) -> Result<View, Refusal> {
        if !self.is_visible_to(actor) {
            return Err(Refusal::NotFound(Thing::Event));
        }
        Ok(match query {
            Query::Audit(_) => {
                super::operator(actor)?;
                View::Audit(self.audit())
            }
            Query::Availability(_) => View::Availability(self.availability()),
            Query::Disputes { after, orders_max, .. } => {
                super::operator(actor)?;
                let page = (after, orders_max);
                View::Disputes(self.of_orders(&self.index.disputed, page, live_disputes_of))
            }
            Query::Event(_) | Query::Events => View::Event(self.event_view()),
            Query::Hold(id) => View::Hold(self.hold_view(id, self.hold_of(now, actor, id.number)?)),
            Query::Order(id) => View::Order(self.order_view(id, self.order_of(actor, id.number)?)),
            Query::Place(id) => {
                // Whoever waits hears of it the next time they ask, and need not wait on.
                if self.phase() == Phase::Cancelled && matches!(actor, Actor::Person(_)) {
                    return Err(Refusal::EventCancelled);
                }
                View::Place(self.place_view(now, actor, id)?)
            }
            Query::Plan(_) => {
                View::Plan(self.spec().plan.clone().ok_or(Refusal::NotFound(Thing::Plan))?)
            }
            Query::RefusedRefunds { after, orders_max, .. } => {
                super::operator(actor)?;
                let page = (after, orders_max);
                View::RefusedRefunds(self.of_orders(&self.index.refused, page, refused_refunds_of))
            }
            Query::Reveal(_) => {
                let waitroom = self.waitroom().ok_or(Refusal::NoWaitroom)?;
                View::Reveal { commitment: waitroom.commitment(), reveal: waitroom.reveal() }
            }
            Query::Seats(_) => View::Seats(self.seats_view()?),
            Query::Timeline(id) => {
                View::Timeline(self.order_of(actor, id.number)?.timeline.clone())
            }
        })
    }

    /// Before it is opened an event is its operator's alone.
    pub(crate) fn is_visible_to(&self, actor: Actor) -> bool {
        self.phase() != Phase::Defined || !matches!(actor, Actor::Person(_))
    }

    pub(crate) fn event_view(&self) -> EventView {
        let spec = self.spec();
        EventView {
            event: self.id(),
            name: spec.name.clone(),
            currency: spec.currency,
            phase: self.phase(),
            classes: spec.classes.clone(),
            quotas: spec.quotas.clone(),
            seats: self.stock().seating().map_or(0, Seating::len),
            limits: spec.limits,
            terms: spec.terms,
            waitroom: self.waitroom_view(),
        }
    }

    fn waitroom_view(&self) -> Option<WaitroomView> {
        let (waitroom, mut spec) = self.waitroom().zip(self.spec().waitroom)?;
        spec.slots = waitroom.slots();
        spec.rate_per_minute = waitroom.rate_per_minute();
        Some(WaitroomView {
            spec,
            drawn: waitroom.is_drawn(),
            paused: waitroom.is_paused(),
            waiting: waitroom.waiting(),
            inside: waitroom.inside(),
            commitment: waitroom.commitment(),
        })
    }

    fn availability(&self) -> Availability {
        let classes = (0..self.spec().classes.len() as u16).map(ClassId);
        let class = |class| ClassAvailability {
            class,
            room: self.stock().room(class),
            counts: self.stock().class(class),
        };
        Availability {
            event: self.id(),
            version: self.book.version,
            classes: classes.map(class).collect(),
        }
    }

    fn seats_view(&self) -> Result<SeatsView, Refusal> {
        let seating = self.stock().seating().ok_or(Refusal::NotFound(Thing::Plan))?;
        let taken = seating.iter_not_free().collect();
        Ok(SeatsView { event: self.id(), version: self.book.version, taken })
    }

    fn hold_view(&self, id: HoldId, hold: &Hold) -> HoldView {
        HoldView {
            hold: id,
            lines: hold.lines.clone(),
            total: Line::total(&hold.lines),
            currency: self.spec().currency,
            until: hold.until,
        }
    }

    fn place_view(&self, now: Time, actor: Actor, id: PlaceId) -> Result<PlaceView, Refusal> {
        let place = self.place_of(actor, id.number)?;
        let (waitroom, spec) =
            self.waitroom().zip(self.spec().waitroom).ok_or(Refusal::NoWaitroom)?;
        Ok(PlaceView {
            place: id,
            party: place.party,
            state: place.state,
            joined_at: place.joined_at,
            ahead: waitroom.ahead(id.number),
            estimate: waitroom.estimate(now, id.number),
            waiting: waitroom.waiting(),
            opens_at: spec.opens_at,
            paused: waitroom.is_paused(),
            sold_out: self.stock().sellable() == 0 && !self.stock().anything_held(),
        })
    }

    fn order_view(&self, id: OrderId, order: &Order) -> OrderView {
        let currency = self.spec().currency;
        let own = order.captures.iter().filter(|capture| capture.currency == currency);
        let captured = own.map(|capture| capture.amount);
        OrderView {
            order: id,
            status: order.status(),
            lines: order.lines.clone(),
            total: order.total(),
            currency,
            placed_at: order.placed_at,
            until: order.until,
            provider: order.provider.0.clone(),
            payment: order.payment(),
            captured: sum(captured),
            refunds: refund_views(order),
            tickets: self.ticket_views(order),
        }
    }

    /// What `each` finds at the orders of an index: at so many at most, behind one.
    fn of_orders<'a, T: Iterator>(
        &'a self,
        index: &BTreeSet<u32>,
        (after, orders_max): (Option<u32>, u16),
        each: impl Fn(OrderId, &'a Order) -> T,
    ) -> Vec<T::Item> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let numbers = index.range((behind, Bound::Unbounded)).take(usize::from(orders_max));
        let orders = numbers.filter_map(|&number| Some((number, self.order(number)?)));
        orders.flat_map(|(number, order)| each(OrderId::new(self.id(), number), order)).collect()
    }

    fn ticket_views(&self, order: &Order) -> Vec<TicketView> {
        let OrderState::Completed(tickets) = order.state else {
            return Vec::new();
        };
        let ticket =
            |(i, (class, price, seat)): (u32, (ClassId, Amount, Option<SeatIndex>))| TicketView {
                ticket: TicketId::new(self.id(), tickets.first + i),
                class,
                price,
                seat: seat.and_then(|seat| Some((seat, self.seat_label(seat)?))),
                valid: tickets.valid() & (1 << i) != 0,
            };
        (0..).zip(Line::each(&order.lines)).map(ticket).collect()
    }

    fn seat_label(&self, seat: SeatIndex) -> Option<SeatLabel> {
        let plan = self.spec().plan.as_ref()?;
        let label = self.stock().seating()?.label(plan, seat)?;
        Some(SeatLabel {
            section: String::from(label.section),
            row: String::from(label.row),
            seat: label.seat.into_owned(),
        })
    }
}

fn refund_views(order: &Order) -> Vec<RefundView> {
    let refunds = (0..).zip(&order.refunds);
    let view = |(number, refund): (u32, &crate::payment::Refund)| {
        let capture = order.captures.get(refund.capture as usize)?;
        Some(RefundView {
            number,
            amount: refund.amount,
            currency: capture.currency,
            cause: refund.cause,
            state: refund.state.clone(),
        })
    };
    refunds.filter_map(view).collect()
}

fn refused_refunds_of(id: OrderId, order: &Order) -> impl Iterator<Item = RefusedRefund> {
    order.refused_refunds().filter_map(move |(refund, content, reason)| {
        let capture = order.captures.get(content.capture as usize)?;
        Some(RefusedRefund {
            order: id,
            refund,
            attempt: content.attempt,
            amount: content.amount,
            currency: capture.currency,
            cause: content.cause,
            provider: order.provider.0.clone(),
            payment: capture.payment.clone(),
            reason: String::from(reason),
        })
    })
}

fn live_disputes_of(id: OrderId, order: &Order) -> impl Iterator<Item = LiveDispute> {
    order.live_disputes().map(move |(number, dispute)| LiveDispute {
        order: id,
        number,
        dispute: dispute.name.clone(),
        provider: order.provider.0.clone(),
        payment: dispute.payment.clone(),
        amount: dispute.amount,
        currency: dispute.currency,
        reason: dispute.reason.clone(),
        is_lost: matches!(dispute.state, DisputeState::Lost { .. }),
        tickets: order.tickets_at_stake(dispute).count_ones(),
    })
}

/// A sum that stops at the largest amount: only a provider that reports impossible money gets
/// there.
pub(crate) fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, |sum, amount| {
        sum.checked_add(amount).unwrap_or(Amount::from_minor(u64::MAX))
    })
}
