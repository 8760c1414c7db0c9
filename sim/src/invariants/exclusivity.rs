//! No seat is anybody's and somebody else's: over the whole history no seat is in two holds,
//! pending orders or valid tickets at once, by the facts; nobody is told of seats that the facts do
//! not give them; and whoever was told that they have a seat keeps it until a fact takes it from
//! them, even if the server has forgotten it in a crash.
//!
//! Why: two people at the door with the same seat is what the product must never bring about.
//!
//! Source: the exclusivity half of "sells every seat exactly once"; judging what clients were
//! acknowledged, and not only the state, is how Jepsen looks at locks.

use std::collections::{BTreeMap, BTreeSet};

use onsale_core::fact::{DisputeDecided, Fact, RefundWanted};
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, PersonId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::query::View;
use onsale_core::reply::{HoldView, Reply};
use onsale_engine::Answer;

use super::books::{Books, HoldState, Shared, Standing};
use super::{Invariant, Verdict};
use crate::seen::{Micros, Seen, Token};

/// See the module.
pub(crate) struct Exclusivity {
    books: Shared,
    /// Requests that took effect and are not answered yet.
    fresh: BTreeSet<Token>,
    told: BTreeMap<(EventId, SeatIndex), Owner>,
}

/// Who was told that a seat is theirs: after a crash another may have the same hold number.
type Owner = (u32, PersonId);

impl Exclusivity {
    pub(crate) fn new(books: Shared) -> Self {
        Self { books, fresh: BTreeSet::new(), told: BTreeMap::new() }
    }
}

