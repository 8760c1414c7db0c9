//! The model beside core's own partition: random requests at random times, with crashes, and every
//! fact, reply and view must be as the model says. What a run comes by is counted, since a test
//! that never sees a case proves nothing about it.
//!
//! A failure prints the seed. `ONSALE_SEED=17 cargo test -p onsale-sim model` runs that one.

mod drafts;
mod rig;

use std::collections::BTreeSet;

use onsale_core::command::{
    Actor, Choice, Command, DisputeDecision, DisputeNotice, IntentOutcome, PaymentOutcome,
    Provider, RefundOutcome, RefundSettlement, Steer, Wish,
};
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId, PersonId, PlaceId, TicketId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::payment::DisputeEnd;
use onsale_core::query::Query;
use onsale_core::refusal::Refusal;
use onsale_core::spec::{Change, ClassId, EventSpec, QuotaId, Window};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;

use self::rig::Rig;
use crate::invariants;

const SEEDS: u64 = 400;
const STEPS: u32 = 300;
const PEOPLE: u64 = 10;

#[test]
fn random_histories_go_as_the_model_says() {
    let only = std::env::var("ONSALE_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let mut refusals = BTreeSet::new();
    for seed in only.map_or(0..SEEDS, |seed| seed..seed + 1) {
        println!("ONSALE_SEED={seed} cargo test -p onsale-sim model");
        let mut rig = Rig::new(seed, invariants::of_the_rules());
        let event = rig.publish();
        for _ in 0..STEPS {
            step(&mut rig, event);
        }
        rig.sync();
        refusals.extend(rig.refusals);
    }
    let rare = ["full", "no_waitroom", "key_reused"];
    let all = Refusal::CODES.iter().copied().filter(|code| !rare.contains(code));
    let missing: Vec<_> = all.filter(|code| !refusals.contains(code)).collect();
    assert!(only.is_some() || missing.is_empty(), "refusals that never came: {missing:?}");
}

fn step(rig: &mut Rig, event: EventId) {
    match rig.below(35) {
        0..6 => take(rig, event),
        6..10 => {
            let (hold, who) = (HoldId::new(event, rig.recent(rig.holds)), whose(rig));
            let (provider, accept_other_seats) = (rig::sandbox(), rig.chance(2));
            rig.ask(who, Command::PlaceOrder { hold, provider, accept_other_seats });
        }
        10 => {
            let (hold, who) = (HoldId::new(event, rig.recent(rig.holds)), whose(rig));
            rig.ask(who, Command::ReleaseHold(hold));
        }
        11..19 => order(rig, event),
        19 => {
            let seats = (0..2).map(|_| SeatIndex(rig.below(14))).collect();
            let block = rig.chance(2);
            let who = mostly_operator(rig);
            rig.ask(who, Command::BlockSeats { event, seats, block });
        }
        20..24 => {
            let (who, party) = (whose(rig), rig.below(5));
            rig.ask(who, Command::JoinWaitroom { event, party });
        }
        24 => {
            let (place, who) = (PlaceId::new(event, rig.recent(rig.places)), whose(rig));
            rig.ask(who, Command::LeaveWaitroom(place));
        }
        25 => steer(rig, event),
        26 => rig.crash(),
        27 => rig.sync(),
        28 => publish(rig),
        29 | 30 => change(rig, event),
        31 => {
            let other = EventId::new(PartitionId::FIRST, 9).unwrap();
            let (who, party) = (whose(rig), 1);
            rig.ask(who, Command::JoinWaitroom { event: other, party });
        }
        _ => {
            look(rig, event);
            let ms = u64::from(rig.below(5));
            rig.pass(Span::from_ms(ms));
        }
    }
}

fn change(rig: &mut Rig, event: EventId) {
    let (quota, class) = (QuotaId(rig.below(4) as u16), ClassId(rig.below(4) as u16));
    let mut moment = |from| drafts::BEGIN + Span::from_ms(from + u64::from(rig.below(60)));
    let window = Window { opens_at: moment(0), closes_at: moment(30) };
    let change = match rig.below(8) {
        0..3 => Change::Capacity { quota, capacity: rig.below(12) },
        3..6 => Change::Price { class, price: Amount::from_minor(100 * u64::from(rig.below(3))) },
        6 if rig.chance(3) => Change::Price { class, price: Amount::from_minor(u64::MAX) },
        6 => {
            Change::Window { class, window: Window { opens_at: Time::ZERO, closes_at: Time::MAX } }
        }
        _ => Change::Window { class, window },
    };
    let who = mostly_operator(rig);
    rig.ask(who, Command::ChangeEvent { event, change });
}

/// One of the first ids, which may be given already, with a definition that may be another.
fn publish(rig: &mut Rig) {
    let who = mostly_operator(rig);
    if rig.chance(3) {
        return rig.ask(who, Command::ReserveEvent);
    }
    let event = EventId::new(PartitionId::FIRST, rig.below(4));
    let mut draft = rig.draft.clone();
    draft.limits.per_buyer += rig.below(2);
    let (spec, seed) = (Box::new(EventSpec::parse(draft).unwrap()), LotterySeed([9; 32]));
    rig.ask(who, Command::DefineEvent { event, spec, seed });
}

fn person(rig: &mut Rig) -> Actor {
    Actor::Person(PersonId::from_u128(u128::from(rig.noise.below(PEOPLE))))
}

/// Somebody, mostly whoever acted last.
fn whose(rig: &mut Rig) -> Actor {
    let other = person(rig);
    if rig.chance(3) { other } else { rig.last.unwrap_or(other) }
}

fn mostly_operator(rig: &mut Rig) -> Actor {
    if rig.chance(8) { person(rig) } else { Actor::Operator }
}

fn take(rig: &mut Rig, event: EventId) {
    let who = if rig.chance(2) { whose(rig) } else { person(rig) };
    let theirs = rig.place_of(event, who).filter(|_| !rig.chance(10));
    let other = PlaceId::new(event, rig.recent(rig.places));
    let place = if rig.chance(12) { None } else { theirs.or(Some(other)) };
    let wishes = (0..=rig.below(2)).map(|_| wish(rig)).collect();
    rig.ask(who, Command::TakeHold { event, place, wishes });
}

fn wish(rig: &mut Rig) -> Wish {
    let class = ClassId(rig.below(4) as u16);
    let count = if rig.chance(15) { rig.below(6) } else { 1 + rig.below(3) };
    let choice = match rig.below(4) {
        0 => Choice::Seats((0..count).map(|_| SeatIndex(rig.below(15))).collect()),
        1 => {
            let section = rig.chance(3).then(|| rig.below(3) as u16);
            let (accessible, may_split) = (rig.chance(3), rig.chance(2));
            Choice::Best { count, section, accessible, may_split }
        }
        _ => Choice::Any(count),
    };
    Wish { class, choice }
}

fn order(rig: &mut Rig, event: EventId) {
    let number = rig.recent(rig.orders);
    let id = OrderId::new(event, number);
    let command = match rig.below(13) {
        0 => Command::CancelOrder(id),
        1 | 2 => Command::RecordIntent { order: id, outcome: rig::ready(number) },
        3 => {
            let outcome = IntentOutcome::Refused { reason: "closed".into() };
            Command::RecordIntent { order: id, outcome }
        }
        4 => rig::notice(id, "pay-0", PaymentOutcome::Started),
        5 if rig.chance(3) => rig::notice(id, "pay-0", PaymentOutcome::Declined),
        6 => {
            let (refund, reference) = (rig.below(3), "back".to_owned());
            let attempt = if rig.chance(2) { 0 } else { rig.below(3) };
            let outcome = if rig.chance(2) {
                RefundOutcome::Refused { reason: reference }
            } else {
                RefundOutcome::Done { reference }
            };
            Command::RecordRefund { order: id, refund, attempt, outcome }
        }
        9 if rig.chance(2) => return decide_dispute(rig, id),
        9 => dispute(rig, id),
        8 => {
            let reference = if rig.chance(9) { "a\nb" } else { "by hand" }.to_owned();
            let by_hand = RefundSettlement::ByHand { reference };
            let how = if rig.chance(2) { RefundSettlement::Again } else { by_hand };
            let (who, refund) = (mostly_operator(rig), rig.below(2));
            return rig.ask(who, Command::SettleRefund { order: id, refund, how });
        }
        7 => {
            let first = rig.first_ticket(id);
            let ticket = |i| TicketId::new(event, first + i);
            let some = (0..rig.below(3)).map(|_| ticket(rig.below(4))).collect();
            let tickets = rig.chance(2).then_some(some);
            let who = mostly_operator(rig);
            return rig.ask(who, Command::RefundOrder { order: id, tickets });
        }
        _ => {
            let total = rig.total(id).filter(|_| !rig.chance(8));
            let amount = total.unwrap_or(Amount::from_minor(7));
            let payment = format!("pay-{number}-{}", rig.below(3));
            let outcome = PaymentOutcome::Captured { amount, currency: drafts::euro() };
            rig::notice(id, &payment, outcome)
        }
    };
    let is_buyers = matches!(command, Command::CancelOrder(_)) || rig.chance(20);
    let who = if is_buyers { whose(rig) } else { Actor::System };
    rig.ask(who, command);
}

/// Of one of the payments that there may be, under one of two names.
fn dispute(rig: &mut Rig, order: OrderId) -> Command {
    let (number, of) = (order.number, rig.below(3));
    let total = rig.total(order).map_or(7, Amount::as_minor);
    let amount = Amount::from_minor(if rig.chance(3) { total / 2 } else { total });
    let currency = if rig.chance(12) { "USD".parse().unwrap() } else { drafts::euro() };
    let end = match rig.below(3) {
        0 => None,
        1 => Some(DisputeEnd::Won),
        _ => Some(DisputeEnd::Lost { amount, currency }),
    };
    Command::RecordDispute(Box::new(DisputeNotice {
        provider: Provider(if rig.chance(12) { "elsewhere" } else { "sandbox" }.to_owned()),
        order,
        payment: format!("pay-{number}-{of}"),
        dispute: format!("dp-{number}-{of}-{}", rig.below(2)),
        amount,
        currency,
        reason: "fraudulent".to_owned(),
        end,
    }))
}

fn decide_dispute(rig: &mut Rig, order: OrderId) {
    let keeps = rig.chance(2);
    let decision = if keeps { DisputeDecision::KeepTickets } else { DisputeDecision::VoidTickets };
    let (who, dispute) = (mostly_operator(rig), rig.below(3));
    rig.ask(who, Command::DecideDispute { order, dispute, decision });
}

fn steer(rig: &mut Rig, event: EventId) {
    let who = mostly_operator(rig);
    let command = match rig.below(12) {
        0 if rig.chance(3) => Command::CancelEvent(event),
        1 => Command::OpenEvent(event),
        2 | 3 => Command::SteerWaitroom { event, steer: Steer::Pause },
        4..8 => Command::SteerWaitroom { event, steer: Steer::Resume },
        _ => {
            let slots = rig.chance(2).then(|| rig.below(5));
            let rate_per_minute = rig.chance(2).then(|| rig.below(120_000));
            Command::SteerWaitroom { event, steer: Steer::Resize { slots, rate_per_minute } }
        }
    };
    rig.ask(who, command);
}

fn look(rig: &mut Rig, event: EventId) {
    let who = if rig.chance(3) { Actor::Operator } else { whose(rig) };
    let query = match rig.below(12) {
        0 => Query::Audit(event),
        10 => {
            let after = rig.chance(2).then(|| rig.recent(rig.orders));
            Query::Disputes { event, after, orders_max: rig.below(4) as u16 }
        }
        1 => Query::Availability(event),
        2 => Query::Event(event),
        3 => Query::Events,
        4 => Query::Hold(HoldId::new(event, rig.recent(rig.holds))),
        5 => Query::Order(OrderId::new(event, rig.recent(rig.orders))),
        6 => Query::Reveal(event),
        7 => Query::Seats(event),
        8 => Query::Timeline(OrderId::new(event, rig.recent(rig.orders))),
        9 => {
            let after = rig.chance(2).then(|| rig.recent(rig.orders));
            Query::RefusedRefunds { event, after, orders_max: rig.below(4) as u16 }
        }
        _ => Query::Place(PlaceId::new(event, rig.recent(rig.places))),
    };
    rig.look(who, query);
}
