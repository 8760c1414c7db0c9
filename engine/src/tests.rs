//! The engine, driven by hand: a disk that answers when it is told to, and a clock that stands.

use onsale_core::Partition;
use onsale_core::call::{CallError, Look, Wait};
use onsale_core::command::{Actor, Choice, Command, Request, Wish};
use onsale_core::id::{EventId, PartitionId, PersonId, PlaceId};
use onsale_core::money::Amount;
use onsale_core::query::{Query, View};
use onsale_core::refusal::Refusal;
use onsale_core::reply::Reply;
use onsale_core::spec::{
    Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, WaitroomSpec, Window,
};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::{LotterySeed, PlaceState};
use onsale_storage::journal::{
    Identity, JournalConfig, JournalId, Request as DiskRequest, Tail, WriteId,
};

use crate::{Answer, Bounds, Engine, Output};

const NOW: Time = Time::from_ms(1_000_000);

/// An engine and a disk that keeps its writes waiting.
struct Bench {
    engine: Engine<u32>,
    waiting: Vec<WriteId>,
    next_token: u32,
}

impl Bench {
    fn new(bounds: Bounds) -> Self {
        let id = PartitionId::new(0).unwrap();
        let tail = Tail::new_journal(Identity { partition: 0, journal: JournalId(7) });
        let config = JournalConfig { segment_bytes: 1 << 20, ..JournalConfig::default() };
        let engine = Engine::new(Partition::new(id), &tail, config, bounds, NOW).unwrap();
        let mut bench = Self { engine, waiting: Vec::new(), next_token: 0 };
        bench.disk();
        bench
    }

    /// Takes what the engine asks of the disk; files are there at once, writes wait.
    fn disk(&mut self) {
        loop {
            let created = match self.engine.poll_disk() {
                Some(DiskRequest::CreateSegment { index, .. }) => index,
                Some(DiskRequest::Write { id, .. }) => {
                    self.waiting.push(id);
                    continue;
                }
                None => return,
            };
            self.engine.segment_created(created);
        }
    }

    /// Completes every write there is, and those that follow.
    fn sync(&mut self) {
        self.disk();
        while let Some(id) = self.waiting.pop() {
            self.engine.written(id);
            self.disk();
        }
    }

    fn ask(&mut self, actor: Actor, command: Command) -> u32 {
        self.next_token += 1;
        self.engine.execute(NOW, &Request::new(actor, command), self.next_token);
        self.disk();
        self.next_token
    }

    fn look(&mut self, now: Time, actor: Actor, query: Query, wait: Option<Wait>) -> u32 {
        self.next_token += 1;
        self.engine.look(now, Look { actor, query, wait }, self.next_token);
        self.disk();
        self.next_token
    }

    fn answers(&mut self) -> Vec<(u32, Result<Answer, CallError>)> {
        std::iter::from_fn(|| self.engine.poll_output())
            .filter_map(|output| match output {
                Output::Answer(token, answer) => Some((token, answer)),
                Output::Effect(_) => None,
            })
            .collect()
    }

    /// Asks, syncs, and expects one reply.
    fn done(&mut self, actor: Actor, command: Command) -> Reply {
        let token = self.ask(actor, command);
        self.sync();
        match self.answers().as_slice() {
            [(answered, Ok(Answer::Reply(reply)))] if *answered == token => reply.clone(),
            other => panic!("one reply was expected: {other:?}"),
        }
    }

    fn open_event(&mut self, waitroom: Option<WaitroomSpec>) -> EventId {
        let (spec, seed) = (Box::new(spec(waitroom)), LotterySeed([1; 32]));
        let defined = self.done(Actor::Operator, Command::DefineEvent { event: None, spec, seed });
        let Reply::EventDefined { event, .. } = defined else { panic!("an event is defined") };
        self.done(Actor::Operator, Command::OpenEvent(event));
        event
    }
}

fn bounds() -> Bounds {
    Bounds { parked_max: 100, watches_max: 100 }
}

fn spec(waitroom: Option<WaitroomSpec>) -> EventSpec {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    EventSpec::parse(Draft {
        name: "A concert".into(),
        currency: "EUR".parse().unwrap(),
        classes: vec![Class {
            name: "Standing".into(),
            price: Amount::from_minor(1_000),
            window,
            per_buyer: None,
        }],
        quotas: vec![Quota { name: "House".into(), capacity: 2, classes: vec![ClassId(0)] }],
        plan: None,
        waitroom,
        limits: Limits { per_buyer: 2, per_hold: 2, refuse_orphans: true },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(10),
        },
    })
    .unwrap()
}

fn waitroom() -> WaitroomSpec {
    WaitroomSpec {
        doors_at: Time::ZERO,
        opens_at: NOW,
        slots: 1,
        rate_per_minute: 6_000,
        visit: Span::from_mins(15),
        claim: Span::from_mins(2),
        presence: Span::from_mins(5),
    }
}

fn person(number: u128) -> Actor {
    Actor::Person(PersonId::from_u128(number))
}

fn take(event: EventId, count: u32) -> Command {
    let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(count) }];
    Command::TakeHold { event, place: None, wishes }
}

#[test]
fn a_reply_leaves_only_when_its_facts_are_durable() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(None);
    let token = bench.ask(person(1), take(event, 1));
    assert_eq!(bench.answers(), [], "nothing is durable yet");
    bench.sync();
    let answers = bench.answers();
    assert!(matches!(answers[..], [(t, Ok(Answer::Reply(Reply::HoldTaken(_))))] if t == token));
}

