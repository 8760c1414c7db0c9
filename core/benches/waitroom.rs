//! What a waitroom costs with a thousand to a million people waiting: the cost of each thing that
//! happens must grow like the logarithm of the line, or not at all. Only the draw looks at
//! everybody; it is compared with the joins that came before it.

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use onsale_core::id::PersonId;
use onsale_core::spec::WaitroomSpec;
use onsale_core::time::{Span, Time};
use onsale_core::waitroom::{EndReason, LotterySeed, Presence, Waitroom};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::hint::black_box;
use std::time::Duration;

const LINES: [u32; 3] = [1_000, 50_000, 1_000_000];
const MILLION: u32 = 1_000_000;
/// Events per measured round: few enough that the line stays about as long as it was.
const ROUND: u32 = 1_000;
const OPENING: Time = Time::from_ms(1_800_000_000_000);

const SPEC: WaitroomSpec = WaitroomSpec {
    doors_at: Time::ZERO,
    opens_at: OPENING,
    slots: 100,
    rate_per_minute: u32::MAX,
    visit: Span::from_mins(15),
    claim: Span::from_mins(1),
    presence: Span::from_mins(5),
};

/// Somebody in no order, as people come.
fn person(number: u32) -> PersonId {
    PersonId::from_u128(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

fn before_the_draw(people: u32) -> Waitroom {
    let mut waitroom = Waitroom::new(SPEC, LotterySeed([7; 32]));
    for number in 0..people {
        waitroom.joined(Time::ZERO, person(number), 2);
    }
    waitroom
}

fn line(people: u32) -> Waitroom {
    let mut waitroom = before_the_draw(people);
    waitroom.drawn(OPENING);
    waitroom
}

/// A copy in which the lists have room to grow, as they have most of the time.
fn in_use(full: &Waitroom) -> Waitroom {
    let mut waitroom = full.clone();
    (0..100).for_each(|_| come_and_go(&mut waitroom));
    waitroom
}

/// One comes, asks for their position and goes.
fn come_and_go(waitroom: &mut Waitroom) {
    let number = waitroom.joined(OPENING, person(waitroom.next_number()), 2);
    black_box(waitroom.ahead(number));
    waitroom.ended(OPENING, number, EndReason::Left);
}

/// One comes, the head is let in and completes.
fn come_and_admit(waitroom: &mut Waitroom, now: Time) {
    waitroom.joined(now, person(waitroom.next_number()), 2);
    let head = waitroom.admissible(now, MILLION, 1)[0];
    waitroom.admitted(now, head, now + SPEC.visit);
    waitroom.ended(now, head, EndReason::Completed);
}

fn events(c: &mut Criterion) {
    let mut group = c.benchmark_group("waitroom");
    group.sample_size(10).warm_up_time(Duration::from_millis(200));
    group
        .measurement_time(Duration::from_millis(200))
        .throughput(Throughput::Elements(ROUND.into()));
    for people in LINES {
        let full = line(people);
        group.bench_function(
            BenchmarkId::new("a thousand times join, ahead, leave", people),
            |b| {
                let round =
                    |waitroom: &mut Waitroom| (0..ROUND).for_each(|_| come_and_go(waitroom));
                b.iter_batched_ref(|| in_use(&full), round, BatchSize::PerIteration);
            },
        );
        group.bench_function(BenchmarkId::new("a thousand times join, admit, end", people), |b| {
            let round = |waitroom: &mut Waitroom| {
                for ms in 0..ROUND {
                    come_and_admit(waitroom, OPENING + Span::from_ms(ms.into()));
                }
            };
            b.iter_batched_ref(|| in_use(&full), round, BatchSize::PerIteration);
        });
    }
}

fn questions(c: &mut Criterion) {
    let mut group = c.benchmark_group("waitroom");
    for people in LINES {
        let full = line(people);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        group.bench_function(BenchmarkId::new("ahead of a random place", people), |b| {
            b.iter(|| full.ahead(rng.next_u32() % people));
        });
        group.bench_function(BenchmarkId::new("estimate for a random place", people), |b| {
            b.iter(|| full.estimate(OPENING, rng.next_u32() % people));
        });
        group.bench_function(BenchmarkId::new("the next hundred", people), |b| {
            b.iter(|| full.admissible(OPENING, MILLION, 100));
        });
        let mut presence = Presence::restarted(SPEC.presence, SPEC.claim, 0..people, OPENING);
        group.bench_function(BenchmarkId::new("a random sign of life", people), |b| {
            b.iter(|| presence.seen(rng.next_u32() % people, OPENING));
        });
    }
}

fn opening(c: &mut Criterion) {
    let mut group = c.benchmark_group("waitroom");
    group.sample_size(10);
    group.bench_function("a million joins", |b| {
        b.iter_batched(|| MILLION, before_the_draw, BatchSize::PerIteration);
    });
    let full = before_the_draw(MILLION);
    group.bench_function("the draw among a million", |b| {
        b.iter_batched_ref(|| full.clone(), |room| room.drawn(OPENING), BatchSize::PerIteration);
    });
    let bytes = postcard::to_allocvec(&line(MILLION)).unwrap_or_default();
    group.bench_function("a million read from a snapshot", |b| {
        b.iter_batched(|| &bytes[..], postcard::from_bytes::<Waitroom>, BatchSize::PerIteration);
    });
}

criterion_group!(benches, events, questions, opening);
criterion_main!(benches);
