//! Whether a seat's history can be put in an order in which a seat could have lived it: every
//! operation takes effect at one moment between its question and its answer.
//!
//! A seat is free or somebody's. Whoever has it may lose it at any moment without anybody hearing
//! of it (time passes), so only what is seen of the owners constrains the order. An order may get
//! its seat again after it lost it (its money came late); a hold may not.
//!
//! Source of the algorithm: Wing and Gong, "Testing and verifying concurrent objects" (1993), with
//! the memory of Lowe, "Testing for linearizability" (2017): what was done and what it led to is
//! looked at once.

use std::collections::BTreeSet;

use crate::seen::Micros;

/// Who has a seat: a hold of the event by its number, or the order that it became.
pub(crate) type Owner = u32;

/// What one operation says of a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is taken by a hold.
    Take(Owner),
    /// It is the owner's.
    Has(Owner),
    /// It is the owner's, whose hold is an order from now on.
    Order(Owner),
    /// Its owner, who had it, has it no more.
    GiveBack(Owner),
    /// Nobody has it.
    Free,
    /// Somebody has it.
    Taken,
}

/// An operation on a seat, between a question and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) from: Micros,
    pub(crate) to: Micros,
    pub(crate) kind: Kind,
}

/// The most operations that are looked at together: a bit for each.
const OPERATIONS_MAX: usize = 128;

/// After so many steps the question stays open.
const STEPS_MAX: usize = 20_000;

/// Whether there is such an order; true where it would take too long to tell.
pub(crate) fn is_linearizable(operations: &[Operation]) -> bool {
    let mut operations = operations.to_vec();
    operations.sort_by_key(|operation| (operation.from, operation.to));
    if operations.len() > OPERATIONS_MAX {
        // What is left out allows more, except for who could have been the somebody.
        operations.truncate(OPERATIONS_MAX);
        operations.retain(|operation| operation.kind != Kind::Taken);
    }
    let all = if operations.len() == OPERATIONS_MAX {
        u128::MAX
    } else {
        (1u128 << operations.len()) - 1
    };
    let mut search = Search { operations: &operations, all, seen: BTreeSet::new() };
    search.goes_on(0, None)
}

struct Search<'a> {
    operations: &'a [Operation],
    all: u128,
    /// What was done, and who had the seat then: nothing came of it.
    seen: BTreeSet<(u128, Option<Owner>)>,
}

/// An operation cannot take effect as things are.
struct Impossible;

