//! A sale that has everything, for examples: its facts, and what is published of them.

use onsale_core::command::{Provider, Steer};
use onsale_core::fact::{
    Decision, DisputeClosed, DisputeDecided, DisputeOpened, DisputeStrayed, EventCancelled,
    EventChanged, EventDefined, EventOpened, Fact, HoldReleased, HoldTaken, IntentReady,
    LotteryDrawn, OrderCompleted, OrderEnded, OrderPlaced, OrderRevived, PaymentCaptured,
    PaymentStarted, PaymentStrayed, PlaceAdmitted, PlaceEnded, RefundDone, RefundRefused,
    RefundRetried, RefundSettled, RefundWanted, SeatsBlocked, WaitroomJoined, WaitroomSteered,
};
use onsale_core::hold::Line;
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId, PlaceId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::{Amount, Currency};
use onsale_core::order::OrderEnd;
use onsale_core::payment::{DisputeEnd, RefundCause};
use onsale_core::spec::{
    Change, Class, ClassId, Draft, EventSpec, Limits, Numbering, Plan, Point, Quota, QuotaId, Row,
    Section, Terms, WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::{EndReason, LotterySeed};

use crate::event::{Currencies, Event, Mapper};

const JOURNAL: u128 = 0x4f1b_2b0b_9c1d_4e5f_8a7b_6c5d_4e3f_2a1b;
/// 2026-10-01T10:00:00Z.
const BEGIN: Time = Time::from_ms(1_790_848_800_000);

/// What is published of it.
pub(super) fn events() -> Vec<Event> {
    let mut mapper = Mapper::new(JOURNAL, PartitionId::FIRST, Currencies::default());
    let mut events = Vec::new();
    for (number, fact) in (1..).zip(facts()) {
        let at = BEGIN + Span::from_secs(7 * number);
        let decision = Decision { at, trace: None, facts: vec![fact] };
        events.extend(mapper.events(number, &decision).expect("the event is defined first"));
    }
    events
}

fn facts() -> Vec<Fact> {
    [on_sale(), queued(), sold(), undone(), disputed()].concat()
}

fn event() -> EventId {
    EventId::new(PartitionId::FIRST, 4).expect("an id")
}

fn order() -> OrderId {
    OrderId::new(event(), 3)
}

fn hold() -> HoldId {
    HoldId::new(event(), 5)
}

fn place() -> PlaceId {
    PlaceId::new(event(), 7)
}

fn person() -> PersonId {
    PersonId::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef)
}

fn euro() -> Currency {
    "EUR".parse().expect("a currency")
}

fn minutes(count: u64) -> Time {
    BEGIN + Span::from_mins(count)
}

/// Two seats.
fn lines() -> Vec<Line> {
    let seats = vec![SeatIndex(17), SeatIndex(18)];
    vec![Line { class: ClassId(0), count: 2, price: Amount::from_minor(8_900), seats }]
}

fn on_sale() -> Vec<Fact> {
    let (event, class) = (event(), ClassId(0));
    let spec = Box::new(EventSpec::parse(house()).expect("a good draft"));
    let price = Amount::from_minor(9_500);
    let window = Window { opens_at: minutes(0), closes_at: minutes(600) };
    let seats = || vec![SeatIndex(0), SeatIndex(1)];
    vec![
        EventDefined { event, spec, seed: LotterySeed([0; 32]) }.into(),
        EventOpened { event }.into(),
        EventChanged { event, change: Change::Capacity { quota: QuotaId(0), capacity: 30 } }.into(),
        EventChanged { event, change: Change::Price { class, price } }.into(),
        EventChanged { event, change: Change::Window { class, window } }.into(),
        SeatsBlocked { event, seats: seats(), block: true }.into(),
        SeatsBlocked { event, seats: seats(), block: false }.into(),
    ]
}

fn queued() -> Vec<Fact> {
    let (event, place) = (event(), place());
    let resize = Steer::Resize { slots: Some(50), rate_per_minute: None };
    let steer = |steer| WaitroomSteered { event, steer }.into();
    vec![
        WaitroomJoined { place, person: person(), party: 2 }.into(),
        steer(Steer::Pause),
        steer(resize),
        steer(Steer::Resume),
        LotteryDrawn { event }.into(),
        PlaceAdmitted { place, until: minutes(20) }.into(),
    ]
}

