//! An event is changed while it is sold, and nobody loses what they have.

mod common;

use common::*;
use onsale_core::command::{Actor, Command};
use onsale_core::id::EventId;
use onsale_core::money::Amount;
use onsale_core::order::OrderStatus;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::{Change, ClassId, Draft, Quota, QuotaId, Window};
use onsale_core::time::Time;
use onsale_core::waitroom::PlaceState;

fn change(world: &mut World, event: EventId, change: Change) -> Result<Reply, Refusal> {
    world.ask(Actor::Operator, Command::ChangeEvent { event, change })
}

fn capacity(quota: u16, capacity: u32) -> Change {
    Change::Capacity { quota: QuotaId(quota), capacity }
}

fn price(class: u16, minor: u64) -> Change {
    Change::Price { class: ClassId(class), price: Amount::from_minor(minor) }
}

fn window(opens_at: Time, closes_at: Time) -> Change {
    Change::Window { class: ClassId(0), window: Window { opens_at, closes_at } }
}

fn version(world: &World, event: EventId) -> u64 {
    match world.query(Query::Availability(event)) {
        View::Availability(view) => view.version,
        other => panic!("{other:?}"),
    }
}

#[test]
fn more_stock_can_be_had_at_once() {
    let (mut world, event) = World::with(club(2));
    world.buy(buyer(1), event, &[any(0, 2)]);
    assert_eq!(code(world.take(buyer(2), event, &[any(0, 1)])), "sold_out");
    let before = version(&world, event);
    change(&mut world, event, capacity(0, 5)).unwrap();
    assert!(version(&world, event) > before, "whoever looks at what is left is told");
    world.take(buyer(2), event, &[any(0, 3)]).unwrap();
    assert_eq!(world.left(event, 0), 0);
}

#[test]
fn there_is_never_less_than_what_is_held_and_sold() {
    let (mut world, event) = World::with(club(9));
    world.buy(buyer(1), event, &[any(0, 3)]);
    world.take(buyer(2), event, &[any(0, 2)]).unwrap();
    let least = QuotaId(0);
    for too_little in [0, 4] {
        let refused = Err(Refusal::BelowSold { quota: least, least: 5 });
        assert_eq!(change(&mut world, event, capacity(0, too_little)), refused);
    }
    change(&mut world, event, capacity(0, 5)).unwrap();
    assert_eq!(code(world.take(buyer(3), event, &[any(0, 1)])), "all_held");
    world.pass(minutes(10));
    assert_eq!(world.left(event, 0), 2, "what was held comes back, and no more");
    world.restart();
    change(&mut world, event, capacity(0, 3)).unwrap();
    assert_eq!(code(world.take(buyer(3), event, &[any(0, 1)])), "sold_out");
}

#[test]
fn an_order_that_waits_for_its_money_keeps_its_stock() {
    let (mut world, event) = World::with(club(4));
    let order = world.order(buyer(1), event, &[any(0, 3)]);
    assert_eq!(code(change(&mut world, event, capacity(0, 2))), "below_sold");
    change(&mut world, event, capacity(0, 3)).unwrap();
    world.settle();
    world.pay(order);
    assert_eq!(world.status(order), OrderStatus::Completed);
}

#[test]
fn money_that_comes_late_is_refunded_where_the_stock_is_gone_for_good() {
    let (mut world, event) = World::with(club(4));
    let order = world.order(buyer(1), event, &[any(0, 3)]);
    world.settle();
    world.pass(minutes(15));
    change(&mut world, event, capacity(0, 2)).unwrap();
    world.pay(order);
    assert_eq!(world.status(order), OrderStatus::Expired);
    assert_eq!(world.order_view(order).refunds.len(), 1);
}

#[test]
fn of_overlapping_quotas_the_narrower_counts() {
    let mut draft = arena(9);
    draft.quotas.push(Quota {
        name: "all".into(),
        capacity: 30,
        classes: (0..3).map(ClassId).collect(),
    });
    let (mut world, event) = World::with(draft);
    change(&mut world, event, capacity(1, 4)).unwrap();
    assert_eq!((world.left(event, 0), world.left(event, 1)), (4, 4));
    world.take(buyer(1), event, &[any(0, 2), any(1, 2)]).unwrap();
    assert_eq!((world.left(event, 0), world.left(event, 2)), (0, 0));
    change(&mut world, event, capacity(1, 100)).unwrap();
    assert_eq!((world.left(event, 0), world.left(event, 2)), (7, 20));
}

#[test]
fn a_new_price_is_for_whoever_has_nothing_yet() {
    let (mut world, event) = World::with(club(9));
    let hold = world.take(buyer(1), event, &[any(0, 2)]).unwrap();
    change(&mut world, event, price(0, 4_000)).unwrap();
    let other = world.take(buyer(2), event, &[any(0, 2)]).unwrap();
    assert_eq!((hold.total.as_minor(), other.total.as_minor()), (5_000, 8_000));

    let order = world.place_order(buyer(1), hold.hold).unwrap();
    change(&mut world, event, price(0, 1)).unwrap();
    world.settle();
    assert_eq!(world.order_view(order).total.as_minor(), 5_000);
    world.pay(order);
    assert_eq!(world.valid_tickets(order), 2);
    world.ask(Actor::Operator, Command::RefundOrder { order, tickets: None }).unwrap();
    assert_eq!(world.order_view(order).refunds[0].amount.as_minor(), 5_000);
}

