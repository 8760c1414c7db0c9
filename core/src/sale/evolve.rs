//! How a fact changes a sale: the only place where one does. A fact was allowed when it was
//! written, so nothing here asks whether it may happen; what could not have happened panics, for
//! then the state is not the one that the fact was decided on.

use super::{Sale, Timer};
use crate::fact::{
    DisputeDecided, DisputeOpened, Fact, HoldTaken, IntentReady, OrderPlaced, OrderRevived,
    PaymentCaptured, RefundDone, RefundRefused, RefundRetried, RefundSettled, RefundWanted,
};
use crate::hold::{Hold, Line};
use crate::id::PlaceId;
use crate::order::{Intent, Order, OrderEnd, OrderState, Step, StepKind, Tickets};
use crate::payment::{Capture, Refund, RefundState};
use crate::query::Phase;
use crate::spec::Change;
use crate::time::Time;
use crate::waitroom::{EndReason, Waitroom};

/// Where in the journal and in time a fact stands.
#[derive(Clone, Copy)]
struct Mark {
    number: u64,
    at: Time,
}

impl Sale {
    /// Applies a fact of this event.
    ///
    /// # Panics
    /// If the fact could not have happened in this state.
    pub(crate) fn evolve(&mut self, number: u64, at: Time, fact: &Fact) {
        let mark = Mark { number, at };
        match fact {
            Fact::EventOpened(_) => self.book.phase = Phase::Open,
            Fact::EventCancelled(_) => self.book.phase = Phase::Cancelled,
            Fact::SeatsBlocked(fact) => {
                self.stock.block(&fact.seats, fact.block);
                self.book.version = number;
            }
            Fact::EventChanged(fact) => self.change(mark, fact.change),
            Fact::WaitroomJoined(fact) => {
                self.queue().joined(at, fact.person, fact.party);
            }
            Fact::LotteryDrawn(_) => self.queue().drawn(at),
            Fact::PlaceAdmitted(fact) => {
                self.queue().admitted(at, fact.place.number, fact.until);
                self.index.timers.insert((fact.until, Timer::Visit(fact.place.number)));
            }
            Fact::PlaceEnded(fact) => self.end_place(at, fact.place, fact.reason),
            Fact::WaitroomSteered(fact) => self.steer(at, fact.steer),
            Fact::HoldTaken(fact) => self.take_hold(mark, fact),
            Fact::HoldReleased(fact) => self.release_hold(mark, fact.hold.number),
            Fact::OrderPlaced(fact) => self.place_order(mark, fact),
            Fact::IntentReady(fact) => self.ready(mark, fact),
            Fact::PaymentStarted(fact) => {
                self.step(mark, fact.order.number, StepKind::PaymentStarted, |order| {
                    order.until = fact.until;
                    if let Intent::Ready { started, .. } = &mut order.intent {
                        *started = true;
                    }
                });
            }
            Fact::PaymentCaptured(fact) => self.capture(mark, fact),
            Fact::OrderCompleted(fact) => {
                self.complete(mark, fact.order.number, fact.first_ticket);
            }
            Fact::OrderEnded(fact) => self.end_order(mark, fact.order.number, fact.end),
            Fact::OrderRevived(fact) => self.revive(mark, fact),
            Fact::RefundWanted(fact) => self.want_refund(mark, fact),
            Fact::RefundDone(fact) => self.refund_done(mark, fact),
            Fact::RefundRefused(fact) => self.refund_refused(mark, fact),
            Fact::RefundRetried(fact) => self.refund_retried(mark, fact),
            Fact::RefundSettled(fact) => self.refund_settled(mark, fact),
            Fact::DisputeOpened(fact) => self.open_dispute(mark, fact),
            Fact::DisputeClosed(fact) => {
                let kind = StepKind::DisputeClosed { dispute: fact.dispute, end: fact.end };
                self.step(mark, fact.order.number, kind, |order| {
                    order.close_dispute(fact.dispute, fact.end);
                });
            }
            Fact::DisputeDecided(fact) => self.dispute_decided(mark, fact),
            Fact::EventDefined(_)
            | Fact::EventReserved(_)
            | Fact::DisputeStrayed(_)
            | Fact::PaymentStrayed(_)
            | Fact::Answered(_) => {}
        }
    }

    fn change(&mut self, mark: Mark, change: Change) {
        self.book.spec.change(change);
        if let Change::Capacity { quota, capacity } = change {
            self.stock.resize(quota, capacity);
            self.book.version = mark.number;
        }
    }

    fn queue(&mut self) -> &mut Waitroom {
        self.book.waitroom.as_mut().expect("only an event with a waitroom has facts about it")
    }

    fn end_place(&mut self, at: Time, place: PlaceId, reason: EndReason) {
        self.forget_visit(place.number);
        self.queue().ended(at, place.number, reason);
    }

