//! One core's limits: who spends what, and how much memory that takes.

use onsale_core::time::Span;

use super::*;

const NOW: Time = Time::from_ms(1_790_848_800_000);

fn limiter(class: ClassLimits) -> Limiter {
    let settings = LimitSettings { buy: class, entries_per_core: 1_024, ..LimitSettings::none() };
    Limiter::new(&settings, [3, 5], Arc::default(), None)
}

fn three_a_minute() -> Limiter {
    limiter(ClassLimits {
        address_per_minute: 6,
        address_burst: 6,
        person_per_minute: 3,
        person_burst: 3,
    })
}

fn person(number: u128) -> Bucket {
    Bucket { class: Class::Buy, subject: Subject::Person(PersonId::from_u128(number)) }
}

fn address(bits: u64) -> Bucket {
    Bucket { class: Class::Buy, subject: Subject::Address(bits) }
}

fn granted(limiter: &mut Limiter, bucket: Bucket, now: Time) -> usize {
    (0..100).take_while(|_| limiter.spend(bucket, now).unwrap().is_granted).count()
}

#[test]
fn everybody_spends_what_is_theirs_and_nobody_elses() {
    let mut limiter = three_a_minute();
    assert_eq!(granted(&mut limiter, person(1), NOW), 3);
    assert_eq!(granted(&mut limiter, person(2), NOW), 3);
    assert_eq!(granted(&mut limiter, address(1), NOW), 6, "an address is nobody's number");
    assert_eq!(granted(&mut limiter, person(1), NOW), 0);
    let later = NOW + Span::from_secs(20);
    assert_eq!(granted(&mut limiter, person(1), later), 1);
}

#[test]
fn a_refusal_says_when_it_makes_sense_to_come_back() {
    let mut limiter = three_a_minute();
    assert_eq!(granted(&mut limiter, person(1), NOW), 3);
    let refused = limiter.spend(person(1), NOW + Span::from_ms(1)).unwrap();
    assert_eq!(refused.standing.remaining, 0);
    let problem = refused.into_result().unwrap_err();
    assert_eq!(problem.code(), "rate_limited");
    let then = NOW + Span::from_ms(1 + refused.standing.next_us.div_ceil(1_000));
    assert!(limiter.spend(person(1), then).unwrap().is_granted);
}

#[test]
fn a_class_without_limits_is_not_counted() {
    let mut limiter = three_a_minute();
    let bucket = Bucket { class: Class::Read, ..person(1) };
    assert_eq!(limiter.spend(bucket, NOW), None);
}

#[test]
fn distinct_addresses_take_no_more_memory_and_are_counted_when_they_do_not_fit() {
    let mut limiter = three_a_minute();
    for bits in 0..100_000 {
        assert!(limiter.spend(address(bits), NOW).unwrap().is_granted);
    }
    assert_eq!(limiter.table.used(), 1_024);
    assert!(limiter.table.evicted() > 90_000);
}

#[test]
fn what_others_have_granted_counts_here_and_never_makes_it_more() {
    let mut limiter = three_a_minute();
    let told = |is_granted, level_s: u64| Told { is_granted, level_us: level_s * 1_000_000 };
    let verdict = limiter.learn(person(1), told(true, 40), NOW).unwrap();
    assert_eq!(verdict.standing.remaining, 1);
    assert_eq!(granted(&mut limiter, person(1), NOW), 1);
    limiter.learn(person(1), told(true, 1), NOW);
    assert_eq!(granted(&mut limiter, person(1), NOW), 0, "less than is known here");
    assert!(!limiter.learn(person(1), told(false, 90), NOW).unwrap().is_granted);
    assert_eq!(granted(&mut limiter, person(1), NOW + Span::from_secs(49)), 0, "a debt");
    assert_eq!(granted(&mut limiter, person(1), NOW + Span::from_secs(50)), 1);
}

#[test]
fn two_servers_put_their_entries_elsewhere() {
    let tags = |seed| (0..1_000).map(|bits| tag(seed, address(bits))).collect::<Vec<_>>();
    let (one, other) = (tags([1, 2]), tags([3, 4]));
    assert!(one.iter().zip(&other).all(|(one, other)| one != other));
    let mut sets: Vec<_> = one.iter().map(|tag| tag % 256).collect();
    sets.sort_unstable();
    let fullest = sets.chunk_by(|one, other| one == other).map(<[_]>::len).max();
    assert!(fullest < Some(16), "a thousand in 256 sets: {fullest:?}");
}
