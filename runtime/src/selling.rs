//! A sale for tests of what follows it: a partition, and its journal as it grows.

use std::fs::OpenOptions;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use onsale_core::Partition;
use onsale_core::command::{Actor, Choice, Command, Request, Wish};
use onsale_core::fact::Decision;
use onsale_core::id::{EventId, PartitionId, PersonId};
use onsale_core::money::Amount;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, Window};
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::LotterySeed;
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{
    BLOCK_BYTES, Identity, JournalConfig, JournalId, Request as DiskRequest, Tail, Writer,
};
use tempfile::TempDir;

use crate::config::Keep;
use crate::facts::{Facts, Floor};
use crate::gauges::Gauges;

pub(crate) const JOURNAL: JournalId = JournalId(1);

/// A partition that sells a little at a time, and its journal.
pub(crate) struct Sale {
    pub(crate) folder: TempDir,
    files: FileDirectory,
    writer: Writer,
    pub(crate) partition: Partition,
    pub(crate) event: EventId,
    pub(crate) now: Time,
    pub(crate) facts: Facts,
}

impl Sale {
    /// With an event for sale, in a journal of small segments.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = FileDirectory::open(folder.path().join("partition")).unwrap();
        let identity = Identity { partition: 0, journal: JOURNAL };
        let segment_bytes = 8 * BLOCK_BYTES as u64;
        let config = JournalConfig { segment_bytes, ..JournalConfig::default() };
        let writer = Writer::new(config, &Tail::new_journal(identity)).unwrap();
        let facts = Facts {
            id: PartitionId::FIRST,
            directory: files.path().to_owned(),
            gauges: Arc::<Gauges>::default(),
            floor: Floor::new(Keep::Needed, 1),
        };
        let event = EventId::new(PartitionId::FIRST, 0).unwrap();
        let (partition, now) = (Partition::new(PartitionId::FIRST), Time::from_ms(1_000_000));
        let mut sale = Self { folder, files, writer, partition, event, now, facts };
        let (spec, seed) = (Box::new(EventSpec::parse(club()).unwrap()), LotterySeed([7; 32]));
        sale.decide(Actor::Operator, Command::DefineEvent { event: None, spec, seed });
        sale.decide(Actor::Operator, Command::OpenEvent(event));
        sale
    }

    /// So many people fill a cart; a fact each, all of them durable.
    pub(crate) fn sell(&mut self, carts: u64) {
        for _ in 0..carts {
            let person = PersonId::from_u128(u128::from(self.partition.applied()));
            let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(1) }];
            let event = self.event;
            self.decide(Actor::Person(person), Command::TakeHold { event, place: None, wishes });
        }
    }

    fn decide(&mut self, actor: Actor, command: Command) {
        self.now = self.now + Span::from_ms(10);
        let request = Request::new(actor, command);
        let (facts, _) = self.partition.decide(self.now, &request).unwrap();
        for fact in &facts {
            self.partition.evolve(self.partition.applied() + 1, self.now, fact);
        }
        let count = facts.len();
        let decision = Decision { at: self.now, trace: None, facts };
        self.write(&decision.encode(Vec::new()), count);
    }

    pub(crate) fn write(&mut self, payload: &[u8], facts: usize) {
        let count = NonZeroU32::new(facts as u32).unwrap();
        self.writer.append(payload, count).unwrap();
        while let Some(request) = self.writer.poll_request() {
            match request {
                DiskRequest::CreateSegment { index, bytes } => {
                    self.files.create_zeroed(&index.file_name(), bytes).unwrap();
                    self.writer.segment_created(index);
                }
                DiskRequest::Write { id, segment, offset, bytes } => {
                    let path = self.files.path().join(segment.file_name());
                    let file = OpenOptions::new().write(true).open(path).unwrap();
                    file.write_all_at(bytes, offset).unwrap();
                    self.writer.written(id);
                }
            }
        }
        let durable = self.facts.gauges.durable() + facts as u64;
        self.facts.gauges.set(durable, durable, [0; 4]);
    }
}

fn club() -> Draft {
    Draft {
        name: "Club night".into(),
        currency: "EUR".parse().unwrap(),
        classes: vec![Class {
            name: "floor".into(),
            price: Amount::from_minor(2_500),
            window: Window { opens_at: Time::ZERO, closes_at: Time::MAX },
            per_buyer: None,
        }],
        quotas: vec![Quota { name: "house".into(), capacity: 10_000, classes: vec![ClassId(0)] }],
        plan: None,
        waitroom: None,
        limits: Limits { per_buyer: 4, per_hold: 4, refuse_orphans: false },
        terms: Terms {
            hold: Span::from_mins(10),
            order: Span::from_mins(15),
            payment_grace: Span::from_mins(5),
        },
    }
}
