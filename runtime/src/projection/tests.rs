//! Read models beside a journal that grows: whoever makes them is cut off, the database goes away,
//! and the journal is not what it should be.

use std::fs::OpenOptions;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;

use onsale_control::database::DatabaseSettings;
use onsale_control::projection::Lag;
use onsale_control::reading::{Asked, Summary, summary};
use onsale_core::Partition;
use onsale_core::command::{Actor, Choice, Command, Request, Wish};
use onsale_core::fact::Decision;
use onsale_core::id::{EventId, PersonId};
use onsale_core::money::Amount;
use onsale_core::spec::{Class, ClassId, Draft, EventSpec, Limits, Quota, Terms, Window};
use onsale_core::time::Span;
use onsale_core::waitroom::LotterySeed;
use onsale_storage::directory::{Directory, FileDirectory};
use onsale_storage::journal::{
    BLOCK_BYTES, Identity, JournalConfig, JournalId, Request as DiskRequest, Tail, Writer,
};
use onsale_testbed::Postgres;
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::config::Keep;
use crate::facts::Floor;
use crate::gauges::Gauges;

const JOURNAL: Journal = Journal(1);

/// A partition that sells a little at a time, and its journal.
struct Sale {
    folder: TempDir,
    files: FileDirectory,
    writer: Writer,
    partition: Partition,
    event: EventId,
    now: Time,
    facts: Facts,
}

impl Sale {
    /// With an event for sale, in a journal of small segments.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = FileDirectory::open(folder.path().join("partition")).unwrap();
        let identity = Identity { partition: 0, journal: JournalId(JOURNAL.0) };
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
    fn sell(&mut self, carts: u64) {
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

    fn write(&mut self, payload: &[u8], facts: usize) {
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

    fn sqlite(&self) -> DatabaseSettings {
        DatabaseSettings::sqlite(&self.folder.path().join("control.db"))
    }
}

/// Read models of a sale, while they are made.
struct Models {
    database: Database,
    progress: Progress,
    task: JoinHandle<()>,
}

impl Models {
    /// A process that makes them, from where an earlier one was.
    async fn of(sale: &Sale, settings: &DatabaseSettings, journal: Journal) -> Self {
        let database = Database::open(settings).unwrap();
        database.migrate().await.unwrap();
        let gauges = Arc::clone(&sale.facts.gauges);
        let progress = Progress::new(1, move |_| gauges.durable());
        let settings = ProjectionSettings { batch_facts_max: 8, ..ProjectionSettings::default() };
        let projection =
            Projection::new(database.clone(), progress.clone(), Clock::from_system(), settings);
        let task = tokio::spawn(projection.run(sale.facts.clone(), journal, 0));
        Self { database, progress, task }
    }

    fn lag(&self) -> Lag {
        self.progress.lags(Time::MAX).next().unwrap()
    }

    /// Waits for something that will be so.
    async fn until(&self, is_so: impl Fn(Lag) -> bool) {
        while !is_so(self.lag()) {
            yield_now().await;
        }
    }

    async fn summary(&self, sale: &Sale) -> Option<Summary> {
        let asked = Asked::now(&self.progress, sale.now, Some(sale.event));
        let (as_of, summary) = summary(&self.database, &asked, sale.event).await.unwrap();
        assert_eq!(as_of.facts_behind == 0, as_of.fact == Some(sale.partition.applied()));
        summary
    }

    /// Ends it as a kill would, wherever it is.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
        self.database.close().await;
    }
}

async fn carts(models: &Models, sale: &Sale) -> u64 {
    models.progress.caught_up(None).await;
    models.summary(sale).await.unwrap().funnel.holds_taken.unsigned_abs()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_at_any_moment_goes_on_and_every_fact_counts_once() {
    counts_once(Sale::sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_postgresql_every_fact_counts_once_as_well() {
    let postgres = Postgres::start().unwrap();
    let url = format!("{}/postgres", postgres.url());
    counts_once(|_| DatabaseSettings::of(url)).await;
}

async fn counts_once(settings: impl FnOnce(&Sale) -> DatabaseSettings) {
    const KILLS: u64 = 12;
    let mut sale = Sale::new();
    let settings = settings(&sale);
    for kill in 0..KILLS {
        let models = Models::of(&sale, &settings, JOURNAL).await;
        sale.sell(20);
        // Each time a little further on.
        models.until(|lag| lag.facts_taken >= kill || lag.facts == 0).await;
        models.kill().await;
    }
    let models = Models::of(&sale, &settings, JOURNAL).await;
    assert_eq!(carts(&models, &sale).await, 20 * KILLS);
    sale.sell(1);
    assert_eq!(carts(&models, &sale).await, 20 * KILLS + 1);
    let needed = sale.facts.floor.keep_from().get();
    assert_eq!(needed, sale.partition.applied() + 1, "what was taken in may go");
    models.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_facts_wait_and_none_is_lost() {
    let mut postgres = Postgres::start().unwrap();
    let settings = DatabaseSettings::of(format!("{}/postgres", postgres.url()));
    let settings = DatabaseSettings { acquire_timeout: Duration::from_millis(200), ..settings };
    let mut sale = Sale::new();
    let models = Models::of(&sale, &settings, JOURNAL).await;
    sale.sell(30);
    assert_eq!(carts(&models, &sale).await, 30);
    postgres.kill();
    sale.sell(30);
    models.until(|lag| lag.errors > 0).await;
    let lag = models.lag();
    assert!(lag.facts == 30 && !lag.is_stopped && lag.since > Span::ZERO, "{lag:?}");
    postgres.start_again().unwrap();
    assert_eq!(carts(&models, &sale).await, 60);
    models.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_nobody_knows_stops_it_and_is_not_passed_over() {
    let mut sale = Sale::new();
    sale.sell(5);
    // As a newer program might write it.
    sale.write(&[0xff; 40], 1);
    let settings = sale.sqlite();
    let models = Models::of(&sale, &settings, JOURNAL).await;
    models.until(|lag| lag.is_stopped).await;
    let lag = models.lag();
    assert_eq!((lag.facts, lag.errors), (1, 1), "what came before it is taken in: {lag:?}");
    assert!(models.progress.is_behind(sale.now, Span::from_mins(60)));
    sale.sell(1);
    assert_eq!(models.lag().facts, 2);
    models.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_models_of_another_journal_are_left_as_they_are() {
    let mut sale = Sale::new();
    sale.sell(5);
    let settings = sale.sqlite();
    let models = Models::of(&sale, &settings, JOURNAL).await;
    assert_eq!(carts(&models, &sale).await, 5);
    models.kill().await;
    let stranger = Models::of(&sale, &settings, Journal(2)).await;
    sale.sell(1);
    stranger.until(|lag| lag.is_stopped).await;
    let left = stranger.summary(&sale).await.unwrap();
    assert_eq!(left.funnel.holds_taken, 5);
    stranger.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_journal_is_noticed() {
    let mut sale = Sale::new();
    sale.sell(5);
    let settings = sale.sqlite();
    let models = Models::of(&sale, &settings, JOURNAL).await;
    assert_eq!(carts(&models, &sale).await, 5);
    models.kill().await;
    sale.facts.gauges = Arc::default();
    sale.facts.gauges.set(3, 3, [0; 4]);
    let models = Models::of(&sale, &settings, JOURNAL).await;
    models.until(|lag| lag.is_stopped).await;
    models.kill().await;
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
