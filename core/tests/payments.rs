//! Money in whatever order the world brings it: late, twice, wrong, for nobody. Each payment ends
//! as one set of valid tickets or one refund.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, PaymentNotice, PaymentOutcome, Provider};
use onsale_core::fact::Fact;
use onsale_core::id::{EventId, OrderId};
use onsale_core::inventory::seating::SeatIndex;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::payment::RefundCause;
use onsale_core::time::Span;

/// What can happen to an order that was just placed, each thing once. After each of them the
/// process restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    IntentReady,
    Started,
    Captured,
    CapturedAgain,
    OtherPayment,
    WrongAmount,
    Declined,
    Expiry,
    Cancel,
    CalledOff,
}

use Happening::{
    CalledOff, Cancel, Captured, CapturedAgain, Declined, Expiry, IntentReady, OtherPayment,
    Started, WrongAmount,
};

/// Goes through every order of `events`; the histories share their beginnings.
fn every_order(case: &Case, events: &[Happening], judge: &mut impl FnMut(&Case)) {
    if events.is_empty() {
        let mut case = case.clone();
        case.world.settle();
        case.world.pass(Span::from_mins(60));
        case.world.settle();
        case.world.books.check_settled(&case.world.partition, case.world.now());
        judge(&case);
    }
    for (i, event) in events.iter().enumerate() {
        let mut next = case.clone();
        next.happen(*event);
        let rest = [&events[..i], &events[i + 1..]].concat();
        every_order(&next, &rest, judge);
    }
}

#[derive(Clone)]
struct Case {
    world: World,
    event: EventId,
    order: OrderId,
    /// Somebody who takes the seat as soon as it can be had.
    rival: bool,
    history: Vec<Happening>,
}

impl Case {
    fn new(rival: bool) -> Self {
        let mut draft = arena(1);
        draft.plan = Some(plan(&[(1, &[1]), (2, &[1])]));
        let (mut world, event) = World::with(draft);
        let order = world.order(buyer(1), event, &[seats(1, &[0])]);
        world.replays = false;
        Self { world, event, order, rival, history: vec![] }
    }

    fn happen(&mut self, event: Happening) {
        self.history.push(event);
        let (world, order) = (&mut self.world, self.order);
        let total = world.order_view(order).total;
        match event {
            IntentReady => drop(world.ask(Actor::System, intent_ready(order))),
            Started => world.notify(order, "pay-1", PaymentOutcome::Started),
            Captured | CapturedAgain => world.notify(order, "pay-1", captured(total)),
            OtherPayment => world.notify(order, "pay-2", captured(total)),
            WrongAmount => world.notify(order, "pay-3", captured(Amount::from_minor(1))),
            Declined => world.notify(order, "pay-1", PaymentOutcome::Declined),
            Expiry => world.pass(Span::from_mins(21)),
            Cancel => drop(world.ask(buyer(1), Command::CancelOrder(order))),
            CalledOff => {
                world.ask(Actor::Operator, Command::CancelEvent(self.event)).expect("may");
            }
        }
        self.world.restart();
        if self.rival && self.world.left(self.event, 1) > 0 {
            let taken = self.world.take(buyer(2), self.event, &[seats(1, &[0])]);
            if let Ok(hold) = taken {
                let order = self.world.place_order(buyer(2), hold.hold).expect("it is theirs");
                self.world.pay(order);
            }
        }
    }
}

const USUAL: [Happening; 6] = [IntentReady, Started, Captured, Declined, Expiry, Cancel];

#[test]
fn in_every_order_of_events_the_money_becomes_tickets_while_the_seat_is_free() {
    let mut histories = 0;
    every_order(&Case::new(false), &USUAL, &mut |case| {
        histories += 1;
        let valid = case.world.valid_tickets(case.order);
        assert_eq!(valid, 1, "paid, and the seat was free: {:?}", case.history);
    });
    assert_eq!(histories, 720);
}

#[test]
fn in_every_order_of_events_a_rival_and_the_payer_never_share_a_seat() {
    let (mut tickets, mut refunds) = (0, 0);
    every_order(&Case::new(true), &USUAL, &mut |case| match case.world.valid_tickets(case.order) {
        0 => refunds += case.world.order_view(case.order).refunds.len(),
        valid => tickets += valid,
    });
    assert_eq!(tickets + refunds, 720, "one of the two, never both");
    assert!(tickets > 0 && refunds > 0);
}

#[test]
fn in_every_order_of_events_a_cancelled_event_keeps_no_money() {
    let events = [&USUAL[..], &[CalledOff]].concat();
    let mut histories = 0;
    every_order(&Case::new(true), &events, &mut |case| {
        histories += 1;
        assert_eq!(case.world.valid_tickets(case.order), 0, "{:?}", case.history);
        let audit = case.world.audit(case.event);
        assert_eq!(audit.captured, audit.refunded, "{:?}", case.history);
    });
    assert_eq!(histories, 5_040);
}

