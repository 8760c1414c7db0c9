//! The line: who stands where, and how many of those before somebody are still waiting.
//!
//! Indices in the line are given once and never move. A Fenwick tree over them counts who is still
//! there, so leaving, counting the people ahead and finding the k-th in line are O(log n) each and
//! none of them looks at a neighbour. (P. M. Fenwick, "A New Data Structure for Cumulative
//! Frequency Tables", Software: Practice and Experience 24(3), 1994.)

use alloc::vec;
use alloc::vec::Vec;

/// The index of a place that was withdrawn before the line was formed.
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The number of the place at each index.
    numbers: Vec<u32>,
    /// The index of each place.
    index_of: Vec<u32>,
    /// Node `i` (from 1) counts those waiting at the `i & -i` indices that end with `i - 1`.
    tree: Vec<u32>,
}

impl Line {
    /// Forms the line from the numbers of places in their order, all of them waiting. Numbers below
    /// `places` that are not in `order` stand nowhere.
    pub(super) fn new(order: Vec<u32>, places: u32) -> Self {
        let mut index_of = vec![NOWHERE; places as usize];
        for (index, &number) in order.iter().enumerate() {
            index_of[number as usize] = index as u32;
        }
        let tree = (1..=order.len()).map(|node| lowest_bit(node) as u32).collect();
        Self { numbers: order, index_of, tree }
    }

    /// The next place comes to the end of the line. Its number must be the next.
    pub(super) fn append(&mut self, number: u32) {
        debug_assert_eq!(number as usize, self.index_of.len(), "places come in order");
        self.index_of.push(self.numbers.len() as u32);
        self.numbers.push(number);
        let node = self.numbers.len();
        let first = node - lowest_bit(node);
        let mut sum = 1;
        let mut child = node - 1;
        while child > first {
            sum += self.tree[child - 1];
            child -= lowest_bit(child);
        }
        self.tree.push(sum);
    }

    /// A place that is waiting goes out of the line.
    pub(super) fn remove(&mut self, number: u32) {
        let mut node = self.index(number) + 1;
        while node <= self.tree.len() {
            self.tree[node - 1] -= 1;
            node += lowest_bit(node);
        }
    }

    /// How many are waiting ahead of a place that is waiting too.
    pub(super) fn ahead(&self, number: u32) -> u32 {
        let mut node = self.index(number);
        let mut sum = 0;
        while node > 0 {
            sum += self.tree[node - 1];
            node -= lowest_bit(node);
        }
        sum
    }

    /// The number of the place that has exactly `ahead` people waiting ahead of it.
    pub(super) fn nth(&self, ahead: u32) -> Option<u32> {
        let mut left = ahead;
        let mut index = 0;
        let mut step = (self.tree.len() + 1).next_power_of_two();
        while step > 0 {
            if let Some(&count) = self.tree.get(index + step - 1)
                && count <= left
            {
                left -= count;
                index += step;
            }
            step /= 2;
        }
        self.numbers.get(index).copied()
    }

    fn index(&self, number: u32) -> usize {
        let index = self.index_of[number as usize];
        debug_assert_ne!(index, NOWHERE, "place {number} was withdrawn");
        index as usize
    }
}

const fn lowest_bit(node: usize) -> usize {
    node & node.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_counts_as_a_list_does(
            formed in 0u32..40,
            steps in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..120),
        ) {
            let mut list: Vec<u32> = (0..formed).rev().collect();
            let mut line = Line::new(list.clone(), formed);
            let mut next = formed;
            for (joins, at) in steps {
                if joins || list.is_empty() {
                    line.append(next);
                    list.push(next);
                    next += 1;
                } else {
                    line.remove(list.remove(at.index(list.len())));
                }
                for (ahead, &number) in list.iter().enumerate() {
                    prop_assert_eq!(line.ahead(number), ahead as u32);
                    prop_assert_eq!(line.nth(ahead as u32), Some(number));
                }
                prop_assert_eq!(line.nth(list.len() as u32), None);
            }
        }
    }
}
