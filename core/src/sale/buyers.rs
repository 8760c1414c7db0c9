//! How much each buyer has, so that nobody gets more than one may.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Sale;
use crate::hold::Line;
use crate::id::PersonId;
use crate::refusal::Refusal;
use crate::spec::ClassId;
use crate::time::Time;

/// What one buyer has of an event: held, ordered and bought together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// How many of each class, rising; none that is zero.
    has: Vec<(ClassId, u32)>,
    /// How many holds of theirs are alive.
    holds: u32,
    /// Until when the cart that they began lives, whatever they do to it.
    pub(crate) cart_until: Option<Time>,
}

impl Buyer {
    fn has(&self, class: ClassId) -> u32 {
        let found = self.has.binary_search_by_key(&class, |(class, _)| *class);
        found.map_or(0, |i| self.has[i].1)
    }

    fn total(&self) -> u32 {
        self.has.iter().map(|(_, count)| count).sum()
    }
}

/// Everybody who has or had something.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Buyers(BTreeMap<PersonId, Buyer>);

impl Buyers {
    pub(super) fn began_cart(&mut self, person: PersonId, until: Time) {
        let buyer = self.0.entry(person).or_default();
        buyer.holds += 1;
        buyer.cart_until = Some(until);
    }

    /// A hold was given back or has become an order.
    pub(super) fn gave_up_hold(&mut self, person: PersonId) {
        let buyer = self.0.get_mut(&person).expect("whoever has a hold is known");
        buyer.holds = buyer.holds.checked_sub(1).expect("a hold ends once");
    }

    /// What was ordered is bought. If nothing else is in the cart, the next one has its own timer.
    pub(super) fn bought(&mut self, person: PersonId) {
        let buyer = self.0.entry(person).or_default();
        buyer.cart_until = buyer.cart_until.filter(|_| buyer.holds > 0);
    }

    pub(super) fn took(&mut self, person: PersonId, lines: &[Line]) {
        let has = &mut self.0.entry(person).or_default().has;
        for line in lines {
            match has.binary_search_by_key(&line.class, |(class, _)| *class) {
                Ok(i) => has[i].1 += line.count,
                Err(i) => has.insert(i, (line.class, line.count)),
            }
        }
    }

    /// Forgets a buyer who has nothing any more and whose cart is over: what is remembered does
    /// not grow with those who came and went.
    pub(super) fn gave_back(&mut self, at: Time, person: PersonId, lines: &[Line]) {
        let Some(buyer) = self.0.get_mut(&person) else { return };
        for line in lines {
            if let Ok(i) = buyer.has.binary_search_by_key(&line.class, |(class, _)| *class) {
                buyer.has[i].1 = buyer.has[i].1.saturating_sub(line.count);
            }
        }
        buyer.has.retain(|(_, count)| *count > 0);
        if buyer.has.is_empty() && buyer.cart_until.is_none_or(|until| until <= at) {
            self.0.remove(&person);
        }
    }
}

impl Sale {
    pub(crate) fn buyer(&self, person: PersonId) -> Option<&Buyer> {
        self.book.buyers.0.get(&person)
    }

    /// Whether one buyer may have so many more.
    pub(crate) fn check_limits(
        &self,
        person: PersonId,
        wanted: impl Iterator<Item = (ClassId, u32)>,
    ) -> Result<(), Refusal> {
        let buyer = self.buyer(person);
        let within = |limit: u32, has: u32, more: u32| {
            let fits = has.saturating_add(more) <= limit;
            if fits { Ok(()) } else { Err(Refusal::LimitReached { limit, has }) }
        };
        let mut total = 0u32;
        for (class, count) in wanted {
            total = total.saturating_add(count);
            if let Some(limit) = self.spec().class(class).and_then(|class| class.per_buyer) {
                within(limit, buyer.map_or(0, |buyer| buyer.has(class)), count)?;
            }
        }
        within(self.spec().limits.per_buyer, buyer.map_or(0, Buyer::total), total)
    }
}
