//! What happens by itself: holds, orders and visits end at their time, the lottery is drawn, people
//! are let in, a cancelled event is undone order by order. Nothing here sweeps: the next thing that
//! is due is at the front of an ordered set.

use alloc::vec;
use alloc::vec::Vec;

use super::{Index, Sale, Timer};
use crate::fact::{Fact, HoldReleased, LotteryDrawn, PlaceAdmitted};
use crate::id::{HoldId, OrderId, PlaceId};
use crate::order::{OrderEnd, OrderState};
use crate::payment::{RefundCause, refund_of};
use crate::query::Phase;
use crate::time::Time;
use crate::waitroom::EndReason;

/// The most that one decision does of what is due, so that nobody waits long behind it.
const BATCH: usize = 32;

impl Sale {
    /// When something is due next; a time that has passed means at once.
    pub fn next_due(&self, now: Time) -> Option<Time> {
        let timer = self.index.timers.first().map(|(at, _)| *at);
        let undo = self.has_to_undo().then_some(Time::ZERO);
        [timer, undo, self.next_draw(), self.next_admission(now)].into_iter().flatten().min()
    }

    /// The facts of what is due first, at most a batch; none if nothing is.
    pub(crate) fn due_facts(&self, now: Time) -> Vec<Fact> {
        if self.has_to_undo() {
            return self.undo();
        }
        if let Some((_, timer)) = self.index.timers.first().filter(|(at, _)| *at <= now) {
            return self.ended_by_time(*timer);
        }
        if self.next_draw().is_some_and(|at| at <= now) {
            return vec![LotteryDrawn { event: self.id() }.into()];
        }
        self.admissions(now)
    }

    fn ended_by_time(&self, timer: Timer) -> Vec<Fact> {
        match timer {
            Timer::Hold(number) => {
                vec![HoldReleased { hold: HoldId::new(self.id(), number), expired: true }.into()]
            }
            Timer::Order(number) => {
                let id = OrderId::new(self.id(), number);
                let order = self.order(number);
                order.map_or_else(Vec::new, |order| self.order_ended(id, order, OrderEnd::Expired))
            }
            Timer::Visit(number) => self.visit_ended(Some(number), EndReason::Expired),
        }
    }

    fn next_draw(&self) -> Option<Time> {
        let is_awaited = self.waitroom().is_some_and(|waitroom| !waitroom.is_drawn());
        let opens_at = self.spec().waitroom?.opens_at;
        (is_awaited && self.phase() == Phase::Open).then_some(opens_at)
    }

    fn next_admission(&self, now: Time) -> Option<Time> {
        let waitroom = self.waitroom().filter(|_| self.phase() == Phase::Open)?;
        if !waitroom.is_drawn() || waitroom.waiting() == 0 {
            return None;
        }
        waitroom.next_admission_at(now, self.stock().sellable())
    }

    fn admissions(&self, now: Time) -> Vec<Fact> {
        let (Some(waitroom), Some(spec), Phase::Open) =
            (self.waitroom(), self.spec().waitroom, self.phase())
        else {
            return Vec::new();
        };
        if !waitroom.is_drawn() {
            return Vec::new();
        }
        let until = now + spec.visit;
        let places = waitroom.admissible(now, self.stock().sellable(), BATCH).into_iter();
        let place = |number| PlaceId::new(self.id(), number);
        places.map(|number| PlaceAdmitted { place: place(number), until }.into()).collect()
    }

    fn has_to_undo(&self) -> bool {
        let standing = !self.index.standing.is_empty() || !self.book.holds.is_empty();
        self.phase() == Phase::Cancelled && standing
    }

    /// A part of what a cancelled event must give back: carts, then orders.
    fn undo(&self) -> Vec<Fact> {
        if !self.book.holds.is_empty() {
            let holds = self.book.holds.keys().take(BATCH);
            let hold = |number: &u32| HoldId::new(self.id(), *number);
            return holds
                .map(|number| HoldReleased { hold: hold(number), expired: false }.into())
                .collect();
        }
        let standing = self.index.standing.iter().take(BATCH);
        standing.flat_map(|&number| self.undo_order(number)).collect()
    }

    fn undo_order(&self, number: u32) -> Vec<Fact> {
        let id = OrderId::new(self.id(), number);
        let Some(order) = self.order(number) else { return Vec::new() };
        match order.state {
            OrderState::Pending => self.order_ended(id, order, OrderEnd::EventCancelled),
            OrderState::Completed(tickets) => {
                vec![refund_of(id, order, tickets.valid(), RefundCause::EventCancelled).into()]
            }
            OrderState::Ended(_) => Vec::new(),
        }
    }
}

impl Index {
    /// The index of a book that was read back.
    pub(super) fn of(book: &super::Book) -> Self {
        let mut index = Self::default();
        for (&number, hold) in &book.holds {
            index.timers.insert((hold.until, Timer::Hold(number)));
            if let Some(place) = hold.place {
                index.holds_of_place.insert((place, number));
            }
        }
        for (number, order) in (0..).zip(&book.orders) {
            index.note_order(number, order);
        }
        index.timers.extend(super::queue::visits(book));
        index
    }

    /// Takes note of where an order is now.
    pub(super) fn note_order(&mut self, number: u32, order: &crate::order::Order) {
        let pending = order.state == OrderState::Pending;
        let has_tickets =
            matches!(order.state, OrderState::Completed(tickets) if tickets.valid() != 0);
        put(&mut self.timers, (order.until, Timer::Order(number)), pending);
        put(&mut self.standing, number, pending || has_tickets);
        put(&mut self.asking, number, order.has_effects());
        put(&mut self.refused, number, order.refused_refunds().next().is_some());
        put(&mut self.disputed, number, order.live_disputes().next().is_some());
    }
}

fn put<T: Ord>(set: &mut alloc::collections::BTreeSet<T>, item: T, belongs: bool) {
    if belongs {
        set.insert(item);
    } else {
        set.remove(&item);
    }
}