    fn forget_visit(&mut self, number: u32) {
        use crate::waitroom::PlaceState;
        let place = self.waitroom().and_then(|waitroom| waitroom.place(number));
        if let Some(PlaceState::Admitted { until, .. }) = place.map(|place| place.state) {
            self.index.timers.remove(&(until, Timer::Visit(number)));
        }
    }

    fn steer(&mut self, at: Time, steer: crate::command::Steer) {
        use crate::command::Steer;
        match steer {
            Steer::Pause => self.queue().paused(),
            Steer::Resume => self.queue().resumed(at),
            Steer::Resize { slots, rate_per_minute } => {
                self.queue().resized(at, slots, rate_per_minute);
            }
        }
    }

    fn take_hold(&mut self, mark: Mark, fact: &HoldTaken) {
        let number = fact.hold.number;
        self.stock.hold(&fact.lines, number);
        self.book.buyers.took(fact.person, &fact.lines);
        self.book.buyers.began_cart(fact.person, fact.until);
        let place = fact.place.map(|place| place.number);
        if let Some(place) = place {
            self.index.holds_of_place.insert((place, number));
            self.queue().provided(place);
        }
        let hold =
            Hold { person: fact.person, place, lines: fact.lines.clone(), until: fact.until };
        self.index.timers.insert((hold.until, Timer::Hold(number)));
        self.book.holds.insert(number, hold);
        self.book.next_hold = number + 1;
        self.book.version = mark.number;
    }

    fn remove_hold(&mut self, number: u32) -> Hold {
        let hold = self.book.holds.remove(&number).expect("a hold ends once");
        self.index.timers.remove(&(hold.until, Timer::Hold(number)));
        self.book.buyers.gave_up_hold(hold.person);
        if let Some(place) = hold.place {
            self.index.holds_of_place.remove(&(place, number));
        }
        hold
    }

    fn release_hold(&mut self, mark: Mark, number: u32) {
        let hold = self.remove_hold(number);
        self.stock.release_hold(&hold.lines, number);
        self.book.buyers.gave_back(mark.at, hold.person, &hold.lines);
        let may_take_more = |place: &u32| {
            self.order_of_place(*place).is_none() && self.holds_of_place(*place).next().is_none()
        };
        if let Some(place) = hold.place.filter(may_take_more) {
            self.queue().unprovided(place);
        }
        self.book.version = mark.number;
    }

    fn place_order(&mut self, mark: Mark, fact: &OrderPlaced) {
        let number = fact.order.number;
        let hold = self.remove_hold(fact.hold.number);
        self.stock.order(&hold.lines, fact.hold.number, number);
        if let Some(place) = hold.place {
            self.book.ordered.insert(place, number);
            self.forget_visit(place);
        }
        let is_free = Line::total(&hold.lines).is_zero();
        let order = Order {
            person: hold.person,
            place: hold.place,
            lines: hold.lines,
            provider: fact.provider.clone(),
            placed_at: mark.at,
            until: fact.until,
            accept_other_seats: fact.accept_other_seats,
            state: OrderState::Pending,
            intent: if is_free { Intent::Free } else { Intent::Wanted },
            captures: alloc::vec::Vec::new(),
            paid_by: None,
            refunds: alloc::vec::Vec::new(),
            disputes: alloc::vec::Vec::new(),
            timeline: alloc::vec::Vec::new(),
        };
        assert_eq!(number as usize, self.book.orders.len(), "orders are numbered densely");
        self.book.orders.push(order);
        self.step(mark, number, StepKind::Placed, |_| {});
        self.book.version = mark.number;
    }

    fn ready(&mut self, mark: Mark, fact: &IntentReady) {
        self.step(mark, fact.order.number, StepKind::PaymentReady, |order| {
            let (reference, url) = (fact.reference.clone(), fact.url.clone());
            let started = order.has_started();
            order.intent = Intent::Ready { reference, url, started };
        });
    }

    fn capture(&mut self, mark: Mark, fact: &PaymentCaptured) {
        let (payment, amount, currency) = (fact.payment.clone(), fact.amount, fact.currency);
        let kind = StepKind::PaymentCaptured { payment: payment.clone(), amount, currency };
        self.step(mark, fact.order.number, kind, |order| {
            order.captures.push(Capture { payment, amount, currency });
        });
    }

    fn complete(&mut self, mark: Mark, number: u32, first_ticket: u32) {
        let order = &self.book.orders[number as usize];
        let count = Line::tickets(&order.lines);
        self.stock.sell(&order.lines, number);
        self.book.buyers.bought(order.person);
        self.book.next_ticket = first_ticket + count;
        let tickets = Tickets { first: first_ticket, count, void: 0 };
        self.step(mark, number, StepKind::Completed, |order| {
            order.state = OrderState::Completed(tickets);
            order.paid_by = (order.captures.len() as u32).checked_sub(1);
        });
        self.book.version = mark.number;
    }

