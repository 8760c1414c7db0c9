//! How far the read models are behind the sale, partition by partition. Whoever takes facts in
//! says so here; whoever shows it, or waits for it, looks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

use onsale_core::id::PartitionId;
use onsale_core::time::{Span, Time};
use tokio::sync::watch;

use super::{Checkpoint, Projected};

/// The progress with all partitions. A cheap handle; by default there are none.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    partitions: Arc<[Partition]>,
    durable: Durable,
}

/// What says how many facts of a partition are on disk.
#[derive(Clone)]
struct Durable(Arc<dyn Fn(PartitionId) -> u64 + Send + Sync>);

/// The progress with one partition.
#[derive(Debug)]
struct Partition {
    /// The last fact that was taken in.
    taken: watch::Sender<u64>,
    /// Nothing that happened before is missing, unless it is zero: then nothing is.
    behind_since_ms: AtomicU64,
    /// Whether nothing more will be taken in until somebody looks into it.
    is_stopped: AtomicBool,
    facts: AtomicU64,
    rows: AtomicU64,
    errors: AtomicU64,
}

/// The progress with one partition at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// How many durable facts were not taken in yet.
    pub facts: u64,
    /// How long ago the oldest of them happened, at most.
    pub since: Span,
    /// Whether nothing more will be taken in until somebody looks into it.
    pub is_stopped: bool,
    /// How many facts were taken in since the start.
    pub facts_taken: u64,
    /// How many rows were written or removed since the start.
    pub rows: u64,
    /// How often taking something in has failed since the start.
    pub errors: u64,
}

impl Progress {
    /// The progress with so many partitions, of which `durable` says how many facts are on disk.
    pub fn new(
        partitions: u16,
        durable: impl Fn(PartitionId) -> u64 + Send + Sync + 'static,
    ) -> Self {
        let partitions = (0..partitions).map(|_| Partition::new()).collect();
        Self { partitions, durable: Durable(Arc::new(durable)) }
    }

    /// Facts are taken in behind a checkpoint.
    pub fn began(&self, at: &Checkpoint) {
        let Some(partition) = self.of(at.partition) else { return };
        partition.taken.send_replace(at.fact);
        partition.is_stopped.store(false, Relaxed);
    }

    /// There is something new to take in.
    pub fn fell_behind(&self, partition: PartitionId, now: Time) {
        let Some(partition) = self.of(partition) else { return };
        let behind = &partition.behind_since_ms;
        // Whoever was behind already is so for longer.
        let _ = behind.compare_exchange(0, now.as_ms().max(1), Relaxed, Relaxed);
    }

    /// A batch was taken in.
    pub fn took(&self, projected: &Projected) {
        let Projected { checkpoint, facts, rows } = projected;
        let Some(partition) = self.of(checkpoint.partition) else { return };
        let is_behind = self.durable(checkpoint.partition) > checkpoint.fact;
        // Facts are in order of time, so what is missing is no older than what was taken in.
        let since_ms = if is_behind { checkpoint.at.as_ms() } else { 0 };
        partition.behind_since_ms.store(since_ms, Relaxed);
        partition.facts.fetch_add(*facts, Relaxed);
        partition.rows.fetch_add(*rows, Relaxed);
        partition.taken.send_replace(checkpoint.fact);
    }

    /// Taking something in has failed, and is tried again.
    pub fn failed(&self, partition: PartitionId, now: Time) {
        let Some(found) = self.of(partition) else { return };
        found.errors.fetch_add(1, Relaxed);
        let taken = *found.taken.borrow();
        if taken < self.durable(partition) {
            self.fell_behind(partition, now);
        }
    }

    /// Nothing more is taken in until somebody looks into it.
    pub fn stopped(&self, partition: PartitionId, now: Time) {
        self.failed(partition, now);
        if let Some(partition) = self.of(partition) {
            partition.is_stopped.store(true, Relaxed);
        }
    }

    /// How many facts of a partition are on disk.
    pub fn durable(&self, partition: PartitionId) -> u64 {
        (self.durable.0)(partition)
    }

    /// The partitions whose read models are made here.
    pub fn partitions(&self) -> impl Iterator<Item = PartitionId> + use<> {
        (0..self.partitions.len() as u16).filter_map(PartitionId::new)
    }

    /// How far each partition's read models are behind.
    pub fn lags(&self, now: Time) -> impl Iterator<Item = Lag> {
        self.partitions().zip(self.partitions.iter()).map(move |(id, partition)| {
            let behind_since_ms = partition.behind_since_ms.load(Relaxed);
            let facts = self.durable(id).saturating_sub(*partition.taken.borrow());
            let is_behind = facts > 0 && behind_since_ms > 0;
            Lag {
                facts,
                since: now.since(if is_behind { Time::from_ms(behind_since_ms) } else { now }),
                is_stopped: partition.is_stopped.load(Relaxed),
                facts_taken: partition.facts.load(Relaxed),
                rows: partition.rows.load(Relaxed),
                errors: partition.errors.load(Relaxed),
            }
        })
    }

