//! What a fact does. Whether it may happen is asked elsewhere: what makes no sense does nothing.

use onsale_core::command::Steer;
use onsale_core::fact::{Fact, HoldTaken, OrderPlaced, RefundWanted};
use onsale_core::hold::Hold;
use onsale_core::id::PersonId;
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::payment::{Capture, Refund, RefundState};
use onsale_core::query::Phase;
use onsale_core::spec::{Change, Draft};
use onsale_core::time::Time;
use onsale_core::waitroom::{EndReason, Place, PlaceState};

use super::event::{Event, Order, Stage};
use super::lottery;

impl Event {
    pub(super) fn change(&mut self, at: Time, fact: &Fact) {
        match fact {
            Fact::EventOpened(_) => self.phase = Phase::Open,
            Fact::EventCancelled(_) => self.phase = Phase::Cancelled,
            Fact::SeatsBlocked(fact) => self.set_blocked(&fact.seats, fact.block),
            Fact::EventChanged(fact) => self.changed(fact.change),
            Fact::WaitroomJoined(fact) => self.joined(at, fact.person, fact.party),
            Fact::LotteryDrawn(_) => self.draw(),
            Fact::PlaceAdmitted(fact) => {
                self.leave_line(fact.place.number);
                self.rate.admit(at);
                let (until, provided) = (fact.until, false);
                self.set_place(fact.place.number, PlaceState::Admitted { at, until, provided });
            }
            Fact::PlaceEnded(fact) => {
                self.leave_line(fact.place.number);
                self.set_place(fact.place.number, ended(at, fact.reason));
            }
            Fact::WaitroomSteered(fact) => self.steered(at, fact.steer),
            Fact::HoldTaken(fact) => self.taken(fact),
            Fact::HoldReleased(fact) => {
                self.end_hold(fact.hold.number);
            }
            _ => self.change_order(at, fact),
        }
    }

    fn change_order(&mut self, at: Time, fact: &Fact) {
        match fact {
            Fact::OrderPlaced(fact) => self.placed(at, fact),
            Fact::IntentReady(fact) => self.with_order(fact.order.number, |order| {
                order.page = Some(fact.url.clone());
            }),
            Fact::PaymentStarted(fact) => self.with_order(fact.order.number, |order| {
                order.until = fact.until;
                order.has_started = true;
            }),
            Fact::PaymentCaptured(fact) => self.with_order(fact.order.number, |order| {
                let (payment, amount, currency) =
                    (fact.payment.clone(), fact.amount, fact.currency);
                order.captures.push(Capture { payment, amount, currency });
            }),
            Fact::OrderCompleted(fact) => self.completed(fact.order.number, fact.first_ticket),
            Fact::OrderEnded(fact) => self.with_order(fact.order.number, |order| {
                order.stage = Stage::Over(fact.end);
            }),
            Fact::OrderRevived(fact) => self.with_order(fact.order.number, |order| {
                order.lines.clone_from(&fact.lines);
                order.stage = Stage::Pending;
            }),
            Fact::RefundWanted(fact) => {
                self.with_order(fact.order.number, |order| want_refund(order, fact));
            }
            Fact::RefundDone(fact) => {
                let reference = fact.reference.clone();
                self.with_refund(fact.order.number, fact.refund, |refund| {
                    refund.state = match refund.state.clone() {
                        RefundState::Settled { reference: by_hand, .. } => {
                            RefundState::Settled { reference: by_hand, twice: Some(reference) }
                        }
                        _ => RefundState::Done { reference },
                    };
                });
            }
            Fact::RefundRefused(fact) => {
                let reason = fact.reason.clone();
                self.answer(fact.order.number, fact.refund, RefundState::Refused { reason });
                self.with_order(fact.order.number, Order::overtake);
            }
            Fact::RefundRetried(fact) => {
                self.with_refund(fact.order.number, fact.refund, |refund| {
                    (refund.attempt, refund.state) = (fact.attempt, RefundState::Wanted);
                });
            }
            Fact::RefundSettled(fact) => {
                let state = RefundState::Settled { reference: fact.reference.clone(), twice: None };
                self.answer(fact.order.number, fact.refund, state);
            }
            Fact::DisputeOpened(fact) => {
                self.with_order(fact.order.number, |order| order.dispute_opened(fact));
            }
            Fact::DisputeClosed(fact) => self.with_order(fact.order.number, |order| {
                order.dispute_closed(fact.dispute as usize, fact.end);
            }),
            Fact::DisputeDecided(fact) => self.with_order(fact.order.number, |order| {
                order.void(fact.tickets);
                if let Some(dispute) = order.disputes.get_mut(fact.dispute as usize) {
                    dispute.is_kept = fact.tickets == 0;
                }
            }),
            _ => {}
        }
    }

