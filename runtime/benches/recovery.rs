//! How long a restart takes: facts replayed per second, and the start-up of a partition with many
//! facts, without a snapshot and with one; the same with thousands of old segments that are kept.
//! How fast somebody follows the facts.
//!
//! `cargo bench -p onsale-runtime --bench recovery -- [FACTS]` (ten million unless said). It writes
//! a journal of about 100 bytes a fact into the system's temporary directory and removes it.
//!
//! Not a Criterion bench: one pass over ten million facts is the sample, and it takes seconds.

use std::fs::OpenOptions;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
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
    Bookmark, FactNumber, Follower, Identity, JournalConfig, JournalId, Request as DiskRequest,
    Tail, Writer,
};

/// Every hundredth buyer keeps what they took, so that the state grows as in a real sale.
const KEEPS: u64 = 100;
/// So many decisions are written at once, as on a core that is busy.
const TOGETHER: u32 = 100;
/// So many small segments are kept where everything is.
const OLD_SEGMENTS: u64 = 2_000;
const SMALL_SEGMENT_BYTES: u64 = 64 << 10;

fn main() {
    let facts = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let facts: u64 = facts.unwrap_or(10_000_000);
    let directory = std::env::temp_dir().join(format!("onsale-recovery-{}", std::process::id()));
    for measure in [restart, old_segments] {
        measure(&directory, facts);
        std::fs::remove_dir_all(&directory).expect("the directory that was just written");
    }
}

fn restart(directory: &Path, facts: u64) {
    let id = partition();
    let (decide, last) = timed(|| write_journal(directory, 256 << 20, |fact, _| fact >= facts));
    println!("{last} facts decided and written (buffered, unsynced) in {}", seconds(decide));

    let (replay, recovered) = timed(|| recover(directory, id, JournalId(1)).expect("it is sound"));
    assert_eq!(recovered.replayed, last);
    println!("without a snapshot: start in {} ({} facts/s)", seconds(replay), rate(last, replay));
    let (follow, followed) = timed(|| follow(directory, FactNumber::ZERO, last));
    assert_eq!(followed, last);
    println!("followed and decoded: {} ({} facts/s)", seconds(follow), rate(last, follow));
    let bytes = recovered.partition.to_bytes();

    let snapshot = snapshot(directory, last);
    println!("a snapshot of {} MB in {}", bytes.len() / 1_000_000, seconds(snapshot));

    let (start, recovered) = timed(|| recover(directory, id, JournalId(1)).expect("it is sound"));
    assert_eq!(recovered.replayed, 0);
    assert_eq!(recovered.partition.to_bytes(), bytes, "a snapshot is the state, byte for byte");
    let ratio = replay.as_secs_f64() / start.as_secs_f64();
    println!("with the snapshot: start in {} ({ratio:.0} times sooner)", seconds(start));
}

/// What it costs that nothing is ever removed.
fn old_segments(directory: &Path, _: u64) {
    let are_there = |_, segments| segments >= OLD_SEGMENTS;
    let last = write_journal(directory, SMALL_SEGMENT_BYTES, are_there);
    snapshot(directory, last);
    let (start, recovered) =
        timed(|| recover(directory, partition(), JournalId(1)).expect("it is sound"));
    assert_eq!(recovered.replayed, 0);
    println!("{OLD_SEGMENTS} old segments and a snapshot: start in {}", millis(start));
    let behind = FactNumber::new(last - 1);
    let (look, followed) = timed(|| follow(directory, behind, last));
    assert_eq!(followed, 1);
    println!("the last of their {last} facts followed in {}", millis(look));
}

fn partition() -> PartitionId {
    PartitionId::new(0).expect("there is a partition 0")
}

fn snapshot(directory: &Path, last: u64) -> Duration {
    let mut files = FileDirectory::open(directory).expect("it was just written");
    let fact = FactNumber::new(last);
    let (took, made) = timed(|| {
        snapshots::make(&mut files, partition(), fact, FactNumber::FIRST).expect("it is sound")
    });
    assert_eq!(made, fact);
    took
}

