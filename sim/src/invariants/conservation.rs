//! Nothing is sold that there is not, and nothing is lost: of every quota, and of every class of
//! seats, no more is held and sold (and blocked) together than there is, and never less than none,
//! at every single decision. Now and then, at every start and at the end the partition's own audit
//! must come to the same counts.
//!
//! Why: it is the claim of the product. Several classes taken in parallel, of which one failed,
//! leaked stock in earlier systems; an expiry that forgets one of two quotas is the same mistake.
//!
//! Source: "free + held + sold = capacity", the first oracle of every reservation system; two-phase
//! transfers of `TigerBeetle` keep it as debits and credits.

use onsale_core::Partition;
use onsale_core::command::Actor;
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::EventId;
use onsale_core::query::{Query, StockAudit, View};
use onsale_core::time::Time;

use super::books::{Books, Count, EventBook, Shared};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// The audit looks at everything: at so few of the turns it is asked for.
const AUDIT_EVERY: u32 = 256;

/// See the module.
pub(crate) struct Conservation {
    books: Shared,
    rested: u32,
}

impl Conservation {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, rested: 0 }
    }
}

impl Invariant for Conservation {
    fn name(&self) -> &'static str {
        "conservation"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let books = self.books.see(seen);
        match *seen {
            Seen::Written { partition, decision, .. } => {
                let Some(book) = books.partition(partition) else { return Ok(()) };
                if let Some((fact, why)) = book.nonsense {
                    return Err(format!("fact {fact} of partition {}: {why}", partition.number()));
                }
                touched(decision).try_for_each(|id| {
                    books.event(id).map_or(Ok(()), |event| check_counts(id, event))
                })
            }
            Seen::Started { state, .. } => check_audit(&books, state),
            Seen::Rested { state, .. } => {
                self.rested += 1;
                if self.rested.is_multiple_of(AUDIT_EVERY) {
                    check_audit(&books, state)
                } else {
                    Ok(())
                }
            }
            Seen::Settled { states } => {
                states.iter().try_for_each(|state| check_audit(&books, state))
            }
            _ => Ok(()),
        }
    }
}

/// The events whose stock a decision moves. A decision is about one event, so its first fact that
/// moves stock is as good as all of them.
fn touched(decision: &Decision) -> impl Iterator<Item = EventId> {
    let moves = |fact: &&Fact| {
        matches!(
            fact,
            Fact::EventChanged(_)
                | Fact::SeatsBlocked(_)
                | Fact::HoldTaken(_)
                | Fact::HoldReleased(_)
                | Fact::OrderPlaced(_)
                | Fact::OrderCompleted(_)
                | Fact::OrderEnded(_)
                | Fact::OrderRevived(_)
                | Fact::RefundWanted(_)
                | Fact::DisputeDecided(_)
        )
    };
    decision.facts.iter().find(moves).and_then(Fact::event).into_iter()
}

fn check_counts(id: EventId, event: &EventBook) -> Verdict {
    for (quota, (count, capacity)) in event.quotas.iter().zip(&event.capacity).enumerate() {
        check(*count, 0, *capacity, || format!("quota {quota} of {id}"))?;
    }
    for (class, count) in event.classes.iter().enumerate() {
        let (seats, blocked) = (event.seats_of[class], event.blocked[class]);
        let capacity = if seats == 0 { u32::MAX } else { seats };
        check(*count, blocked, capacity, || format!("class {class} of {id}"))?;
    }
    Ok(())
}

fn check(count: Count, blocked: i64, capacity: u32, of: impl Fn() -> String) -> Verdict {
    let Count { held, sold } = count;
    if held < 0 || sold < 0 {
        return Err(format!("{}: {held} held and {sold} sold", of()));
    }
    if held + sold + blocked > i64::from(capacity) {
        let of = of();
        return Err(format!("{of}: {held} held + {sold} sold + {blocked} blocked > {capacity}"));
    }
    Ok(())
}

/// The partition's own books, where they show the same facts as ours.
fn check_audit(books: &Books, state: &Partition) -> Verdict {
    let Some(book) = books.partition(state.id()) else { return Ok(()) };
    if book.written != state.applied() {
        return Ok(());
    }
    for (id, event) in book.events(state.id()) {
        let view = state.query(Time::ZERO, Actor::Operator, Query::Audit(id));
        let Ok(View::Audit(audit)) = view else {
            return Err(format!("{id} cannot be audited: {view:?}"));
        };
        let seated = event.seats_of.iter().zip(event.classes.iter().zip(&event.blocked));
        let seated = seated.filter(|(seats, _)| **seats > 0);
        let ours = event.capacity.iter().zip(&event.quotas).map(|(room, count)| (*room, *count, 0));
        let ours = ours.chain(seated.map(|(seats, (count, gone))| (*seats, *count, *gone)));
        let ours: Vec<_> = ours.collect();
        if ours.len() != audit.stock.len() {
            return Err(format!("the audit of {id} has {} lines", audit.stock.len()));
        }
        for (line, ours) in audit.stock.iter().zip(ours) {
            check_line(line, ours).map_err(|what| format!("{id}, {}: {what}", line.name))?;
        }
    }
    Ok(())
}

