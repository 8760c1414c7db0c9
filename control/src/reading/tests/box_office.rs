//! A small sale, by the rules themselves, and its facts in a database.

use onsale_core::Partition;
use onsale_core::command::{
    Actor, Choice, Command, DisputeDecision, DisputeNotice, IntentOutcome, PaymentNotice,
    PaymentOutcome, Provider, RefundOutcome, RefundSettlement, Request, Wish,
};
use onsale_core::fact::Decision;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use onsale_core::reply::Reply;
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    Window,
};
use onsale_core::time::{Span, Time};
use onsale_core::trace::TraceId;
use onsale_core::waitroom::LotterySeed;

use crate::database::Database;
use crate::projection::{Checkpoint, Journal, Numbered, Progress, checkpoint, project};
use crate::reading::Asked;

/// When everything begins: 2026-10-01 10:00 in Berlin.
pub const BEGIN: Time = Time::from_ms(1_790_841_600_000);

/// The trace of every request.
pub const TRACE: TraceId = TraceId::new(0xfeed).unwrap();

const JOURNAL: Journal = Journal(7);

/// A partition and what was decided there.
pub struct BoxOffice {
    partition: Partition,
    pub now: Time,
    decisions: Vec<Numbered>,
    payments: u32,
}

impl BoxOffice {
    pub fn new() -> Self {
        let partition = Partition::new(PartitionId::FIRST);
        Self { partition, now: BEGIN, decisions: Vec::new(), payments: 0 }
    }

    pub fn ask(&mut self, actor: Actor, command: Command) -> Reply {
        let request = Request { trace: Some(TRACE), ..Request::new(actor, command) };
        let (facts, reply) = self.partition.decide(self.now, &request).unwrap();
        let first = self.partition.applied() + 1;
        for (number, fact) in (first..).zip(&facts) {
            self.partition.evolve(number, self.now, fact);
        }
        if !facts.is_empty() {
            let decision = Decision { at: self.now, trace: request.trace, facts };
            self.decisions.push(Numbered { first, chain: None, decision });
        }
        reply
    }

    /// Time passes, and what falls due happens.
    pub fn pass(&mut self, span: Span) {
        self.now = self.now + span;
        while self.partition.next_due().is_some_and(|due| due <= self.now) {
            self.ask(Actor::System, Command::Advance);
        }
    }

    /// An event of this name that is open: a hundred counted tickets, and three rows of seats.
    pub fn event(&mut self, name: &str) -> EventId {
        let spec = Box::new(EventSpec::parse(draft(name)).unwrap());
        let define = Command::DefineEvent { event: None, spec, seed: LotterySeed([7; 32]) };
        let Reply::EventDefined { event, .. } = self.ask(Actor::Operator, define) else {
            panic!("it was defined")
        };
        self.ask(Actor::Operator, Command::OpenEvent(event));
        event
    }

    pub fn hold(&mut self, person: PersonId, event: EventId, wishes: &[(u16, Choice)]) -> HoldId {
        let wish = |(class, choice): &(u16, Choice)| {
            let (class, choice) = (ClassId(*class), choice.clone());
            Wish { class, choice }
        };
        let wishes = wishes.iter().map(wish).collect();
        let take = Command::TakeHold { event, place: None, wishes };
        let Reply::HoldTaken(hold) = self.ask(Actor::Person(person), take) else {
            panic!("it was taken")
        };
        hold.hold
    }

    /// Somebody orders; the money is not there yet.
    pub fn order(&mut self, person: PersonId, event: EventId, wishes: &[(u16, Choice)]) -> OrderId {
        let hold = self.hold(person, event, wishes);
        let provider = Provider("sandbox".to_owned());
        let place = Command::PlaceOrder { hold, provider, accept_other_seats: false };
        let Reply::OrderPlaced { order, .. } = self.ask(Actor::Person(person), place) else {
            panic!("it was placed")
        };
        let (reference, url) = ("ref".to_owned(), "https://pay.example".to_owned());
        let outcome = IntentOutcome::Ready { reference, url };
        self.ask(Actor::System, Command::RecordIntent { order, outcome });
        order
    }

    /// So much money comes for an order.
    pub fn pay(&mut self, order: OrderId, minor: u64) {
        self.payments += 1;
        let notice = PaymentNotice {
            provider: Provider("sandbox".to_owned()),
            order,
            payment: format!("pay_{}", self.payments),
            outcome: PaymentOutcome::Captured {
                amount: Amount::from_minor(minor),
                currency: "EUR".parse().unwrap(),
            },
        };
        self.ask(Actor::System, Command::RecordPayment(notice));
    }

