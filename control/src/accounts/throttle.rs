//! How often somebody may guess a password. After a few guesses each must wait twice as long as the
//! last, up to a bound that is short enough to keep nobody out for long: with passwords that take
//! 10^8 guesses, one every half a minute is as good as none.
//!
//! It counts for addresses without an account, too, or it would tell them apart. What it remembers
//! is lost at a restart and not shared between nodes; addresses of the network are limited
//! elsewhere.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use onsale_core::time::{Span, Time};
use sha2::{Digest, Sha256};

/// So many guesses are free: people mistype.
const FREE: u32 = 5;
/// The longest wait.
const WAIT_MAX: Span = Span::from_secs(30);
/// After so long without a guess nothing is held against anybody.
const FORGOTTEN_AFTER: Span = Span::from_mins(15);
/// So many are remembered at most, twice. No more can be hashed while one is to be remembered.
const REMEMBERED_MAX: usize = 65_536;

/// Too many guesses were wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait(pub Span);

/// What is remembered, in two halves: when the young one is full it becomes the old one.
#[derive(Default)]
pub(super) struct Throttle(Mutex<Halves>);

#[derive(Default)]
struct Halves {
    young: HashMap<Key, Guesses>,
    old: HashMap<Key, Guesses>,
}

type Key = [u8; 32];

#[derive(Clone, Copy, Default)]
struct Guesses {
    count: u32,
    last: Time,
}

impl Throttle {
    /// Begins with a guess at whatever is behind `key`. It counts as wrong until it is forgiven, so
    /// that many at once count as many.
    pub(super) fn begin(&self, key: &str, now: Time) -> Result<(), Wait> {
        let key = digest(key);
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = halves.young.get(&key).or_else(|| halves.old.get(&key)).copied();
        let known = known.filter(|known| now.since(known.last) < FORGOTTEN_AFTER);
        let Guesses { count, last } = known.unwrap_or_default();
        let wait = wait_after(count);
        if now < last + wait {
            return Err(Wait((last + wait).since(now)));
        }
        halves.put(key, Guesses { count: count.saturating_add(1), last: now });
        Ok(())
    }

    /// The guess was right: whoever made it knows, and need not guess.
    pub(super) fn forgive(&self, key: &str) {
        let key = digest(key);
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.young.remove(&key);
        halves.old.remove(&key);
    }

    /// Nobody looked whether the guess was right: it was none.
    pub(super) fn take_back(&self, key: &str) {
        let key = digest(key);
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(guesses) = halves.young.get_mut(&key) {
            guesses.count = guesses.count.saturating_sub(1);
        }
    }
}

impl Halves {
    fn put(&mut self, key: Key, guesses: Guesses) {
        if self.young.len() >= REMEMBERED_MAX && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, guesses);
    }
}

fn wait_after(count: u32) -> Span {
    match count.checked_sub(FREE) {
        None => Span::ZERO,
        Some(more) => Span::from_secs(1_u64 << more.min(16)).min(WAIT_MAX),
    }
}

/// Addresses of people are not kept where a count would do.
fn digest(key: &str) -> Key {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Time {
        Time::from_ms(1_000_000 + s * 1_000)
    }

    #[test]
    fn guesses_become_slow_but_never_longer_than_the_bound() {
        let throttle = Throttle::default();
        for _ in 0..FREE {
            assert_eq!(throttle.begin("ada", at(0)), Ok(()));
        }
        let mut now = 0;
        for wait in [1, 2, 4, 8, 16, 30, 30, 30] {
            assert_eq!(throttle.begin("ada", at(now)), Err(Wait(Span::from_secs(wait))));
            now += wait;
            assert_eq!(throttle.begin("ada", at(now)), Ok(()));
        }
        assert_eq!(throttle.begin("bob", at(now)), Ok(()), "each for themselves");
    }

    #[test]
    fn many_at_once_count_as_many() {
        let throttle = Throttle::default();
        let begun = (0..100).filter(|_| throttle.begin("ada", at(0)).is_ok()).count();
        assert_eq!(begun, FREE as usize);
    }

    #[test]
    fn whoever_knows_or_waits_begins_anew() {
        let throttle = Throttle::default();
        let exhaust = |s| while throttle.begin("ada", at(s)).is_ok() {};
        exhaust(0);
        throttle.forgive("ada");
        assert_eq!(throttle.begin("ada", at(0)), Ok(()));
        exhaust(0);
        assert_eq!(throttle.begin("ada", at(15 * 60)), Ok(()));
        assert_eq!(throttle.begin("ada", at(15 * 60)), Ok(()), "all of them are free again");
    }

    #[test]
    fn a_guess_that_nobody_looked_at_does_not_count() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            assert_eq!(throttle.begin("ada", at(0)), Ok(()));
            throttle.take_back("ada");
        }
    }

    #[test]
    fn a_crowd_of_addresses_takes_bounded_room() {
        let throttle = Throttle::default();
        while throttle.begin("ada", at(0)).is_ok() {}
        for number in 0..REMEMBERED_MAX {
            throttle.begin(&number.to_string(), at(0)).unwrap();
        }
        assert!(throttle.begin("ada", at(0)).is_err(), "not forgotten for the sake of so many");
        for number in 0..2 * REMEMBERED_MAX {
            throttle.begin(&format!("more {number}"), at(0)).unwrap();
        }
        let halves = throttle.0.lock().unwrap();
        assert!(halves.young.len() + halves.old.len() <= 2 * REMEMBERED_MAX);
    }
}