#[test]
fn what_shows_undurable_state_waits_for_it_too() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(None);
    bench.ask(person(1), take(event, 2));
    let refused = bench.ask(person(2), take(event, 1));
    let seen = bench.look(NOW, person(2), Query::Availability(event), None);
    assert_eq!(bench.answers(), [], "a crash now would give the tickets back");
    bench.sync();
    let answers = bench.answers();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1].0, refused);
    assert!(matches!(&answers[1].1, Err(CallError::Refused(Refusal::AllHeld { .. }))));
    assert!(matches!(&answers[2], (t, Ok(Answer::View(View::Availability(_)))) if *t == seen));
}

#[test]
fn an_effect_waits_for_its_fact() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(None);
    let Reply::HoldTaken(held) = bench.done(person(1), take(event, 1)) else { panic!("held") };
    let provider = onsale_core::command::Provider("sandbox".into());
    let order = Command::PlaceOrder { hold: held.hold, provider, accept_other_seats: false };
    bench.ask(person(1), order);
    assert!(bench.engine.poll_output().is_none());
    bench.sync();
    let outputs: Vec<_> = std::iter::from_fn(|| bench.engine.poll_output()).collect();
    assert!(outputs.iter().any(|output| matches!(output, Output::Effect(_))));
}

#[test]
fn a_disk_that_fails_acknowledges_nothing_more() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(None);
    let lost = bench.ask(person(1), take(event, 1));
    bench.engine.disk_failed();
    let late = bench.ask(person(2), take(event, 1));
    let mut answers = bench.answers();
    answers.sort_by_key(|(token, _)| *token);
    assert_eq!(answers, [(lost, Err(CallError::Stopped)), (late, Err(CallError::Stopped))]);
    assert_eq!(bench.engine.wake_at(NOW), None);
}

#[test]
fn too_many_waiting_replies_are_refused_before_any_work() {
    let mut bench = Bench::new(Bounds { parked_max: 1, watches_max: 1 });
    let event = bench.open_event(None);
    bench.ask(person(1), take(event, 1));
    let applied = bench.engine.partition().applied();
    let shed = bench.ask(person(2), take(event, 1));
    let unseen = bench.look(NOW, person(2), Query::Event(event), None);
    let overloaded = || Err(CallError::Overloaded { retry_after_s: 1 });
    assert_eq!(bench.answers(), [(shed, overloaded()), (unseen, overloaded())]);
    assert_eq!(bench.engine.partition().applied(), applied);
}

#[test]
fn whoever_waits_hears_of_the_admission_and_not_before() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(Some(waitroom()));
    let joined = bench.done(person(1), Command::JoinWaitroom { event, party: 1 });
    let Reply::Joined { place, .. } = joined else { panic!("joined") };
    let wait = Wait {
        until: NOW + Span::from_secs(20),
        old_news: Box::new(
            |view| matches!(view, View::Place(place) if place.state == PlaceState::Queued),
        ),
    };
    let token = bench.look(NOW, person(1), Query::Place(place), Some(wait));
    bench.sync();
    assert_eq!(bench.answers(), []);
    bench.engine.tick(NOW);
    bench.sync();
    let answers = bench.answers();
    let [(answered, Ok(Answer::View(View::Place(view))))] = &answers[..] else {
        panic!("the admission was expected: {answers:?}");
    };
    assert_eq!(*answered, token);
    assert!(matches!(view.state, PlaceState::Admitted { .. }));
}

#[test]
fn a_wait_ends_when_its_time_is_over() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(Some(WaitroomSpec { opens_at: Time::MAX, ..waitroom() }));
    let joined = bench.done(person(1), Command::JoinWaitroom { event, party: 1 });
    let Reply::Joined { place, .. } = joined else { panic!("joined") };
    let until = NOW + Span::from_secs(20);
    let wait = Wait { until, old_news: Box::new(|_| true) };
    let token = bench.look(NOW, person(1), Query::Place(place), Some(wait));
    assert!(bench.engine.wake_at(NOW).is_some_and(|at| at <= until));
    bench.engine.tick(until);
    assert!(matches!(bench.answers()[..], [(t, Ok(Answer::View(View::Place(_))))] if t == token));
}

#[test]
fn a_silent_visitor_frees_the_slot_and_one_who_asks_keeps_the_place() {
    let mut bench = Bench::new(bounds());
    let event = bench.open_event(Some(waitroom()));
    let places: Vec<PlaceId> = (1..=2)
        .map(|number| match bench.done(person(number), Command::JoinWaitroom { event, party: 1 }) {
            Reply::Joined { place, .. } => place,
            other => panic!("{other:?}"),
        })
        .collect();
    bench.engine.tick(NOW);
    let state = |bench: &Bench, place: PlaceId| {
        bench
            .engine
            .partition()
            .sale(place.event)
            .unwrap()
            .waitroom()
            .unwrap()
            .place(place.number)
            .unwrap()
            .state
    };
    let (inside, outside) = match state(&bench, places[0]) {
        PlaceState::Admitted { .. } => (0, 1),
        _ => (1, 0),
    };
    let later = NOW + Span::from_mins(2);
    let owner = person(outside as u128 + 1);
    bench.look(later, owner, Query::Place(places[outside]), None);
    for _ in 0..3 {
        bench.engine.tick(later);
    }
    assert!(matches!(state(&bench, places[inside]), PlaceState::Abandoned { .. }));
    assert!(matches!(state(&bench, places[outside]), PlaceState::Admitted { .. }));
}

#[test]
fn an_idle_engine_seals_its_journal_and_then_sleeps() {
    let mut bench = Bench::new(bounds());
    bench.open_event(None);
    let wake = bench.engine.wake_at(NOW).expect("the seal is due");
    bench.engine.tick(wake);
    bench.sync();
    assert_eq!(bench.engine.wake_at(wake), None, "there is nothing left to do");
}