#[test]
fn in_every_order_of_events_payments_too_many_and_wrong_ones_go_back() {
    let events = [Captured, CapturedAgain, OtherPayment, WrongAmount, Expiry];
    every_order(&Case::new(false), &events, &mut |case| {
        let view = case.world.order_view(case.order);
        assert_eq!(case.world.valid_tickets(case.order), 1, "{:?}", case.history);
        let mut causes: Vec<_> = view.refunds.iter().map(|refund| refund.cause).collect();
        causes.retain(|cause| *cause == RefundCause::Asked || *cause == RefundCause::Late);
        assert!(causes.is_empty(), "{:?}", case.history);
        assert_eq!(view.refunds.len(), 2, "{:?}", case.history);
    });
}

#[test]
fn money_that_is_not_what_was_asked_for_fails_the_order_and_goes_back() {
    let wrong = [
        captured(Amount::from_minor(2_499)),
        captured(Amount::from_minor(2_501)),
        PaymentOutcome::Captured {
            amount: Amount::from_minor(2_500),
            currency: "USD".parse().unwrap(),
        },
    ];
    for outcome in wrong {
        let (mut world, event) = World::with(club(1));
        let order = world.order(buyer(1), event, &[any(0, 1)]);
        world.settle();
        world.notify(order, "pay-1", outcome);
        assert_eq!(world.status(order), OrderStatus::Failed);
        let view = world.order_view(order);
        let [refund] = &view.refunds[..] else { panic!("one refund: {:?}", view.refunds) };
        let PaymentOutcome::Captured { amount, currency } = outcome else { unreachable!() };
        assert_eq!((refund.amount, refund.currency), (amount, currency), "what came goes back");
        assert_eq!(world.left(event, 0), 1);
        must_be_settled(&mut world);
    }
}

#[test]
fn money_for_no_order_and_from_the_wrong_provider_is_written_down_once() {
    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    let elsewhere = Provider("elsewhere".into());
    let nowhere = OrderId::new(event, 99);
    for (provider, order) in [(elsewhere, order), (sandbox(), nowhere)] {
        let outcome = captured(Amount::from_minor(2_500));
        let notice = PaymentNotice { provider, order, payment: "pay-1".into(), outcome };
        for _ in 0..3 {
            world.ask(Actor::System, Command::RecordPayment(notice.clone())).unwrap();
        }
    }
    let strayed = |fact: &Fact| matches!(fact, Fact::PaymentStrayed(_));
    assert_eq!(world.facts().iter().filter(|(_, fact)| strayed(fact)).count(), 2);
    assert_eq!(world.status(order), OrderStatus::Pending);
}

#[test]
fn a_late_payer_gets_other_seats_only_if_they_agreed() {
    for agreed in [true, false] {
        let (mut world, event) = World::with(arena(1));
        let hold = world.take(buyer(1), event, &[seats(1, &[0, 1])]).unwrap().hold;
        let place = Command::PlaceOrder { hold, provider: sandbox(), accept_other_seats: agreed };
        world.ask(buyer(1), place).unwrap();
        let order = OrderId::new(event, 0);
        world.settle();
        world.pass(minutes(15));
        world.buy(buyer(2), event, &[seats(1, &[1])]);
        world.pay(order);
        let expected = if agreed { OrderStatus::Completed } else { OrderStatus::Expired };
        assert_eq!(world.status(order), expected);
        must_be_settled(&mut world);
        let seats: Vec<_> = world.order_view(order).lines[0].seats.clone();
        if agreed {
            assert_eq!(seats[1].0, seats[0].0 + 1, "next to each other");
            assert!(!seats.contains(&SeatIndex(1)));
        }
    }
}

#[test]
fn a_payment_that_comes_before_the_page_is_ready_counts() {
    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.pay(order);
    assert_eq!(world.status(order), OrderStatus::Completed);
    assert!(world.partition.effects().is_empty(), "no page is asked for any more");
    world.ask(Actor::System, intent_ready(order)).unwrap();
    world.books.check_settled(&world.partition, world.now());
}

#[test]
fn a_payment_in_flight_keeps_the_order_up_to_the_cap() {
    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.settle();
    let placed = world.now();
    world.until(placed + minutes(15) - ms(1));
    world.notify(order, "pay-1", PaymentOutcome::Started);
    assert_eq!(world.order_view(order).until, placed + minutes(20) - ms(1));
    world.until(placed + minutes(20) - ms(2));
    assert_eq!(world.status(order), OrderStatus::Pending);
    world.pass(ms(1));
    assert_eq!(world.status(order), OrderStatus::Expired);
}

/// What began after the deadline extends nothing, even if the timer was not looked at in time.
#[test]
fn a_payment_that_begins_after_the_deadline_extends_nothing() {
    let (mut world, event) = World::with(club(1));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.settle();
    world.oversleep(minutes(15));
    let notice = PaymentNotice {
        provider: sandbox(),
        order,
        payment: "pay-1".into(),
        outcome: PaymentOutcome::Started,
    };
    world.ask_first(Actor::System, Command::RecordPayment(notice)).unwrap();
    world.pass(ms(0));
    assert_eq!(world.status(order), OrderStatus::Expired);
}
