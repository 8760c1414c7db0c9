//! The facts of a partition are followed on another thread while its core writes them.

use std::path::Path;
use std::sync::{Arc, mpsc as blocking};
use std::thread;

use futures_util::future::join_all;
use onsale_core::command::{Actor, Command, Request};
use onsale_core::fact::Fact;
use onsale_core::id::PartitionId;
use onsale_core::reply::Reply;
use onsale_core::time::Time;
use onsale_engine::recover::{Recovered, recover};
use onsale_engine::{Bounds, Engine};
use onsale_net::port::Partitions;
use onsale_storage::journal::{Bookmark, FactNumber, JournalConfig, JournalId, SegmentIndex};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use super::server::{once, take};
use super::{TestHost, on_both_hosts};
use crate::config::Keep;
use crate::facts::{Facts, Floor, Following};
use crate::gauges::Gauges;
use crate::host::{BLOCK_BYTES, Clock};
use crate::mailbox::{Mailbox, Mailboxes};
use crate::shell::{self, Surroundings};
use crate::snapshots::SnapshotMaker;

on_both_hosts!(
    every_fact_is_followed_once_and_in_order,
    what_is_followed_stays_and_what_nobody_needs_goes,
);

/// So few bytes that a hundred decisions fill several segments.
const JOURNAL: JournalConfig = JournalConfig {
    segment_bytes: 8 * BLOCK_BYTES as u64,
    batch_bytes_max: 2 * BLOCK_BYTES,
    writes_in_flight: 4,
    queued_bytes_max: 1 << 20,
};

const PARTITION: PartitionId = PartitionId::FIRST;

/// A partition that sells on a core of its own.
struct Selling {
    port: Mailboxes,
    facts: Facts,
    thread: thread::JoinHandle<()>,
}

impl Selling {
    fn start<H: TestHost>(directory: &Path, every_facts: u64, followers: usize) -> Self {
        let (port, mut ends) = Mailboxes::new(1, 1_024, Clock::from_system());
        let (gauges, floor) = (Arc::<Gauges>::default(), Floor::new(Keep::Needed, followers));
        let directory = directory.to_owned();
        let facts = Facts { id: PARTITION, directory, gauges, floor };
        let maker = SnapshotMaker::start(every_facts).unwrap();
        let end = once((ends.remove(0), facts.clone(), maker));
        let (started, starting) = blocking::channel();
        let thread = thread::spawn(move || {
            let body = move |_, host: H| {
                let (mailbox, facts, maker) = take(&end);
                let _ = started.send(());
                sell(host, mailbox, facts, maker)
            };
            H::run(1, body).unwrap();
        });
        starting.recv().unwrap();
        Self { port, facts, thread }
    }

    /// Has so many events reserved, many at a time: a fact for each.
    async fn reserve(&self, events: usize) {
        const AT_ONCE: usize = 32;
        for _ in 0..events / AT_ONCE {
            let request = || Request::new(Actor::Operator, Command::ReserveEvent);
            let asked = (0..AT_ONCE).map(|_| self.port.execute(PARTITION, request()));
            for reply in join_all(asked).await {
                assert!(matches!(reply, Ok(Reply::EventReserved { .. })), "{reply:?}");
            }
        }
    }

    async fn stop(self) {
        self.port.stop().await;
        self.thread.join().unwrap();
    }
}

async fn sell<H: TestHost>(host: H, mailbox: Mailbox, facts: Facts, maker: SnapshotMaker) {
    let recovered = recover(&facts.directory, PARTITION, JournalId(1)).unwrap();
    let Recovered { partition, tail, snapshot, .. } = recovered;
    let bounds = Bounds { parked_max: 1_000, watches_max: 10 };
    let now = Time::from_ms(host.now_ms());
    let engine = Engine::new(partition, &tail, JOURNAL, bounds, now).unwrap();
    let Facts { id, directory, gauges, floor } = facts;
    let (effects, _unused) = mpsc::unbounded_channel();
    let snapshots = maker.of(id, directory.clone(), snapshot, floor);
    let surroundings = Surroundings { directory, mailbox, effects, gauges, snapshots };
    shell::run(host, engine, surroundings).await.unwrap();
}

/// The thread of a slow pool.
fn pool() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Follows until so many facts were seen, and checks that they are the next ones, and all.
async fn follow(following: &mut Following, gauges: &Gauges, upto: u64) {
    let mut next = following.bookmark().fact.get() + 1;
    while next <= upto {
        while let Some(followed) = following.next_decision().unwrap() {
            assert_eq!(followed.first, next);
            for fact in &followed.decision.facts {
                let Fact::EventReserved(fact) = fact else { panic!("{fact:?}") };
                assert_eq!(u64::from(fact.event.index()) + 1, next);
                next += 1;
            }
            assert_eq!(followed.bookmark.fact.get() + 1, next);
            following.taken(followed.bookmark);
        }
        if next <= upto {
            following.moved().await;
        }
    }
    assert_eq!((next - 1, gauges.durable()), (upto, upto));
}