fn check_line(line: &StockAudit, (capacity, count, blocked): (u32, Count, i64)) -> Verdict {
    let theirs = line.counts;
    if line.capacity != capacity || theirs.total() != Some(capacity) {
        return Err(format!("{theirs:?} is not a whole of {capacity}"));
    }
    let same = i64::from(theirs.held) == count.held
        && i64::from(theirs.sold) == count.sold
        && i64::from(theirs.blocked) == blocked
        && theirs.held == line.held_recounted
        && theirs.sold == line.sold_recounted;
    if same {
        Ok(())
    } else {
        Err(format!("the facts say {count:?} and {blocked} blocked, the partition {line:?}"))
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::fact::{EventChanged, OrderRevived, SeatsBlocked};
    use onsale_core::inventory::seating::SeatIndex;
    use onsale_core::order::OrderEnd;
    use onsale_core::payment::RefundCause;
    use onsale_core::spec::{Change, QuotaId};

    use super::super::fixture::*;
    use super::*;

    fn bench() -> Bench<Conservation> {
        Bench::new(Conservation::new(Shared::default()))
    }

    #[test]
    fn stock_that_goes_round_is_conserved() {
        let mut bench = bench();
        bench.happens([taken(0, seats(&[0, 1]))]).unwrap();
        bench.happens([taken(1, standing(4))]).unwrap();
        bench.happens([placed(0, 0)]).unwrap();
        bench.happens([captured(0, "a", 2_000), completed(0, 0)]).unwrap();
        bench.happens([released(1, true)]).unwrap();
        bench.happens([taken(2, standing(4))]).unwrap();
        bench.happens([wanted(0, 1_000, 1, RefundCause::Asked)]).unwrap();
        bench.happens([taken(3, seats(&[0]))]).unwrap();
        let block = SeatsBlocked { event: event(), seats: vec![SeatIndex(3)], block: true };
        bench.happens([block.into()]).unwrap();
        bench.settles().unwrap();
    }

    #[test]
    fn what_a_crash_took_away_is_not_counted() {
        let mut bench = bench();
        let before = bench.state.clone();
        bench.happens([taken(0, standing(4))]).unwrap();
        bench.start_with(&before).unwrap();
        bench.state = before;
        bench.happens([taken(0, standing(4))]).unwrap();
    }

    #[test]
    fn more_than_a_quota_holds_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(3))]).unwrap();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [taken(1, standing(2))]).unwrap_err().contains("5 held"));
    }

    #[test]
    fn more_than_the_seats_of_a_class_are_caught() {
        let mut bench = bench();
        let block = SeatsBlocked { event: event(), seats: vec![SeatIndex(3)], block: true };
        bench.happens([block.into()]).unwrap();
        let next = bench.state.applied() + 1;
        let wrong = bench.writes(next, [taken(0, seats(&[0, 1, 2, 3]))]);
        assert!(wrong.unwrap_err().contains("1 blocked > 4"));
    }

    #[test]
    fn a_quota_that_is_made_smaller_than_what_is_had_of_it_is_caught() {
        let mut bench = bench();
        let resized = |capacity| {
            let change = Change::Capacity { quota: QuotaId(0), capacity };
            Fact::from(EventChanged { event: event(), change })
        };
        bench.happens([taken(0, standing(3))]).unwrap();
        bench.happens([resized(3)]).unwrap();
        bench.happens([resized(9)]).unwrap();
        bench.happens([taken(1, standing(5))]).unwrap();
        bench.settles().unwrap();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [resized(7)]).unwrap_err().contains("8 held"));
    }

    #[test]
    fn stock_that_goes_back_twice_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(3))]).unwrap();
        bench.happens([released(0, true)]).unwrap();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [released(0, true)]).unwrap_err().contains("ends twice"));
    }

    #[test]
    fn an_order_that_takes_more_when_it_is_revived_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(2))]).unwrap();
        bench.happens([placed(0, 0)]).unwrap();
        bench.happens([ended(0, OrderEnd::Expired)]).unwrap();
        bench.happens([taken(1, standing(3))]).unwrap();
        let next = bench.state.applied() + 1;
        let revived = OrderRevived { order: order(0), lines: vec![standing(2)] };
        assert!(bench.writes(next, [revived.into()]).unwrap_err().contains("5 held"));
    }

    #[test]
    fn tickets_numbered_twice_are_caught() {
        let mut bench = bench();
        bench.happens([taken(0, standing(1)), placed(0, 0), completed(0, 0)]).unwrap();
        let next = bench.state.applied() + 1;
        let again = [taken(1, standing(1)), placed(1, 1), completed(1, 0)];
        assert!(bench.writes(next, again).unwrap_err().contains("numbered densely"));
    }

    #[test]
    fn a_partition_that_counts_otherwise_is_caught() {
        let mut bench = bench();
        let mut other = bench.state.clone();
        bench.happens([taken(0, standing(3))]).unwrap();
        let fact = taken(0, standing(2));
        other.evolve(other.applied() + 1, NOW, &fact);
        let wrong = bench.see(&Seen::Settled { states: &[&other] });
        assert!(wrong.unwrap_err().contains("floor"));
    }
}
