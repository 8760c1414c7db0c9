//! A tournament over the benches: at every node, for each party size, the best score below it. The
//! best of any range of benches is found in logarithmic time, and so is a bench brought up to date.
//!
//! A segment tree in one flat array (node 1 is the root, the children of `n` are `2n` and `2n + 1`,
//! the leaves are the second half); any number of leaves will do, as a range is only ever covered
//! by nodes whose leaves lie in it.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// The score of what cannot be.
pub(super) const IMPOSSIBLE: u32 = u32::MAX;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tournament {
    leaves: usize,
    widest: usize,
    /// By node, then by party size from 1.
    scores: Vec<u32>,
}

/// The leaf that won, and its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Winner {
    pub score: u32,
    pub leaf: usize,
}

impl Tournament {
    /// A tournament whose leaves have the scores that `score` writes, for parties of 1 to `widest`.
    pub(super) fn new(
        leaves: usize,
        widest: usize,
        mut score: impl FnMut(usize, &mut [u32]),
    ) -> Self {
        let mut scores = vec![IMPOSSIBLE; 2 * leaves * widest];
        for (leaf, scores) in scores[leaves * widest..].chunks_mut(widest).enumerate() {
            score(leaf, scores);
        }
        let mut this = Self { leaves, widest, scores };
        for node in (1..leaves).rev() {
            this.play(node);
        }
        this
    }

    /// The largest party it knows about.
    pub(super) fn widest(&self) -> usize {
        self.widest
    }

    /// Gives a leaf new scores.
    pub(super) fn update(&mut self, leaf: usize, scores: &[u32]) {
        let mut node = self.leaves + leaf;
        self.scores[node * self.widest..][..self.widest].copy_from_slice(scores);
        while node > 1 {
            node /= 2;
            if !self.play(node) {
                break;
            }
        }
    }

    /// The leaf of the range with the lowest score for a party of 1 to [`Self::widest`]; of equals,
    /// the first. `None` if there is no place for such a party.
    pub(super) fn winner(&self, range: Range<usize>, party: u32) -> Option<Winner> {
        let score = |node: usize| self.scores[node * self.widest + party as usize - 1];
        let (mut from, mut to) = (self.leaves + range.start, self.leaves + range.end);
        // Nodes that cover the range, from its left end inwards and from its right end inwards.
        let (mut left, mut right) = ((IMPOSSIBLE, 0), (IMPOSSIBLE, 0));
        while from < to {
            if from % 2 == 1 {
                if score(from) < left.0 {
                    left = (score(from), from);
                }
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                if score(to) <= right.0 {
                    right = (score(to), to);
                }
            }
            from /= 2;
            to /= 2;
        }
        let (best, mut node) = if right.0 < left.0 { right } else { left };
        if best == IMPOSSIBLE {
            return None;
        }
        while node < self.leaves {
            node = if score(2 * node) == best { 2 * node } else { 2 * node + 1 };
        }
        Some(Winner { score: best, leaf: node - self.leaves })
    }

    /// Sets a node to the better of its children; whether that changed it.
    fn play(&mut self, node: usize) -> bool {
        let (above, below) = self.scores.split_at_mut(2 * node * self.widest);
        let (left, right) = below[..2 * self.widest].split_at(self.widest);
        let mut changed = false;
        for ((score, left), right) in
            above[node * self.widest..][..self.widest].iter_mut().zip(left).zip(right)
        {
            let best = *left.min(right);
            changed |= best != *score;
            *score = best;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn the_first_of_the_lowest_wins_in_every_range_of_every_number_of_leaves() {
        for leaves in 0..=17 {
            let first = |leaf: usize| [leaf as u32 * 7 % 5, IMPOSSIBLE];
            let mut scores: Vec<_> = (0..leaves).map(first).collect();
            let mut tournament =
                Tournament::new(leaves, 2, |leaf, scores| scores.copy_from_slice(&first(leaf)));
            compare(&tournament, &scores);
            for leaf in 0..leaves {
                scores[leaf] = [9 - leaf as u32 % 3, leaf as u32 % 2];
                tournament.update(leaf, &scores[leaf]);
                compare(&tournament, &scores);
            }
        }
    }

    fn compare(tournament: &Tournament, scores: &[[u32; 2]]) {
        for to in 0..=scores.len() {
            for (from, party) in (0..=to).flat_map(|from| [(from, 1), (from, 2)]) {
                let entrants = (from..to).map(|leaf| (scores[leaf][party as usize - 1], leaf));
                let expected = entrants.min().filter(|&(score, _)| score != IMPOSSIBLE);
                let winner = tournament.winner(from..to, party);
                let found = winner.map(|winner| (winner.score, winner.leaf));
                assert_eq!(found, expected, "{from}..{to} of {}", scores.len());
            }
        }
    }
}
