//! What clients were told does not contradict itself, whoever asks and whatever crashes in between:
//! no seat is told to two of them at once, a key gets one answer, and nothing that was acknowledged
//! is ever gone.
//!
//! Why: at the door only what people were told counts. It needs no look into the server, so a real
//! one is judged by it as well as a simulated one.
//!
//! It objects only to what no order of events explains. A request takes effect at some moment
//! between being asked and being answered; a hold is its buyer's for certain from the moment they
//! were told until its time is over, unless they ask for something that may end it; a ticket until
//! a refund of it is shown.
//!
//! Source: judging a history of calls and returns is how Jepsen and linearizability checkers look
//! at a system (Herlihy, Wing: Linearizability, 1990).

use std::collections::BTreeMap;

use onsale_core::call::CallError;
use onsale_core::command::{Command, Request};
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::order::OrderStatus;
use onsale_core::query::{OrderView, Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::{HoldView, Reply};
use onsale_core::time::{Span, Time};
use onsale_engine::Answer;
use onsale_sim::invariants::{Invariant, Verdict};
use onsale_sim::seen::{Ask, Micros, Op, Seen, Told};

/// See the module.
pub struct Claims {
    /// What the server's clock shows at the beginning.
    began: Time,
    open: BTreeMap<Op, Open>,
    keys: BTreeMap<u128, (u128, Reply)>,
    /// Fingerprints that were asked under a key.
    prints: BTreeMap<u128, Vec<u128>>,
    holds: BTreeMap<(EventId, SeatIndex), HoldClaim>,
    tickets: BTreeMap<(EventId, SeatIndex), TicketClaim>,
    /// Orders that were acknowledged, and since when they have tickets.
    orders: BTreeMap<OrderId, Option<Micros>>,
}

/// Something that was asked.
struct Open {
    at: Micros,
    request: Option<Request>,
    order: Option<OrderId>,
    /// Whether the order was acknowledged before this was asked, and had tickets.
    is_known: bool,
    had_tickets: bool,
}

#[derive(Clone, Copy)]
struct HoldClaim {
    hold: HoldId,
    since: Micros,
    until: Time,
}

#[derive(Clone, Copy)]
struct TicketClaim {
    order: OrderId,
    since: Micros,
}

impl Claims {
    /// For a history that begins when the server's clock shows this.
    pub fn new(began: Time) -> Self {
        Self {
            began,
            open: BTreeMap::new(),
            keys: BTreeMap::new(),
            prints: BTreeMap::new(),
            holds: BTreeMap::new(),
            tickets: BTreeMap::new(),
            orders: BTreeMap::new(),
        }
    }

    fn asked(&mut self, at: Micros, op: Op, ask: &Ask<'_>) {
        let (request, order) = match ask {
            Ask::Look(_, Query::Order(order)) => (None, Some(*order)),
            Ask::Look(..) => (None, None),
            Ask::Execute(request) => (Some((*request).clone()), None),
        };
        if let Some(request) = &request {
            match request.command {
                // What becomes of it from now on is not for certain.
                Command::ReleaseHold(hold) | Command::PlaceOrder { hold, .. } => {
                    self.holds.retain(|_, claim| claim.hold != hold);
                }
                Command::RefundOrder { order, .. } => {
                    self.tickets.retain(|_, claim| claim.order != order);
                }
                _ => {}
            }
            if let Some(key) = request.key {
                self.prints.entry(key.key).or_default().push(key.fingerprint);
            }
        }
        let known = order.and_then(|order| self.orders.get(&order));
        let (is_known, had_tickets) = (known.is_some(), known.copied().flatten().is_some());
        self.open.insert(op, Open { at, request, order, is_known, had_tickets });
    }

    fn told(&mut self, at: Micros, op: Op, told: &Told) -> Verdict {
        let Some(open) = self.open.remove(&op) else { return Ok(()) };
        if let Some(request) = &open.request {
            self.check_key(request, told)?;
        }
        match told {
            Ok(Answer::Reply(Reply::HoldTaken(view))) => self.hold_taken(&open, at, view),
            Ok(Answer::Reply(Reply::OrderPlaced { order, .. })) => {
                self.orders.entry(*order).or_default();
                Ok(())
            }
            Ok(Answer::View(View::Order(view))) => self.order_shown(&open, at, view),
            Err(CallError::Refused(Refusal::NotFound(_))) if open.is_known => {
                Err(format!("{:?} was acknowledged and is gone", open.order))
            }
            _ => Ok(()),
        }
    }

    fn check_key(&mut self, request: &Request, told: &Told) -> Verdict {
        let Some(key) = request.key else { return Ok(()) };
        if let Err(CallError::Refused(Refusal::KeyReused)) = told {
            let asked = &self.prints[&key.key];
            let was_reused = asked.iter().any(|print| *print != key.fingerprint);
            return if was_reused {
                Ok(())
            } else {
                Err(format!("refused as key_reused, and it never was: {request:?}"))
            };
        }
        let Ok(Answer::Reply(reply)) = told else { return Ok(()) };
        match self.keys.get(&key.key) {
            Some((print, kept)) if *print != key.fingerprint => {
                Err(format!("its key was answered {kept:?} and now another content: {reply:?}"))
            }
            Some((_, kept)) if kept != reply => {
                Err(format!("one key is answered {kept:?} and {reply:?}"))
            }
            Some(_) => Ok(()),
            None => {
                self.keys.insert(key.key, (key.fingerprint, reply.clone()));
                Ok(())
            }
        }
    }

    fn hold_taken(&mut self, open: &Open, at: Micros, view: &HoldView) -> Verdict {
        let asked_again = self.holds.values().any(|claim| claim.hold == view.hold);
        for seat in seats(view.hold.event, &view.lines) {
            if let Some(claim) = self.tickets.get(&seat).filter(|claim| claim.since <= open.at) {
                // An answer that is kept shows what was once: its own order may have the seat.
                if !self.is_kept(open) {
                    return Err(format!(
                        "{seat:?} is {}'s and told as {}'s",
                        claim.order, view.hold
                    ));
                }
            }
            let claim = HoldClaim { hold: view.hold, since: at, until: view.until };
            let now = self.began + Span::from_ms(at.0.div_ceil(1_000));
            let other = self.holds.get(&seat).filter(|other| other.hold != view.hold);
            if let Some(other) = other.filter(|other| other.since <= open.at && now < other.until) {
                return Err(format!("{seat:?} is {}'s and told as {}'s", other.hold, view.hold));
            }
            if !asked_again && !self.is_kept(open) {
                self.holds.insert(seat, claim);
            }
        }
        Ok(())
    }

    /// Whether the same was asked before, so that the answer may be an old one.
    fn is_kept(&self, open: &Open) -> bool {
        let key = open.request.as_ref().and_then(|request| request.key);
        key.is_some_and(|key| self.prints.get(&key.key).is_some_and(|prints| prints.len() > 1))
    }

    fn order_shown(&mut self, open: &Open, at: Micros, view: &OrderView) -> Verdict {
        use OrderStatus::{Completed, PartiallyRefunded, Refunded};
        let has_tickets = matches!(view.status, Completed | PartiallyRefunded | Refunded);
        if open.had_tickets && !has_tickets {
            return Err(format!("{} had tickets and is {}", view.order, view.status.name()));
        }
        if !has_tickets {
            return Ok(());
        }
        self.orders.entry(view.order).or_default().get_or_insert(at);
        for ticket in &view.tickets {
            let Some((seat, _)) = ticket.seat else { continue };
            let seat = (view.order.event, seat);
            let other = self.tickets.get(&seat).copied();
            if !ticket.valid {
                self.tickets.retain(|at, claim| *at != seat || claim.order != view.order);
                continue;
            }
            if let Some(other) = other.filter(|other| other.order != view.order) {
                return Err(format!(
                    "{seat:?} is on tickets of {} and {}",
                    other.order, view.order
                ));
            }
            let since = other.map_or(at, |known| known.since);
            self.tickets.insert(seat, TicketClaim { order: view.order, since });
        }
        Ok(())
    }
}

impl Invariant for Claims {
    fn name(&self) -> &'static str {
        "claims"
    }

    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked { op, ask } => {
                self.asked(at, *op, ask);
                Ok(())
            }
            Seen::Told { op, answer } => self.told(at, *op, answer),
            _ => Ok(()),
        }
    }
}

