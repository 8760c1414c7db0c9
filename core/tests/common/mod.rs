//! A world to try the rules in: one partition, a clock, buyers, and a payment provider that does
//! what a test tells it to.
//!
//! After every command the world lays the partition beside [`Books`], which know nothing but the
//! facts, and beside a second partition that was read back from bytes on the way.
#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

mod books;
mod disputes;
mod events;

use onsale_core::Partition;
use onsale_core::command::{
    Actor, Choice, Command, IntentOutcome, PaymentNotice, PaymentOutcome, Provider, RefundOutcome,
    RefundSettlement, Request, Wish,
};
use onsale_core::effect::EffectKind;
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId, PlaceId, TicketId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::query::{
    Audit, ClassAvailability, OrderView, PlaceView, Query, RefusedRefund, View, WaitroomView,
};
use onsale_core::refusal::Refusal;
use onsale_core::reply::{HoldView, Reply};
use onsale_core::spec::{ClassId, Draft, EventSpec};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::{LotterySeed, Reveal};

pub use self::books::Books;
pub use self::disputes::{WON, lost, money, paid, wanted};
pub use self::events::{arena, class, club, euro, plan, row, seats_of, short, with_waitroom};

/// When a world begins.
pub const BEGIN: Time = Time::from_ms(1_800_000_000_000);

/// More decisions than anything due at one moment may take in these small events.
const ROUNDS_MAX: usize = 10_000;

/// A partition, its clock, and everything that was logged.
#[derive(Clone)]
pub struct World {
    pub partition: Partition,
    pub books: Books,
    /// What the journal would hold.
    pub log: Vec<Vec<u8>>,
    /// Follows the same facts, but was read back from bytes now and then.
    shadow: Partition,
    now: Time,
    decided: u64,
    payments: u32,
    /// Whether the log is replayed from its beginning after every decision, while it is short.
    pub replays: bool,
}

impl World {
    pub fn new() -> Self {
        let partition = Partition::new(PartitionId::new(3).expect("below the largest"));
        let shadow = partition.clone();
        let books = Books::default();
        Self {
            partition,
            books,
            log: vec![],
            shadow,
            now: BEGIN,
            decided: 0,
            payments: 0,
            replays: true,
        }
    }

    /// A world with one event that is open.
    pub fn with(draft: Draft) -> (Self, EventId) {
        let mut world = Self::new();
        let event = world.define(draft);
        world.ask(Actor::Operator, Command::OpenEvent(event)).expect("it was not open yet");
        (world, event)
    }

    pub fn now(&self) -> Time {
        self.now
    }

    /// Time passes; what falls due happens at its very moment.
    pub fn pass(&mut self, span: Span) {
        let goal = self.now + span;
        while let Some(due) = self.partition.next_due().filter(|due| *due <= goal) {
            self.now = self.now.max(due);
            self.catch_up();
        }
        self.now = goal;
    }

    /// Time passes until `at`, which has not come yet.
    pub fn until(&mut self, at: Time) {
        assert!(at >= self.now, "time does not run backwards");
        self.pass(at.since(self.now));
    }

    /// Time passes and nobody looks at the timers.
    pub fn oversleep(&mut self, span: Span) {
        self.now = self.now + span;
    }

    /// Asks as a careful driver does: what is due comes first.
    pub fn ask(&mut self, actor: Actor, command: Command) -> Result<Reply, Refusal> {
        self.request(&Request::new(actor, command))
    }

    pub fn request(&mut self, request: &Request) -> Result<Reply, Refusal> {
        self.catch_up();
        let answer = self.decide(request);
        self.catch_up();
        answer
    }

    /// Asks before what is due was done.
    pub fn ask_first(&mut self, actor: Actor, command: Command) -> Result<Reply, Refusal> {
        self.decide(&Request::new(actor, command))
    }

    /// The process ends and begins again with what is on disk.
    pub fn restart(&mut self) {
        self.partition = reread(&self.partition);
        self.shadow = self.replay();
        assert_eq!(self.partition.to_bytes(), self.shadow.to_bytes(), "replay gives other bytes");
    }

