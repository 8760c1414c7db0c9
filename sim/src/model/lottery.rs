//! The order of the lottery, by `docs/lottery.md` and nothing else.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The numbers of the places in the order drawn: those below `participants`, without those that had
/// `withdrawn`.
pub(crate) fn order(
    seed: &[u8; 32],
    participants: u32,
    withdrawn: impl Fn(u32) -> bool,
) -> Vec<u32> {
    // Steps 4 and 5 of the page: eight bytes of keystream for each number, little-endian.
    let mut keystream = ChaCha20Rng::from_seed(*seed);
    let mut line: Vec<u32> = Vec::new();
    for n in 0..participants {
        let mut bytes = [0; 8];
        keystream.fill_bytes(&mut bytes);
        let r = u128::from(u64::from_le_bytes(bytes));
        let i = (r * (u128::from(n) + 1)) >> 64;
        line.push(n);
        let end = line.len() - 1;
        line.swap(i as usize, end);
    }
    line.retain(|&n| !withdrawn(n));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_page_comes_out() {
        let seed: [u8; 32] = core::array::from_fn(|byte| byte as u8);
        assert_eq!(order(&seed, 5, |n| n == 3), [1, 0, 4, 2]);
        assert_eq!(order(&seed, 4, |_| false), [1, 0, 3, 2]);
    }
}
