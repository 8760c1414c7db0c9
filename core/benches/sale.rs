//! What selling one ticket costs on one thread, from the hold to the money: decide, encode and
//! apply four commands. In houses of a thousand to a million seats, behind as many earlier orders,
//! and with as many people queued, the cost must grow like the logarithm, or not at all. And how
//! fast facts are read back and applied, which is how long a restart takes.
//!
//! Nothing is written to disk here.

use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use onsale_core::Partition;
use onsale_core::command::{
    Actor, Choice, Command, IntentOutcome, PaymentNotice, PaymentOutcome, Provider, Request, Wish,
};
use onsale_core::fact::{Decision, Fact};
use onsale_core::id::{EventId, PartitionId, PersonId, PlaceId};
use onsale_core::money::{Amount, Currency};
use onsale_core::reply::{HoldView, Reply};
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Numbering, Plan, Point, Quota, Row, Section, Terms,
    WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use std::hint::black_box;
use std::time::Duration;

const SIZES: [u32; 3] = [1_000, 50_000, 1_000_000];
const PRICE: Amount = Amount::from_minor(2_500);
/// Sales per measured round: few enough that the house stays about as full as it was.
const ROUND: u32 = 500;
/// Sales in the journal that is replayed.
const REPLAYED: u32 = 50_000;
const ROW_SEATS: u32 = 40;
const SECTION_ROWS: u32 = 25;
const EVENT: EventId = EventId::new(PartitionId::new(0).unwrap(), 0).unwrap();
const OPENING: Time = Time::from_ms(1_800_000_000_000);

type Opening = fn(u32) -> Shop;