    fn end_order(&mut self, mark: Mark, number: u32, end: OrderEnd) {
        let order = &self.book.orders[number as usize];
        self.stock.release_order(&order.lines, number);
        self.book.buyers.gave_back(mark.at, order.person, &order.lines);
        self.step(mark, number, StepKind::Ended(end), |order| {
            order.state = OrderState::Ended(end);
        });
        self.book.version = mark.number;
    }

    fn revive(&mut self, mark: Mark, fact: &OrderRevived) {
        let number = fact.order.number;
        self.stock.order_again(&fact.lines, number);
        self.book.buyers.took(self.book.orders[number as usize].person, &fact.lines);
        self.step(mark, number, StepKind::Revived, |order| {
            order.lines.clone_from(&fact.lines);
            order.state = OrderState::Pending;
        });
    }

    /// The tickets are void at once: nobody gets in on money that is on its way back.
    fn want_refund(&mut self, mark: Mark, fact: &RefundWanted) {
        let number = fact.order.number;
        let kind = StepKind::RefundWanted { amount: fact.amount, cause: fact.cause };
        self.step(mark, number, kind, |order| {
            order.void(fact.tickets);
            if !fact.amount.is_zero() {
                order.refunds.push(Refund {
                    capture: fact.capture,
                    amount: fact.amount,
                    cause: fact.cause,
                    attempt: 0,
                    state: RefundState::Wanted,
                    is_overtaken: false,
                });
            }
        });
        self.take_back(mark, number, fact.tickets);
    }

    fn open_dispute(&mut self, mark: Mark, fact: &DisputeOpened) {
        let (dispute, amount, currency) = (fact.dispute.clone(), fact.amount, fact.currency);
        let kind = StepKind::DisputeOpened { dispute, amount, currency };
        self.step(mark, fact.order.number, kind, |order| order.open_dispute(fact));
    }

    fn dispute_decided(&mut self, mark: Mark, fact: &DisputeDecided) {
        let (number, void) = (fact.order.number, fact.tickets != 0);
        let kind = StepKind::DisputeDecided { dispute: fact.dispute, void };
        self.step(mark, number, kind, |order| {
            order.disputes[fact.dispute as usize].is_kept = !void;
            order.void(fact.tickets);
        });
        self.take_back(mark, number, fact.tickets);
    }

    /// The stock of tickets that are void now can be sold again.
    fn take_back(&mut self, mark: Mark, number: u32, tickets: u32) {
        let order = &self.book.orders[number as usize];
        let void = |i: &usize| tickets & (1 << i) != 0;
        let back: alloc::vec::Vec<_> = Line::each(&order.lines)
            .enumerate()
            .filter(|(i, _)| void(i))
            .map(|(_, (class, price, seat))| Line {
                class,
                count: 1,
                price,
                seats: seat.into_iter().collect(),
            })
            .collect();
        self.stock.take_back(&back, number);
        self.book.buyers.gave_back(mark.at, order.person, &back);
        if !back.is_empty() {
            self.book.version = mark.number;
        }
    }

    /// Of what went back another way before, it is the second time.
    fn refund_done(&mut self, mark: Mark, fact: &RefundDone) {
        let reference = fact.reference.clone();
        let kind = StepKind::RefundDone { reference: reference.clone() };
        self.step(mark, fact.order.number, kind, |order| {
            match &mut order.refunds[fact.refund as usize].state {
                RefundState::Settled { twice, .. } => *twice = Some(reference),
                state => *state = RefundState::Done { reference },
            }
        });
    }

    fn refund_refused(&mut self, mark: Mark, fact: &RefundRefused) {
        let reason = fact.reason.clone();
        let kind = StepKind::RefundRefused { reason: reason.clone() };
        self.step(mark, fact.order.number, kind, |order| order.refuse_refund(fact.refund, reason));
    }

    fn refund_retried(&mut self, mark: Mark, fact: &RefundRetried) {
        let kind = StepKind::RefundRetried { attempt: fact.attempt };
        self.step(mark, fact.order.number, kind, |order| {
            let refund = &mut order.refunds[fact.refund as usize];
            (refund.attempt, refund.state) = (fact.attempt, RefundState::Wanted);
        });
    }

    fn refund_settled(&mut self, mark: Mark, fact: &RefundSettled) {
        let reference = fact.reference.clone();
        let kind = StepKind::RefundSettled { reference: reference.clone() };
        self.step(mark, fact.order.number, kind, |order| {
            order.refunds[fact.refund as usize].state =
                RefundState::Settled { reference, twice: None };
        });
    }

    /// Changes an order, writes the change into its timeline and keeps the index true.
    fn step(&mut self, mark: Mark, number: u32, kind: StepKind, change: impl FnOnce(&mut Order)) {
        let order = &mut self.book.orders[number as usize];
        self.index.timers.remove(&(order.until, Timer::Order(number)));
        change(order);
        order.timeline.push(Step { at: mark.at, fact: mark.number, kind });
        self.index.note_order(number, order);
    }
}
