//! Core's partition behind a disk that takes its time, and whoever judges it.

use std::collections::BTreeSet;

use onsale_core::Partition;
use onsale_core::call::CallError;
use onsale_core::command::{
    Actor, Command, IdempotencyKey, IntentOutcome, PaymentNotice, PaymentOutcome, Provider, Request,
};
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, OrderId, PartitionId, PlaceId};
use onsale_core::money::Amount;
use onsale_core::query::{Query, View};
use onsale_core::spec::{Draft, EventSpec};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use onsale_engine::{Answer, Bounds};

use super::drafts;
use crate::invariants::Invariant;
use crate::noise::{Concern, Noise};
use crate::seen::{Death, Micros, Op, Seen, Token, Told};

const PARTITION: PartitionId = PartitionId::FIRST;
const BOUNDS: Bounds = Bounds { parked_max: 1_000, watches_max: 1_000 };

pub(super) struct Rig {
    pub(super) noise: Noise,
    /// What the event was defined as.
    pub(super) draft: Draft,
    pub(super) refusals: BTreeSet<&'static str>,
    pub(super) holds: u32,
    pub(super) orders: u32,
    pub(super) places: u32,
    /// Whoever acted last.
    pub(super) last: Option<Actor>,
    partition: Partition,
    now: Time,
    judges: Vec<Box<dyn Invariant>>,
    log: Vec<Decision>,
    written: u64,
    durable: u64,
    parked: Vec<(u64, Token, Told)>,
    waiting: Vec<(Token, Actor, Query)>,
    token: u64,
    seen: u64,
}

impl Rig {
    pub(super) fn new(seed: u64, judges: Vec<Box<dyn Invariant>>) -> Self {
        let mut noise = Noise::new(seed, Concern::Plan, 0);
        let draft = drafts::draft(&mut noise);
        let mut rig = Self {
            noise,
            draft,
            refusals: BTreeSet::new(),
            holds: 0,
            orders: 0,
            places: 0,
            last: None,
            partition: Partition::new(PARTITION),
            now: drafts::BEGIN,
            judges,
            log: vec![],
            written: 0,
            durable: 0,
            parked: vec![],
            waiting: vec![],
            token: 0,
            seen: 0,
        };
        rig.started();
        rig
    }

    /// Defines the event and opens it.
    pub(super) fn publish(&mut self) -> EventId {
        let spec = Box::new(EventSpec::parse(self.draft.clone()).unwrap());
        let seed = LotterySeed(core::array::from_fn(|_| self.noise.number() as u8));
        self.ask(Actor::Operator, Command::DefineEvent { event: None, spec, seed });
        let event = EventId::new(PARTITION, 0).unwrap();
        self.ask(Actor::Operator, Command::OpenEvent(event));
        self.sync();
        event
    }

    pub(super) fn below(&mut self, bound: u32) -> u32 {
        self.noise.below(u64::from(bound)) as u32
    }

    pub(super) fn chance(&mut self, one_in: u32) -> bool {
        self.below(one_in) == 0
    }

    /// One of the newest, now and then one beyond them.
    pub(super) fn recent(&mut self, count: u32) -> u32 {
        let back = self.below(6);
        if self.chance(15) { count + back } else { count.saturating_sub(1 + back) }
    }

    pub(super) fn ask(&mut self, actor: Actor, command: Command) {
        // Few keys, so that many are used again.
        let key = self.chance(3).then(|| IdempotencyKey {
            key: u128::from(self.below(200)),
            fingerprint: u128::from(self.below(2)),
        });
        let request = Request { key, ..Request::new(actor, command) };
        self.catch_up();
        self.request(&request);
        self.rested();
        if let Actor::Person(_) = actor {
            self.last = Some(actor);
        }
        if self.chance(4) {
            self.sync();
        }
    }

    fn request(&mut self, request: &Request) {
        let before = self.partition.applied();
        let decided = self.partition.decide(self.now, request);
        let told = match decided {
            Ok((facts, reply)) => {
                self.happen(facts);
                Ok(Answer::Reply(reply))
            }
            Err(refusal) => {
                self.refusals.insert(refusal.code());
                Err(CallError::Refused(refusal))
            }
        };
        let after = self.partition.applied();
        let (token, op) = self.next_token();
        let (partition, now) = (PARTITION, self.now);
        self.see(&Seen::Executed { partition, token, op: Some(op), now, request, before, after });
        self.write();
        self.parked.push((after, token, told));
    }

    fn next_token(&mut self) -> (Token, Op) {
        self.token += 1;
        (Token(self.token), Op(self.token))
    }

    fn happen(&mut self, facts: Vec<Fact>) {
        if facts.is_empty() {
            return;
        }
        let decision = Decision { at: self.now, trace: None, facts };
        evolve(&mut self.partition, &decision);
        for fact in &decision.facts {
            self.holds += u32::from(matches!(fact, Fact::HoldTaken(_)));
            self.orders += u32::from(matches!(fact, Fact::OrderPlaced(_)));
            self.places += u32::from(matches!(fact, Fact::WaitroomJoined(_)));
        }
        self.log.push(decision);
    }

    /// Hands the last decision to the disk, if it was not yet.
    fn write(&mut self) {
        if self.written == self.partition.applied() {
            return;
        }
        let Some(decision) = self.log.pop() else { return };
        let first = self.written + 1;
        self.see(&Seen::Written { partition: PARTITION, first, decision: &decision });
        self.written = self.partition.applied();
        self.log.push(decision);
    }

    fn catch_up(&mut self) {
        while self.partition.next_due().is_some_and(|due| due <= self.now) {
            let advance = Request::new(Actor::System, Command::Advance);
            let (facts, _) = self.partition.decide(self.now, &advance).unwrap();
            assert!(!facts.is_empty(), "due, but there is nothing to do");
            self.happen(facts);
            self.write();
        }
    }