    /// What the log alone leads to.
    pub fn replay(&self) -> Partition {
        let mut partition = Partition::new(self.partition.id());
        for bytes in &self.log {
            let decision = Decision::decode(bytes).expect("the log can be read");
            evolve(&mut partition, &decision);
        }
        partition
    }

    /// Everything that was logged, in order.
    pub fn facts(&self) -> Vec<(Time, Fact)> {
        let decisions = self.log.iter().map(|bytes| Decision::decode(bytes).expect("was encoded"));
        decisions.flat_map(|d| d.facts.into_iter().map(move |fact| (d.at, fact))).collect()
    }

    /// Does what is due, and insists that doing it gets somewhere.
    fn catch_up(&mut self) {
        for _ in 0..ROUNDS_MAX {
            if self.partition.next_due().is_none_or(|due| due > self.now) {
                return;
            }
            let before = self.partition.applied();
            self.decide(&Request::new(Actor::System, Command::Advance)).expect("never refused");
            assert!(self.partition.applied() > before, "due, but there is nothing to do");
        }
        panic!("what is due at one moment never ends");
    }

    fn decide(&mut self, request: &Request) -> Result<Reply, Refusal> {
        let decided = self.partition.decide(self.now, request);
        assert_eq!(decided, self.shadow.decide(self.now, request), "a restart changes the answer");
        let (facts, reply) = decided?;
        if !facts.is_empty() {
            self.log(facts);
        }
        self.decided += 1;
        if self.decided.is_multiple_of(7) {
            self.shadow = reread(&self.partition);
        }
        Ok(reply)
    }

    fn log(&mut self, facts: Vec<Fact>) {
        let decision = Decision { at: self.now, trace: None, facts };
        let bytes = decision.encode(Vec::new());
        assert_eq!(Decision::decode(&bytes).as_ref(), Ok(&decision), "read back as written");
        evolve(&mut self.partition, &decision);
        evolve(&mut self.shadow, &decision);
        let effects = self.partition.effects();
        for fact in &decision.facts {
            self.books.apply(decision.at, fact);
            if let Some(effect) = self.partition.effect_of(fact) {
                assert!(effects.contains(&effect), "{effect:?} would be forgotten by a restart");
            }
        }
        self.log.push(bytes);
        self.books.check(&self.partition, self.now);
        self.check_copies();
    }

    fn check_copies(&self) {
        let bytes = self.partition.to_bytes();
        assert_eq!(bytes, self.shadow.to_bytes(), "a copy read back goes another way");
        assert_eq!(self.partition.effects(), self.shadow.effects());
        if self.replays && (self.log.len() < 32 || self.log.len().is_multiple_of(64)) {
            assert_eq!(bytes, self.replay().to_bytes(), "replay gives other bytes");
        }
    }
}

/// What buyers and operators do.
impl World {
    pub fn define(&mut self, draft: Draft) -> EventId {
        let spec = Box::new(EventSpec::parse(draft).expect("the draft is right"));
        let define = Command::DefineEvent { event: None, spec, seed: LotterySeed([7; 32]) };
        match self.ask(Actor::Operator, define) {
            Ok(Reply::EventDefined { event, .. }) => event,
            other => panic!("{other:?}"),
        }
    }

    pub fn join(&mut self, who: Actor, event: EventId, party: u32) -> PlaceId {
        match self.ask(who, Command::JoinWaitroom { event, party }) {
            Ok(Reply::Joined { place, .. }) => place,
            other => panic!("{other:?}"),
        }
    }

    pub fn take(
        &mut self,
        who: Actor,
        event: EventId,
        wishes: &[Wish],
    ) -> Result<HoldView, Refusal> {
        self.take_in(who, event, None, wishes)
    }

    pub fn take_in(
        &mut self,
        who: Actor,
        event: EventId,
        place: Option<PlaceId>,
        wishes: &[Wish],
    ) -> Result<HoldView, Refusal> {
        match self.ask(who, Command::TakeHold { event, place, wishes: wishes.to_vec() })? {
            Reply::HoldTaken(view) => Ok(view),
            other => panic!("{other:?}"),
        }
    }

