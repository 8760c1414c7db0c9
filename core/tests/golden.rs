//! What any released version has written can be read, for ever. `golden/` holds one decision of
//! every kind of fact, with every shape that its content can take, as it was first shipped.
//!
//! A file is never changed: a shape that came later has a file of its own. When a new kind or shape
//! has no file yet, running this test with `ONSALE_WRITE_GOLDEN=1` writes the missing ones and no
//! others.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{arena, euro, sandbox, with_waitroom};
use onsale_core::command::{IdempotencyKey, Steer};
use onsale_core::fact::*;
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId, PlaceId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::order::{OrderEnd, OrderStatus};
use onsale_core::payment::{DisputeEnd, RefundCause};
use onsale_core::reply::{HoldView, Reply};
use onsale_core::spec::{Change, ClassId, EventSpec, Numbering, QuotaId, Window};
use onsale_core::time::Time;
use onsale_core::trace::TraceId;
use onsale_core::waitroom::{EndReason, LotterySeed};

const AT: Time = Time::from_ms(1_800_000_000_123);
const UNTIL: Time = Time::from_ms(1_800_000_600_123);

#[test]
fn what_was_written_is_read_and_what_is_written_is_the_same() {
    for (name, decision) in decisions() {
        let path = folder().join(name);
        let encoded = decision.encode(Vec::new());
        if !path.exists() && std::env::var_os("ONSALE_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &encoded).unwrap();
        }
        let golden = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(Decision::decode(&golden).as_ref(), Ok(&decision), "{}", path.display());
        assert_eq!(encoded, golden, "{}", path.display());
    }
}

#[test]
fn every_kind_of_fact_has_a_golden_file() {
    let is_known =
        |kind: &u8| Decision::decode(&[0, *kind]) != Err(DecodeError::Kind { kind: *kind });
    // Zero is no kind: a trace comes after it.
    let known: BTreeSet<u8> = (1..=u8::MAX).filter(is_known).collect();
    let golden: BTreeSet<u8> = decisions().iter().map(|(_, d)| d.facts[0].kind()).collect();
    assert_eq!(golden, known);
    let files = std::fs::read_dir(folder()).unwrap().count();
    assert_eq!(files, decisions().len(), "a file that nobody reads any more");
}

#[test]
fn damaged_bytes_are_refused_and_never_read_as_something_else_silently() {
    for (_, decision) in decisions() {
        let bytes = decision.encode(Vec::new());
        for end in 0..bytes.len() {
            if let Ok(read) = Decision::decode(&bytes[..end]) {
                assert!(read.facts.len() < decision.facts.len(), "cut at {end}: {read:?}");
                assert_eq!(read.facts[..], decision.facts[..read.facts.len()]);
            }
        }
    }
    assert_eq!(Decision::decode(&[]), Err(DecodeError::Empty));
    assert_eq!(Decision::decode(&[5]), Err(DecodeError::Empty));
    assert_eq!(Decision::decode(&[5, 255]), Err(DecodeError::Kind { kind: 255 }));
}

#[test]
fn a_trace_costs_what_it_is_and_nothing_where_there_is_none() {
    for (_, decision) in decisions() {
        let plain = Decision { trace: None, ..decision.clone() };
        let traced = Decision { trace: TraceId::new(1), ..decision };
        let (plain, traced) = (plain.encode(Vec::new()), traced.encode(Vec::new()));
        assert_eq!(traced.len(), plain.len() + 17);
        assert_eq!(Decision::decode(&traced).map(|read| read.trace), Ok(TraceId::new(1)));
    }
}

