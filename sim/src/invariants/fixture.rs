//! Hand-made histories for the tests of the oracles: one partition, one event with a row of four
//! seats (class 0, 10.00 each) and four counted tickets (class 1, 5.00 each).

use onsale_core::Partition;
use onsale_core::command::{Provider, Request};
use onsale_core::fact::{
    Decision, DisputeClosed, DisputeOpened, EventDefined, EventOpened, Fact, HoldReleased,
    HoldTaken, IntentReady, OrderCompleted, OrderEnded, OrderPlaced, PaymentCaptured, RefundDone,
    RefundRefused, RefundRetried, RefundSettled, RefundWanted,
};
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::OrderEnd;
use onsale_core::payment::{DisputeEnd, RefundCause};
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    Window,
};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use onsale_engine::Bounds;

use super::{Invariant, Verdict};
use crate::seen::{Micros, Op, Seen, Token, Told};

pub(crate) const PARTITION: PartitionId = PartitionId::FIRST;
pub(crate) const NOW: Time = Time::from_ms(1_000_000);
pub(crate) const HOLD: Span = Span::from_mins(10);
pub(crate) const BOUNDS: Bounds = Bounds { parked_max: 4, watches_max: 2 };

/// An invariant and the history that it is shown.
pub(crate) struct Bench<I> {
    pub(crate) judged: I,
    /// What the rules make of the same facts.
    pub(crate) state: Partition,
    pub(crate) now: Time,
    at: u64,
    token: u64,
}

impl<I: Invariant> Bench<I> {
    /// A history in which the event was defined and opened; the disk has it.
    pub(crate) fn new(mut judged: I) -> Self {
        let state = Partition::new(PARTITION);
        let start = Seen::Started { partition: PARTITION, state: &state, snapshot: 0 };
        judged.see(Micros(0), &start).unwrap();
        Self::begun(judged)
    }

    /// As [`Self::new`], of a process that has begun.
    pub(crate) fn begun(judged: I) -> Self {
        let state = Partition::new(PARTITION);
        let mut bench = Self { judged, state, now: NOW, at: 0, token: 0 };
        bench.happens([defined(draft()), EventOpened { event: event() }.into()]).unwrap();
        bench.synced().unwrap();
        bench
    }

    pub(crate) fn see(&mut self, seen: &Seen<'_>) -> Verdict {
        self.at += 1;
        self.judged.see(Micros(self.at), seen)
    }

    /// Facts of one decision that could really happen, written at once.
    pub(crate) fn happens<const N: usize>(&mut self, facts: [Fact; N]) -> Verdict {
        let first = self.state.applied() + 1;
        let decision = Decision { at: self.now, trace: None, facts: facts.into() };
        for (number, fact) in (first..).zip(&decision.facts) {
            self.state.evolve(number, decision.at, fact);
        }
        self.see(&Seen::Written { partition: PARTITION, first, decision: &decision })
    }

    /// Facts that need not make sense, as if written at a place in the journal.
    pub(crate) fn writes<const N: usize>(&mut self, first: u64, facts: [Fact; N]) -> Verdict {
        let decision = Decision { at: self.now, trace: None, facts: facts.into() };
        self.see(&Seen::Written { partition: PARTITION, first, decision: &decision })
    }

    pub(crate) fn synced(&mut self) -> Verdict {
        let up_to = self.state.applied();
        self.see(&Seen::Durable { partition: PARTITION, up_to })
    }

    pub(crate) fn start(&mut self) -> Verdict {
        let state = self.state.clone();
        self.start_with(&state)
    }

    pub(crate) fn start_with(&mut self, state: &Partition) -> Verdict {
        self.see(&Seen::Started { partition: PARTITION, state, snapshot: 0 })
    }

    pub(crate) fn dies(&mut self) -> Verdict {
        self.see(&Seen::Died { how: crate::seen::Death::PowerLoss })
    }

    /// The server decides on a request that leads from one fact to another.
    pub(crate) fn executes(&mut self, request: &Request, before: u64, after: u64) -> Token {
        self.token += 1;
        let token = Token(self.token);
        let (partition, now, op) = (PARTITION, self.now, Some(Op(self.token)));
        let seen = Seen::Executed { partition, token, op, now, request, before, after };
        self.see(&seen).unwrap();
        token
    }

    pub(crate) fn answers(&mut self, token: Token, answer: &Told) -> Verdict {
        self.see(&Seen::Answered { partition: PARTITION, token, op: Some(Op(token.0)), answer })
    }

    pub(crate) fn rests(&mut self) -> Verdict {
        self.rests_with([0; 4], None)
    }

    pub(crate) fn rests_with(&mut self, depths: [usize; 4], wake_at: Option<Time>) -> Verdict {
        let state = self.state.clone();
        self.see(&Seen::Rested {
            partition: PARTITION,
            now: self.now,
            state: &state,
            depths,
            mailbox: 0,
            bounds: BOUNDS,
            wake_at,
        })
    }

    pub(crate) fn settles(&mut self) -> Verdict {
        let state = self.state.clone();
        self.see(&Seen::Settled { states: &[&state] })
    }
}

pub(crate) fn event() -> EventId {
    EventId::new(PARTITION, 0).unwrap()
}