    fn changed(&mut self, change: Change) {
        let Draft { classes, quotas, .. } = &mut self.spec;
        match change {
            Change::Capacity { quota, capacity } => {
                if let Some(quota) = quotas.get_mut(usize::from(quota.0)) {
                    quota.capacity = capacity;
                }
            }
            Change::Price { class, price } => {
                if let Some(class) = classes.get_mut(usize::from(class.0)) {
                    class.price = price;
                }
            }
            Change::Window { class, window } => {
                if let Some(class) = classes.get_mut(usize::from(class.0)) {
                    class.window = window;
                }
            }
        }
    }

    fn set_blocked(&mut self, seats: &[SeatIndex], block: bool) {
        for seat in seats {
            if let Some(chair) = self.chairs.get_mut(seat.0 as usize) {
                chair.is_blocked = block;
            }
        }
    }

    fn joined(&mut self, at: Time, person: PersonId, party: u32) {
        if self.is_drawn {
            self.line.push(self.places.len() as u32);
        }
        self.places.push(Place { person, party, joined_at: at, state: PlaceState::Queued });
    }

    fn draw(&mut self) {
        self.is_drawn = true;
        let places = &self.places;
        let has_ended = |number: u32| places[number as usize].state != PlaceState::Queued;
        self.line = lottery::order(&self.seed.0, places.len() as u32, has_ended);
    }

    fn leave_line(&mut self, number: u32) {
        self.line.retain(|waiting| *waiting != number);
    }

    fn set_place(&mut self, number: u32, state: PlaceState) {
        if let Some(place) = self.places.get_mut(number as usize) {
            place.state = state;
        }
    }

    fn steered(&mut self, at: Time, steer: Steer) {
        match steer {
            Steer::Pause => self.is_paused = true,
            Steer::Resume => self.is_paused = false,
            Steer::Resize { slots, rate_per_minute } => {
                self.slots = slots.unwrap_or(self.slots);
                if let Some(rate) = rate_per_minute {
                    self.rate.change(at, rate);
                }
            }
        }
    }

    fn taken(&mut self, fact: &HoldTaken) {
        let (person, place, until) =
            (fact.person, fact.place.map(|place| place.number), fact.until);
        self.holds.push(Some(Hold { person, place, lines: fact.lines.clone(), until }));
        self.carts.retain(|(of, _)| *of != person);
        self.carts.push((person, until));
    }

    fn end_hold(&mut self, number: u32) -> Option<Hold> {
        self.holds.get_mut(number as usize).and_then(Option::take)
    }

    fn placed(&mut self, at: Time, fact: &OrderPlaced) {
        let Some(hold) = self.end_hold(fact.hold.number) else { return };
        self.orders.push(Order {
            person: hold.person,
            place: hold.place,
            lines: hold.lines,
            provider: fact.provider.clone(),
            placed_at: at,
            until: fact.until,
            accept_other_seats: fact.accept_other_seats,
            stage: Stage::Pending,
            page: None,
            has_started: false,
            captures: vec![],
            refunds: vec![],
            disputes: vec![],
            paid_with: None,
        });
    }

    /// What was bought is out of the cart: if nothing else is in it, the next has its own timer.
    fn completed(&mut self, number: u32, first: u32) {
        let Some(order) = self.orders.get_mut(number as usize) else { return };
        order.stage = Stage::Paid { first, void: 0 };
        order.paid_with = (order.captures.len() as u32).checked_sub(1);
        self.next_ticket = first + order.count();
        let person = order.person;
        if !self.holds.iter().flatten().any(|hold| hold.person == person) {
            self.carts.retain(|(of, _)| *of != person);
        }
    }

    fn answer(&mut self, number: u32, refund: u32, state: RefundState) {
        self.with_refund(number, refund, |refund| refund.state = state);
    }

    fn with_refund(&mut self, number: u32, refund: u32, change: impl FnOnce(&mut Refund)) {
        self.with_order(number, |order| {
            if let Some(refund) = order.refunds.get_mut(refund as usize) {
                change(refund);
            }
        });
    }

    fn with_order(&mut self, number: u32, change: impl FnOnce(&mut Order)) {
        if let Some(order) = self.orders.get_mut(number as usize) {
            change(order);
        }
    }
}

fn want_refund(order: &mut Order, fact: &RefundWanted) {
    order.void(fact.tickets);
    if !fact.amount.is_zero() {
        let (capture, amount, cause) = (fact.capture, fact.amount, fact.cause);
        let (attempt, state) = (0, RefundState::Wanted);
        let is_overtaken = false;
        order.refunds.push(Refund { capture, amount, cause, attempt, state, is_overtaken });
    }
}

fn ended(at: Time, reason: EndReason) -> PlaceState {
    match reason {
        EndReason::Completed => PlaceState::Completed { at },
        EndReason::Expired => PlaceState::Expired { at },
        EndReason::Left => PlaceState::Left { at },
        EndReason::Abandoned => PlaceState::Abandoned { at },
    }
}