    /// Whether some read models are so long behind, or stopped.
    pub fn is_behind(&self, now: Time, by: Span) -> bool {
        self.lags(now).any(|lag| lag.is_stopped || lag.since >= by)
    }

    /// Waits until everything that is durable now is taken in: of a partition, or of all. Without
    /// an end, where nothing takes it in.
    pub async fn caught_up(&self, partition: Option<PartitionId>) {
        for (id, durable) in self.all_durable(partition) {
            let Some(partition) = self.of(id) else { continue };
            // The sender lives as long as this does.
            let _ = partition.taken.subscribe().wait_for(|taken| *taken >= durable).await;
        }
    }

    /// How many facts are on disk now, of a partition or of each.
    pub(crate) fn all_durable(&self, only: Option<PartitionId>) -> Vec<(PartitionId, u64)> {
        let wanted = self.partitions().filter(|id| only.is_none_or(|only| only == *id));
        wanted.map(|id| (id, self.durable(id))).collect()
    }

    fn of(&self, partition: PartitionId) -> Option<&Partition> {
        self.partitions.get(usize::from(partition.number()))
    }
}

impl Partition {
    fn new() -> Self {
        Self {
            taken: watch::Sender::new(0),
            behind_since_ms: AtomicU64::new(0),
            is_stopped: AtomicBool::new(false),
            facts: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            errors: AtomicU64::new(0),
        }
    }
}

impl Default for Durable {
    fn default() -> Self {
        Self(Arc::new(|_| 0))
    }
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Durable")
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use crate::projection::Journal;

    const NOW: Time = Time::from_ms(10_000);

    /// One partition with ten durable facts.
    fn progress() -> Progress {
        Progress::new(1, |_| 10)
    }

    fn taken(fact: u64) -> Projected {
        let beginning = Checkpoint::beginning(PartitionId::FIRST, Journal(1));
        let checkpoint = Checkpoint { fact, at: Time::from_ms(fact * 1_000), ..beginning };
        Projected { checkpoint, facts: 2, rows: 5 }
    }

    fn lag(progress: &Progress) -> Lag {
        progress.lags(NOW).next().unwrap()
    }

    #[test]
    fn how_far_it_is_behind_is_known_in_facts_and_in_time() {
        let progress = progress();
        progress.fell_behind(PartitionId::FIRST, Time::from_ms(9_500));
        progress.fell_behind(PartitionId::FIRST, NOW);
        let Lag { facts, since, .. } = lag(&progress);
        assert_eq!((facts, since), (10, Span::from_ms(500)));
        progress.took(&taken(8));
        let expected = Lag {
            facts: 2,
            since: Span::from_secs(2),
            is_stopped: false,
            facts_taken: 2,
            rows: 5,
            errors: 0,
        };
        assert_eq!(lag(&progress), expected);
        assert!(progress.is_behind(NOW, Span::from_secs(2)));
        assert!(!progress.is_behind(NOW, Span::from_secs(3)));
        progress.took(&taken(10));
        assert_eq!((lag(&progress).facts, lag(&progress).since), (0, Span::ZERO));
    }

    #[test]
    fn whoever_has_stopped_is_behind_however_little_is_missing() {
        let progress = progress();
        progress.took(&taken(10));
        progress.stopped(PartitionId::FIRST, NOW);
        assert!(progress.is_behind(NOW, Span::from_mins(60)));
        assert_eq!(lag(&progress).errors, 1);
        progress.began(&taken(10).checkpoint);
        assert!(!progress.is_behind(NOW, Span::from_mins(60)));
    }

    #[test]
    fn a_database_that_is_away_leaves_the_models_behind_by_as_long_as_it_is_looked_for() {
        let progress = progress();
        progress.failed(PartitionId::FIRST, Time::from_ms(4_000));
        progress.failed(PartitionId::FIRST, Time::from_ms(7_000));
        assert_eq!((lag(&progress).facts, lag(&progress).since), (10, Span::from_secs(6)));
        progress.took(&taken(10));
        // Nothing is missing, so nobody is behind.
        progress.failed(PartitionId::FIRST, NOW);
        assert_eq!((lag(&progress).since, lag(&progress).errors), (Span::ZERO, 3));
    }

    #[test]
    fn whoever_waits_is_told_once_everything_that_was_durable_is_taken_in() {
        let progress = progress();
        let mut waiting = pin!(progress.caught_up(None));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        progress.took(&taken(9));
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        progress.took(&taken(10));
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }
}
