//! A place to run the binary in, and a journal with a sale in it.

use std::fs::OpenOptions;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command as Process;

use onsale_core::Partition;
use onsale_core::command::{Actor, Choice, Command, Request, Wish};
use onsale_core::fact::Decision;
use onsale_core::id::{EventId, PartitionId, PersonId};
use onsale_core::money::Amount;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, Window};
use onsale_core::time::{Span, Time};
use onsale_core::trace::TraceId;
use onsale_core::waitroom::LotterySeed;
use onsale_runtime::config::Config;
use onsale_runtime::data_directory::DataDirectory;
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{
    BLOCK_BYTES, Identity, JournalConfig, Request as DiskRequest, Tail, Writer,
};
use tempfile::TempDir;

/// When the sale in the journal begins: 2027-01-15T08:00:00Z.
pub const BEGIN: Time = Time::from_ms(1_800_000_000_000);

/// An empty directory to run the binary in.
pub struct Place(TempDir);

/// What a run of the binary came to.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub fn onsale(&self, arguments: &[&str]) -> Outcome {
        self.onsale_with(&[], arguments)
    }

    /// Runs the binary here, with nothing but these variables.
    pub fn onsale_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        let mut process = Process::new(env!("CARGO_BIN_EXE_onsale"));
        process.env_clear().envs(variables.iter().copied());
        let output = process.args(arguments).current_dir(self.0.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The configuration of a data directory here with this many partitions.
    pub fn config(&self, partitions: u16) -> Config {
        let partitions = Some(partitions);
        Config { data: self.path("onsale-data"), partitions, ..Config::default() }
    }
}

impl Outcome {
    /// Fails unless the binary ended with this code and said all of these on standard error, in
    /// one line.
    #[track_caller]
    pub fn refuses(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is missing: {self:?}");
        }
    }

    #[track_caller]
    pub fn succeeds(&self) -> &str {
        assert_eq!((self.code, &*self.err), (Some(0), ""), "{self:?}");
        &self.out
    }
}

/// A data directory of two partitions; the second has a sale in its journal.
pub struct Sold {
    pub place: Place,
    pub event: EventId,
    pub partition: Partition,
    pub files: FileDirectory,
}

/// The partition that has the sale.
pub const SELLING: PartitionId = PartitionId::new(1).unwrap();

/// The trace in which the event is opened.
pub const TRACE: TraceId = TraceId::new(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c).unwrap();

/// Facts of the sale: the event defined, opened, and [`HOLDS`] holds.
pub const FACTS: u64 = 2 + HOLDS;
const HOLDS: u64 = 20;

impl Sold {
    /// Writes the journal as the server does, one block a decision, three decisions a segment.
    pub fn new() -> Self {
        let place = Place::new();
        let data = DataDirectory::open(&place.config(2)).unwrap();
        let partition = u32::from(SELLING.number());
        let identity = Identity { partition, journal: data.journal_id(SELLING) };
        let files = FileDirectory::open(data.partition_path(SELLING)).unwrap();
        let config =
            JournalConfig { segment_bytes: 4 * BLOCK_BYTES as u64, ..JournalConfig::default() };
        let mut writer = Writer::new(config, &Tail::new_journal(identity)).unwrap();
        let event = EventId::new(SELLING, 0).unwrap();
        let partition = Partition::new(SELLING);
        let mut sold = Self { place, event, partition, files };
        for (number, request) in (0..).zip(requests(event)) {
            let at = BEGIN + Span::from_ms(number * 217);
            let (facts, _) = sold.partition.decide(at, &request).unwrap();
            let decision = Decision { at, trace: request.trace, facts };
            for fact in &decision.facts {
                sold.partition.evolve(sold.partition.applied() + 1, at, fact);
            }
            let count = NonZeroU32::new(decision.facts.len() as u32).unwrap();
            writer.append(&decision.encode(Vec::new()), count).unwrap();
            sold.perform(&mut writer);
        }
        assert_eq!(sold.partition.applied(), FACTS);
        sold
    }

    fn perform(&mut self, writer: &mut Writer) {
        while let Some(request) = writer.poll_request() {
            match request {
                DiskRequest::CreateSegment { index, bytes } => {
                    self.files.create_zeroed(&index.file_name(), bytes).unwrap();
                    writer.segment_created(index);
                }
                DiskRequest::Write { id, segment, offset, bytes } => {
                    self.overwrite(&segment.file_name(), offset, bytes);
                    writer.written(id);
                }
            }
        }
    }

    /// Writes into one of the files.
    pub fn overwrite(&self, name: &str, offset: u64, bytes: &[u8]) {
        let file = OpenOptions::new().write(true).open(self.files.path().join(name)).unwrap();
        file.write_all_at(bytes, offset).unwrap();
    }
}

fn requests(event: EventId) -> Vec<Request> {
    let seed = LotterySeed([0xab; 32]);
    let spec = Box::new(EventSpec::parse(club()).unwrap());
    let operator = |command| Request::new(Actor::Operator, command);
    let mut requests = vec![
        operator(Command::DefineEvent { event: None, spec, seed }),
        Request { trace: Some(TRACE), ..operator(Command::OpenEvent(event)) },
    ];
    requests.extend((0..u128::from(HOLDS)).map(|buyer| {
        let wishes = vec![Wish { class: ClassId(0), choice: Choice::Any(2) }];
        let command = Command::TakeHold { event, place: None, wishes };
        Request::new(Actor::Person(PersonId::from_u128(buyer)), command)
    }));
    requests
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
        quotas: vec![Quota { name: "house".into(), capacity: 300, classes: vec![ClassId(0)] }],
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
