//! What is kept for somebody is kept until its time and no longer: a hold, an order or a visit does
//! not expire before its `until` by the server's time, and not after the first turn in which that
//! time is over, unless the journal is full or more is due than one turn does: then the partition
//! comes back at once and there is less at every turn. A hold is not ordered after its time. And no
//! deadline moves, whatever the wall clock does: it is what the terms say on the day it is set, and
//! only a payment in flight extends an order's, up to a cap.
//!
//! Why: a sweep once a minute lets a hold live a minute too long, a timer that "+" resets lives for
//! ever, and one that runs early takes seats from a buyer who is paying. Earlier systems had each.
//!
//! Source: the table test at `t - 1`, `t` and `t + 1` of every lease, as an invariant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, PartitionId};
use onsale_core::order::OrderEnd;
use onsale_core::query::View;
use onsale_core::time::Time;
use onsale_core::waitroom::EndReason;
use onsale_engine::Answer;

use super::books::{Books, HoldState, Shared, Standing};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen};

/// See the module.
pub(crate) struct Expiry {
    books: Shared,
    of: BTreeMap<PartitionId, Deadlines>,
}

/// The deadlines of one partition, soonest first. One that was met or has moved stays in until it
/// comes up.
#[derive(Default)]
struct Deadlines {
    queue: BinaryHeap<Reverse<(Time, Thing)>>,
    /// How often facts had been lost when the queue was filled.
    cuts: u64,
    /// The last fact at the last turn that left something undone.
    undone_at: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Hold(EventId, u32),
    Order(EventId, u32),
    Visit(EventId, u32),
}

impl Expiry {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, of: BTreeMap::new() }
    }
}