fn seats(event: EventId, lines: &[Line]) -> impl Iterator<Item = (EventId, SeatIndex)> {
    lines.iter().flat_map(|line| &line.seats).map(move |seat| (event, *seat))
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, Choice, IdempotencyKey, Wish};
    use onsale_core::id::{PartitionId, PersonId};
    use onsale_core::money::Amount;
    use onsale_core::refusal::Thing;
    use onsale_core::spec::ClassId;

    use super::*;

    fn event() -> EventId {
        EventId::new(PartitionId::FIRST, 0).expect("the first")
    }

    /// Somebody asks for a hold under a key and is told this, in these milliseconds.
    fn holds(
        claims: &mut Claims,
        (asked_ms, told_ms): (u64, u64),
        (key, content): (u128, u128),
        (number, seat): (u32, u32),
    ) -> Verdict {
        let choice = Choice::Any(1);
        let wishes = vec![Wish { class: ClassId(0), choice }];
        let command = Command::TakeHold { event: event(), place: None, wishes };
        let actor = Actor::Person(PersonId::from_u128(key));
        let key = Some(IdempotencyKey { key, fingerprint: content });
        let request = Request { actor, key, command };
        let op = Op(asked_ms);
        let ask = Ask::Execute(&request);
        claims.see(Micros(asked_ms * 1_000), &Seen::Asked { op, ask })?;
        let line =
            Line { class: ClassId(0), count: 1, price: Amount::ZERO, seats: vec![SeatIndex(seat)] };
        let view = HoldView {
            hold: HoldId::new(event(), number),
            lines: vec![line],
            total: Amount::ZERO,
            currency: "EUR".parse().expect("a currency"),
            until: Time::from_ms(1_100),
        };
        let answer = Ok(Answer::Reply(Reply::HoldTaken(view)));
        claims.see(Micros(told_ms * 1_000), &Seen::Told { op, answer: &answer })
    }

    fn claims() -> Claims {
        Claims::new(Time::from_ms(1_000))
    }

    #[test]
    fn a_seat_that_two_are_told_at_once_is_caught() {
        let mut claims = claims();
        holds(&mut claims, (0, 10), (1, 1), (0, 7)).expect("the first");
        let twice = holds(&mut claims, (11, 20), (2, 1), (1, 7));
        assert!(twice.expect_err("a violation").contains("told as"));
    }

    #[test]
    fn a_seat_whose_time_is_over_or_may_be_is_anybodys() {
        let mut late = claims();
        holds(&mut late, (0, 10), (1, 1), (0, 7)).expect("the first");
        holds(&mut late, (11, 100), (2, 1), (1, 7)).expect("answered after the end");
        let mut early = claims();
        holds(&mut early, (5, 10), (1, 1), (0, 7)).expect("the first");
        holds(&mut early, (9, 20), (2, 1), (1, 7)).expect("asked before the other was told");
    }

    #[test]
    fn two_answers_under_one_key_are_caught() {
        let mut claims = claims();
        holds(&mut claims, (0, 10), (1, 1), (0, 7)).expect("the first");
        holds(&mut claims, (11, 20), (1, 1), (0, 7)).expect("the same");
        assert!(holds(&mut claims, (21, 30), (1, 1), (1, 8)).is_err(), "another answer");
        assert!(holds(&mut claims, (31, 40), (1, 2), (0, 7)).is_err(), "another content");
    }

    #[test]
    fn an_acknowledged_order_that_is_gone_is_caught() {
        let mut claims = claims();
        let order = OrderId::new(event(), 0);
        claims.orders.insert(order, None);
        let ask = Ask::Look(Actor::Operator, Query::Order(order));
        claims.see(Micros(1), &Seen::Asked { op: Op(1), ask }).expect("only asked");
        let answer = Err(CallError::Refused(Refusal::NotFound(Thing::Order)));
        let gone = claims.see(Micros(2), &Seen::Told { op: Op(1), answer: &answer });
        assert!(gone.expect_err("a violation").contains("is gone"));
    }
}