pub(crate) fn hold(number: u32) -> HoldId {
    HoldId::new(event(), number)
}

pub(crate) fn order(number: u32) -> OrderId {
    OrderId::new(event(), number)
}

pub(crate) fn person(number: u128) -> PersonId {
    PersonId::from_u128(number)
}

pub(crate) fn euro() -> Currency {
    "EUR".parse().unwrap()
}

pub(crate) fn seats(which: &[u32]) -> Line {
    let seats: Vec<_> = which.iter().copied().map(SeatIndex).collect();
    Line { class: ClassId(0), count: seats.len() as u32, price: Amount::from_minor(1_000), seats }
}

pub(crate) fn standing(count: u32) -> Line {
    Line { class: ClassId(1), count, price: Amount::from_minor(500), seats: vec![] }
}

pub(crate) fn defined(draft: Draft) -> Fact {
    let spec = Box::new(EventSpec::parse(draft).unwrap());
    EventDefined { event: event(), spec, seed: LotterySeed([1; 32]) }.into()
}

pub(crate) fn taken(number: u32, line: Line) -> Fact {
    let (hold, person, lines) = (hold(number), person(u128::from(number)), vec![line]);
    HoldTaken { hold, person, place: None, lines, until: NOW + HOLD }.into()
}

pub(crate) fn released(number: u32, expired: bool) -> Fact {
    HoldReleased { hold: hold(number), expired }.into()
}

pub(crate) fn placed(number: u32, of: u32) -> Fact {
    let provider = Provider("sandbox".into());
    let until = NOW + draft().terms.order;
    OrderPlaced { order: order(number), hold: hold(of), provider, until, accept_other_seats: false }
        .into()
}

pub(crate) fn ready(number: u32) -> Fact {
    let (reference, url) = ("intent".into(), "https://pay.example".into());
    IntentReady { order: order(number), reference, url }.into()
}

pub(crate) fn captured(number: u32, payment: &str, minor: u64) -> Fact {
    let (order, amount) = (order(number), Amount::from_minor(minor));
    PaymentCaptured { order, payment: payment.into(), amount, currency: euro() }.into()
}

pub(crate) fn completed(number: u32, first_ticket: u32) -> Fact {
    OrderCompleted { order: order(number), first_ticket }.into()
}

pub(crate) fn ended(number: u32, end: OrderEnd) -> Fact {
    OrderEnded { order: order(number), end }.into()
}

pub(crate) fn wanted(number: u32, minor: u64, tickets: u32, cause: RefundCause) -> Fact {
    let (order, amount) = (order(number), Amount::from_minor(minor));
    RefundWanted { order, capture: 0, amount, tickets, cause }.into()
}

pub(crate) fn done(number: u32, refund: u32) -> Fact {
    RefundDone { order: order(number), refund, reference: "back".into() }.into()
}

pub(crate) fn refused(number: u32, refund: u32) -> Fact {
    RefundRefused { order: order(number), refund, reason: "no".into() }.into()
}

pub(crate) fn retried(number: u32, refund: u32, attempt: u32) -> Fact {
    RefundRetried { order: order(number), refund, attempt }.into()
}

pub(crate) fn settled(number: u32, refund: u32) -> Fact {
    RefundSettled { order: order(number), refund, reference: "by hand".into() }.into()
}

/// A bank asks for so much of a payment of the order with this number.
pub(crate) fn disputed(number: u32, dispute: &str, payment: &str, minor: u64) -> Fact {
    let (dispute, payment) = (dispute.to_owned(), payment.to_owned());
    let (amount, reason) = (Amount::from_minor(minor), "fraudulent".to_owned());
    DisputeOpened { order: order(number), dispute, payment, amount, currency: euro(), reason }
        .into()
}

/// The bank has taken so much, or nothing.
pub(crate) fn judged(number: u32, dispute: u32, minor: Option<u64>) -> Fact {
    let end = minor.map_or(DisputeEnd::Won, |minor| DisputeEnd::Lost {
        amount: Amount::from_minor(minor),
        currency: euro(),
    });
    DisputeClosed { order: order(number), dispute, end }.into()
}

pub(crate) fn draft() -> Draft {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let class = |name: &str, price| Class {
        name: name.into(),
        price: Amount::from_minor(price),
        window,
        per_buyer: None,
    };
    let row = Row {
        label: "A".into(),
        seats: 4,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 500 },
        step: Point { x: 50, y: 0 },
        aisles_after: vec![],
        accessible: vec![],
        companion: vec![],
        blocked: vec![],
    };
    let section = Section { name: "stalls".into(), class: ClassId(0), rows: vec![row] };
    Draft {
        name: "A concert".into(),
        currency: euro(),
        classes: vec![class("seat", 1_000), class("standing", 500)],
        quotas: vec![Quota { name: "floor".into(), capacity: 4, classes: vec![ClassId(1)] }],
        plan: Some(Plan { focal_point: Point { x: 0, y: 0 }, sections: vec![section] }),
        waitroom: None,
        limits: Limits { per_buyer: 8, per_hold: 8, refuse_orphans: false },
        terms: Terms { hold: HOLD, order: Span::from_mins(15), payment_grace: Span::from_mins(5) },
    }
}
