//! What an operator's commands lead to.

use onsale_core::command::{Actor, Steer};
use onsale_core::fact::{EventCancelled, EventChanged, EventOpened, SeatsBlocked, WaitroomSteered};
use onsale_core::inventory::seating::{SeatIndex, SeatState};
use onsale_core::query::Phase;
use onsale_core::spec::Change;

use super::event::Event;
use super::{Allowed, Predicted, done};

impl Event {
    pub(super) fn open(&self, actor: Actor) -> Predicted {
        operator(actor)?;
        match self.phase {
            Phase::Defined => done(vec![EventOpened { event: self.id }.into()]),
            Phase::Open => Err("open_already"),
            Phase::Cancelled => Err("event_cancelled"),
        }
    }

    pub(super) fn cancel(&self, actor: Actor) -> Predicted {
        operator(actor)?;
        let is_new = self.phase != Phase::Cancelled;
        done(is_new.then(|| EventCancelled { event: self.id }.into()).into_iter().collect())
    }

    /// Whoever has something keeps it, and so there is never less than what is held and sold.
    pub(super) fn change_event(&self, actor: Actor, change: Change) -> Predicted {
        operator(actor)?;
        if self.phase == Phase::Cancelled {
            return Err("event_cancelled");
        }
        let is_the_same = match change {
            Change::Capacity { quota, capacity } => {
                let quota = self.spec.quotas.get(usize::from(quota.0)).ok_or("not_found")?;
                if capacity < self.tally().taken_of(quota) {
                    return Err("below_sold");
                }
                quota.capacity == capacity
            }
            Change::Price { price, .. } if price.as_minor() > 1_000_000_000_000 => {
                return Err("malformed");
            }
            Change::Price { class, price } => self.class(class).ok_or("not_found")?.price == price,
            Change::Window { window, .. } if window.closes_at <= window.opens_at => {
                return Err("malformed");
            }
            Change::Window { class, window } => {
                self.class(class).ok_or("not_found")?.window == window
            }
        };
        let fact = EventChanged { event: self.id, change }.into();
        done(if is_the_same { vec![] } else { vec![fact] })
    }

    /// Nobody's seat is taken away: only free seats can be blocked.
    pub(super) fn block(&self, actor: Actor, seats: &[SeatIndex], block: bool) -> Predicted {
        operator(actor)?;
        if self.chairs.is_empty() {
            return Err("not_found");
        }
        let mut seats = seats.to_vec();
        seats.sort_unstable();
        seats.dedup();
        if seats.iter().any(|seat| seat.0 as usize >= self.chairs.len()) {
            return Err("unknown_seats");
        }
        let states = self.tally().seats;
        let (from, to) = (SeatState::Free, SeatState::Blocked);
        let (from, to) = if block { (from, to) } else { (to, from) };
        seats.retain(|seat| states[seat.0 as usize] != to);
        if seats.iter().any(|seat| states[seat.0 as usize] != from) {
            return Err("seats_taken");
        }
        let fact =
            (!seats.is_empty()).then(|| SeatsBlocked { event: self.id, seats, block }.into());
        done(fact.into_iter().collect())
    }

    pub(super) fn steer(&self, actor: Actor, steer: Steer) -> Predicted {
        operator(actor)?;
        if self.spec.waitroom.is_none() {
            return Err("no_waitroom");
        }
        let changes = match steer {
            Steer::Pause => !self.is_paused,
            Steer::Resume => self.is_paused,
            Steer::Resize { slots: Some(0), .. }
            | Steer::Resize { rate_per_minute: Some(0), .. } => {
                return Err("malformed");
            }
            Steer::Resize { slots, rate_per_minute } => {
                slots.is_some_and(|slots| slots != self.slots)
                    || rate_per_minute.is_some_and(|rate| rate != self.rate.per_minute())
            }
        };
        let fact = changes.then(|| WaitroomSteered { event: self.id, steer }.into());
        done(fact.into_iter().collect())
    }
}

pub(super) fn operator(actor: Actor) -> Allowed {
    if matches!(actor, Actor::Person(_)) { Err("operator_only") } else { Ok(()) }
}