#[test]
fn money_that_comes_late_buys_at_the_price_that_was_asked() {
    let (mut world, event) = World::with(arena(9));
    let wish = seats(1, &[0, 1]);
    let hold = world.take(buyer(1), event, &[wish]).unwrap().hold;
    let command = Command::PlaceOrder { hold, provider: sandbox(), accept_other_seats: true };
    let Ok(Reply::OrderPlaced { order, .. }) = world.ask(buyer(1), command) else { panic!() };
    world.settle();
    world.pass(minutes(15));
    change(&mut world, event, price(1, 1)).unwrap();
    world.take(buyer(2), event, &[seats(1, &[0, 1])]).unwrap();
    world.pay(order);
    let view = world.order_view(order);
    assert_eq!((view.status, view.total.as_minor()), (OrderStatus::Completed, 18_000));
    assert!(view.tickets.iter().all(|ticket| ticket.price.as_minor() == 9_000));
}

#[test]
fn the_new_price_is_not_the_right_amount_for_an_old_order() {
    let (mut world, event) = World::with(club(9));
    let order = world.order(buyer(1), event, &[any(0, 1)]);
    world.settle();
    change(&mut world, event, price(0, 100)).unwrap();
    world.notify(order, "pay-x", captured(Amount::from_minor(100)));
    assert_eq!(world.status(order), OrderStatus::Failed);
}

#[test]
fn what_was_free_stays_free_and_what_was_not_must_be_paid() {
    let (mut world, event) = World::with(club(9));
    let paid = world.take(buyer(1), event, &[any(0, 1)]).unwrap().hold;
    change(&mut world, event, price(0, 0)).unwrap();
    let free = world.take(buyer(2), event, &[any(0, 1)]).unwrap().hold;
    change(&mut world, event, price(0, 9_900)).unwrap();
    let free = world.place_order(buyer(2), free).unwrap();
    assert_eq!((world.status(free), world.valid_tickets(free)), (OrderStatus::Completed, 1));
    let paid = world.place_order(buyer(1), paid).unwrap();
    assert_eq!(world.status(paid), OrderStatus::Pending);
    world.settle();
    world.pay(paid);
    assert_eq!(world.valid_tickets(paid), 1);
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    must_be_settled(&mut world);
}

#[test]
fn another_window_counts_from_now_on_and_takes_nothing_from_anybody() {
    let (mut world, event) = World::with(club(9));
    let hold = world.take(buyer(1), event, &[any(0, 1)]).unwrap().hold;
    let later = world.now() + minutes(60);
    change(&mut world, event, window(later, Time::MAX)).unwrap();
    assert_eq!(code(world.take(buyer(2), event, &[any(0, 1)])), "not_on_sale");
    let order = world.place_order(buyer(1), hold).unwrap();
    world.settle();
    world.pay(order);
    assert_eq!(world.valid_tickets(order), 1);
    let now = world.now();
    change(&mut world, event, window(Time::ZERO, now + ms(1))).unwrap();
    world.take(buyer(2), event, &[any(0, 1)]).unwrap();
    world.pass(ms(1));
    assert_eq!(code(world.take(buyer(3), event, &[any(0, 1)])), "not_on_sale");
}

/// An event behind a waitroom of 3 slots in which three people came for two tickets each.
fn queue(stock: u32) -> (World, EventId, [onsale_core::id::PlaceId; 3]) {
    let (mut world, event) = World::with(with_waitroom(3, club(stock)));
    let places = [1, 2, 3].map(|number| world.join(buyer(number), event, 2));
    world.pass(minutes(1));
    (world, event, places)
}

fn inside(world: &World, places: &[onsale_core::id::PlaceId]) -> usize {
    let is_inside = |place: &&onsale_core::id::PlaceId| {
        matches!(world.place_view(**place).state, PlaceState::Admitted { .. })
    };
    places.iter().filter(is_inside).count()
}

#[test]
fn whoever_waits_is_let_in_when_there_is_more() {
    let (mut world, event, places) = queue(2);
    assert_eq!(inside(&world, &places), 1, "two tickets are promised to the first");
    change(&mut world, event, capacity(0, 4)).unwrap();
    assert_eq!(inside(&world, &places), 2);
    world.restart();
    change(&mut world, event, capacity(0, 6)).unwrap();
    assert_eq!(inside(&world, &places), 3);
}

