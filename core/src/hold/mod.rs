//! Stock that somebody has taken for a while: a cart.

mod release;
mod take;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::PersonId;
use crate::inventory::seating::SeatIndex;
use crate::money::Amount;
use crate::spec::ClassId;
use crate::time::Time;

/// Tickets of one class, at the price that was asked when they were taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Of which class.
    pub class: ClassId,
    /// How many.
    pub count: u32,
    /// What one costs.
    pub price: Amount,
    /// Which seats; empty for counted tickets.
    pub seats: Vec<SeatIndex>,
}

impl Line {
    /// What the lines cost together. A draft's prices and a hold's size are bounded so that the
    /// sum always fits.
    ///
    /// # Panics
    /// If it does not fit, which a journal of an event that was checked cannot bring about.
    pub fn total(lines: &[Self]) -> Amount {
        let sum = lines.iter().try_fold(Amount::ZERO, |sum, line| {
            sum.checked_add(line.price.checked_mul(line.count)?)
        });
        sum.expect("MAX_PRICE times PER_HOLD_MAX fits in 64 bits")
    }

    /// How many tickets the lines are.
    pub fn tickets(lines: &[Self]) -> u32 {
        lines.iter().map(|line| line.count).sum()
    }

    /// The class, price and seat of every ticket, in order.
    pub fn each(lines: &[Self]) -> impl Iterator<Item = (ClassId, Amount, Option<SeatIndex>)> {
        lines.iter().flat_map(|line| {
            (0..line.count as usize).map(|i| (line.class, line.price, line.seats.get(i).copied()))
        })
    }
}

/// A hold that is alive. One that ended is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whose it is.
    pub person: PersonId,
    /// The number of the admission that it was taken with.
    pub place: Option<u32>,
    /// What is held.
    pub lines: Vec<Line>,
    /// Until when.
    pub until: Time,
}