    pub fn release(&mut self, who: Actor, hold: HoldId) -> Result<Reply, Refusal> {
        self.ask(who, Command::ReleaseHold(hold))
    }

    pub fn place_order(&mut self, who: Actor, hold: HoldId) -> Result<OrderId, Refusal> {
        match self.ask(who, place_order(hold))? {
            Reply::OrderPlaced { order, .. } => Ok(order),
            other => panic!("{other:?}"),
        }
    }

    /// A hold that became an order at once.
    pub fn order(&mut self, who: Actor, event: EventId, wishes: &[Wish]) -> OrderId {
        let hold = self.take(who, event, wishes).expect("there is stock");
        self.place_order(who, hold.hold).expect("the hold is alive")
    }

    /// An order that is paid.
    pub fn buy(&mut self, who: Actor, event: EventId, wishes: &[Wish]) -> OrderId {
        let order = self.order(who, event, wishes);
        self.settle();
        self.pay(order);
        order
    }

    /// The right money comes, as a payment that was not there before.
    pub fn pay(&mut self, order: OrderId) {
        self.payments += 1;
        let payment = format!("pay-{}", self.payments);
        let total = self.order_view(order).total;
        self.notify(order, &payment, captured(total));
    }

    pub fn notify(&mut self, order: OrderId, payment: &str, outcome: PaymentOutcome) {
        let notice = PaymentNotice { provider: sandbox(), order, payment: payment.into(), outcome };
        let reply = self.ask(Actor::System, Command::RecordPayment(notice));
        assert_eq!(reply, Ok(Reply::Done), "what a provider says is never refused");
    }

    /// The provider says no to the first attempt at a refund.
    pub fn refuse(&mut self, order: OrderId, refund: u32) {
        let reply = self.ask(Actor::System, refund_refused(order, refund, 0));
        assert_eq!(reply, Ok(Reply::Done), "what a provider says is never refused");
    }

    /// An operator says what becomes of a refund.
    pub fn settle_refund(
        &mut self,
        order: OrderId,
        refund: u32,
        how: RefundSettlement,
    ) -> Result<Reply, Refusal> {
        self.ask(Actor::Operator, Command::SettleRefund { order, refund, how })
    }

    /// The provider answers whatever it is asked, and gladly.
    pub fn settle(&mut self) {
        loop {
            let effects = self.partition.effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                let order = effect.order;
                let command = match effect.kind {
                    EffectKind::CreateIntent { .. } => intent_ready(order),
                    EffectKind::Refund { refund, attempt, .. } => {
                        refund_done(order, refund, attempt)
                    }
                };
                self.ask(Actor::System, command).expect("results are not refused");
            }
        }
    }
}

/// What can be seen.
impl World {
    pub fn query(&self, query: Query) -> View {
        self.partition.query(self.now, Actor::Operator, query).expect("an operator sees all")
    }

    pub fn order_view(&self, order: OrderId) -> OrderView {
        let View::Order(view) = self.query(Query::Order(order)) else { panic!("not an order") };
        view
    }

    pub fn status(&self, order: OrderId) -> OrderStatus {
        self.order_view(order).status
    }

    pub fn place_view(&self, place: PlaceId) -> PlaceView {
        let View::Place(view) = self.query(Query::Place(place)) else { panic!("not a place") };
        view
    }

    pub fn waitroom(&self, event: EventId) -> WaitroomView {
        let View::Event(view) = self.query(Query::Event(event)) else { panic!("not an event") };
        view.waitroom.expect("the event has a waitroom")
    }

    /// What the lottery was drawn with, if there is one and it was drawn.
    pub fn reveal(&self, event: EventId) -> Option<Reveal> {
        match self.partition.query(self.now, Actor::Operator, Query::Reveal(event)) {
            Ok(View::Reveal { reveal, .. }) => reveal,
            _ => None,
        }
    }

    pub fn availability(&self, event: EventId, class: u16) -> ClassAvailability {
        let View::Availability(view) = self.query(Query::Availability(event)) else {
            panic!("not an availability")
        };
        view.classes[usize::from(class)]
    }