    pub(super) fn pass(&mut self, span: Span) {
        for _ in 0..span.as_ms() {
            self.now = self.now + Span::from_ms(1);
            if !self.chance(4) {
                self.catch_up();
                self.rested();
            }
        }
        if self.chance(6) {
            self.drop_somebody();
        }
    }

    /// The server takes it that somebody is gone.
    fn drop_somebody(&mut self) {
        if self.places == 0 || self.partition.sales().next().is_none() {
            return;
        }
        let event = EventId::new(PARTITION, 0).unwrap();
        let command = Command::DropPlace(PlaceId::new(event, self.below(self.places)));
        let drop = Request::new(Actor::System, command);
        if let Ok((facts, _)) = self.partition.decide(self.now, &drop) {
            self.happen(facts);
            self.write();
        }
    }

    pub(super) fn look(&mut self, actor: Actor, query: Query) {
        let applied = self.partition.applied();
        let ((token, op), (partition, now)) = (self.next_token(), (PARTITION, self.now));
        let subject = matches!(query, Query::Order(_) | Query::Place(_));
        let view = self.partition.query(now, actor, query);
        let waits = subject && view.is_ok() && self.chance(2);
        let wait_until = waits.then_some(Time::MAX);
        self.see(&Seen::Looked { partition, token, op, now, actor, query, wait_until, applied });
        if waits {
            self.waiting.push((token, actor, query));
        } else {
            self.parked.push((applied, token, told(view)));
        }
        if self.chance(2) {
            for (token, actor, query) in std::mem::take(&mut self.waiting) {
                let view = self.partition.query(self.now, actor, query);
                self.parked.push((self.partition.applied(), token, told(view)));
            }
        }
    }

    /// The disk has everything, and what waited for it leaves.
    pub(super) fn sync(&mut self) {
        self.durable = self.partition.applied();
        self.see(&Seen::Durable { partition: PARTITION, up_to: self.durable });
        self.rested();
    }

    /// What waits for nothing that is not durable leaves.
    fn release(&mut self) {
        let durable = self.durable;
        let free = self.parked.extract_if(.., |(after, ..)| *after <= durable);
        for (_, token, answer) in free.collect::<Vec<_>>() {
            let (partition, op) = (PARTITION, Some(Op(token.0)));
            self.see(&Seen::Answered { partition, token, op, answer: &answer });
        }
    }

    /// Some of what the disk had not confirmed is lost.
    pub(super) fn crash(&mut self) {
        self.see(&Seen::Died { how: Death::PowerLoss });
        self.parked.clear();
        self.waiting.clear();
        let mut partition = Partition::new(PARTITION);
        let mut kept = 0;
        for decision in &self.log {
            if partition.applied() >= self.durable && self.noise.chance(300) {
                break;
            }
            evolve(&mut partition, decision);
            kept += 1;
        }
        self.log.truncate(kept);
        self.partition = partition;
        self.durable = self.partition.applied();
        self.written = self.durable;
        self.started();
    }

    fn started(&mut self) {
        let state = self.partition.clone();
        self.see(&Seen::Started { partition: PARTITION, state: &state, snapshot: 0 });
    }

    /// Who waits is told of news when the dice say so: until then it does not rest.
    fn rested(&mut self) {
        self.release();
        if !self.waiting.is_empty() {
            return;
        }
        let state = self.partition.clone();
        self.see(&Seen::Rested {
            partition: PARTITION,
            now: self.now,
            state: &state,
            depths: [0; 4],
            mailbox: 0,
            bounds: BOUNDS,
            wake_at: self.partition.next_due(),
        });
    }

    fn see(&mut self, seen: &Seen<'_>) {
        self.seen += 1;
        for judge in &mut self.judges {
            if let Err(what) = judge.see(Micros(self.seen), seen) {
                panic!("{}: {what}\nat {seen:?}", judge.name());
            }
        }
    }

    pub(super) fn place_of(&self, event: EventId, who: Actor) -> Option<PlaceId> {
        let Actor::Person(person) = who else { return None };
        let number = self.partition.sale(event)?.waitroom()?.live_place_of(person)?;
        Some(PlaceId::new(event, number))
    }

    pub(super) fn total(&self, order: OrderId) -> Option<Amount> {
        match self.partition.query(self.now, Actor::Operator, Query::Order(order)) {
            Ok(View::Order(view)) => Some(view.total),
            _ => None,
        }
    }

    pub(super) fn first_ticket(&self, order: OrderId) -> u32 {
        match self.partition.query(self.now, Actor::Operator, Query::Order(order)) {
            Ok(View::Order(view)) => view.tickets.first().map_or(0, |t| t.ticket.number),
            _ => 0,
        }
    }
}

fn evolve(partition: &mut Partition, decision: &Decision) {
    for fact in &decision.facts {
        partition.evolve(partition.applied() + 1, decision.at, fact);
    }
}

fn told(view: Result<View, onsale_core::refusal::Refusal>) -> Told {
    view.map(Answer::View).map_err(CallError::Refused)
}

pub(super) fn sandbox() -> Provider {
    Provider("sandbox".into())
}

pub(super) fn ready(number: u32) -> IntentOutcome {
    let (reference, url) = (format!("intent-{number}"), format!("https://pay.example/{number}"));
    IntentOutcome::Ready { reference, url }
}

pub(super) fn notice(order: OrderId, payment: &str, outcome: PaymentOutcome) -> Command {
    let payment = payment.to_owned();
    Command::RecordPayment(PaymentNotice { provider: sandbox(), order, payment, outcome })
}
