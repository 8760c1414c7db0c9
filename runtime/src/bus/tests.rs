//! Publishing beside a journal that grows: the sink goes away and comes back, whoever publishes is
//! cut off, and the journal is not what it should be.

use std::path::Path;
use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use onsale_control::projection::Lag;
use onsale_core::id::PartitionId;
use onsale_storage::journal::JournalId;
use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::config::Keep;
use crate::facts::Floor;
use crate::gauges::Gauges;
use crate::selling::{JOURNAL, Sale};

/// What a sink has got, and how it behaves.
#[derive(Default)]
struct Shop {
    /// The number of each fact, in the order in which they came.
    got: Vec<u64>,
    /// How many events it takes before it fails; `None` if it does not.
    takes: Option<usize>,
    is_gone: bool,
    /// Whether what it has got can be lost.
    is_unsettled: bool,
}

/// A sink that the test looks into.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Shop>>);

impl Fake {
    fn shop(&self) -> std::sync::MutexGuard<'_, Shop> {
        self.0.lock().unwrap()
    }

    fn got(&self) -> Vec<u64> {
        self.shop().got.clone()
    }

    /// What it has got, each at its first time: what came twice was passed over.
    fn first_times(&self) -> Vec<u64> {
        let mut seen = Vec::new();
        for fact in self.got() {
            if !seen.contains(&fact) {
                seen.push(fact);
            }
        }
        seen
    }
}

impl Sink for Fake {
    fn deliver<'a>(&'a mut self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        async move {
            // Others get their turn, as they do with a sink that is elsewhere.
            yield_now().await;
            let mut shop = self.0.lock().unwrap();
            let taken = shop.takes.unwrap_or(usize::MAX).min(events.len());
            if let Some(takes) = &mut shop.takes {
                *takes -= taken;
            }
            shop.got.extend(events[..taken].iter().map(|event| event.fact));
            match taken {
                _ if shop.is_gone => {
                    Err(SinkError::Permanent { delivered: taken, why: "gone".to_owned() })
                }
                taken if taken < events.len() => Err(SinkError::temporary(taken, &"away")),
                _ => Ok(()),
            }
        }
        .boxed()
    }

    fn settle(&mut self) -> BoxFuture<'_, Result<(), SinkError>> {
        let is_unsettled = self.shop().is_unsettled;
        let outcome = if is_unsettled { Err(SinkError::temporary(0, &"full")) } else { Ok(()) };
        std::future::ready(outcome).boxed()
    }
}

/// Publishing of a sale, while it goes on.
struct Publishing {
    progress: Progress,
    cursor: CursorFile,
    task: JoinHandle<()>,
}

impl Publishing {
    /// A process that publishes, from where an earlier one was.
    fn of(sale: &Sale, sink: &Fake, journal: JournalId, topics: &[Topic]) -> Self {
        Self::following(sale, 0, cursor(sale.folder.path(), journal), sink, topics)
    }

    /// A second sink of the same sale.
    fn beside(sale: &Sale, sink: &Fake) -> Self {
        let folder = sale.folder.path().join("beside");
        std::fs::create_dir(&folder).unwrap();
        Self::following(sale, 1, cursor(&folder, JOURNAL), sink, &[])
    }

    fn following(
        sale: &Sale,
        follower: usize,
        cursor: CursorFile,
        sink: &Fake,
        topics: &[Topic],
    ) -> Self {
        let gauges = Arc::clone(&sale.facts.gauges);
        let progress = Progress::new(1, move |_| gauges.durable());
        let publisher = Publisher {
            name: "shop".into(),
            facts: sale.facts.clone(),
            follower,
            cursor: cursor.clone(),
            beginning: Beginning::First,
            sink: Box::new(sink.clone()),
            schedule: Schedule::new(Vec::new()),
            topics: topics.into(),
            progress: progress.clone(),
            clock: Clock::from_system(),
        };
        Self { progress, cursor, task: tokio::spawn(publisher.run()) }
    }