fn sales(c: &mut Criterion) {
    let mut group = c.benchmark_group("sale");
    // One round for each sample: setting one up copies a whole partition.
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_millis(1));
    group.throughput(Throughput::Elements(ROUND.into()));
    for size in SIZES {
        let shops: [(&str, Opening); 4] = [
            ("counted tickets of so many", |size| Shop::open(counted(size))),
            ("seats of so many", |size| Shop::open(seated(size))),
            ("after so many orders", after_orders),
            ("with so many people queued", with_queue),
        ];
        for (name, shop) in shops {
            let shop = shop(size);
            group.bench_function(BenchmarkId::new(name, size), |b| {
                b.iter_batched_ref(
                    || shop.in_use(),
                    |shop| (0..ROUND).for_each(|_| shop.sell()),
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

fn after_orders(orders: u32) -> Shop {
    let mut shop = Shop::open(counted(u32::MAX));
    (0..orders).for_each(|_| shop.sell());
    shop
}

fn with_queue(people: u32) -> Shop {
    let mut shop = Shop::open(queued());
    (0..people).for_each(|_| shop.join());
    shop.now = OPENING;
    shop.advance();
    shop
}

fn replay(c: &mut Criterion) {
    let mut group = c.benchmark_group("replay");
    group.sample_size(10).warm_up_time(Duration::from_millis(200));
    let drafts = [("counted tickets", counted(u32::MAX)), ("seats", seated(100_000))];
    for (name, draft) in drafts {
        let mut shop = Shop::open(draft);
        let beginning = shop.partition.clone();
        shop.log = Some(Vec::new());
        (0..REPLAYED).for_each(|_| shop.sell());
        let log = shop.log.take().expect("was set above");
        group.throughput(Throughput::Elements(shop.partition.applied() - beginning.applied()));
        group.bench_function(BenchmarkId::new("facts read and applied", name), |b| {
            b.iter_batched_ref(
                || beginning.clone(),
                |partition| {
                    for bytes in &log {
                        apply(partition, &Decision::decode(bytes).expect("was encoded"));
                    }
                    black_box(partition.applied())
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// An event being sold, with a driver that is nothing but a loop.
#[derive(Clone)]
struct Shop {
    partition: Partition,
    now: Time,
    people: u32,
    /// Who was let in last.
    inside: Option<PlaceId>,
    /// Encoded here, as into a journal's buffer.
    buffer: Vec<u8>,
    log: Option<Vec<Vec<u8>>>,
}

impl Shop {
    fn open(draft: Draft) -> Self {
        let mut shop = Self {
            partition: Partition::new(EVENT.partition()),
            now: OPENING - Span::from_mins(1),
            people: 0,
            inside: None,
            buffer: Vec::new(),
            log: None,
        };
        let spec = Box::new(EventSpec::parse(draft).expect("the draft is right"));
        shop.ask(
            Actor::Operator,
            Command::DefineEvent { event: None, spec, seed: LotterySeed([7; 32]) },
        );
        shop.ask(Actor::Operator, Command::OpenEvent(EVENT));
        shop
    }

    /// A copy in which the lists have room to grow, as they have most of the time.
    fn in_use(&self) -> Self {
        let mut shop = self.clone();
        (0..10).for_each(|_| shop.sell());
        shop
    }

    /// One ticket, from the hold to the money.
    fn sell(&mut self) {
        self.now = self.now + Span::from_ms(1);
        let (person, place) = self.next_buyer();
        let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(1) }];
        let taken = self.ask(person, Command::TakeHold { event: EVENT, place, wishes });
        let Reply::HoldTaken(HoldView { hold, total, .. }) = taken else { unreachable!() };
        let place = Command::PlaceOrder { hold, provider: provider(), accept_other_seats: false };
        let Reply::OrderPlaced { order, .. } = self.ask(person, place) else { unreachable!() };
        let outcome = IntentOutcome::Ready {
            reference: String::from("pi_3MtwBwLkdIwHu7ix28a3tqPa"),
            url: String::from("https://pay.example/c/pi_3MtwBwLkdIwHu7ix28a3tqPa"),
        };
        self.ask(Actor::System, Command::RecordIntent { order, outcome });
        let outcome = PaymentOutcome::Captured { amount: total, currency: euro() };
        let payment = format!("ch_{}", order.number);
        let notice = PaymentNotice { provider: provider(), order, payment, outcome };
        self.ask(Actor::System, Command::RecordPayment(notice));
        self.advance();
    }

    /// Anybody; or whoever the waitroom let in, while somebody else comes and queues.
    fn next_buyer(&mut self) -> (Actor, Option<PlaceId>) {
        if let Some(place) = self.inside {
            self.join();
            return (buyer(place.number), Some(place));
        }
        self.people += 1;
        (buyer(self.people), None)
    }

    /// Places are numbered from 0, like the people here.
    fn join(&mut self) {
        self.ask(buyer(self.people), Command::JoinWaitroom { event: EVENT, party: 1 });
        self.people += 1;
    }

    fn advance(&mut self) {
        while self.partition.next_due().is_some_and(|due| due <= self.now) {
            self.ask(Actor::System, Command::Advance);
        }
    }

    fn ask(&mut self, actor: Actor, command: Command) -> Reply {
        let request = Request::new(actor, command);
        let (facts, reply) = self.partition.decide(self.now, &request).expect("nothing refuses it");
        let decision = Decision { at: self.now, trace: None, facts };
        self.buffer.clear();
        self.buffer = decision.encode(std::mem::take(&mut self.buffer));
        if let Some(log) = &mut self.log {
            log.push(self.buffer.clone());
        }
        for fact in &decision.facts {
            if let Fact::PlaceAdmitted(fact) = fact {
                self.inside = Some(fact.place);
            }
        }
        apply(&mut self.partition, &decision);
        reply
    }
}

fn apply(partition: &mut Partition, decision: &Decision) {
    for fact in &decision.facts {
        partition.evolve(partition.applied() + 1, decision.at, fact);
    }
}

/// Somebody in no order, as people come.
fn buyer(number: u32) -> Actor {
    let spread = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    Actor::Person(PersonId::from_u128(spread))
}

fn provider() -> Provider {
    Provider(String::from("sandbox"))
}

fn euro() -> Currency {
    "EUR".parse().expect("three capital letters")
}

fn counted(capacity: u32) -> Draft {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let class = Class { name: "floor".into(), price: PRICE, window, per_buyer: None };
    Draft {
        name: "Measured".into(),
        currency: euro(),
        classes: vec![class],
        quotas: vec![Quota { name: "house".into(), capacity, classes: vec![ClassId(0)] }],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: true },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(5),
        },
    }
}

fn queued() -> Draft {
    let waitroom = WaitroomSpec {
        doors_at: Time::ZERO,
        opens_at: OPENING,
        slots: 1,
        rate_per_minute: u32::MAX,
        visit: Span::from_mins(15),
        claim: Span::from_mins(1),
        presence: Span::from_mins(5),
    };
    Draft { waitroom: Some(waitroom), ..counted(u32::MAX) }
}

/// Sections of 1,000 seats side by side, each row with an aisle in the middle.
fn seated(seats: u32) -> Draft {
    let section = |number: i32| Section {
        name: format!("section {number}"),
        class: ClassId(0),
        rows: (0..SECTION_ROWS.cast_signed()).map(|row| self::row(number, row)).collect(),
    };
    let sections = (seats / (ROW_SEATS * SECTION_ROWS)).cast_signed();
    let plan =
        Plan { focal_point: Point { x: 0, y: 0 }, sections: (0..sections).map(section).collect() };
    Draft { quotas: vec![], plan: Some(plan), ..counted(seats) }
}

fn row(section: i32, number: i32) -> Row {
    Row {
        label: number.to_string(),
        seats: ROW_SEATS,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: section % 100 * 2_500, y: 500 + section / 100 * 3_000 + number * 90 },
        step: Point { x: 50, y: 0 },
        aisles_after: vec![ROW_SEATS / 2 - 1],
        accessible: vec![],
        companion: vec![],
        blocked: vec![],
    }
}

criterion_group!(benches, sales, replay);
criterion_main!(benches);