impl Invariant for Expiry {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let shared = self.books.clone();
        let books = shared.see(seen);
        match *seen {
            Seen::Written { partition, decision, .. } => {
                let deadlines = self.of.entry(partition).or_default();
                decision.facts.iter().try_for_each(|fact| {
                    deadlines.note(fact);
                    check_fact(&books, decision, fact)
                })
            }
            Seen::Started { partition, .. } => {
                let deadlines = self.of.entry(partition).or_default();
                deadlines.undone_at = None;
                deadlines.fill(&books, partition);
                Ok(())
            }
            Seen::Rested { partition, now, state, depths: [_, _, queued, _], wake_at, .. } => {
                let deadlines = self.of.entry(partition).or_default();
                let written = books.partition(partition).map_or(0, |book| book.written);
                if written != state.applied() {
                    deadlines.undone_at = None;
                    return Ok(());
                }
                let Some((until, thing)) = deadlines.overdue(&books, now) else {
                    deadlines.undone_at = None;
                    return Ok(());
                };
                let comes_back = wake_at.is_some_and(|at| at <= now);
                let goes_on = deadlines.undone_at.is_none_or(|before| before < written);
                deadlines.undone_at = Some(written);
                if queued > 0 || (comes_back && goes_on) {
                    return Ok(());
                }
                Err(format!("{thing:?} was due at {until:?}, it is {now:?}, woken at {wake_at:?}"))
            }
            Seen::Answered { answer: Ok(Answer::View(View::Hold(view))), .. } => {
                match books.hold(view.hold) {
                    Some(hold) if hold.until != view.until => Err(format!(
                        "{} ends {:?}, told is {:?}",
                        view.hold, hold.until, view.until
                    )),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

impl Deadlines {
    fn note(&mut self, fact: &Fact) {
        let (until, thing) = match fact {
            Fact::HoldTaken(fact) => (fact.until, Thing::Hold(fact.hold.event, fact.hold.number)),
            Fact::OrderPlaced(fact) => {
                (fact.until, Thing::Order(fact.order.event, fact.order.number))
            }
            Fact::PaymentStarted(fact) => {
                (fact.until, Thing::Order(fact.order.event, fact.order.number))
            }
            Fact::PlaceAdmitted(fact) => {
                (fact.until, Thing::Visit(fact.place.event, fact.place.number))
            }
            _ => return,
        };
        self.queue.push(Reverse((until, thing)));
    }

    /// Facts were lost: what they had ended has its deadline again.
    fn fill(&mut self, books: &Books, partition: PartitionId) {
        let Some(book) = books.partition(partition).filter(|book| book.cuts != self.cuts) else {
            return;
        };
        self.cuts = book.cuts;
        self.queue.clear();
        for (id, event) in book.events(partition) {
            let holds = (0..).zip(&event.holds).map(|(n, hold)| (hold.until, Thing::Hold(id, n)));
            let orders = (0..).zip(&event.orders);
            let orders = orders.map(|(n, order)| (order.until, Thing::Order(id, n)));
            let places = (0..).zip(&event.places);
            let visits =
                places.filter_map(|(n, place)| Some((place.visit_until?, Thing::Visit(id, n))));
            self.queue.extend(holds.chain(orders).chain(visits).map(Reverse));
        }
    }

    /// The first thing that should be over by `now` and is not.
    fn overdue(&mut self, books: &Books, now: Time) -> Option<(Time, Thing)> {
        while let Some(Reverse((until, thing))) = self.queue.peek().copied() {
            if until > now {
                return None;
            }
            if deadline(books, thing) == Some(until) {
                return Some((until, thing));
            }
            self.queue.pop();
        }
        None
    }
}

/// Until when a thing is kept, if it is not over.
fn deadline(books: &Books, thing: Thing) -> Option<Time> {
    match thing {
        Thing::Hold(event, number) => {
            let hold = books.event(event)?.holds.get(number as usize)?;
            (hold.state == HoldState::Held).then_some(hold.until)
        }
        Thing::Order(event, number) => {
            let order = books.event(event)?.orders.get(number as usize)?;
            (order.standing == Standing::Pending).then_some(order.until)
        }
        Thing::Visit(event, number) => books.event(event)?.places.get(number as usize)?.visit_until,
    }
}

/// Looks at a fact that has been entered in the books.
fn check_fact(books: &Books, decision: &Decision, fact: &Fact) -> Verdict {
    let at = decision.at;
    let Some(event) = fact.event().and_then(|id| books.event(id)) else { return Ok(()) };
    let terms = event.terms;
    let early = |until: Time| format!("it is {at:?}, and its time is {until:?}: {fact:?}");
    let odd = |limit: Time| format!("set at {at:?}, {limit:?} is as far as it goes: {fact:?}");
    match fact {
        Fact::HoldTaken(fact) if fact.until > at + terms.hold => Err(odd(at + terms.hold)),
        Fact::HoldReleased(fact) if fact.expired => match books.hold(fact.hold) {
            Some(hold) if at < hold.until => Err(early(hold.until)),
            _ => Ok(()),
        },
        Fact::OrderPlaced(fact) => match books.hold(fact.hold) {
            Some(hold) if at >= hold.until => {
                Err(format!("{} is ordered at {at:?}, it ended {:?}", fact.hold, hold.until))
            }
            _ if fact.until != at + terms.order => Err(odd(at + terms.order)),
            _ => Ok(()),
        },
        Fact::PaymentStarted(fact) => {
            let Some(order) = books.order(fact.order) else { return Ok(()) };
            let first = order.placed_at + terms.order;
            let limit = first + terms.payment_grace;
            if fact.until < first || fact.until > limit { Err(odd(limit)) } else { Ok(()) }
        }
        Fact::OrderEnded(fact) if fact.end == OrderEnd::Expired => match books.order(fact.order) {
            Some(order) if at < order.until => Err(early(order.until)),
            _ => Ok(()),
        },
        Fact::PlaceAdmitted(fact) => match event.visit {
            Some(visit) if fact.until != at + visit => Err(odd(at + visit)),
            _ => Ok(()),
        },
        Fact::PlaceEnded(fact) if fact.reason == EndReason::Expired => {
            // A visit also ends with the order that was placed in it.
            let with_order = decision.facts.iter().any(|fact| matches!(fact, Fact::OrderEnded(_)));
            let place = event.places.get(fact.place.number as usize);
            match place.and_then(|place| place.admitted_until) {
                Some(until) if at < until && !with_order => Err(early(until)),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::fact::PaymentStarted;
    use onsale_core::money::Amount;
    use onsale_core::reply::HoldView;
    use onsale_core::time::Span;

    use super::super::fixture::*;
    use super::*;
    use crate::seen::Token;

    const MS: Span = Span::from_ms(1);

    fn bench() -> Bench<Expiry> {
        let mut bench = Bench::new(Expiry::new(Shared::default()));
        bench.happens([taken(0, standing(1))]).unwrap();
        bench.happens([taken(1, standing(1))]).unwrap();
        bench.happens([placed(0, 1)]).unwrap();
        bench
    }

    fn started(until: Time) -> Fact {
        PaymentStarted { order: order(0), until }.into()
    }

    #[test]
    fn what_ends_at_its_time_is_fine() {
        let mut bench = bench();
        bench.happens([started(NOW + draft().terms.order + MS)]).unwrap();
        bench.now = NOW + HOLD - MS;
        bench.rests().unwrap();
        bench.now = NOW + HOLD;
        bench.happens([released(0, true)]).unwrap();
        bench.rests().unwrap();
        bench.now = NOW + draft().terms.order;
        bench.rests().unwrap();
        bench.now = bench.now + MS;
        bench.happens([ended(0, OrderEnd::Expired)]).unwrap();
        bench.rests().unwrap();
    }

    #[test]
    fn what_ends_early_is_caught() {
        let mut bench = bench();
        bench.now = NOW + HOLD - MS;
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [released(0, true)]).unwrap_err().contains("its time is"));
        let wrong = bench.writes(next + 1, [ended(0, OrderEnd::Expired)]);
        assert!(wrong.unwrap_err().contains("its time is"));
    }

    #[test]
    fn what_is_not_over_in_time_is_caught() {
        let mut bench = bench();
        bench.now = NOW + HOLD;
        assert!(bench.rests().unwrap_err().contains("was due"));
    }

    #[test]
    fn what_a_crash_brought_back_is_due_again() {
        let mut bench = bench();
        let before = bench.state.clone();
        bench.now = NOW + HOLD;
        bench.happens([released(0, true)]).unwrap();
        bench.rests().unwrap();
        bench.start_with(&before).unwrap();
        bench.state = before;
        assert!(bench.rests().unwrap_err().contains("was due"));
    }

    #[test]
    fn more_than_a_turn_does_is_fine_while_it_gets_less() {
        let mut bench = bench();
        bench.happens([taken(2, standing(1))]).unwrap();
        bench.now = NOW + HOLD;
        let now = Some(bench.now);
        bench.rests_with([0, 0, 1, 1], None).unwrap();
        bench.happens([released(0, true)]).unwrap();
        bench.rests_with([0; 4], now).unwrap();
        assert!(bench.rests_with([0; 4], now).unwrap_err().contains("was due"));
    }

    #[test]
    fn a_hold_that_is_ordered_late_is_caught() {
        let mut bench = bench();
        bench.now = NOW + HOLD;
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [placed(1, 0)]).unwrap_err().contains("is ordered at"));
    }

    #[test]
    fn deadlines_that_the_terms_do_not_give_are_caught() {
        let mut bench = bench();
        let next = bench.state.applied() + 1;
        let terms = draft().terms;
        let beyond = NOW + terms.order + terms.payment_grace + MS;
        assert!(bench.writes(next, [started(beyond)]).unwrap_err().contains("as far as"));
        assert!(bench.writes(next + 1, [started(NOW)]).unwrap_err().contains("as far as"));
        bench.now = NOW - MS;
        let long = bench.writes(next + 2, [taken(2, standing(1))]);
        assert!(long.unwrap_err().contains("as far as"));
        assert!(bench.writes(next + 3, [placed(1, 0)]).unwrap_err().contains("as far as"));
    }

    #[test]
    fn a_deadline_that_is_told_otherwise_is_caught() {
        let mut bench = bench();
        let (lines, total) = (vec![standing(1)], Amount::from_minor(500));
        for (until, is_fine) in [(NOW + HOLD, true), (NOW + HOLD + MS, false)] {
            let lines = lines.clone();
            let view = HoldView { hold: hold(0), lines, total, currency: euro(), until };
            let verdict = bench.answers(Token(1), &Ok(Answer::View(View::Hold(view))));
            assert_eq!(verdict.is_ok(), is_fine);
        }
    }
}
