//! Two cores that share their limits through a real Redis, which is killed and comes back.

use std::sync::Arc;
use std::time::Duration;

use onsale_core::time::{Span, Time};
use onsale_testbed::Redis;
use tokio::time::timeout;

use super::*;
use crate::gateway::class::Class;
use crate::gateway::limit::{ClassLimits, Limiter, Subject, Verdict};

const START: Time = Time::from_ms(1_790_848_800_000);

/// Long enough never to be reached by a test that passes.
const FOREVER: Duration = Duration::from_secs(60);

/// As often as a core reports.
const A_MOMENT: Span = Span::from_ms(REPORT_EVERY_US / 1_000);

/// Cores, and a clock that is set by hand: it hardly moves, as far as buckets go.
struct World {
    redis: Redis,
    shared: SharedLimits,
    cores: Vec<Limiter>,
    now: Time,
}

/// One a minute in the long run, so that nothing comes back while a test runs.
fn settings(burst: u32) -> LimitSettings {
    let limits = ClassLimits { address_per_minute: 1, address_burst: burst, ..Default::default() };
    LimitSettings {
        buy: limits,
        credentials: limits,
        entries_per_core: 64,
        ..LimitSettings::none()
    }
}

fn address(class: Class, bits: u64) -> Bucket {
    Bucket { class, subject: Subject::Address(bits) }
}

impl World {
    async fn new(burst: u32) -> Self {
        let redis = Redis::start().unwrap();
        let settings = settings(burst);
        let (shared, hub) = SharedLimits::new(&settings);
        let client = RedisClient::new(&redis.url(), Duration::from_secs(2)).unwrap();
        tokio::spawn(hub.run(client));
        let core = |_| Limiter::new(&settings, [1, 2], Arc::default(), Some(shared.join()));
        let cores = (0..2).map(core).collect();
        let world = Self { redis, shared, cores, now: START };
        world.until_up(true).await;
        world
    }

    async fn until_up(&self, up: bool) {
        let seen = async {
            while self.shared.metrics.is_up() != up {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(FOREVER, seen).await.expect("it is noticed");
    }

    fn spend(&mut self, core: usize, bucket: Bucket) -> Verdict {
        self.cores[core].spend(bucket, self.now).unwrap()
    }

    /// Has a core say what it has granted, by a request of somebody else a moment later.
    fn report(&mut self, core: usize, somebody: u64) {
        self.now = self.now + A_MOMENT;
        self.spend(core, address(Class::Buy, somebody));
    }

    async fn ask(&self, core: usize, bucket: Bucket) -> Option<Told> {
        self.cores[core].share().unwrap().ask(bucket).await.ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_core_has_granted_another_does_not_grant_again() {
    let mut world = World::new(1_000).await;
    let greedy = address(Class::Buy, 1);
    let alone = (0..2_000).take_while(|_| world.spend(0, greedy).is_granted).count();
    assert_eq!(alone, 1_000);
    let mut elsewhere = 0;
    // Each round the other core grants one and hears, sooner or later, of the thousand.
    while world.spend(1, greedy).is_granted {
        elsewhere += 1;
        assert!(elsewhere < 1_000, "it never heard of the other");
        world.report(0, 2);
        world.report(1, 3);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let verdict = world.spend(1, greedy);
    assert_eq!(verdict.standing.remaining, 0);
    let debt = Duration::from_micros(verdict.standing.next_us);
    assert!(debt > Duration::from_secs(60), "what was granted too much is paid back: {debt:?}");
    assert!(world.spend(1, address(Class::Buy, 4)).is_granted, "nobody else is slowed down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strict_classes_are_exact_over_all_cores() {
    let world = World::new(10).await;
    let guesser = address(Class::Credentials, 1);
    let mut granted = 0;
    for attempt in 0..30 {
        granted += u32::from(world.ask(attempt % 2, guesser).await.unwrap().is_granted);
    }
    assert_eq!(granted, 10);
    let key = "onsale:limit:credentials:address:1";
    let lasts_s: i64 = world.redis.ask(&format!("TTL {key}")).unwrap()[1..].parse().unwrap();
    assert!((500..=602).contains(&lasts_s), "a key goes when its bucket is empty: {lasts_s} s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_waits_for_a_redis_that_is_gone_and_sharing_goes_on_when_it_is_back() {
    let mut world = World::new(10).await;
    let guesser = address(Class::Credentials, 1);
    assert!(world.ask(0, guesser).await.unwrap().is_granted);
    world.redis.kill();
    // The first that asks may be the one that finds out.
    world.ask(0, guesser).await;
    world.until_up(false).await;
    assert_eq!(world.ask(0, guesser).await, None, "an answer at once: nobody knows");
    let buyer = address(Class::Buy, 1);
    let alone = (0..20).take_while(|_| world.spend(0, buyer).is_granted).count();
    assert_eq!(alone, 10, "each core's own limit holds");
    for _ in 0..100 {
        world.report(0, 2);
    }
    let lost = async {
        while world.shared.metrics.unreported.get() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(FOREVER, lost).await.expect("it is counted");

    world.redis.start_again().unwrap();
    world.until_up(true).await;
    let mut granted = 0;
    while granted < 20 && world.ask(granted % 2, guesser).await.unwrap().is_granted {
        granted += 1;
    }
    assert_eq!(granted, 10, "it has forgotten, and counts anew");
    assert!(world.shared.metrics.errors.get() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_stands_still_is_given_up() {
    let world = World::new(10).await;
    world.redis.freeze();
    let guesser = address(Class::Credentials, 1);
    assert_eq!(world.ask(0, guesser).await, None);
    world.until_up(false).await;
    world.redis.thaw();
    world.until_up(true).await;
    while world.ask(0, guesser).await.is_none() {}
}
