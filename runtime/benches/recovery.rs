//! How long a restart takes: facts replayed per second, and the start-up of a partition with many
//! facts, without a snapshot and with one.
//!
//! `cargo bench -p onsale-runtime --bench recovery -- [FACTS]` (ten million unless said). It writes
//! a journal of about 100 bytes a fact into the system's temporary directory and removes it.
//!
//! Not a Criterion bench: one pass over ten million facts is the sample, and it takes seconds.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use onsale_core::Partition;
use onsale_core::command::{Actor, Choice, Command, Request, Wish};
use onsale_core::fact::Decision;
use onsale_core::id::{EventId, HoldId, PartitionId, PersonId};
use onsale_core::money::Amount;
use onsale_core::reply::Reply;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, Window};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use onsale_engine::recover::recover;
use onsale_engine::snapshots;
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{
    FactNumber, Identity, JournalConfig, JournalId, Request as DiskRequest, Tail, Writer,
};

/// Every hundredth buyer keeps what they took, so that the state grows as in a real sale.
const KEEPS: u64 = 100;

fn main() {
    let facts = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let facts: u64 = facts.unwrap_or(10_000_000);
    let directory = std::env::temp_dir().join(format!("onsale-recovery-{}", std::process::id()));
    measure(&directory, facts);
    std::fs::remove_dir_all(&directory).expect("the directory that was just written");
}

fn measure(directory: &Path, facts: u64) {
    let id = PartitionId::new(0).expect("there is a partition 0");
    let (decide, last) = timed(|| write_journal(directory, id, facts));
    println!("{last} facts decided and written (buffered, unsynced) in {}", seconds(decide));

    let (replay, recovered) = timed(|| recover(directory, id, JournalId(1)).expect("it is sound"));
    assert_eq!(recovered.replayed, last);
    let rate = u128::from(last) * 1_000 / replay.as_millis().max(1);
    println!("without a snapshot: start in {} ({rate} facts/s)", seconds(replay));
    let bytes = recovered.partition.to_bytes();

    let made = || {
        let mut files = FileDirectory::open(directory).expect("it was just written");
        snapshots::make(&mut files, id, FactNumber::new(last)).expect("it is sound")
    };
    let (snapshot, fact) = timed(made);
    println!("a snapshot of {} MB in {}", bytes.len() / 1_000_000, seconds(snapshot));
    assert_eq!(fact.get(), last);

    let (start, recovered) = timed(|| recover(directory, id, JournalId(1)).expect("it is sound"));
    assert_eq!(recovered.replayed, 0);
    assert_eq!(recovered.partition.to_bytes(), bytes, "a snapshot is the state, byte for byte");
    let ratio = replay.as_secs_f64() / start.as_secs_f64();
    println!("with the snapshot: start in {} ({ratio:.0} times sooner)", seconds(start));
}

/// A journal of holds that are taken and given back, and of some that stay.
fn write_journal(directory: &Path, id: PartitionId, facts: u64) -> u64 {
    let mut files = FileDirectory::open(directory).expect("a temporary directory");
    let config = JournalConfig { segment_bytes: 256 << 20, ..JournalConfig::default() };
    let identity = Identity { partition: 0, journal: JournalId(1) };
    let mut writer =
        Writer::new(config, &Tail::new_journal(identity)).expect("a sound configuration");
    let mut partition = Partition::new(id);
    let mut now = Time::from_ms(1_000_000);
    let mut ask = |partition: &mut Partition, actor, command| {
        now = now + Span::from_ms(1);
        let (facts, reply) =
            partition.decide(now, &Request::new(actor, command)).expect("it is allowed");
        let decision = Decision { at: now, trace: None, facts };
        for fact in &decision.facts {
            partition.evolve(partition.applied() + 1, now, fact);
        }
        let count = NonZeroU32::new(decision.facts.len() as u32).expect("something happened");
        writer.append(&decision.encode(Vec::new()), count).expect("there is room");
        write_out(&mut writer, &mut files, directory);
        reply
    };
    let spec = Box::new(spec());
    let define = Command::DefineEvent { event: None, spec, seed: LotterySeed([0; 32]) };
    let defined = ask(&mut partition, Actor::Operator, define);
    let Reply::EventDefined { event, .. } = defined else { unreachable!("an event is defined") };
    ask(&mut partition, Actor::Operator, Command::OpenEvent(event));
    for buyer in 0.. {
        if partition.applied() >= facts {
            break;
        }
        let actor = Actor::Person(PersonId::from_u128(u128::from(buyer)));
        let reply = ask(&mut partition, actor, take(event));
        let Reply::HoldTaken(held) = reply else { unreachable!("a hold is taken") };
        if buyer % KEEPS != 0 {
            ask(&mut partition, actor, release(held.hold));
        }
    }
    partition.applied()
}

/// Does what the writer asks, without syncing: what is measured is reading.
fn write_out(writer: &mut Writer, files: &mut FileDirectory, directory: &Path) {
    use std::os::unix::fs::FileExt;
    loop {
        let answered = match writer.poll_request() {
            None => return,
            Some(DiskRequest::CreateSegment { index, bytes }) => {
                files.create_zeroed(&index.file_name(), bytes).expect("there is room on the disk");
                Err(index)
            }
            Some(DiskRequest::Write { id, segment, offset, bytes }) => {
                let path = directory.join(segment.file_name());
                let file = std::fs::OpenOptions::new().write(true).open(path);
                let file = file.expect("the segment was created");
                file.write_all_at(bytes, offset).expect("there is room on the disk");
                Ok(id)
            }
        };
        match answered {
            Ok(id) => writer.written(id),
            Err(index) => writer.segment_created(index),
        }
    }
}

fn take(event: EventId) -> Command {
    let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(1) }];
    Command::TakeHold { event, place: None, wishes }
}

fn release(hold: HoldId) -> Command {
    Command::ReleaseHold(hold)
}

fn spec() -> EventSpec {
    let window = Window { opens_at: Time::ZERO, closes_at: Time::MAX };
    let day = Span::from_mins(24 * 60);
    EventSpec::parse(Draft {
        name: "A very large field".into(),
        currency: "EUR".parse().expect("three letters"),
        classes: vec![Class {
            name: "Standing".into(),
            price: Amount::from_minor(1_000),
            window,
            per_buyer: None,
        }],
        quotas: vec![Quota { name: "Field".into(), capacity: u32::MAX, classes: vec![ClassId(0)] }],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 8, per_hold: 8, refuse_orphans: true },
        terms: Terms { hold: day, order: day, payment_grace: day },
    })
    .expect("a sound draft")
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let result = work();
    (begun.elapsed(), result)
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