impl Invariant for Exclusivity {
    fn name(&self) -> &'static str {
        "exclusivity"
    }

    fn see(&mut self, _: Micros, seen: &Seen<'_>) -> Verdict {
        let books = self.books.see(seen);
        match *seen {
            Seen::Written { decision, .. } => decision.facts.iter().try_for_each(|fact| {
                forget(&mut self.told, &books, fact);
                match fact {
                    Fact::HoldTaken(fact) => check_seats(&books, fact.hold.event, &fact.lines),
                    Fact::OrderRevived(fact) => check_seats(&books, fact.order.event, &fact.lines),
                    _ => Ok(()),
                }
            }),
            Seen::Executed { token, before, after, .. } => {
                if after > before {
                    self.fresh.insert(token);
                }
                Ok(())
            }
            Seen::Died { .. } => {
                self.fresh.clear();
                Ok(())
            }
            Seen::Answered { token, answer, .. } => {
                let is_fresh = self.fresh.remove(&token);
                let Some(view) = hold_of(answer) else { return Ok(()) };
                let owner = check_told(&books, view)?;
                if is_fresh { tell(&mut self.told, &books, view, owner) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

fn check_seats(books: &Books, id: EventId, lines: &[Line]) -> Verdict {
    let Some(event) = books.event(id) else { return Ok(()) };
    for seat in lines.iter().flat_map(|line| &line.seats) {
        match event.seats.get(seat.0 as usize) {
            None => return Err(format!("{id} has no seat {}", seat.0)),
            Some(book) if book.owners > 1 => {
                return Err(format!("seat {} of {id} has {} owners", seat.0, book.owners));
            }
            Some(book) if book.blocked => {
                return Err(format!("seat {} of {id} is blocked and somebody's", seat.0));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn hold_of(answer: &crate::seen::Told) -> Option<&HoldView> {
    match answer.as_ref().ok()? {
        Answer::Reply(Reply::HoldTaken(view) | Reply::OrderPlaced { hold: view, .. })
        | Answer::View(View::Hold(view)) => Some(view),
        _ => None,
    }
}

/// A hold is told as the facts have it. It may be over: a kept answer says what was once.
fn check_told(books: &Books, view: &HoldView) -> Result<Owner, String> {
    match books.hold(view.hold) {
        Some(hold) if hold.lines == view.lines => Ok((view.hold.number, hold.person)),
        Some(hold) => Err(format!(
            "{} is told to be {:?}, the facts say {:?}",
            view.hold, view.lines, hold.lines
        )),
        None => Err(format!("{} is told, and there is none in the facts", view.hold)),
    }
}

fn tell(
    told: &mut BTreeMap<(EventId, SeatIndex), Owner>,
    books: &Books,
    view: &HoldView,
    owner: Owner,
) -> Verdict {
    let event = view.hold.event;
    for seat in view.lines.iter().flat_map(|line| &line.seats) {
        // By the time an answer leaves it may have been given back already.
        if !has(books, view.hold, *seat) {
            continue;
        }
        if let Some(other) = told.insert((event, *seat), owner).filter(|other| *other != owner) {
            return Err(format!(
                "seat {} of {event} is told to {owner:?}, and {other:?} was told before",
                seat.0
            ));
        }
    }
    Ok(())
}

/// Whether a hold, or the order it became, has the seat by the facts.
fn has(books: &Books, hold: HoldId, seat: SeatIndex) -> bool {
    let Some((event, book)) = books.event(hold.event).zip(books.hold(hold)) else { return false };
    match book.state {
        HoldState::Held => true,
        HoldState::Released => false,
        HoldState::Ordered => {
            let order = event.orders.iter().rev().find(|order| order.hold == hold.number);
            order.is_some_and(|order| match order.standing {
                Standing::Pending => true,
                Standing::Completed { .. } => Line::each(&order.lines)
                    .enumerate()
                    .any(|(i, (.., own))| own == Some(seat) && order.valid() & (1 << i) != 0),
                Standing::Ended(_) => false,
            })
        }
    }
}

/// Whoever was told of a seat has it no more, or somebody else of their order.
fn forget(told: &mut BTreeMap<(EventId, SeatIndex), Owner>, books: &Books, fact: &Fact) {
    let given_back: Option<(HoldId, &[Line], u32)> = match fact {
        Fact::HoldReleased(fact) => {
            books.hold(fact.hold).map(|hold| (fact.hold, hold.lines.as_slice(), u32::MAX))
        }
        Fact::OrderEnded(fact) => books.order(fact.order).map(|order| {
            (HoldId::new(fact.order.event, order.hold), order.lines.as_slice(), u32::MAX)
        }),
        Fact::RefundWanted(RefundWanted { order: id, tickets, .. })
        | Fact::DisputeDecided(DisputeDecided { order: id, tickets, .. }) => books
            .order(*id)
            .map(|order| (HoldId::new(id.event, order.hold), order.lines.as_slice(), *tickets)),
        _ => None,
    };
    let Some((hold, lines, tickets)) = given_back else { return };
    for (i, (_, _, seat)) in Line::each(lines).enumerate() {
        let Some(seat) = seat.filter(|_| tickets & 1u32.wrapping_shl(i as u32) != 0) else {
            continue;
        };
        if told.get(&(hold.event, seat)).is_some_and(|owner| owner.0 == hold.number) {
            told.remove(&(hold.event, seat));
        }
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Command, Request};
    use onsale_core::fact::{HoldTaken, OrderRevived, SeatsBlocked};
    use onsale_core::money::Amount;
    use onsale_core::order::OrderEnd;

    use super::super::fixture::*;
    use super::*;
    use crate::seen::Told;

    fn bench() -> Bench<Exclusivity> {
        Bench::new(Exclusivity::new(Shared::default()))
    }

    fn request() -> Request {
        Request::new(Actor::System, Command::Advance)
    }

    /// Somebody takes a hold and is told so.
    fn takes(bench: &mut Bench<Exclusivity>, number: u32, which: &[u32]) -> Verdict {
        let before = bench.state.applied();
        let token = bench.executes(&request(), before, before + 1);
        bench.happens([taken(number, seats(which))])?;
        bench.answers(token, &told(number, which))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what is told may be a refusal")]
    fn told(number: u32, which: &[u32]) -> Told {
        Ok(Answer::Reply(Reply::HoldTaken(HoldView {
            hold: hold(number),
            lines: vec![seats(which)],
            total: Amount::ZERO,
            currency: euro(),
            until: NOW + HOLD,
        })))
    }

    #[test]
    fn seats_that_change_hands_are_fine_and_kept_answers_too() {
        let mut bench = bench();
        takes(&mut bench, 0, &[0, 1]).unwrap();
        bench.happens([released(0, true)]).unwrap();
        takes(&mut bench, 1, &[1, 2]).unwrap();
        bench.answers(Token(99), &told(0, &[0, 1])).unwrap();
        bench.answers(Token(99), &told(1, &[1, 2])).unwrap();
    }

    #[test]
    fn a_seat_that_is_given_back_before_the_answer_leaves_is_fine() {
        let mut bench = bench();
        let token = bench.executes(&request(), 2, 3);
        bench.happens([taken(0, seats(&[0]))]).unwrap();
        bench.happens([released(0, false)]).unwrap();
        bench.answers(token, &told(0, &[0])).unwrap();
        takes(&mut bench, 1, &[0]).unwrap();
    }

    #[test]
    fn a_seat_with_two_owners_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, seats(&[0, 1])), placed(0, 0), completed(0, 0)]).unwrap();
        let next = bench.state.applied() + 1;
        let wrong = bench.writes(next, [taken(1, seats(&[1]))]);
        assert!(wrong.unwrap_err().contains("2 owners"));
    }

    #[test]
    fn a_revived_order_that_takes_somebody_elses_seat_is_caught() {
        let mut bench = bench();
        bench.happens([taken(0, seats(&[0])), placed(0, 0)]).unwrap();
        bench.happens([ended(0, OrderEnd::Expired), taken(1, seats(&[0]))]).unwrap();
        let next = bench.state.applied() + 1;
        let revived = OrderRevived { order: order(0), lines: vec![seats(&[0])] };
        assert!(bench.writes(next, [revived.into()]).unwrap_err().contains("2 owners"));
    }

    #[test]
    fn a_blocked_seat_that_is_taken_is_caught() {
        let mut bench = bench();
        let block = SeatsBlocked { event: event(), seats: vec![SeatIndex(0)], block: true };
        bench.happens([block.into()]).unwrap();
        let next = bench.state.applied() + 1;
        assert!(bench.writes(next, [taken(0, seats(&[0]))]).unwrap_err().contains("blocked"));
    }

    #[test]
    fn a_seat_that_is_told_and_was_never_given_is_caught() {
        let mut bench = bench();
        takes(&mut bench, 0, &[0]).unwrap();
        assert!(bench.answers(Token(99), &told(0, &[1])).unwrap_err().contains("facts say"));
        assert!(bench.answers(Token(99), &told(1, &[1])).unwrap_err().contains("none"));
    }

    #[test]
    fn a_seat_that_was_told_and_forgotten_is_not_told_to_another() {
        let mut bench = bench();
        let before = bench.state.clone();
        takes(&mut bench, 0, &[0]).unwrap();
        bench.dies().unwrap();
        bench.start_with(&before).unwrap();
        bench.state = before;
        let (person, lines) = (person(77), vec![seats(&[0])]);
        let fact = HoldTaken { hold: hold(0), person, place: None, lines, until: NOW + HOLD };
        bench.happens([fact.into()]).unwrap();
        let token = bench.executes(&request(), 2, 3);
        assert!(bench.answers(token, &told(0, &[0])).unwrap_err().contains("told before"));
    }
}
