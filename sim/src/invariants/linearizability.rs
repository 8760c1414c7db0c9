//! Seen from the clients alone, every seat behaves as one register that is free or somebody's, and
//! every number of tickets as one counter that never goes beyond its room: there is an order of all
//! that was answered, each at one moment between its question and its answer, in which it could
//! have happened. What was never answered may have been done or not, at any later time.
//!
//! Why: it needs nothing of the server's own account. The same history of a real server over HTTP
//! is judged by the same code.
//!
//! Source: Herlihy and Wing (1990): a history is linearizable if that of each object is, so each
//! seat is looked at by itself (`register`). Of a counter, whoever surely has tickets at one moment
//! (they were told so before, and again of it when they asked after) must fit in together.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use onsale_core::call::CallError;
use onsale_core::command::{Command, Request};
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId};
use onsale_core::inventory::seating::{SeatIndex, SeatState};
use onsale_core::order::OrderStatus;
use onsale_core::query::{OrderView, SeatsView, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::{Change, QuotaId};
use onsale_engine::Answer;

use super::counter::{Holding, Room, rooms};
use super::register::{Kind, Operation, Owner, is_linearizable};
use super::{Invariant, Verdict};
use crate::seen::{Ask, Micros, Op, Seen, Told};

/// See the module.
#[derive(Default)]
pub(crate) struct Linearizability {
    open: BTreeMap<Op, Asked>,
    /// When something was asked under a key for the first time.
    keys: BTreeMap<u128, Micros>,
    seats: BTreeMap<(EventId, SeatIndex), Vec<Operation>>,
    /// Which hold each order was.
    orders: BTreeMap<OrderId, Owner>,
    owners: BTreeMap<HoldId, Holding>,
    /// Orders that were seen to be paid.
    paid: BTreeMap<OrderId, Holding>,
    rooms: BTreeMap<EventId, Vec<Room>>,
    /// The largest capacity that was asked for, of each quota that was to be changed.
    asked_rooms: BTreeMap<(EventId, QuotaId), u32>,
    /// From when on a hold may have been taken of which nobody was told.
    unknown: BTreeMap<EventId, Micros>,
    /// Events whose seats an operator blocked, or of which an order may have got other seats with
    /// its late money, untold: somebody had them of whom nothing is known.
    moved: Vec<EventId>,
}

struct Asked {
    at: Micros,
    what: What,
}

enum What {
    Define(Vec<Room>),
    Take(EventId),
    Move(EventId),
    Resize(EventId, QuotaId, u32),
    Release(HoldId),
    Other,
}

impl Linearizability {
    fn asked(&mut self, op: Op, at: Micros, ask: &Ask<'_>) {
        let (at, what) = match ask {
            Ask::Look(..) => (at, What::Other),
            Ask::Execute(request) => (self.first_asked(request, at), what(&request.command)),
        };
        match what {
            What::Move(event) => self.moved.push(event),
            What::Resize(event, quota, capacity) => {
                let asked = self.asked_rooms.entry((event, quota)).or_default();
                *asked = capacity.max(*asked);
            }
            _ => {}
        }
        self.open.insert(op, Asked { at, what });
    }

    /// Who asks again under the same key gets the first one's answer.
    fn first_asked(&mut self, request: &Request, at: Micros) -> Micros {
        request.key.map_or(at, |key| *self.keys.entry(key.key).or_insert(at))
    }

    fn told(&mut self, op: Op, to: Micros, answer: &Told) {
        let Some(Asked { at: from, what }) = self.open.remove(&op) else { return };
        let span = (from, to);
        match answer {
            Err(CallError::Stopped) => self.stays_open(from, &what),
            Err(CallError::Refused(refusal)) => self.refused(refusal, &what, span),
            Ok(Answer::Reply(reply)) => self.replied(reply, what, span),
            Ok(Answer::View(View::Hold(view))) => {
                self.has(view.hold.event, view.hold.number, &view.lines, span, Kind::Has);
                self.still_has(view.hold, from);
            }
            Ok(Answer::View(View::Order(view))) => self.saw_order(view, span),
            Ok(Answer::View(View::Seats(view))) => self.saw_seats(view, span),
            Err(_) | Ok(Answer::View(_)) => {}
        }
    }

    /// Another copy of what was refused may have been done later, untold: a second click.
    fn refused(&mut self, refusal: &Refusal, what: &What, span: (Micros, Micros)) {
        match (refusal, what) {
            (Refusal::SeatsTaken { seats }, What::Take(event)) => {
                for seat in seats {
                    self.add(*event, *seat, span, Kind::Taken);
                }
            }
            _ => self.stays_open(span.0, what),
        }
    }

    fn stays_open(&mut self, from: Micros, what: &What) {
        if let What::Take(event) = what {
            let since = self.unknown.entry(*event).or_insert(from);
            *since = from.min(*since);
        }
    }

    fn replied(&mut self, reply: &Reply, what: What, span: (Micros, Micros)) {
        match (reply, what) {
            (Reply::EventDefined { event, .. }, What::Define(rooms)) => {
                self.rooms.entry(*event).or_insert(rooms);
            }
            (Reply::HoldTaken(view), _) => {
                self.owners.entry(view.hold).or_insert_with(|| Holding::of(&view.lines, span.1));
                self.has(view.hold.event, view.hold.number, &view.lines, span, Kind::Take);
            }
            (Reply::OrderPlaced { order, hold, .. }, _) => {
                self.orders.insert(*order, hold.hold.number);
                self.has(hold.hold.event, hold.hold.number, &hold.lines, span, Kind::Order);
                self.still_has(hold.hold, span.0);
                // An order may end and be revived by late money, unseen: only what is paid stays.
                self.is_over(hold.hold);
            }
            (Reply::Done, What::Release(hold)) => {
                self.still_has(hold, span.0);
                let had = |operations: &[Operation]| {
                    operations.iter().any(|other| other.kind == Kind::Take(hold.number))
                };
                let seats = self.seats.range_mut(seats_of(hold.event));
                for (_, operations) in seats.filter(|(_, operations)| had(operations)) {
                    push(operations, span, Kind::GiveBack(hold.number));
                }
            }
            _ => {}
        }
    }

    fn saw_order(&mut self, view: &OrderView, span: (Micros, Micros)) {
        let Some(owner) = self.orders.get(&view.order).copied() else { return };
        let hold = HoldId::new(view.order.event, owner);
        match view.status {
            OrderStatus::Pending | OrderStatus::Completed => {
                self.has(hold.event, owner, &view.lines, span, Kind::Has);
                if view.status == OrderStatus::Completed {
                    self.still_paid(view, span);
                }
            }
            OrderStatus::PartiallyRefunded => {
                let valid = view.tickets.iter().filter(|ticket| ticket.valid);
                for (seat, _) in valid.filter_map(|ticket| ticket.seat.as_ref()) {
                    self.add(hold.event, *seat, span, Kind::Has(owner));
                }
                self.is_over(hold);
            }
            _ => self.is_over(hold),
        }
    }

    fn saw_seats(&mut self, view: &SeatsView, span: (Micros, Micros)) {
        for (seat, state) in &view.taken {
            let owner = match state {
                SeatState::Held(hold) => Some(*hold),
                SeatState::Ordered(order) | SeatState::Sold(order) => {
                    self.orders.get(&OrderId::new(view.event, *order)).copied()
                }
                SeatState::Free | SeatState::Blocked => None,
            };
            if let Some(owner) = owner {
                self.add(view.event, *seat, span, Kind::Has(owner));
            }
        }
        // Only of seats that somebody has had is there anything to say.
        for ((_, seat), operations) in self.seats.range_mut(seats_of(view.event)) {
            if view.taken.binary_search_by_key(seat, |(taken, _)| *taken).is_err() {
                push(operations, span, Kind::Free);
            }
        }
    }

    fn has(
        &mut self,
        event: EventId,
        owner: Owner,
        lines: &[Line],
        span: (Micros, Micros),
        kind: fn(Owner) -> Kind,
    ) {
        for seat in lines.iter().flat_map(|line| &line.seats) {
            self.add(event, *seat, span, kind(owner));
        }
    }

    fn add(&mut self, event: EventId, seat: SeatIndex, span: (Micros, Micros), kind: Kind) {
        push(self.seats.entry((event, seat)).or_default(), span, kind);
    }

    /// Whoever asked at that time was told that they have it: they had it since they were first
    /// told.
    fn still_has(&mut self, hold: HoldId, asked: Micros) {
        if let Some(holding) = self.owners.get_mut(&hold).filter(|holding| !holding.is_over) {
            holding.to = holding.to.max(asked);
        }
    }

    /// What is paid is had until it is refunded, and then it is never completed again.
    fn still_paid(&mut self, view: &OrderView, span: (Micros, Micros)) {
        let new = || Holding::of(&view.lines, span.1);
        let holding = self.paid.entry(view.order).or_insert_with(new);
        holding.to = holding.to.max(span.0);
    }

    fn is_over(&mut self, hold: HoldId) {
        if let Some(holding) = self.owners.get_mut(&hold) {
            holding.is_over = true;
        }
    }

    fn settle(&mut self) -> Verdict {
        for Asked { at, what } in std::mem::take(&mut self.open).into_values() {
            self.stays_open(at, &what);
        }
        for ((event, seat), operations) in &mut self.seats {
            let unknown = self.unknown.get(event);
            let is_moved = self.moved.contains(event);
            operations.retain(|operation| {
                let may_be_unknown = unknown.is_some_and(|since| *since <= operation.to);
                operation.kind != Kind::Taken || !(may_be_unknown || is_moved)
            });
            if !is_linearizable(operations) {
                return Err(format!(
                    "seat {} of {event} could not have lived {operations:?}",
                    seat.0
                ));
            }
        }
        for (event, rooms) in &self.rooms {
            for (quota, room) in (0..).map(QuotaId).zip(rooms) {
                let asked = self.asked_rooms.get(&(*event, quota)).copied();
                room.check(*event, asked.unwrap_or_default(), self.holdings(*event))?;
            }
        }
        Ok(())
    }

    /// Everything that was surely had of an event.
    fn holdings(&self, event: EventId) -> impl Iterator<Item = &Holding> {
        let first = HoldId::new(event, 0);
        let held = self.owners.range(first..=HoldId::new(event, u32::MAX)).map(|(_, one)| one);
        let first = OrderId::new(event, 0);
        let paid = self.paid.range(first..=OrderId::new(event, u32::MAX)).map(|(_, one)| one);
        held.chain(paid)
    }
}

impl Invariant for Linearizability {
    fn name(&self) -> &'static str {
        "linearizability"
    }

    fn see(&mut self, at: Micros, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Asked { op, ask } => self.asked(*op, at, ask),
            Seen::Told { op, answer } => self.told(*op, at, answer),
            Seen::GaveUp { op } => {
                if let Some(Asked { at, what }) = self.open.remove(op) {
                    self.stays_open(at, &what);
                }
            }
            Seen::Settled { .. } => return self.settle(),
            _ => {}
        }
        Ok(())
    }
}