    pub fn left(&self, event: EventId, class: u16) -> u32 {
        self.availability(event, class).room.left
    }

    /// The refused refunds of an event: so many orders behind one.
    pub fn refused(
        &self,
        event: EventId,
        after: Option<u32>,
        orders_max: u16,
    ) -> Vec<RefusedRefund> {
        let query = Query::RefusedRefunds { event, after, orders_max };
        let View::RefusedRefunds(refused) = self.query(query) else { panic!("not refunds") };
        refused
    }

    pub fn audit(&self, event: EventId) -> Audit {
        let View::Audit(audit) = self.query(Query::Audit(event)) else { panic!("not an audit") };
        audit
    }

    /// How many of an order's tickets let somebody in.
    pub fn valid_tickets(&self, order: OrderId) -> usize {
        self.order_view(order).tickets.iter().filter(|ticket| ticket.valid).count()
    }
}

pub fn evolve(partition: &mut Partition, decision: &Decision) {
    for fact in &decision.facts {
        partition.evolve(partition.applied() + 1, decision.at, fact);
    }
}

pub fn reread(partition: &Partition) -> Partition {
    Partition::from_bytes(&partition.to_bytes()).expect("a state can be read back")
}

pub fn buyer(number: u32) -> Actor {
    Actor::Person(PersonId::from_u128(u128::from(number)))
}

pub fn sandbox() -> Provider {
    Provider("sandbox".into())
}

pub fn any(class: u16, count: u32) -> Wish {
    Wish { class: ClassId(class), choice: Choice::Any(count) }
}

pub fn seats(class: u16, seats: &[u32]) -> Wish {
    let seats = seats.iter().copied().map(SeatIndex).collect();
    Wish { class: ClassId(class), choice: Choice::Seats(seats) }
}

pub fn place_order(hold: HoldId) -> Command {
    Command::PlaceOrder { hold, provider: sandbox(), accept_other_seats: false }
}

pub fn captured(amount: Amount) -> PaymentOutcome {
    PaymentOutcome::Captured { amount, currency: euro() }
}

pub fn intent_ready(order: OrderId) -> Command {
    let outcome = IntentOutcome::Ready {
        reference: format!("intent-{order}"),
        url: format!("https://pay.example/{order}"),
    };
    Command::RecordIntent { order, outcome }
}

/// The provider does all that it is asked for, and then the books must balance.
pub fn must_be_settled(world: &mut World) {
    world.settle();
    world.books.check_settled(&world.partition, world.now());
}

/// An operator gives money back for some tickets, by number, or for all that are valid; how much.
pub fn refund(world: &mut World, order: OrderId, tickets: Option<&[u32]>) -> Result<u64, Refusal> {
    let ids = |numbers: &[u32]| numbers.iter().map(|n| TicketId::new(order.event, *n)).collect();
    let tickets = tickets.map(ids);
    match world.ask(Actor::Operator, Command::RefundOrder { order, tickets })? {
        Reply::Refunding { amount, .. } => Ok(amount.as_minor()),
        other => panic!("{other:?}"),
    }
}

pub fn refund_done(order: OrderId, refund: u32, attempt: u32) -> Command {
    let outcome = RefundOutcome::Done { reference: format!("refund-{order}-{refund}") };
    Command::RecordRefund { order, refund, attempt, outcome }
}

pub fn refund_refused(order: OrderId, refund: u32, attempt: u32) -> Command {
    let outcome = RefundOutcome::Refused { reason: "card closed".into() };
    Command::RecordRefund { order, refund, attempt, outcome }
}

pub fn by_hand(reference: &str) -> RefundSettlement {
    RefundSettlement::ByHand { reference: reference.into() }
}

pub fn code<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> &'static str {
    answer.expect_err("a refusal was expected").code()
}

pub const fn minutes(minutes: u64) -> Span {
    Span::from_mins(minutes)
}

pub const fn ms(ms: u64) -> Span {
    Span::from_ms(ms)
}
