//! The lottery: who came before the opening stands in an order that nobody chose.
//!
//! The seed is committed to before anybody comes, used once, and revealed afterwards, so that
//! anyone can compute the order again. `docs/lottery.md` specifies it to the byte, with an example,
//! and says what it does not protect against. Where the seed comes from is not decided here.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::time::Time;

/// What the order is computed from: 32 bytes of a cryptographic random source, new for each event.
/// Secret until the draw.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LotterySeed(pub [u8; 32]);

impl LotterySeed {
    /// The promise to use this seed and no other.
    pub fn commitment(&self) -> Commitment {
        Commitment(Sha256::digest(self.0).into())
    }
}

/// Says nothing about the seed.
impl fmt::Debug for LotterySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LotterySeed(..)")
    }
}

/// SHA-256 of a [`LotterySeed`]; published before anybody comes. As text: 64 digits of hex.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// The 32 bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A seed that is no secret any more. As text: 64 digits of hex.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RevealedSeed(pub [u8; 32]);

impl fmt::Display for RevealedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, &self.0)
    }
}

impl fmt::Debug for RevealedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Everything that anyone needs to compute the order again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reveal {
    /// What was published beforehand.
    pub commitment: Commitment,
    /// What it was the hash of.
    pub seed: RevealedSeed,
    /// When the order was drawn.
    pub drawn_at: Time,
    /// How many places there were; their numbers are those below.
    pub participants: u32,
    /// The numbers of those that had ended before the draw, rising.
    pub withdrawn: Vec<u32>,
}

impl Reveal {
    /// The numbers of the places in the order drawn, first in line first.
    pub fn order(&self) -> Vec<u32> {
        order(&LotterySeed(self.seed.0), self.participants, &self.withdrawn)
    }
}

/// Computes the order. The `withdrawn` take part in the shuffle and are dropped afterwards: so
/// nobody changes how the others stand to one another by withdrawing.
pub(super) fn order(seed: &LotterySeed, participants: u32, withdrawn: &[u32]) -> Vec<u32> {
    let mut dropped = vec![false; participants as usize];
    for &number in withdrawn {
        dropped[number as usize] = true;
    }
    let mut order = shuffled(seed, participants);
    order.retain(|&number| !dropped[number as usize]);
    order
}

/// Fisher and Yates from the inside out: the newcomer takes a random index among those so far and
/// their own, and who stood there goes to the end.
fn shuffled(seed: &LotterySeed, participants: u32) -> Vec<u32> {
    let mut stream = ChaCha20Rng::from_seed(seed.0);
    let mut order = Vec::with_capacity(participants as usize);
    for number in 0..participants {
        let index = below(stream.next_u64(), u64::from(number) + 1);
        order.push(number);
        order.swap(index, number as usize);
    }
    order
}

/// Maps 64 random bits to 0 up to `bound`: the high half of their product (D. Lemire, "Fast Random
/// Integer Generation in an Interval", 2019). Nothing is rejected, so that every participant uses
/// exactly one number; the bias is below `bound` in 2^64.
fn below(random: u64, bound: u64) -> usize {
    ((u128::from(random) * u128::from(bound)) >> 64) as usize
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}
