//! Tokens that were verified or signed lately: a verification costs tens of microseconds, a look-up
//! next to nothing.

use std::collections::HashMap;
use std::mem;

use onsale_core::time::Time;

use super::token::{Access, Checkout};

/// SHA-256 of a token.
pub type TokenDigest = [u8; 32];

/// What a token says; it is good for a while.
pub trait Says: Copy {
    /// From when on it is not good any more.
    fn expires_at(&self) -> Time;
}

impl Says for Access {
    fn expires_at(&self) -> Time {
        self.expires_at
    }
}

impl Says for Checkout {
    fn expires_at(&self) -> Time {
        self.expires_at
    }
}

/// A bounded memory in two halves: when the young half is full it becomes the old one, and what was
/// in the old one and not asked for since is forgotten.
pub struct TokenCache<T> {
    half: usize,
    young: HashMap<TokenDigest, T>,
    old: HashMap<TokenDigest, T>,
}

impl<T: Says> TokenCache<T> {
    /// For at most `capacity` tokens.
    pub fn new(capacity: usize) -> Self {
        Self { half: capacity.div_ceil(2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// What the token says, if it is known and still good at `now`.
    pub fn get(&mut self, digest: &TokenDigest, now: Time) -> Option<T> {
        let is_good = |said: &T| now < said.expires_at();
        if let Some(said) = self.young.get(digest) {
            return Some(*said).filter(is_good);
        }
        let said = self.old.remove(digest).filter(is_good)?;
        self.put(*digest, said);
        Some(said)
    }

    /// What the token says: as it is known, or else as `verify` finds, which is then known.
    pub fn get_or_verify<E>(
        &mut self,
        digest: TokenDigest,
        now: Time,
        verify: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(said) = self.get(&digest, now) {
            return Ok(said);
        }
        let said = verify()?;
        self.put(digest, said);
        Ok(said)
    }

    /// Remembers what a token says that is known to be good.
    pub fn put(&mut self, digest: TokenDigest, said: T) {
        if self.young.len() >= self.half {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(digest, said);
    }
}

#[cfg(test)]
mod tests {
    use onsale_core::id::PersonId;

    use super::*;

    fn access(person: u128) -> Access {
        let (person, expires_at) = (PersonId::from_u128(person), Time::from_ms(1_000));
        Access { person, session: None, expires_at }
    }

    #[test]
    fn an_expired_token_is_not_known_any_more() {
        let mut cache = TokenCache::new(4);
        cache.put([1; 32], access(1));
        assert_eq!(cache.get(&[1; 32], Time::from_ms(999)), Some(access(1)));
        assert_eq!(cache.get(&[1; 32], Time::from_ms(1_000)), None);
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_used() {
        let mut cache = TokenCache::new(8);
        for n in 0..100 {
            cache.put([n; 32], access(u128::from(n)));
            assert!(cache.young.len() + cache.old.len() <= 8);
            assert_eq!(cache.get(&[0; 32], Time::ZERO), Some(access(0)), "in use all the time");
        }
        assert_eq!(cache.get(&[50; 32], Time::ZERO), None);
    }
}
