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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    const DOCUMENT: &str = include_str!("../../../docs/lottery.md");

    fn counting_seed() -> LotterySeed {
        LotterySeed(core::array::from_fn(|byte| byte as u8))
    }

    fn seed_of(number: u64) -> LotterySeed {
        LotterySeed(Sha256::digest(number.to_le_bytes()).into())
    }

    #[test]
    fn the_documented_example_is_what_happens() {
        let seed = counting_seed();
        let mut stream = ChaCha20Rng::from_seed(seed.0);
        for number in 0..5 {
            let random = stream.next_u64();
            let index = below(random, u64::from(number) + 1);
            let line = format!("{:?}", shuffled(&seed, number + 1));
            let line = line.trim_matches(['[', ']']);
            let row = format!("| {number} | `{random:016x}` | {index} | {line} |");
            assert!(DOCUMENT.contains(&row), "{row}");
        }
        let reveal = format!(
            "{{\n  \"commitment\": \"{}\",\n  \"seed\": \"{}\",\n  \"participants\": 5,\n  \
             \"withdrawn\": [3]\n}}",
            seed.commitment(),
            RevealedSeed(seed.0),
        );
        assert!(DOCUMENT.contains(&reveal), "{reveal}");
        let order = format!("gives the order `{:?}`", order(&seed, 5, &[3]));
        assert!(DOCUMENT.contains(&order), "{order}");
    }

    #[test]
    fn a_seed_is_not_printed_before_it_is_revealed() {
        let seed = LotterySeed([0xab; 32]);
        assert_eq!(format!("{seed:?}"), "LotterySeed(..)");
        assert_eq!(RevealedSeed(seed.0).to_string(), "ab".repeat(32));
        assert_ne!(seed.commitment(), seed_of(0).commitment());
    }

    #[test]
    fn withdrawing_changes_nothing_for_the_others() {
        let seed = counting_seed();
        let everybody = order(&seed, 1_000, &[]);
        let withdrawn: Vec<u32> = (0..1_000).filter(|number| number % 3 == 0).collect();
        let mut rest = everybody;
        rest.retain(|number| number % 3 != 0);
        assert_eq!(order(&seed, 1_000, &withdrawn), rest);
    }

    #[test]
    fn one_more_participant_changes_places_with_one_other_at_most() {
        let seed = counting_seed();
        for count in 0..200 {
            let (fewer, more) = (order(&seed, count, &[]), order(&seed, count + 1, &[]));
            let moved = fewer.iter().zip(&more).filter(|(before, after)| before != after).count();
            assert!(moved <= 1, "the {count}th moved {moved} people");
        }
    }

    /// Chi-square over all 120 orders of 5 people, and over who comes where among 50. The bounds
    /// are those that a fair lottery exceeds once in about a million tries; the seeds are fixed, so
    /// it either does or does not.
    #[test]
    fn every_order_is_equally_likely() {
        let mut orders = alloc::collections::BTreeMap::new();
        for number in 0..12_000 {
            *orders.entry(order(&seed_of(number), 5, &[])).or_insert(0u32) += 1;
        }
        assert_eq!(orders.len(), 120);
        let chi_square = chi_square(orders.values().copied(), 100);
        assert!(chi_square < 205.0, "orders of 5: {chi_square}");

        let mut stands = vec![0; 50 * 50];
        for number in 0..5_000 {
            for (index, person) in order(&seed_of(number), 50, &[]).into_iter().enumerate() {
                stands[index * 50 + person as usize] += 1;
            }
        }
        let chi_square = self::chi_square(stands.into_iter(), 100);
        assert!(chi_square < 2_760.0, "indices of 50: {chi_square}");
    }

    fn chi_square(counts: impl Iterator<Item = u32>, expected: u32) -> f64 {
        let expected = f64::from(expected);
        counts.map(|count| (f64::from(count) - expected).powi(2) / expected).sum()
    }
}