    /// All tickets are given back, and the provider is asked for the money.
    pub fn refund(&mut self, order: OrderId) {
        self.ask(Actor::Operator, Command::RefundOrder { order, tickets: None });
    }

    /// The provider has given the money back.
    pub fn refunded(&mut self, order: OrderId) {
        self.answer(order, 0, RefundOutcome::Done { reference: "re_1".to_owned() });
    }

    /// The provider will not give the money back, at this attempt.
    pub fn refused(&mut self, order: OrderId, attempt: u32) {
        self.answer(order, attempt, RefundOutcome::Refused { reason: "no money".to_owned() });
    }

    fn answer(&mut self, order: OrderId, attempt: u32, outcome: RefundOutcome) {
        let record = Command::RecordRefund { order, refund: 0, attempt, outcome };
        self.ask(Actor::System, record);
    }

    /// An operator says what becomes of the refund.
    pub fn settle(&mut self, order: OrderId, how: RefundSettlement) {
        self.ask(Actor::Operator, Command::SettleRefund { order, refund: 0, how });
    }

    /// A bank takes so much of the first payment, and an operator the tickets.
    pub fn charged_back(&mut self, order: OrderId, minor: u64) {
        self.lost(order, minor);
        let decision = DisputeDecision::VoidTickets;
        self.ask(Actor::Operator, Command::DecideDispute { order, dispute: 0, decision });
    }

    /// A bank takes so much of the first payment, which need not have been told of yet.
    pub fn lost(&mut self, order: OrderId, minor: u64) {
        let (amount, currency) = (Amount::from_minor(minor), "EUR".parse().unwrap());
        self.disputed(order, Some(DisputeEnd::Lost { amount, currency }));
    }

    /// So a bank's wish for the first payment stands now.
    pub fn disputed(&mut self, order: OrderId, end: Option<DisputeEnd>) {
        let notice = DisputeNotice {
            provider: Provider("sandbox".to_owned()),
            order,
            payment: "pay_1".to_owned(),
            dispute: "dp_1".to_owned(),
            amount: Amount::from_minor(7_000),
            currency: "EUR".parse().unwrap(),
            reason: "fraudulent".to_owned(),
            end,
        };
        self.ask(Actor::System, Command::RecordDispute(Box::new(notice)));
    }

    /// Everything that was decided is in the database.
    pub async fn projected(&self, database: &Database) -> Checkpoint {
        let from = checkpoint(database, self.partition.id(), JOURNAL).await.unwrap();
        let new = self.decisions.iter().filter(|decision| decision.first > from.fact);
        let new: Vec<_> = new.cloned().collect();
        project(database, &from, &new).await.unwrap().checkpoint
    }

    /// Somebody asks now, who knows of every fact there is.
    pub fn asked(&self, event: Option<EventId>) -> Asked {
        let durable = self.partition.applied();
        Asked::now(&Progress::new(1, move |_| durable), self.now, event)
    }
}

pub fn person(number: u128) -> PersonId {
    PersonId::from_u128(number)
}

pub fn seats(seats: &[u32]) -> Choice {
    Choice::Seats(seats.iter().copied().map(SeatIndex).collect())
}

fn draft(name: &str) -> Draft {
    let window = Window { opens_at: BEGIN, closes_at: Time::MAX };
    let class = |name: &str, minor| Class {
        name: name.to_owned(),
        price: Amount::from_minor(minor),
        window,
        per_buyer: None,
    };
    let row = |label: &str, numbering, blocked: &[u32]| Row {
        label: label.to_owned(),
        seats: 4,
        numbering,
        first: Point { x: 0, y: 0 },
        step: Point { x: 50, y: 0 },
        aisles_after: Vec::new(),
        accessible: Vec::new(),
        companion: Vec::new(),
        blocked: blocked.to_vec(),
    };
    let labels = ["α", "β", "γ", "δ"].map(str::to_owned).to_vec();
    let rows = vec![
        row("A", Numbering::Sequence { first: 1, step: 2 }, &[]),
        row("B", Numbering::Labels(labels), &[3]),
    ];
    Draft {
        name: name.to_owned(),
        currency: "EUR".parse().unwrap(),
        classes: vec![class("Standing", 5_000), class("Stalls", 9_000)],
        quotas: vec![Quota { name: "Hall".to_owned(), capacity: 100, classes: vec![ClassId(0)] }],
        plan: Some(Plan {
            focal_point: Point { x: 0, y: -500 },
            sections: vec![Section { name: "Left".to_owned(), class: ClassId(1), rows }],
        }),
        waitroom: None,
        limits: Limits { per_buyer: 100, per_hold: 8, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(10),
        },
    }
}