#[test]
fn less_stock_puts_nobody_out_and_lets_nobody_in() {
    let (mut world, event, places) = queue(4);
    change(&mut world, event, capacity(0, 1)).unwrap();
    assert_eq!(inside(&world, &places), 2);
    let gone = places.iter().find(|place| inside(&world, &[**place]) == 1).unwrap();
    world.ask(Actor::Operator, Command::LeaveWaitroom(*gone)).unwrap();
    assert_eq!(inside(&world, &places), 1, "the one ticket is promised to who is inside");
    change(&mut world, event, capacity(0, 0)).unwrap();
    let waiting = places.iter().map(|place| world.place_view(*place));
    let waiting = waiting.filter(|view| view.state == PlaceState::Queued).collect::<Vec<_>>();
    assert!(waiting.iter().all(|view| view.sold_out), "nobody waits for what does not come");
    change(&mut world, event, capacity(0, 3)).unwrap();
    assert!(!world.place_view(waiting[0].place).sold_out);
}

#[test]
fn no_change_begins_anybodys_time_anew() {
    let (mut world, event, places) = queue(9);
    let place = *places.iter().find(|place| inside(&world, &[**place]) == 1).unwrap();
    let who = [1, 2, 3].map(buyer);
    let who = who
        .into_iter()
        .find(|who| world.partition.query(world.now(), *who, Query::Place(place)).is_ok());
    let hold = world.take_in(who.unwrap(), event, Some(place), &[any(0, 1)]).unwrap();
    world.pass(minutes(2));
    let due = world.partition.next_due();
    let now = world.now();
    for one in [capacity(0, 20), price(0, 1), window(Time::ZERO, now + minutes(1))] {
        change(&mut world, event, one).unwrap();
        assert_eq!(world.partition.next_due(), due, "{one:?}");
    }
    let View::Hold(view) = world.query(Query::Hold(hold.hold)) else { panic!() };
    assert_eq!(view, hold);
}

#[test]
fn an_event_shows_what_it_is_now() {
    let (mut world, event) = World::with(club(9));
    let of = Window { opens_at: world.now(), closes_at: world.now() + minutes(9) };
    for one in [capacity(0, 20), price(0, 1), window(of.opens_at, of.closes_at)] {
        change(&mut world, event, one).unwrap();
    }
    world.restart();
    let View::Event(view) = world.query(Query::Event(event)) else { panic!() };
    let class = &view.classes[0];
    assert_eq!((class.price.as_minor(), class.window), (1, of));
    assert_eq!((view.quotas[0].capacity, world.audit(event).stock[0].capacity), (20, 20));
}

#[test]
fn an_event_is_changed_before_it_opens_too_and_is_still_what_was_defined() {
    let mut world = World::new();
    let event = world.define(club(9));
    change(&mut world, event, capacity(0, 1)).unwrap();
    let again = |world: &mut World, draft: Draft| {
        let spec = Box::new(onsale_core::spec::EventSpec::parse(draft).unwrap());
        let seed = onsale_core::waitroom::LotterySeed([1; 32]);
        world.ask(Actor::Operator, Command::DefineEvent { event: Some(event), spec, seed })
    };
    assert!(again(&mut world, club(9)).is_ok());
    assert_eq!(code(again(&mut world, club(1))), "defined_already");
    assert_eq!(world.left(event, 0), 1, "publishing again undoes no change");
}

#[test]
fn what_changes_nothing_is_not_written_down() {
    let (mut world, event) = World::with(club(9));
    let before = world.partition.applied();
    for one in [capacity(0, 9), price(0, 2_500), window(Time::ZERO, Time::MAX)] {
        assert_eq!(change(&mut world, event, one), Ok(Reply::Done));
    }
    assert_eq!(world.partition.applied(), before);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (mut world, event) = World::with(club(9));
    let beyond = Amount::MAX_PRICE.as_minor() + 1;
    let now = world.now();
    for (wrong, why) in [
        (capacity(1, 5), "not_found"),
        (price(1, 5), "not_found"),
        (price(0, beyond), "malformed"),
        (price(0, u64::MAX), "malformed"),
        (window(now, now), "malformed"),
        (window(now, Time::ZERO), "malformed"),
        (
            Change::Window {
                class: ClassId(7),
                window: Window { opens_at: now, closes_at: Time::MAX },
            },
            "not_found",
        ),
    ] {
        assert_eq!(code(change(&mut world, event, wrong)), why, "{wrong:?}");
    }
    let command = Command::ChangeEvent { event, change: capacity(0, 5) };
    assert_eq!(code(world.ask(buyer(1), command)), "operator_only");
    let unknown = EventId::new(world.partition.id(), 9).unwrap();
    assert_eq!(code(change(&mut world, unknown, capacity(0, 5))), "not_found");
    world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap();
    assert_eq!(code(change(&mut world, event, capacity(0, 5))), "event_cancelled");
}

#[test]
fn the_largest_numbers_fit() {
    let (mut world, event) = World::with(club(9));
    change(&mut world, event, capacity(0, u32::MAX)).unwrap();
    change(&mut world, event, price(0, Amount::MAX_PRICE.as_minor())).unwrap();
    let hold = world.take(buyer(1), event, &[any(0, 4)]).unwrap();
    assert_eq!(hold.total.as_minor(), 4 * Amount::MAX_PRICE.as_minor());
    world.release(buyer(1), hold.hold).unwrap();
    assert_eq!(world.left(event, 0), u32::MAX);
}