fn seats_of(event: EventId) -> RangeInclusive<(EventId, SeatIndex)> {
    (event, SeatIndex(0))..=(event, SeatIndex(u32::MAX))
}

fn what(command: &Command) -> What {
    match command {
        Command::DefineEvent { spec, .. } => What::Define(rooms(spec)),
        Command::ChangeEvent { event, change: Change::Capacity { quota, capacity } } => {
            What::Resize(*event, *quota, *capacity)
        }
        Command::TakeHold { event, .. } => What::Take(*event),
        Command::BlockSeats { event, .. } => What::Move(*event),
        Command::PlaceOrder { hold, accept_other_seats: true, .. } => What::Move(hold.event),
        Command::ReleaseHold(hold) => What::Release(*hold),
        _ => What::Other,
    }
}

/// Of many that say the same of one owner, the first and the last say it all: in between it was
/// theirs.
fn push(operations: &mut Vec<Operation>, (from, to): (Micros, Micros), kind: Kind) {
    let new = Operation { from, to, kind };
    match kind {
        Kind::Take(_) | Kind::Order(_) if operations.iter().any(|other| other.kind == kind) => {}
        Kind::Has(_) => {
            let mut same = operations.iter_mut().rev().filter(|other| other.kind == kind);
            match (same.next(), same.next()) {
                (Some(last), Some(_)) => {
                    if last.from < from {
                        *last = new;
                    }
                }
                _ => operations.push(new),
            }
        }
        Kind::Free | Kind::Taken if operations.last().is_some_and(|last| last.kind == kind) => {}
        _ => operations.push(new),
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::command::{Actor, IdempotencyKey};
    use onsale_core::money::Amount;
    use onsale_core::query::Query;
    use onsale_core::reply::HoldView;
    use onsale_core::spec::EventSpec;
    use onsale_core::waitroom::LotterySeed;

    use super::super::fixture::*;
    use super::*;

    /// What clients ask and are told, and when.
    #[derive(Default)]
    struct Clients {
        judged: Linearizability,
        ops: u64,
    }

    impl Clients {
        fn sees(&mut self, at: u64, seen: &Seen<'_>) {
            self.judged.see(Micros(at), seen).unwrap();
        }

        fn asks(&mut self, at: u64, command: Command, key: Option<u128>) -> Op {
            self.ops += 1;
            let key = key.map(|key| IdempotencyKey { key, fingerprint: 0 });
            let request = Request { key, ..Request::new(Actor::Operator, command) };
            let op = Op(self.ops);
            self.sees(at, &Seen::Asked { op, ask: Ask::Execute(&request) });
            op
        }

        fn is_told(&mut self, op: Op, at: u64, answer: &Told) {
            self.sees(at, &Seen::Told { op, answer });
        }

        fn takes(&mut self, (from, to): (u64, u64), number: u32, line: Line) {
            let op = self.asks(from, take(), None);
            let reply = Reply::HoldTaken(view(number, line));
            self.is_told(op, to, &Ok(Answer::Reply(reply)));
        }

        fn looks(&mut self, (from, to): (u64, u64), number: u32, line: Line) {
            self.ops += 1;
            let op = Op(self.ops);
            let ask = Ask::Look(Actor::Operator, Query::Hold(hold(number)));
            self.sees(from, &Seen::Asked { op, ask });
            self.is_told(op, to, &Ok(Answer::View(View::Hold(view(number, line)))));
        }

        fn defines(&mut self) {
            let spec = Box::new(EventSpec::parse(draft()).unwrap());
            let command = Command::DefineEvent { event: None, spec, seed: LotterySeed([0; 32]) };
            let op = self.asks(0, command, None);
            let commitment = LotterySeed([0; 32]).commitment();
            let reply = Reply::EventDefined { event: event(), commitment };
            self.is_told(op, 1, &Ok(Answer::Reply(reply)));
        }

        fn settle(mut self) -> Verdict {
            self.judged.see(Micros(9_999), &Seen::Settled { states: &[] })
        }
    }

    fn take() -> Command {
        Command::TakeHold { event: event(), place: None, wishes: vec![] }
    }

    fn view(number: u32, line: Line) -> HoldView {
        let total = Amount::ZERO;
        HoldView { hold: hold(number), lines: vec![line], total, currency: euro(), until: NOW }
    }

    #[test]
    fn seats_that_change_hands_and_counts_that_fit_are_fine() {
        let mut clients = Clients::default();
        clients.defines();
        clients.takes((10, 20), 0, seats(&[0, 1]));
        clients.looks((30, 40), 0, seats(&[0, 1]));
        let op = clients.asks(50, Command::ReleaseHold(hold(0)), None);
        clients.takes((55, 70), 1, seats(&[1, 2]));
        clients.is_told(op, 60, &Ok(Answer::Reply(Reply::Done)));
        clients.looks((80, 90), 1, seats(&[1, 2]));
        clients.takes((10, 20), 2, standing(4));
        clients.looks((30, 40), 2, standing(4));
        clients.takes((25, 50), 3, standing(4));
        clients.looks((60, 70), 3, standing(4));
        clients.settle().unwrap();
    }

    #[test]
    fn a_seat_that_two_have_at_once_is_caught() {
        let mut clients = Clients::default();
        clients.takes((10, 20), 0, seats(&[0]));
        clients.takes((30, 40), 1, seats(&[0]));
        clients.looks((50, 60), 0, seats(&[0]));
        assert!(clients.settle().unwrap_err().contains("seat 0"));
    }

    #[test]
    fn a_hold_that_is_shown_after_it_was_given_back_is_caught() {
        let mut clients = Clients::default();
        clients.takes((10, 20), 0, seats(&[0]));
        let op = clients.asks(30, Command::ReleaseHold(hold(0)), None);
        clients.is_told(op, 40, &Ok(Answer::Reply(Reply::Done)));
        clients.looks((50, 60), 0, seats(&[0]));
        assert!(clients.settle().is_err());
    }

    #[test]
    fn more_than_the_room_at_once_is_caught() {
        let mut clients = Clients::default();
        clients.defines();
        clients.takes((10, 20), 0, standing(3));
        clients.takes((30, 40), 1, standing(2));
        clients.looks((50, 60), 0, standing(3));
        clients.looks((50, 60), 1, standing(2));
        assert!(clients.settle().unwrap_err().contains("5 tickets"));
    }

    #[test]
    fn a_room_that_was_asked_to_be_larger_may_be_so() {
        let mut clients = Clients::default();
        clients.defines();
        let change = Change::Capacity { quota: QuotaId(0), capacity: 5 };
        clients.asks(5, Command::ChangeEvent { event: event(), change }, None);
        clients.takes((10, 20), 0, standing(5));
        clients.looks((50, 60), 0, standing(5));
        clients.settle().unwrap();
    }

    #[test]
    fn seats_that_are_taken_by_nobody_are_caught_unless_somebody_was_never_answered() {
        for is_unknown in [false, true] {
            let mut clients = Clients::default();
            let refused: Told = Err(Refusal::SeatsTaken { seats: vec![SeatIndex(0)] }.into());
            if is_unknown {
                let op = clients.asks(5, take(), None);
                clients.sees(6, &Seen::GaveUp { op });
            }
            let op = clients.asks(10, take(), None);
            clients.is_told(op, 20, &refused);
            assert_eq!(clients.settle().is_ok(), is_unknown);
        }
    }

    #[test]
    fn who_asks_again_under_the_same_key_may_have_had_it_all_along() {
        for key in [Some(1), None] {
            let mut clients = Clients::default();
            let lost = clients.asks(10, take(), key);
            clients.sees(20, &Seen::GaveUp { op: lost });
            clients.takes((30, 40), 1, seats(&[0]));
            clients.looks((50, 60), 1, seats(&[0]));
            let again = clients.asks(45, take(), key);
            let reply = Reply::HoldTaken(view(0, seats(&[0])));
            clients.is_told(again, 48, &Ok(Answer::Reply(reply)));
            assert_eq!(clients.settle().is_ok(), key.is_some());
        }
    }
}
