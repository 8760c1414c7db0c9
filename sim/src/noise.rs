//! Chance, split by concern: each stream is drawn from the plan's number, a concern and an index,
//! so that leaving a buyer or a fault out of a plan does not shift what befalls the others.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of chance is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Drawing a plan.
    Plan = 1,
    /// One buyer's requests on their way.
    Network = 2,
    /// One partition's disk.
    Disk = 3,
    /// When one partition gets its turn.
    Turns = 4,
    /// What the payment provider does with one order.
    Provider = 5,
    /// The buyer's own whims.
    Buyer = 6,
    /// What a crash leaves behind.
    Crash = 7,
    /// Whatever is done to files while the server is down.
    Damage = 8,
    /// When one partition's facts are looked at by who follows them.
    Readers = 9,
}

/// A stream of chance.
#[derive(Clone, Debug)]
pub struct Noise(ChaCha8Rng);

impl Noise {
    /// The stream of one concern and index.
    pub fn new(seed: u64, concern: Concern, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(concern as u64).to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 if the bound is.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.number()) * u128::from(bound);
        (product >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// About `mean`, mostly less, now and then several times as much: geometric, in eighths.
    pub fn around(&mut self, mean: u64) -> u64 {
        let mut eighths = self.below(8);
        while eighths < 64 && self.chance(440) {
            eighths += 8;
        }
        mean.saturating_mul(eighths) / 8
    }
}