impl Search<'_> {
    fn goes_on(&mut self, done: u128, owner: Option<Owner>) -> bool {
        if done == self.all || self.seen.len() > STEPS_MAX {
            return true;
        }
        if !self.seen.insert((done, owner)) {
            return false;
        }
        let open = |(i, _): &(usize, &Operation)| done & (1 << i) == 0;
        let left = self.operations.iter().enumerate().filter(open);
        let Some(soonest) = left.clone().map(|(_, operation)| operation.to).min() else {
            return true;
        };
        // One that was asked after another was answered comes after it.
        let mut next: Vec<_> = left.filter(|(_, operation)| operation.from <= soonest).collect();
        next.sort_by_key(|(_, operation)| operation.to);
        next.into_iter().any(|(i, operation)| {
            let after = self.after(done, owner, operation.kind);
            after.is_ok_and(|owner| self.goes_on(done | (1 << i), owner))
        })
    }

    /// Who has the seat after an operation, if it can take effect now.
    fn after(
        &self,
        done: u128,
        owner: Option<Owner>,
        kind: Kind,
    ) -> Result<Option<Owner>, Impossible> {
        match kind {
            Kind::Take(new) => Ok(Some(new)),
            Kind::Has(who) | Kind::Order(who) if self.may_have(done, owner, who) => Ok(Some(who)),
            Kind::GiveBack(who) if self.may_have(done, owner, who) => Ok(None),
            Kind::Free => Ok(None),
            Kind::Taken if owner.is_some() || self.any_order(done) => Ok(owner),
            _ => Err(Impossible),
        }
    }

    fn may_have(&self, done: u128, owner: Option<Owner>, who: Owner) -> bool {
        owner == Some(who) || self.is_order(done, who) || !self.is_known(done, who)
    }

    fn is_order(&self, done: u128, who: Owner) -> bool {
        self.any(done, |kind| kind == Kind::Order(who))
    }

    fn any_order(&self, done: u128) -> bool {
        self.any(done, |kind| matches!(kind, Kind::Order(_)))
    }

    /// Whether anything was heard of an owner: one who got no answer may have had it all the while.
    fn is_known(&self, done: u128, who: Owner) -> bool {
        let takes = self.operations.iter().any(|operation| operation.kind == Kind::Take(who));
        takes || self.any(done, |kind| matches!(kind, Kind::Has(o) | Kind::GiveBack(o) if o == who))
    }

    fn any(&self, done: u128, is: impl Fn(Kind) -> bool) -> bool {
        let operations = self.operations.iter().enumerate();
        operations.filter(|(i, _)| done & (1 << i) != 0).any(|(_, operation)| is(operation.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(operations: &[(u64, u64, Kind)]) -> bool {
        let operation = |&(from, to, kind)| Operation { from: Micros(from), to: Micros(to), kind };
        is_linearizable(&operations.iter().map(operation).collect::<Vec<_>>())
    }

    #[test]
    fn one_owner_after_another_is_fine() {
        use Kind::{Free, GiveBack, Has, Order, Take, Taken};
        assert!(history(&[(0, 1, Take(0)), (2, 3, Has(0)), (4, 5, Take(1)), (6, 7, Order(1))]));
        assert!(history(&[(0, 1, Take(0)), (2, 3, GiveBack(0)), (4, 5, Free), (6, 7, Take(1))]));
        assert!(history(&[(0, 9, Take(0)), (1, 2, Taken), (3, 9, Take(1))]));
        assert!(history(&[(0, 1, Take(0)), (2, 3, Order(0)), (4, 5, Take(1)), (6, 7, Has(0))]));
        assert!(history(&[(0, 1, Has(7)), (2, 3, Take(1)), (4, 5, Has(1))]));
    }

    #[test]
    fn what_overlaps_may_have_been_the_other_way_round() {
        use Kind::{Has, Take};
        assert!(history(&[(0, 9, Take(0)), (0, 9, Take(1)), (10, 11, Has(0))]));
        assert!(history(&[(0, 9, Take(0)), (0, 9, Take(1)), (10, 11, Has(1))]));
    }

    #[test]
    fn two_owners_at_once_are_not() {
        use Kind::{Has, Take};
        assert!(!history(&[(0, 1, Take(0)), (2, 3, Take(1)), (4, 5, Has(0))]));
        assert!(!history(&[(0, 9, Take(0)), (0, 9, Take(1)), (10, 11, Has(0)), (12, 13, Has(1))]));
        assert!(!history(&[(0, 1, Has(7)), (2, 3, Take(1)), (4, 5, Has(7))]));
    }

    #[test]
    fn a_seat_that_was_given_back_or_seen_free_is_nobodys_any_more() {
        use Kind::{Free, GiveBack, Has, Take};
        assert!(!history(&[(0, 1, Take(0)), (2, 3, GiveBack(0)), (4, 5, Has(0))]));
        assert!(!history(&[(0, 1, Take(0)), (2, 3, Free), (4, 5, Has(0))]));
        assert!(!history(&[(0, 1, Take(0)), (2, 3, Take(1)), (4, 5, GiveBack(0))]));
    }

    #[test]
    fn a_seat_that_nobody_has_is_not_taken() {
        assert!(!history(&[(0, 1, Kind::Taken), (2, 3, Kind::Take(0))]));
    }

    #[test]
    fn a_long_history_with_much_at_once_is_decided() {
        let mut operations = vec![];
        for i in 0..20u32 {
            operations.push((u64::from(i), 100, Kind::Take(i)));
        }
        operations.push((200, 201, Kind::Has(3)));
        assert!(history(&operations));
    }
}