#[test]
fn half_a_trace_is_damage_and_so_is_one_of_zeros_or_a_second() {
    let fact = [2, 0];
    let bytes = |trace: &[u8]| [&[5, 0], trace, &fact].concat();
    assert!(Decision::decode(&bytes(&[1; 16])).is_ok());
    assert_eq!(Decision::decode(&bytes(&[0; 16])), Err(DecodeError::Trace));
    assert_eq!(Decision::decode(&bytes(&[1; 9])), Err(DecodeError::Trace));
    let twice = [&[1; 16][..], &[0], &[1; 16]].concat();
    assert_eq!(Decision::decode(&bytes(&twice)), Err(DecodeError::Kind { kind: 0 }));
    assert_eq!(Decision::decode(&[&[5, 0], &[1; 16][..]].concat()), Err(DecodeError::Empty));
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn event() -> EventId {
    EventId::new(PartitionId::new(4_095).expect("the largest"), 1_048_575).expect("the largest")
}

fn order() -> OrderId {
    OrderId::new(event(), 300)
}

fn place() -> PlaceId {
    PlaceId::new(event(), 70_000)
}

fn person() -> PersonId {
    PersonId::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
}

fn lines() -> Vec<Line> {
    let line = |class, count, price, seats: &[u32]| Line {
        class: ClassId(class),
        count,
        price: Amount::from_minor(price),
        seats: seats.iter().copied().map(SeatIndex).collect(),
    };
    vec![line(0, 3, 2_500, &[]), line(199, 2, 1_000_000_000_000, &[7, 1_999_999])]
}

/// One decision for each kind of fact, and for each shape that came later, with its file.
fn decisions() -> Vec<(String, Decision)> {
    let kinds = kinds().into_iter().map(|decision| (file(&decision, ""), decision));
    let later = later().into_iter().map(|(shape, decision)| (file(&decision, shape), decision));
    kinds.chain(later).collect()
}

fn file(decision: &Decision, shape: &str) -> String {
    let fact = &decision.facts[0];
    format!("{:02}-{}{shape}.bin", fact.kind(), fact.name())
}

fn later() -> Vec<(&'static str, Decision)> {
    let of = |facts: Vec<Fact>| Decision { at: AT, trace: None, facts };
    let key = IdempotencyKey { key: 1, fingerprint: u128::MAX };
    let reserved = Answered { key, reply: Reply::EventReserved { event: event() } };
    let opened = || vec![EventOpened { event: event() }.into()];
    let (amount, cause) = (Amount::from_minor(2_500), RefundCause::Disputed);
    let rest = RefundWanted { order: order(), capture: 1, amount, tickets: 0, cause };
    vec![
        ("-of-a-reservation", of(vec![reserved.into()])),
        ("-after-a-dispute", of(vec![rest.into()])),
        ("-in-a-trace", Decision { trace: TraceId::new(u128::MAX / 255), ..of(opened()) }),
    ]
}

fn kinds() -> Vec<Decision> {
    let of = |facts: Vec<Fact>| Decision { at: AT, trace: None, facts };
    let alone = [
        event_defined(),
        EventOpened { event: event() }.into(),
        EventCancelled { event: event() }.into(),
        EventReserved { event: event() }.into(),
        WaitroomJoined { place: place(), person: person(), party: 4 }.into(),
        LotteryDrawn { event: event() }.into(),
        PlaceAdmitted { place: place(), until: UNTIL }.into(),
        RefundDone { order: order(), refund: 1, reference: "re_1".into() }.into(),
        RefundRefused { order: order(), refund: 1, reason: "card closed".into() }.into(),
        RefundRetried { order: order(), refund: 1, attempt: 300 }.into(),
        RefundSettled { order: order(), refund: 1, reference: "transfer 7".into() }.into(),
        dispute_opened(),
        dispute_strayed(),
        OrderCompleted { order: order(), first_ticket: 70_000 }.into(),
        OrderRevived { order: order(), lines: lines() }.into(),
        PaymentStarted { order: order(), until: UNTIL }.into(),
    ];
    let mut all: Vec<_> = alone.into_iter().map(|fact| of(vec![fact])).collect();
    all.extend([
        of(changed()),
        of(blocked()),
        of(ended()),
        of(steered()),
        of(holds()),
        of(released()),
    ]);
    all.extend([of(placed()), of(order_ends()), of(refunds()), of(answers())]);
    all.extend([of(dispute_ends()), of(dispute_decisions())]);
    all.extend(money().map(|fact| of(vec![fact])));
    all
}

fn event_defined() -> Fact {
    let mut draft = with_waitroom(100, arena(50_000));
    draft.classes[1].per_buyer = Some(2);
    let plan = draft.plan.as_mut().expect("the arena has a plan");
    let row = &mut plan.sections[0].rows[0];
    (row.aisles_after, row.accessible) = (vec![4], vec![0]);
    (row.companion, row.blocked) = (vec![1], vec![9]);
    plan.sections[0].rows[1].numbering =
        Numbering::Labels((0..10).map(|n| format!("{n}b")).collect());
    let spec = Box::new(EventSpec::parse(draft).expect("a good draft"));
    EventDefined { event: event(), spec, seed: LotterySeed([7; 32]) }.into()
}

fn changed() -> Vec<Fact> {
    let (quota, class) = (QuotaId(300), ClassId(199));
    let changes = [
        Change::Capacity { quota, capacity: u32::MAX },
        Change::Price { class, price: Amount::MAX_PRICE },
        Change::Window { class, window: Window { opens_at: AT, closes_at: UNTIL } },
    ];
    changes.map(|change| EventChanged { event: event(), change }.into()).into()
}

fn blocked() -> Vec<Fact> {
    let seats = || vec![SeatIndex(0), SeatIndex(300)];
    let fact = |block| SeatsBlocked { event: event(), seats: seats(), block }.into();
    [true, false].map(fact).into()
}

fn ended() -> Vec<Fact> {
    let reasons = [EndReason::Completed, EndReason::Expired, EndReason::Left, EndReason::Abandoned];
    reasons.map(|reason| PlaceEnded { place: place(), reason }.into()).into()
}

fn steered() -> Vec<Fact> {
    let steers = [
        Steer::Pause,
        Steer::Resize { slots: Some(500), rate_per_minute: None },
        Steer::Resize { slots: None, rate_per_minute: Some(6_000) },
        Steer::Resume,
    ];
    steers.map(|steer| WaitroomSteered { event: event(), steer }.into()).into()
}

fn holds() -> Vec<Fact> {
    let fact = |place| {
        let hold = HoldId::new(event(), 5);
        HoldTaken { hold, person: person(), place, lines: lines(), until: UNTIL }.into()
    };
    [None, Some(place())].map(fact).into()
}

fn released() -> Vec<Fact> {
    let hold = HoldId::new(event(), 5);
    [true, false].map(|expired| HoldReleased { hold, expired }.into()).into()
}

fn placed() -> Vec<Fact> {
    let fact = |accept_other_seats| {
        let hold = HoldId::new(event(), 5);
        let (order, until) = (order(), UNTIL);
        OrderPlaced { order, hold, provider: sandbox(), until, accept_other_seats }.into()
    };
    [true, false].map(fact).into()
}

fn order_ends() -> Vec<Fact> {
    let ends = [
        OrderEnd::Cancelled,
        OrderEnd::EventCancelled,
        OrderEnd::Declined,
        OrderEnd::IntentRefused,
        OrderEnd::Mismatch,
        OrderEnd::Expired,
    ];
    ends.map(|end| OrderEnded { order: order(), end }.into()).into()
}

fn refunds() -> Vec<Fact> {
    let causes = [
        RefundCause::Asked,
        RefundCause::Duplicate,
        RefundCause::EventCancelled,
        RefundCause::Late,
        RefundCause::Mismatch,
    ];
    let fact = |cause| {
        let amount = Amount::from_minor(2_500);
        RefundWanted { order: order(), capture: 1, amount, tickets: 0b101, cause }.into()
    };
    causes.map(fact).into()
}

fn money() -> [Fact; 3] {
    let (amount, currency) = (Amount::from_minor(u64::MAX), euro());
    let (order, claimed, provider) = (order(), order(), sandbox());
    [
        IntentReady { order, reference: "in_1".into(), url: "https://pay.example/1".into() }.into(),
        PaymentCaptured { order, payment: "pay_1".into(), amount, currency }.into(),
        PaymentStrayed { provider, claimed, payment: "pay_2".into(), amount, currency }.into(),
    ]
}

fn dispute_opened() -> Fact {
    DisputeOpened {
        order: order(),
        dispute: "dp_1".into(),
        payment: "pay_1".into(),
        amount: Amount::from_minor(u64::MAX),
        currency: euro(),
        reason: "fraudulent".into(),
    }
    .into()
}

fn dispute_strayed() -> Fact {
    DisputeStrayed {
        provider: sandbox(),
        claimed: order(),
        dispute: "dp_2".into(),
        payment: "pay_2".into(),
        amount: Amount::from_minor(u64::MAX),
        currency: euro(),
    }
    .into()
}

fn dispute_ends() -> Vec<Fact> {
    let lost = DisputeEnd::Lost { amount: Amount::from_minor(2_500), currency: euro() };
    let fact = |end| DisputeClosed { order: order(), dispute: 300, end }.into();
    [DisputeEnd::Won, lost].map(fact).into()
}

fn dispute_decisions() -> Vec<Fact> {
    let fact = |tickets| DisputeDecided { order: order(), dispute: 300, tickets }.into();
    [0, 0b101].map(fact).into()
}

fn answers() -> Vec<Fact> {
    let (event, order, currency) = (event(), order(), euro());
    let hold = || HoldView {
        hold: HoldId::new(event, 5),
        lines: lines(),
        total: Line::total(&lines()),
        currency,
        until: UNTIL,
    };
    let placed = |status| Reply::OrderPlaced { order, hold: hold(), status, until: UNTIL };
    let replies = [
        Reply::Done,
        Reply::EventDefined { event, commitment: LotterySeed([7; 32]).commitment() },
        Reply::Joined { place: place(), ahead: None },
        Reply::Joined { place: place(), ahead: Some(70_000) },
        Reply::HoldTaken(hold()),
        placed(OrderStatus::Pending),
        placed(OrderStatus::Completed),
        Reply::Refunding { order, amount: Amount::from_minor(2_500), currency },
    ];
    let key = IdempotencyKey { key: u128::MAX, fingerprint: 1 };
    replies.map(|reply| Answered { key, reply }.into()).into()
}
