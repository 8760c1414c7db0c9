//! Read models beside a journal that grows: whoever makes them is cut off, the database goes away,
//! and the journal is not what it should be.

use onsale_control::database::DatabaseSettings;
use onsale_control::projection::Lag;
use onsale_control::reading::{Asked, Summary, summary};
use onsale_core::time::Span;
use onsale_testbed::Postgres;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::selling::{self, Sale};

const JOURNAL: Journal = Journal(selling::JOURNAL.0);

fn sqlite(sale: &Sale) -> DatabaseSettings {
    DatabaseSettings::sqlite(&sale.folder.path().join("control.db"))
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
    counts_once(sqlite).await;
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
    let settings = sqlite(&sale);
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
    let settings = sqlite(&sale);
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
    let settings = sqlite(&sale);
    let models = Models::of(&sale, &settings, JOURNAL).await;
    assert_eq!(carts(&models, &sale).await, 5);
    models.kill().await;
    sale.facts.gauges = Arc::default();
    sale.facts.gauges.set(3, 3, [0; 4]);
    let models = Models::of(&sale, &settings, JOURNAL).await;
    models.until(|lag| lag.is_stopped).await;
    models.kill().await;
}