fn every_fact_is_followed_once_and_in_order<H: TestHost>() {
    const FACTS: u64 = 4_096;
    let root = tempfile::tempdir().unwrap();
    let runtime = pool();
    let (mut from, mut bookmark) = (0, Bookmark::BEGINNING);
    // Twice: the second time behind what recovery found.
    for upto in [FACTS, 2 * FACTS] {
        let selling = Selling::start::<H>(root.path(), u64::MAX, 1);
        let mut following = selling.facts.follow(0, bookmark).unwrap();
        let gauges = Arc::clone(&selling.facts.gauges);
        let followed = runtime.spawn(async move {
            follow(&mut following, &gauges, upto).await;
            following.bookmark()
        });
        runtime.block_on(selling.reserve((upto - from) as usize));
        (from, bookmark) = (upto, runtime.block_on(followed).unwrap());
        runtime.block_on(selling.stop());
    }
}

fn what_is_followed_stays_and_what_nobody_needs_goes<H: TestHost>() {
    const STEP: usize = 64;
    let root = tempfile::tempdir().unwrap();
    let first = root.path().join(SegmentIndex::FIRST.file_name());
    let runtime = pool();
    let selling = Selling::start::<H>(root.path(), 50, 1);
    let mut reserved = 0;
    // Many snapshots are made meanwhile, each of which would have the old segments removed.
    runtime.block_on(async {
        while reserved < 20 * STEP {
            selling.reserve(STEP).await;
            reserved += STEP;
        }
    });
    assert!(first.exists(), "somebody who has not come yet needs it");
    let mut following = selling.facts.follow(0, Bookmark::BEGINNING).unwrap();
    let gauges = &selling.facts.gauges;
    runtime.block_on(follow(&mut following, gauges, reserved as u64));
    runtime.block_on(async {
        while first.exists() {
            assert!(reserved < 1_000 * STEP, "what nobody needs is never removed");
            selling.reserve(STEP).await;
            reserved += STEP;
            follow(&mut following, gauges, reserved as u64).await;
        }
    });
    runtime.block_on(selling.stop());
}

/// Each rise is waited for before the next: one that nobody is woken by is the last.
#[test]
fn whoever_waits_for_the_durable_number_is_always_woken() {
    const RISES: u64 = 20_000;
    let gauges = Arc::<Gauges>::default();
    let (seen, told) = blocking::sync_channel(1);
    let waiter = {
        let gauges = Arc::clone(&gauges);
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().build().unwrap();
            for fact in 0..RISES {
                runtime.block_on(gauges.durable_past(fact));
                seen.send(gauges.durable()).unwrap();
            }
        })
    };
    for durable in 1..=RISES {
        gauges.set(durable, durable, [0; 4]);
        assert_eq!(told.recv().unwrap(), durable);
    }
    waiter.join().unwrap();
}

#[test]
fn nothing_stays_for_a_place_that_is_free_until_somebody_takes_it() {
    let root = tempfile::tempdir().unwrap();
    let (gauges, directory) = (Arc::<Gauges>::default(), root.path().to_owned());
    let facts = Facts { id: PARTITION, directory, gauges, floor: Floor::new(Keep::Needed, 2) };
    let at = |fact| Bookmark { fact: FactNumber::new(fact), chain: None };
    facts.follow(0, at(9)).unwrap();
    assert_eq!(facts.floor.keep_from(), FactNumber::FIRST, "it may be somebody's");
    facts.floor.free(1);
    assert_eq!(facts.floor.keep_from(), FactNumber::new(10));
    facts.floor.free(0);
    assert_eq!(facts.floor.keep_from(), FactNumber::MAX);
    facts.floor.claim(1);
    assert_eq!(facts.floor.keep_from(), FactNumber::FIRST);
    facts.follow(1, at(4)).unwrap();
    assert_eq!(facts.floor.keep_from(), FactNumber::new(5));
}

#[test]
fn nothing_goes_before_everybody_has_said_how_far_they_are() {
    let root = tempfile::tempdir().unwrap();
    let at = |fact| Bookmark { fact: FactNumber::new(fact), chain: None };
    for (keep, expected) in [(Keep::Needed, 6), (Keep::All, 1)] {
        let floor = Floor::new(keep, 2);
        let (gauges, directory) = (Arc::<Gauges>::default(), root.path().to_owned());
        let facts = Facts { id: PARTITION, directory, gauges, floor };
        assert_eq!(facts.floor.keep_from(), FactNumber::FIRST);
        let ahead = facts.follow(0, at(9)).unwrap();
        assert_eq!(facts.floor.keep_from(), FactNumber::FIRST);
        let behind = facts.follow(1, at(3)).unwrap();
        behind.taken(at(5));
        ahead.taken(at(12));
        behind.taken(at(2));
        assert_eq!(facts.floor.keep_from(), FactNumber::new(expected));
    }
    assert_eq!(Floor::new(Keep::Needed, 0).keep_from(), FactNumber::MAX);
    assert_eq!(Floor::new(Keep::All, 0).keep_from(), FactNumber::FIRST);
}
