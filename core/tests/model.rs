//! Random histories of small events against the rules written a second time ([`naive`]): every
//! answer and the whole state must be the same, and when all is over the books must balance.
//!
//! A failure prints the seed. `ONSALE_SEED=17 cargo test -p onsale-core --test model` runs that
//! one.

mod common;
mod naive;
mod steps;

use common::*;
use naive::{Back, End, Naive, Stage, Tally, Verdict, Where};
use onsale_core::command::{Actor, Choice, Command, IntentOutcome, RefundSettlement, Steer, Wish};
use onsale_core::id::{EventId, HoldId, OrderId, PersonId, PlaceId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::payment::RefundState;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::{HoldView, Reply};
use onsale_core::spec::{Change, ClassId, EventSpec, QuotaId, Window};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::{LotterySeed, PlaceState};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const SEEDS: u64 = 300;
const COMMANDS: u32 = 250;
const PEOPLE: u32 = 12;

#[test]
fn random_histories_go_as_the_rules_written_a_second_time_say() {
    let only = std::env::var("ONSALE_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let mut tally = Tally::default();
    for seed in only.map_or(0..SEEDS, |seed| seed..seed + 1) {
        println!("ONSALE_SEED={seed} cargo test -p onsale-core --test model");
        let mut run = Run::new(seed);
        (0..COMMANDS).for_each(|_| run.step());
        run.heal();
        tally.add(&run.tally);
    }
    if only.is_none() {
        tally.must_have_seen_everything();
    }
}

struct Run {
    rng: ChaCha8Rng,
    world: World,
    naive: Naive,
    event: EventId,
    tally: Tally,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let draft = short(&mut rng);
        let (mut world, event) = World::with(draft.clone());
        world.replays = false;
        let naive = Naive::new(draft, world.now());
        Self { rng, world, naive, event, tally: Tally::default() }
    }

    fn step(&mut self) {
        match self.below(29) {
            0..5 => self.take(),
            5..8 => self.place_order(),
            8 => self.release(),
            9 => self.cancel_order(),
            10 => self.intent(),
            11..14 => self.captured(),
            14 => self.started_or_declined(),
            15 => self.refund(),
            16 => self.refund_answered(),
            17 => self.block(),
            18 => self.join(),
            19 => self.leave_or_drop(),
            20 => self.steer_or_cancel(),
            21 if self.chance(3) => self.publish_again(),
            22 => self.change(),
            21 => self.world.restart(),
            23 => self.settle_refund(),
            24 | 25 => self.disputed(),
            26 => self.decide_dispute(),
            _ => self.pass(),
        }
        self.compare();
    }

    /// Everything ends: time passes, the provider answers, and the money must be accounted for.
    fn heal(&mut self) {
        self.world.settle();
        self.world.pass(Span::from_mins(1));
        self.world.settle();
        self.close_disputes();
        self.world.settle();
        for refused in self.world.refused(self.event, None, u16::MAX) {
            let again = RefundSettlement::Again;
            self.world.settle_refund(refused.order, refused.refund, again).expect("it is refused");
        }
        self.world.settle();
        self.world.books.check_settled(&self.world.partition, self.world.now());
        self.world.restart();
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.rng.next_u32() % bound
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.below(one_in) == 0
    }

    fn person(&mut self) -> PersonId {
        PersonId::from_u128(u128::from(self.below(PEOPLE)))
    }

    /// Mostly the number of something there is, sometimes of something there is not.
    fn number(&mut self, there_are: usize) -> usize {
        let recent = there_are.min(6);
        if recent == 0 || self.chance(20) {
            return there_are + 3;
        }
        there_are - 1 - self.below(recent as u32) as usize
    }

    /// Both have answered: the same, and then both do what is due.
    fn judge(&mut self, answer: &Result<Reply, Refusal>, verdict: Verdict) {
        let code = answer.as_ref().map(|_| ()).map_err(Refusal::code);
        assert_eq!(code, verdict, "{answer:?}");
        if let Err(code) = code {
            self.tally.refusals.insert(code);
        }
        self.catch_up();
    }

    fn catch_up(&mut self) {
        let lottery = match self.world.reveal(self.event) {
            Some(reveal) => reveal.order(),
            None => vec![],
        };
        self.naive.catch_up(Some(&lottery));
    }

    fn pass(&mut self) {
        let span = self.below(4);
        self.world.pass(ms(span.into()));
        for _ in 0..span {
            self.naive.now = self.naive.now + ms(1);
            self.catch_up();
        }
    }

    fn take(&mut self) {
        let person = self.person();
        let of_theirs = self.naive.places.iter().rposition(|place| place.person == person);
        let place = if self.chance(12) { None } else { of_theirs };
        let wishes: Vec<_> = (0..=self.below(2)).map(|_| self.wish()).collect();
        let id = place.map(|number| PlaceId::new(self.event, number as u32));
        let answer = self.world.ask(
            Actor::Person(person),
            Command::TakeHold { event: self.event, place: id, wishes: wishes.clone() },
        );
        let given = match &answer {
            Ok(Reply::HoldTaken(HoldView { lines, .. })) => Some(lines.as_slice()),
            _ => None,
        };
        let verdict = self.naive.take(person, place, &wishes, given);
        self.judge(&answer, verdict);
    }

    fn wish(&mut self) -> Wish {
        let classes = self.naive.draft.classes.len() as u32;
        let unknown = u32::from(self.chance(15));
        let class = ClassId(self.below(classes + unknown) as u16);
        let count = if self.chance(15) { self.below(6) } else { 1 + self.below(2) };
        let choice = match self.below(4) {
            0 if self.naive.is_seated(class) => {
                let seats = self.naive.seats.len() as u32 + 1;
                Choice::Seats((0..count).map(|_| SeatIndex(self.below(seats))).collect())
            }
            1 if self.naive.is_seated(class) => {
                let may_split = self.chance(2);
                Choice::Best { count, section: None, accessible: false, may_split }
            }
            _ => Choice::Any(count),
        };
        Wish { class, choice }
    }

    fn place_order(&mut self) {
        let hold = self.number(self.naive.holds.len());
        let owner = self.naive.holds.get(hold).and_then(|hold| Some(hold.as_ref()?.person));
        let person = owner.filter(|_| !self.chance(12)).unwrap_or_else(|| self.person());
        let accept_other_seats = self.chance(2);
        let id = HoldId::new(self.event, hold as u32);
        let command = Command::PlaceOrder { hold: id, provider: sandbox(), accept_other_seats };
        let answer = self.world.ask(Actor::Person(person), command);
        let verdict = self.naive.place_order(person, hold, accept_other_seats);
        self.judge(&answer, verdict);
    }

    fn release(&mut self) {
        let hold = self.number(self.naive.holds.len());
        let owner = self.naive.holds.get(hold).and_then(|hold| Some(hold.as_ref()?.person));
        let person = owner.unwrap_or_else(|| self.person());
        let id = HoldId::new(self.event, hold as u32);
        let answer = self.world.release(Actor::Person(person), id);
        let verdict = self.naive.release(person, hold);
        self.judge(&answer, verdict);
    }

    fn order(&mut self) -> (usize, OrderId) {
        let number = self.number(self.naive.orders.len());
        (number, OrderId::new(self.event, number as u32))
    }

    fn cancel_order(&mut self) {
        let (number, order) = self.order();
        let owner = self.naive.orders.get(number).map(|order| order.person);
        let person = owner.filter(|_| !self.chance(8)).unwrap_or_else(|| self.person());
        let answer = self.world.ask(Actor::Person(person), Command::CancelOrder(order));
        let verdict = self.naive.cancel_order(person, number);
        self.judge(&answer, verdict);
    }

    fn intent(&mut self) {
        let (number, order) = self.order();
        let ready = !self.chance(5);
        let refused = IntentOutcome::Refused { reason: "closed".into() };
        let command = if ready {
            intent_ready(order)
        } else {
            Command::RecordIntent { order, outcome: refused }
        };
        let answer = self.world.ask(Actor::System, command);
        let verdict = self.naive.intent(number, ready);
        self.judge(&answer, verdict);
    }

    fn block(&mut self) {
        let block = self.chance(2);
        let bound = self.naive.seats.len() as u32 + u32::from(self.chance(10));
        let seats: Vec<_> = (0..2).map(|_| SeatIndex(self.below(bound.max(1)))).collect();
        let command = Command::BlockSeats { event: self.event, seats: seats.clone(), block };
        let answer = self.world.ask(Actor::Operator, command);
        let verdict = self.naive.block(&seats, block);
        self.judge(&answer, verdict);
    }

    fn join(&mut self) {
        for _ in 0..=self.below(3) {
            let (person, party) = (self.person(), 1 + self.below(4));
            let command = Command::JoinWaitroom { event: self.event, party };
            let answer = self.world.ask(Actor::Person(person), command);
            let verdict = self.naive.join(person, party);
            self.judge(&answer, verdict);
        }
    }

    fn leave_or_drop(&mut self) {
        let number = self.number(self.naive.places.len());
        let place = PlaceId::new(self.event, number as u32);
        if self.chance(2) {
            let owner = self.naive.places.get(number).map(|place| place.person);
            let person = owner.filter(|_| !self.chance(8)).unwrap_or_else(|| self.person());
            let answer = self.world.ask(Actor::Person(person), Command::LeaveWaitroom(place));
            let verdict = self.naive.leave(person, number);
            self.judge(&answer, verdict);
        } else {
            let answer = self.world.ask(Actor::System, Command::DropPlace(place));
            let verdict = self.naive.drop_place(number);
            self.judge(&answer, verdict);
        }
    }

    fn steer_or_cancel(&mut self) {
        let event = self.event;
        if self.chance(20) {
            let answer = self.world.ask(Actor::Operator, Command::CancelEvent(event));
            self.naive.cancelled = true;
            return self.judge(&answer, Ok(()));
        }
        let slots = 1 + self.below(4);
        let steer = match self.below(4) {
            0 => Steer::Pause,
            1 | 2 => Steer::Resume,
            _ => Steer::Resize { slots: Some(slots), rate_per_minute: None },
        };
        let has_waitroom = self.naive.draft.waitroom.is_some();
        if has_waitroom {
            match steer {
                Steer::Pause => self.naive.paused = true,
                Steer::Resume => self.naive.paused = false,
                Steer::Resize { .. } => self.naive.slots = slots,
            }
        }
        let answer = self.world.ask(Actor::Operator, Command::SteerWaitroom { event, steer });
        self.judge(&answer, if has_waitroom { Ok(()) } else { Err("no_waitroom") });
    }

    fn change(&mut self) {
        let unknown = u16::from(self.chance(12));
        let quota = QuotaId(self.below(self.naive.draft.quotas.len() as u32) as u16 + 3 * unknown);
        let class = ClassId(self.below(self.naive.draft.classes.len() as u32) as u16 + 3 * unknown);
        let soon = |run: &mut Self| run.naive.now + ms(u64::from(run.below(4)));
        let change = match self.below(6) {
            0..3 => Change::Capacity { quota, capacity: self.below(9) },
            3 | 4 => {
                let price = if self.chance(9) { u64::MAX } else { u64::from(100 * self.below(3)) };
                Change::Price { class, price: Amount::from_minor(price) }
            }
            _ if self.chance(2) => {
                let window = Window { opens_at: soon(self), closes_at: soon(self) };
                Change::Window { class, window }
            }
            _ => Change::Window {
                class,
                window: Window { opens_at: Time::ZERO, closes_at: Time::MAX },
            },
        };
        let command = Command::ChangeEvent { event: self.event, change };
        let answer = self.world.ask(Actor::Operator, command);
        let verdict = self.naive.change(change);
        self.judge(&answer, verdict);
    }

    /// A publisher that does not know whether it had published, or a draft that went on.
    fn publish_again(&mut self) {
        let mut draft = self.naive.defined_as.clone();
        let is_same = self.chance(2);
        draft.limits.per_buyer += u32::from(!is_same);
        let spec = Box::new(EventSpec::parse(draft).expect("a larger limit is one too"));
        let seed = LotterySeed([self.below(200) as u8; 32]);
        let define = Command::DefineEvent { event: Some(self.event), spec, seed };
        let answer = self.world.ask(Actor::Operator, define);
        self.judge(&answer, if is_same { Ok(()) } else { Err("defined_already") });
        assert!(self.world.ask(Actor::Operator, Command::ReserveEvent).is_ok());
    }

    /// The whole state, as far as it can be seen.
    fn compare(&mut self) {
        for class in 0..self.naive.draft.classes.len() as u16 {
            assert_eq!(self.world.left(self.event, class), self.naive.left(ClassId(class)));
        }
        for (number, hold) in (0..).zip(&self.naive.holds) {
            let id = HoldId::new(self.event, number);
            let seen =
                self.world.partition.query(self.world.now(), Actor::Operator, Query::Hold(id));
            match (seen, hold) {
                (Ok(View::Hold(view)), Some(hold)) => {
                    assert_eq!((&view.lines, view.until), (&hold.lines, hold.until));
                }
                (seen, hold) => assert!(seen.is_err() && hold.is_none(), "{id}: {seen:?} {hold:?}"),
            }
        }
        (0..self.naive.orders.len()).for_each(|number| self.compare_order(number));
        let refused = self.world.refused(self.event, None, u16::MAX);
        let refused = refused.iter().map(|one| (one.order.number as usize, one.refund as usize));
        assert!(refused.eq(self.naive.refused()), "other refunds are refused");
        let live = self.world.live_disputes(self.event, None, u16::MAX);
        let live = live.iter().map(|one| (one.order.number as usize, one.number as usize));
        assert!(live.eq(self.naive.live_disputes()), "other disputes are open");
        (0..self.naive.places.len()).for_each(|number| self.compare_place(number));
    }

    fn compare_order(&mut self, number: usize) {
        let order = &self.naive.orders[number];
        let view = self.world.order_view(OrderId::new(self.event, number as u32));
        assert_eq!((view.status, &view.lines), (order.status(), &order.lines), "order {number}");
        assert_eq!(view.until, order.until, "order {number}");
        let captured: u64 = order.captures.iter().map(|c| c.amount.as_minor()).sum();
        assert_eq!(view.captured.as_minor(), captured);
        let back = |state: &RefundState| match state {
            RefundState::Wanted => Back::Awaited,
            RefundState::Done { .. } => Back::Done,
            RefundState::Settled { twice: None, .. } => Back::ByHand,
            RefundState::Settled { twice: Some(_), .. } => Back::Twice,
            RefundState::Refused { .. } => Back::Refused,
        };
        let refunds =
            view.refunds.iter().map(|refund| (refund.amount, refund.cause, back(&refund.state)));
        let expected = order.refunds.iter().map(|known| (known.amount, known.cause, known.back));
        assert!(refunds.eq(expected), "{:?}", view.refunds);
        if let Stage::Paid { first, void } = &order.stage {
            for (i, ticket) in view.tickets.iter().enumerate() {
                assert_eq!(ticket.ticket.number, first + i as u32);
                assert_eq!(ticket.valid, !void.contains(&i));
            }
        }
        self.tally.gone_twice |= order.refunds.iter().any(|known| known.back == Back::Twice);
        self.tally.statuses.insert(view.status.name());
        self.tally.causes.extend(view.refunds.iter().map(|refund| format!("{:?}", refund.cause)));
    }

    fn compare_place(&mut self, number: usize) {
        let view = self.world.place_view(PlaceId::new(self.event, number as u32));
        let whereabouts = match view.state {
            PlaceState::Queued => Where::Waiting,
            PlaceState::Admitted { until, .. } => Where::Inside { until },
            PlaceState::Completed { .. } => Where::Gone(End::Completed),
            PlaceState::Expired { .. } => Where::Gone(End::Expired),
            PlaceState::Left { .. } => Where::Gone(End::Left),
            PlaceState::Abandoned { .. } => Where::Gone(End::Abandoned),
        };
        assert_eq!(whereabouts, self.naive.places[number].whereabouts, "place {number}");
        let ahead = self.naive.line.iter().position(|waiting| *waiting == number);
        assert_eq!(view.ahead, ahead.map(|ahead| ahead as u32), "place {number}");
        self.tally.places.insert(format!("{whereabouts:?}").chars().take(12).collect());
    }
}
