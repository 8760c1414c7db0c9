//! What buyers were told, and what may never be told after it: judged without a look at the server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onsale_core::time::Time;

/// How often what happened.
pub type Counts = BTreeMap<String, u64>;

/// All that was acknowledged in one world. A cheap handle.
#[derive(Clone, Default)]
pub struct History(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    /// Seats that somebody was told are theirs, and until when.
    seats: BTreeMap<(String, u64), Claim>,
    orders: BTreeMap<String, Order>,
    counts: BTreeMap<String, u64>,
}

struct Claim {
    hold: String,
    until: Option<Time>,
}

/// An order that was acknowledged.
#[derive(Clone, Debug)]
pub struct Order {
    /// Of which event.
    pub event: String,
    /// The token of whose it is.
    pub token: String,
    /// Whether its buyer saw it completed.
    pub is_completed: bool,
}

impl History {
    /// A hold of seats is acknowledged, `now`. One that is over already says nothing.
    ///
    /// # Panics
    /// If one of the seats is somebody else's.
    pub fn held(&self, event: &str, hold: &str, seats: &[u64], now: Time, until: Time) {
        if now < until {
            self.claim(event, hold, seats, now, Some(until));
        }
    }

    /// A hold became an order, so that its seats are kept until then.
    pub fn ordered(&self, hold: &str, order: &str, details: Order, until: Time) {
        let mut told = self.told();
        for claim in told.seats.values_mut().filter(|claim| claim.hold == hold) {
            claim.until = claim.until.map(|before| before.max(until));
        }
        told.orders.insert(order.to_owned(), details);
    }

    /// An order was seen completed, `now`, with tickets for these seats: they are its buyer's for
    /// good. They need not be those of the hold, if the money came late.
    ///
    /// # Panics
    /// If one of the seats is somebody else's.
    pub fn completed(&self, order: &str, hold: &str, seats: &[u64], now: Time) {
        let event = {
            let mut told = self.told();
            let Some(details) = told.orders.get_mut(order) else { return };
            details.is_completed = true;
            details.event.clone()
        };
        self.given_up(hold);
        self.claim(&event, hold, seats, now, None);
    }

    /// A hold may be over from now on: its buyer does something that ends it, or has seen its end.
    pub fn given_up(&self, hold: &str) {
        self.told().seats.retain(|_, claim| claim.hold != hold);
    }

    /// All orders that were acknowledged.
    pub fn orders(&self) -> Vec<(String, Order)> {
        self.told().orders.iter().map(|(id, order)| (id.clone(), order.clone())).collect()
    }

    /// Counts that something happened.
    pub fn count(&self, what: impl Into<String>) {
        *self.told().counts.entry(what.into()).or_default() += 1;
    }

    /// Counts that something happened, if it did.
    pub fn count_if(&self, happened: bool, what: &str) {
        if happened {
            self.count(what);
        }
    }

    /// How often what happened.
    pub fn counts(&self) -> Counts {
        self.told().counts.clone()
    }

    fn claim(&self, event: &str, hold: &str, seats: &[u64], now: Time, until: Option<Time>) {
        let mut told = self.told();
        for &seat in seats {
            let claim = Claim { hold: hold.to_owned(), until };
            let Some(before) = told.seats.insert((event.to_owned(), seat), claim) else { continue };
            let is_free = before.hold == hold || before.until.is_some_and(|until| until <= now);
            assert!(is_free, "seat {seat} of {event} was {}'s and is now {hold}'s", before.hold);
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "seat 7 of e was a's and is now b's")]
    fn a_seat_told_to_two_buyers_is_caught() {
        let history = History::default();
        history.held("e", "a", &[7], Time::from_ms(0), Time::from_ms(10));
        history.held("e", "b", &[7], Time::from_ms(9), Time::from_ms(20));
    }

    #[test]
    #[should_panic(expected = "seat 7")]
    fn a_seat_that_was_bought_is_never_free_again() {
        let history = History::default();
        let order = Order { event: "e".into(), token: "t".into(), is_completed: false };
        history.held("e", "a", &[7], Time::from_ms(0), Time::from_ms(10));
        history.ordered("a", "o", order, Time::from_ms(10));
        history.completed("o", "a", &[7], Time::from_ms(5));
        history.held("e", "b", &[7], Time::from_ms(11), Time::from_ms(20));
    }

    #[test]
    fn a_hold_that_is_over_may_be_followed_by_another() {
        let history = History::default();
        history.held("e", "a", &[7, 8], Time::from_ms(0), Time::from_ms(10));
        history.held("e", "b", &[7], Time::from_ms(10), Time::from_ms(20));
        history.held("e", "a", &[7], Time::from_ms(11), Time::from_ms(10));
        history.given_up("b");
        history.held("e", "c", &[7], Time::from_ms(11), Time::from_ms(20));
    }
}
