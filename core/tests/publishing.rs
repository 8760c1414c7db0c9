//! An id can be had before there is an event, and publishing under it takes effect once, for ever.

mod common;

use common::*;
use onsale_core::command::{Actor, Command, IdempotencyKey, Request};
use onsale_core::id::{EventId, HoldId, OrderId, PartitionId};
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::{Draft, EventSpec};
use onsale_core::waitroom::LotterySeed;

fn reserve(world: &mut World) -> EventId {
    match world.ask(Actor::Operator, Command::ReserveEvent) {
        Ok(Reply::EventReserved { event }) => event,
        other => panic!("{other:?}"),
    }
}

fn definition(event: EventId, draft: Draft, seed: u8) -> Command {
    let spec = Box::new(EventSpec::parse(draft).expect("the draft is right"));
    Command::DefineEvent { event: Some(event), spec, seed: LotterySeed([seed; 32]) }
}

fn define(world: &mut World, event: EventId, draft: Draft, seed: u8) -> Result<Reply, Refusal> {
    world.ask(Actor::Operator, definition(event, draft, seed))
}

fn events_seen_by(world: &World, actor: Actor) -> Vec<EventId> {
    match world.partition.query(world.now(), actor, Query::Events) {
        Ok(View::Events(views)) => views.iter().map(|view| view.event).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reserved_event_is_there_for_nobody_and_never_due() {
    let mut world = World::new();
    let event = reserve(&mut world);
    for actor in [Actor::Operator, buyer(1)] {
        let seen = world.partition.query(world.now(), actor, Query::Event(event));
        assert_eq!(code(seen), "not_found");
        assert!(events_seen_by(&world, actor).is_empty());
    }
    let commands = [
        (Actor::Operator, Command::OpenEvent(event)),
        (Actor::Operator, Command::CancelEvent(event)),
        (buyer(1), Command::JoinWaitroom { event, party: 1 }),
        (buyer(1), Command::TakeHold { event, place: None, wishes: vec![any(0, 1)] }),
        (buyer(1), place_order(HoldId::new(event, 0))),
    ];
    for (actor, command) in commands {
        assert_eq!(code(world.ask(actor, command)), "not_found");
    }
    assert_eq!(world.partition.next_due(), None);
    world.restart();
    assert_eq!(world.partition.sales().count(), 0);
}

#[test]
fn money_for_a_reserved_event_is_written_down_and_not_lost() {
    let mut world = World::new();
    let event = reserve(&mut world);
    let before = world.partition.applied();
    world.notify(OrderId::new(event, 0), "pay-1", captured(onsale_core::money::Amount::ZERO));
    assert_eq!(world.partition.applied(), before + 1);
}

#[test]
fn a_reserved_event_is_defined_once_and_sold_like_any_other() {
    let mut world = World::new();
    let (first, second) = (reserve(&mut world), reserve(&mut world));
    let at_once = world.define(club(3));
    assert_ne!(at_once, second, "an id is given once");
    assert!(matches!(
        define(&mut world, second, club(5), 1),
        Ok(Reply::EventDefined { event, .. }) if event == second
    ));
    world.ask(Actor::Operator, Command::OpenEvent(second)).unwrap();
    world.buy(buyer(1), second, &[any(0, 2)]);
    assert_eq!((world.left(at_once, 0), world.left(second, 0)), (3, 3));
    assert_eq!(events_seen_by(&world, Actor::Operator), [second, at_once]);
    assert_eq!(code(world.ask(Actor::Operator, Command::OpenEvent(first))), "not_found");
    world.restart();
    assert_eq!(world.left(second, 0), 3);
}

#[test]
fn publishing_again_gets_the_first_answer_however_late_and_whatever_became_of_the_event() {
    let mut world = World::new();
    let event = reserve(&mut world);
    let draft = || with_waitroom(5, club(9));
    let first = define(&mut world, event, draft(), 1).unwrap();
    for step in 0..4 {
        match step {
            1 => drop(world.ask(Actor::Operator, Command::OpenEvent(event)).unwrap()),
            2 => world.pass(minutes(60 * 24 * 200)),
            3 => drop(world.ask(Actor::Operator, Command::CancelEvent(event)).unwrap()),
            _ => {}
        }
        let applied = world.partition.applied();
        assert_eq!(define(&mut world, event, draft(), 2 + step), Ok(first.clone()));
        assert_eq!(world.partition.applied(), applied, "nothing happens a second time");
        world.restart();
    }
    let Reply::EventDefined { commitment, .. } = first else { panic!("{first:?}") };
    assert_eq!(commitment, LotterySeed([1; 32]).commitment());
    assert_eq!(world.waitroom(event).commitment, commitment);
}

#[test]
fn an_event_that_was_given_its_id_with_its_definition_can_be_published_again_too() {
    let mut world = World::new();
    let event = world.define(club(9));
    let again = define(&mut world, event, club(9), 1).unwrap();
    let commitment = LotterySeed([7; 32]).commitment();
    assert_eq!(again, Reply::EventDefined { event, commitment });
}

#[test]
fn something_else_under_the_same_id_is_refused() {
    let mut world = World::new();
    let event = reserve(&mut world);
    define(&mut world, event, club(9), 1).unwrap();
    for other in [club(10), arena(9), Draft { name: "Another".into(), ..club(9) }] {
        assert_eq!(code(define(&mut world, event, other, 1)), "defined_already");
    }
}

#[test]
fn an_id_that_was_never_given_is_not_found() {
    let mut world = World::new();
    let event = reserve(&mut world);
    let partition = world.partition.id();
    let beyond = EventId::new(partition, event.index() + 1).unwrap();
    let elsewhere = EventId::new(PartitionId::FIRST, event.index()).unwrap();
    for unknown in [beyond, elsewhere] {
        assert_eq!(code(define(&mut world, unknown, club(9), 1)), "not_found");
    }
}

#[test]
fn only_operators_reserve_and_define() {
    let mut world = World::new();
    let event = reserve(&mut world);
    assert_eq!(code(world.ask(buyer(1), Command::ReserveEvent)), "operator_only");
    assert_eq!(code(world.ask(buyer(1), definition(event, club(9), 1))), "operator_only");
    world.ask(Actor::System, definition(event, club(9), 1)).unwrap();
    assert_eq!(code(world.ask(buyer(1), definition(event, club(9), 1))), "operator_only");
}

#[test]
fn a_reservation_that_is_asked_for_again_under_its_key_is_the_same() {
    let mut world = World::new();
    let key = Some(IdempotencyKey { key: 1, fingerprint: 1 });
    let request = Request { key, ..Request::new(Actor::Operator, Command::ReserveEvent) };
    let first = world.request(&request).unwrap();
    world.restart();
    assert_eq!(world.request(&request), Ok(first));
    assert_eq!(world.partition.applied(), 2);
}

#[test]
fn a_thousand_reserved_events_cost_next_to_nothing() {
    let mut world = World::new();
    world.replays = false;
    let before = world.partition.to_bytes().len();
    for _ in 0..1_000 {
        reserve(&mut world);
    }
    let bytes = world.partition.to_bytes().len() - before;
    assert!(bytes < 1_100, "{bytes} bytes for a thousand ids");
}
