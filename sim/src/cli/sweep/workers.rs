//! Threads over seeds. Runs share nothing; what they find is added up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use onsale_sim::invariants::Violation;
use onsale_sim::judged::Judged;
use onsale_sim::sometimes::Sometimes;

/// How often whoever watches is told.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What to run, and when to stop.
pub(super) struct Order {
    pub(super) from: u64,
    pub(super) count: u64,
    pub(super) jobs: usize,
    /// No seed is begun after it.
    pub(super) deadline: Option<Instant>,
    /// Whether to go on after a failure.
    pub(super) keep_going: bool,
    /// The most failures that are kept, those of the lowest seeds.
    pub(super) failures_kept_max: usize,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Swept {
    pub(super) seeds: u64,
    pub(super) failed: u64,
    pub(super) steps: u64,
    pub(super) simulated_us: u64,
    pub(super) reached: Sometimes,
    /// By seed.
    pub(super) failures: BTreeMap<u64, Violation>,
}

/// Who is told how far it is.
pub(super) trait Tell {
    /// So many are done by now.
    fn tell(&mut self, now: Counts, of: u64);
    /// It is over.
    fn finish(&mut self);
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) seeds: u64,
    pub(super) failed: u64,
    pub(super) simulated_us: u64,
}

/// Runs the seeds.
pub(super) fn sweep(
    order: &Order,
    judge: &(dyn Fn(u64) -> Judged + Sync),
    tell: &mut dyn Tell,
) -> Swept {
    let shared = Shared::default();
    let mut swept = Swept::default();
    thread::scope(|scope| {
        let (alive, over) = mpsc::channel::<()>();
        let work = || {
            let alive = alive.clone();
            let (order, shared) = (&*order, &shared);
            scope.spawn(move || {
                let _alive = alive;
                work(order, judge, shared)
            })
        };
        let workers: Vec<_> = (0..order.jobs).map(|_| work()).collect();
        drop(alive);
        while over.recv_timeout(TELL_EVERY) == Err(RecvTimeoutError::Timeout) {
            tell.tell(shared.counts(), order.count);
        }
        tell.finish();
        for worker in workers {
            let part = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            swept.add(part, order.failures_kept_max);
        }
    });
    swept
}

#[derive(Default)]
struct Shared {
    /// How many seeds were begun.
    begun: AtomicU64,
    stopped: AtomicBool,
    counts: Mutex<Counts>,
}

impl Shared {
    fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next seed to run, if there is one.
    fn next(&self, order: &Order) -> Option<u64> {
        let late = order.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late || self.stopped.load(Relaxed) {
            return None;
        }
        let begun = self.begun.fetch_add(1, Relaxed);
        (begun < order.count).then(|| order.from.checked_add(begun)).flatten()
    }

    fn note(&self, judged: &Judged, order: &Order) {
        let failed = judged.violation.is_some();
        if failed && !order.keep_going {
            self.stopped.store(true, Relaxed);
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.seeds += 1;
        counts.failed += u64::from(failed);
        counts.simulated_us += judged.lasted.0;
    }
}

fn work(order: &Order, judge: &(dyn Fn(u64) -> Judged + Sync), shared: &Shared) -> Swept {
    let mut swept = Swept::default();
    while let Some(seed) = shared.next(order) {
        let judged = judge(seed);
        shared.note(&judged, order);
        swept.note(seed, judged, order.failures_kept_max);
    }
    swept
}

impl Swept {
    fn note(&mut self, seed: u64, judged: Judged, failures_kept_max: usize) {
        self.seeds += 1;
        self.steps += judged.steps;
        self.simulated_us += judged.lasted.0;
        self.reached.add(&judged.reached);
        if let Some(violation) = judged.violation {
            self.failed += 1;
            self.failures.insert(seed, violation);
            self.forget_beyond(failures_kept_max);
        }
    }

    fn add(&mut self, other: Self, failures_kept_max: usize) {
        self.seeds += other.seeds;
        self.failed += other.failed;
        self.steps += other.steps;
        self.simulated_us += other.simulated_us;
        self.reached.add(&other.reached);
        self.failures.extend(other.failures);
        self.forget_beyond(failures_kept_max);
    }

    fn forget_beyond(&mut self, max: usize) {
        while self.failures.len() > max {
            self.failures.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onsale_sim::seen::Micros;

    struct Nobody;

    impl Tell for Nobody {
        fn tell(&mut self, _: Counts, _: u64) {}
        fn finish(&mut self) {}
    }

    fn judged(fails: bool) -> Judged {
        let violation = || Violation { invariant: "money", at: Micros(1), what: String::new() };
        let mut reached = Sometimes::default();
        reached.reached("kill");
        Judged {
            violation: fails.then(violation),
            reached,
            lasted: Micros(1_000),
            steps: 2,
            trace: 0,
        }
    }

    fn order(count: u64, keep_going: bool) -> Order {
        Order { from: 100, count, jobs: 3, deadline: None, keep_going, failures_kept_max: 2 }
    }

    #[test]
    fn every_seed_is_run_once_and_added_up() {
        let seeds = Mutex::new(Vec::new());
        let judge = |seed| {
            seeds.lock().unwrap().push(seed);
            judged(false)
        };
        let swept = sweep(&order(50, false), &judge, &mut Nobody);
        let mut seeds = seeds.into_inner().unwrap();
        seeds.sort_unstable();
        assert!(seeds.into_iter().eq(100..150));
        assert_eq!((swept.seeds, swept.steps, swept.simulated_us), (50, 100, 50_000));
        assert_eq!((swept.reached.count("kill"), swept.failed), (50, 0));
    }

    #[test]
    fn it_stops_at_a_failure_unless_told_to_go_on() {
        let judge = |seed| judged(seed >= 103);
        let swept = sweep(&order(1_000_000, false), &judge, &mut Nobody);
        assert!(swept.seeds < 1_000_000 && swept.failed >= 1);
        let swept = sweep(&order(40, true), &judge, &mut Nobody);
        assert_eq!((swept.seeds, swept.failed), (40, 37));
        assert_eq!(swept.failures.into_keys().collect::<Vec<_>>(), [103, 104]);
    }

    #[test]
    fn no_seed_is_begun_after_the_deadline() {
        let order = Order { deadline: Some(Instant::now()), ..order(10, false) };
        assert_eq!(sweep(&order, &|_| judged(false), &mut Nobody).seeds, 0);
    }
}