fn sold() -> Vec<Fact> {
    let (hold, order, place) = (hold(), order(), place());
    let amount = Line::total(&lines());
    let provider = || Provider("sandbox".into());
    vec![
        HoldTaken {
            hold,
            person: person(),
            place: Some(place),
            lines: lines(),
            until: minutes(12),
        }
        .into(),
        OrderPlaced {
            order,
            hold,
            provider: provider(),
            until: minutes(17),
            accept_other_seats: false,
        }
        .into(),
        IntentReady { order, reference: "int_17".into(), url: String::new() }.into(),
        PaymentStarted { order, until: minutes(22) }.into(),
        PaymentCaptured { order, payment: "pay_17".into(), amount, currency: euro() }.into(),
        OrderCompleted { order, first_ticket: 4 }.into(),
        PlaceEnded { place, reason: EndReason::Completed }.into(),
        PaymentStrayed {
            provider: provider(),
            claimed: OrderId::new(event(), 99),
            payment: "pay_18".into(),
            amount,
            currency: euro(),
        }
        .into(),
    ]
}

/// Of other orders, in part.
fn undone() -> Vec<Fact> {
    let (event, order) = (event(), order());
    let other = OrderId::new(event, 8);
    let amount = Amount::from_minor(8_900);
    vec![
        HoldReleased { hold: HoldId::new(event, 6), expired: true }.into(),
        OrderEnded { order: other, end: OrderEnd::Expired }.into(),
        OrderRevived { order: other, lines: lines() }.into(),
        RefundWanted { order, capture: 0, amount, tickets: 2, cause: RefundCause::Asked }.into(),
        RefundDone { order, refund: 0, reference: "ref_17".into() }.into(),
        RefundRefused { order, refund: 1, reason: String::new() }.into(),
        RefundRetried { order, refund: 1, attempt: 1 }.into(),
        RefundSettled { order, refund: 1, reference: "transfer 2041".into() }.into(),
        EventCancelled { event }.into(),
    ]
}

fn disputed() -> Vec<Fact> {
    let (order, amount, currency) = (order(), Amount::from_minor(8_900), euro());
    let (dispute, payment) = ("dp_17", "pay_17");
    vec![
        DisputeOpened {
            order,
            dispute: dispute.into(),
            payment: payment.into(),
            amount,
            currency,
            reason: String::new(),
        }
        .into(),
        DisputeClosed { order, dispute: 0, end: DisputeEnd::Lost { amount, currency } }.into(),
        DisputeDecided { order, dispute: 0, tickets: 1 }.into(),
        DisputeStrayed {
            provider: Provider("sandbox".into()),
            claimed: OrderId::new(event(), 99),
            dispute: "dp_18".into(),
            payment: "pay_18".into(),
            amount,
            currency,
        }
        .into(),
    ]
}

fn house() -> Draft {
    let row = Row {
        label: "A".into(),
        seats: 40,
        numbering: Numbering::Sequence { first: 1, step: 1 },
        first: Point { x: 0, y: 0 },
        step: Point { x: 50, y: 0 },
        aisles_after: Vec::new(),
        accessible: Vec::new(),
        companion: Vec::new(),
        blocked: Vec::new(),
    };
    let section = Section { name: "Stalls".into(), class: ClassId(0), rows: vec![row] };
    Draft {
        name: "Matinee".into(),
        currency: euro(),
        classes: vec![Class {
            name: "Stalls".into(),
            price: Amount::from_minor(8_900),
            window: Window { opens_at: minutes(0), closes_at: minutes(480) },
            per_buyer: None,
        }],
        quotas: vec![Quota { name: "House".into(), capacity: 40, classes: vec![ClassId(0)] }],
        plan: Some(Plan { focal_point: Point { x: 0, y: -300 }, sections: vec![section] }),
        waitroom: Some(WaitroomSpec {
            doors_at: BEGIN,
            opens_at: minutes(5),
            slots: 100,
            rate_per_minute: 600,
            visit: Span::from_mins(15),
            claim: Span::from_mins(2),
            presence: Span::from_mins(5),
        }),
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(5),
        },
    }
}