    fn start(sale: &Sale, sink: &Fake) -> Self {
        Self::of(sale, sink, JOURNAL, &[])
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

    /// Waits until the cursor is there.
    async fn saved(&self, fact: u64) {
        let fact_of = |cursor: Cursor| cursor.bookmark.fact.get();
        while self.cursor.read().unwrap().map_or(0, fact_of) < fact {
            yield_now().await;
        }
    }

    /// Ends it as a kill would, wherever it is.
    async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

fn cursor(folder: &Path, journal: JournalId) -> CursorFile {
    CursorFile::new(folder.to_owned(), PartitionId::FIRST, journal)
}

/// Waits until the journal need not keep what comes before `fact`, a moment after it was written
/// down.
async fn kept_from(sale: &Sale, fact: u64) {
    while sale.facts.floor.keep_from().get() != fact {
        yield_now().await;
    }
}

fn all(sale: &Sale) -> Vec<u64> {
    (1..=sale.partition.applied()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_that_was_away_gets_everything_in_order_and_once() {
    let mut sale = Sale::new();
    let sink = Fake::default();
    let publishing = Publishing::start(&sale, &sink);
    sale.sell(10);
    publishing.progress.caught_up(None).await;
    sink.shop().takes = Some(3);
    sale.sell(700);
    publishing.until(|lag| lag.errors > 5).await;
    let lag = publishing.lag();
    assert!(lag.facts == 697 && !lag.is_stopped, "{lag:?}");
    // It comes back for a moment.
    sink.shop().takes = Some(100);
    publishing.until(|lag| lag.facts <= 597).await;
    sink.shop().takes = None;
    publishing.progress.caught_up(None).await;
    assert_eq!(sink.got(), all(&sale), "what was delivered was not delivered again");
    assert_eq!(publishing.lag().rows, sale.partition.applied());
    publishing.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_at_any_moment_leaves_out_nothing() {
    const KILLS: u64 = 12;
    let mut sale = Sale::new();
    let sink = Fake::default();
    for kill in 0..KILLS {
        let publishing = Publishing::start(&sale, &sink);
        sale.sell(20);
        // Each time a little further on; the cursor is seldom written by then.
        publishing.until(|lag| lag.facts_taken >= kill || lag.facts == 0).await;
        publishing.kill().await;
    }
    let publishing = Publishing::start(&sale, &sink);
    sale.sell(1);
    publishing.progress.caught_up(None).await;
    assert_eq!(sink.first_times(), all(&sale));
    assert!(sink.got().len() > sink.first_times().len(), "a kill had something delivered twice");
    publishing.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_down_is_not_delivered_again_and_the_journal_may_forget_it() {
    let mut sale = Sale::new();
    let sink = Fake::default();
    let publishing = Publishing::start(&sale, &sink);
    sale.sell(50);
    publishing.saved(sale.partition.applied()).await;
    kept_from(&sale, sale.partition.applied() + 1).await;
    publishing.kill().await;
    let publishing = Publishing::start(&sale, &sink);
    sale.sell(1);
    publishing.until(|lag| lag.facts_taken == 1).await;
    assert_eq!(sink.got(), all(&sale));
    publishing.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_forgotten_that_the_sink_may_still_lose() {
    let mut sale = Sale::new();
    let sink = Fake::default();
    sink.shop().is_unsettled = true;
    let publishing = Publishing::start(&sale, &sink);
    sale.sell(5);
    publishing.until(|lag| lag.facts == 0 && lag.errors > 0).await;
    assert_eq!(sale.facts.floor.keep_from().get(), 1);
    assert_eq!(publishing.cursor.read().unwrap(), None);
    sink.shop().is_unsettled = false;
    publishing.saved(sale.partition.applied()).await;
    publishing.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_gone_stops_and_holds_nobody_else_up() {
    let mut sale = Sale::new();
    sale.facts.floor = Floor::new(Keep::Needed, 2);
    let (gone, other) = (Fake::default(), Fake::default());
    *gone.shop() = Shop { takes: Some(2), is_gone: true, ..Shop::default() };
    let publishing = Publishing::start(&sale, &gone);
    publishing.until(|lag| lag.is_stopped).await;
    sale.sell(9);
    let going = Publishing::beside(&sale, &other);
    going.saved(sale.partition.applied()).await;
    publishing.task.await.unwrap();
    assert_eq!((gone.got(), other.got()), (vec![1, 2], all(&sale)));
    // What it has not got is kept for it.
    kept_from(&sale, 3).await;
    going.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wants_some_topics_gets_those_and_is_not_behind_for_the_others() {
    let mut sale = Sale::new();
    let sink = Fake::default();
    let publishing = Publishing::of(&sale, &sink, JOURNAL, &[Topic::Order]);
    sale.sell(20);
    publishing.saved(sale.partition.applied()).await;
    assert!(sink.got().is_empty());
    assert_eq!((publishing.lag().facts, publishing.lag().rows), (0, 0));
    publishing.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_nobody_knows_stops_it_and_is_not_passed_over() {
    let mut sale = Sale::new();
    sale.sell(5);
    // As a newer program might write it.
    sale.write(&[0xff; 40], 1);
    let sink = Fake::default();
    let publishing = Publishing::start(&sale, &sink);
    publishing.until(|lag| lag.is_stopped).await;
    assert_eq!(sink.got(), all(&sale), "what came before it is delivered");
    publishing.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_journal_and_an_older_copy_are_noticed() {
    let mut sale = Sale::new();
    sale.sell(5);
    let sink = Fake::default();
    let publishing = Publishing::start(&sale, &sink);
    publishing.saved(sale.partition.applied()).await;
    publishing.kill().await;
    let stranger = Publishing::of(&sale, &sink, JournalId(2), &[]);
    stranger.until(|lag| lag.is_stopped).await;
    stranger.kill().await;
    sale.facts.gauges = Arc::<Gauges>::default();
    sale.facts.gauges.set(3, 3, [0; 4]);
    let older = Publishing::start(&sale, &sink);
    older.until(|lag| lag.is_stopped).await;
    older.kill().await;
    assert_eq!(sink.got(), all(&sale));
}