/// Takes in what lies behind a fact, and says how many facts that were.
fn follow(directory: &Path, fact: FactNumber, last: u64) -> u64 {
    let files = FileDirectory::open(directory).expect("it was just written");
    let mut follower = Follower::new(0, Bookmark { fact, chain: None });
    let mut facts = 0;
    while let Some(record) = follower.next(&files, FactNumber::new(last)).expect("it is sound") {
        let decision = Decision::decode(record.payload).expect("it was just encoded");
        facts += decision.facts.len() as u64;
    }
    facts
}

/// A journal of holds that are taken and given back, and of some that stay, up to so many facts
/// and segments.
fn write_journal(directory: &Path, segment_bytes: u64, enough: impl Fn(u64, u64) -> bool) -> u64 {
    let mut journal = Journal::new(directory, segment_bytes);
    let mut partition = Partition::new(partition());
    let mut now = Time::from_ms(1_000_000);
    let mut ask = |partition: &mut Partition, actor, command| {
        now = now + Span::from_ms(1);
        let (facts, reply) =
            partition.decide(now, &Request::new(actor, command)).expect("it is allowed");
        let decision = Decision { at: now, trace: None, facts };
        for fact in &decision.facts {
            partition.evolve(partition.applied() + 1, now, fact);
        }
        (reply, journal.append(&decision))
    };
    let spec = Box::new(spec());
    let define = Command::DefineEvent { event: None, spec, seed: LotterySeed([0; 32]) };
    let (defined, _) = ask(&mut partition, Actor::Operator, define);
    let Reply::EventDefined { event, .. } = defined else { unreachable!("an event is defined") };
    ask(&mut partition, Actor::Operator, Command::OpenEvent(event));
    for buyer in 0.. {
        let actor = Actor::Person(PersonId::from_u128(u128::from(buyer)));
        let (reply, segments) = ask(&mut partition, actor, take(event));
        if enough(partition.applied(), segments) {
            break;
        }
        let Reply::HoldTaken(held) = reply else { unreachable!("a hold is taken") };
        if buyer % KEEPS != 0 {
            ask(&mut partition, actor, release(held.hold));
        }
    }
    journal.write_out();
    partition.applied()
}

/// A journal that is written without syncing: what is measured is reading.
struct Journal<'d> {
    directory: &'d Path,
    files: FileDirectory,
    writer: Writer,
    /// Decisions that were not written yet.
    waiting: u32,
    segments: u64,
}

impl<'d> Journal<'d> {
    fn new(directory: &'d Path, segment_bytes: u64) -> Self {
        let files = FileDirectory::open(directory).expect("a temporary directory");
        let config = JournalConfig { segment_bytes, ..JournalConfig::default() };
        let identity = Identity { partition: 0, journal: JournalId(1) };
        let writer =
            Writer::new(config, &Tail::new_journal(identity)).expect("a sound configuration");
        Self { directory, files, writer, waiting: 0, segments: 0 }
    }

    /// Appends a decision and says how many segments there are.
    fn append(&mut self, decision: &Decision) -> u64 {
        let facts = NonZeroU32::new(decision.facts.len() as u32).expect("something happened");
        self.writer.append(&decision.encode(Vec::new()), facts).expect("there is room");
        self.waiting += 1;
        if self.waiting == TOGETHER {
            self.write_out();
        }
        self.segments
    }

    fn write_out(&mut self) {
        self.waiting = 0;
        loop {
            let answered = match self.writer.poll_request() {
                None => return,
                Some(DiskRequest::CreateSegment { index, bytes }) => {
                    let created = self.files.create_zeroed(&index.file_name(), bytes);
                    created.expect("there is room on the disk");
                    self.segments += 1;
                    Err(index)
                }
                Some(DiskRequest::Write { id, segment, offset, bytes }) => {
                    let path = self.directory.join(segment.file_name());
                    let file = OpenOptions::new().write(true).open(path);
                    let file = file.expect("the segment was created");
                    file.write_all_at(bytes, offset).expect("there is room on the disk");
                    Ok(id)
                }
            };
            match answered {
                Ok(id) => self.writer.written(id),
                Err(index) => self.writer.segment_created(index),
            }
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

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

fn rate(facts: u64, took: Duration) -> u128 {
    u128::from(facts) * 1_000 / took.as_millis().max(1)
}
