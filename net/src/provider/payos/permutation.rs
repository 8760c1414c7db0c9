//! A permutation of the numbers from 1 to 2^53 - 1, by a key: two installations that begin to count
//! at the same number come out at different ones.
//!
//! It is a balanced Feistel network over 54 bits, ten rounds, with HMAC-SHA256 of the round and the
//! half as round function; what comes out beyond the range goes through it again ("cycle walking").
//! Source: NIST SP 800-38G, which builds format-preserving encryption so. Here it is for uniqueness
//! alone: it keeps nothing secret, and the key is none.

use hmac::Mac;

use crate::provider::secret::Secret;

/// The largest number that goes in or comes out: what a double holds exactly.
pub(super) const VALUE_MAX: u64 = (1 << 53) - 1;

const HALF_BITS: u32 = 27;
const HALF_MASK: u64 = (1 << HALF_BITS) - 1;
const ROUNDS: u8 = 10;

/// The permutation of one key.
#[derive(Clone, Debug)]
pub(super) struct Permutation(Secret);

impl Permutation {
    pub(super) fn new(key: Secret) -> Self {
        Self(key)
    }

    /// Where a number from 1 to [`VALUE_MAX`] goes: to another in that range.
    pub(super) fn forth(&self, value: u64) -> u64 {
        walk(value, |value| self.encipher(value))
    }

    /// Where a number from 1 to [`VALUE_MAX`] came from.
    pub(super) fn back(&self, value: u64) -> u64 {
        walk(value, |value| self.decipher(value))
    }

    fn encipher(&self, value: u64) -> u64 {
        let (left, right) = (value >> HALF_BITS, value & HALF_MASK);
        let turn = |(left, right), round| (right, left ^ self.half(round, right));
        let (left, right) = (0..ROUNDS).fold((left, right), turn);
        left << HALF_BITS | right
    }

    fn decipher(&self, value: u64) -> u64 {
        let (left, right) = (value >> HALF_BITS, value & HALF_MASK);
        let turn = |(left, right), round| (right ^ self.half(round, left), left);
        let (left, right) = (0..ROUNDS).rev().fold((left, right), turn);
        left << HALF_BITS | right
    }

    /// The round function: half a value of half a value.
    fn half(&self, round: u8, half: u64) -> u64 {
        let mac = self.0.hmac_sha256().chain_update([round]).chain_update(half.to_le_bytes());
        let [a, b, c, d, ..] = <[u8; 32]>::from(mac.finalize().into_bytes());
        u64::from(u32::from_le_bytes([a, b, c, d])) & HALF_MASK
    }
}

/// Steps from a number in the range until one is in it again. A step permutes 54 bits, so it comes
/// back to where it began, and that is in the range.
fn walk(value: u64, step: impl Fn(u64) -> u64) -> u64 {
    let mut value = step(value);
    while !(1..=VALUE_MAX).contains(&value) {
        value = step(value);
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by(key: [u8; 32]) -> Permutation {
        Permutation::new(Secret::new(key))
    }

    proptest! {
        #[test]
        fn every_number_goes_into_the_range_and_comes_back(key: [u8; 32], value in 1..=VALUE_MAX) {
            let there = by(key).forth(value);
            prop_assert!((1..=VALUE_MAX).contains(&there));
            prop_assert_eq!(by(key).back(there), value);
            let came_from = by(key).back(value);
            prop_assert!((1..=VALUE_MAX).contains(&came_from));
            prop_assert_eq!(by(key).forth(came_from), value);
        }

        #[test]
        fn another_key_leads_elsewhere(key: [u8; 32], other: [u8; 32], value in 1..=VALUE_MAX) {
            prop_assume!(key != other);
            prop_assert_ne!(by(key).forth(value), by(other).forth(value));
        }
    }

    #[test]
    fn what_comes_out_beyond_the_range_goes_on() {
        let permutation = by([7; 32]);
        let beyond = (1..1_000).filter(|&value| permutation.encipher(value) > VALUE_MAX).count();
        assert!((300..700).contains(&beyond), "half of 54 bits is not in 53: {beyond}");
        let ends = [0, VALUE_MAX + 1].map(|end| permutation.decipher(end));
        let into_the_ends = ends.into_iter().filter(|value| (1..=VALUE_MAX).contains(value));
        for value in into_the_ends.chain([1, VALUE_MAX]) {
            assert!((1..=VALUE_MAX).contains(&permutation.forth(value)), "{value}");
        }
    }
}
