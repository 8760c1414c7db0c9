//! Rows by their keys: as they were found, and as they are now.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// The rows of one table that a batch has to do with. A row that was not found is new.
#[derive(Debug)]
pub(in crate::projection) struct Slots<K, R>(BTreeMap<K, Slot<R>>);

#[derive(Debug)]
struct Slot<R> {
    found: Option<R>,
    now: Option<R>,
}

impl<K, R> Default for Slots<K, R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Copy + Ord, R: Clone + PartialEq> Slots<K, R> {
    /// Takes note of a row that was found.
    pub(in crate::projection) fn found(&mut self, key: K, row: R) {
        self.0.insert(key, Slot { found: Some(row.clone()), now: Some(row) });
    }

    /// A row is there now.
    pub(super) fn put(&mut self, key: K, row: R) {
        let slot = self.0.entry(key).or_insert(Slot { found: None, now: None });
        slot.now = Some(row);
    }

    pub(super) fn get(&self, key: K) -> Option<&R> {
        self.0.get(&key)?.now.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: K) -> Option<&mut R> {
        self.0.get_mut(&key)?.now.as_mut()
    }

    /// A row is no more.
    pub(super) fn take(&mut self, key: K) -> Option<R> {
        self.0.get_mut(&key)?.now.take()
    }

    /// The rows with keys in a range, in order.
    pub(super) fn range(&self, keys: impl RangeBounds<K>) -> impl Iterator<Item = &R> {
        self.0.range(keys).filter_map(|(_, slot)| slot.now.as_ref())
    }

    /// The row with the last key in a range.
    pub(super) fn last(&self, keys: impl RangeBounds<K>) -> Option<&R> {
        self.0.range(keys).next_back()?.1.now.as_ref()
    }

    pub(super) fn range_mut(&mut self, keys: impl RangeBounds<K>) -> impl Iterator<Item = &mut R> {
        self.0.range_mut(keys).filter_map(|(_, slot)| slot.now.as_mut())
    }

    /// What is to be written: rows that are new or not as they were found.
    pub(in crate::projection) fn changed(&self) -> impl Iterator<Item = &R> {
        let changed = self.0.values().filter(|slot| slot.now != slot.found);
        changed.filter_map(|slot| slot.now.as_ref())
    }

    /// What is to be removed: rows that were found and are no more.
    pub(in crate::projection) fn removed(&self) -> impl Iterator<Item = &R> {
        let removed = self.0.values().filter(|slot| slot.now.is_none());
        removed.filter_map(|slot| slot.found.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_as_it_was_found_is_written() {
        let mut slots = Slots::default();
        for (key, row) in [(1, "same"), (2, "old"), (3, "gone")] {
            slots.found(key, row);
        }
        *slots.get_mut(2).unwrap() = "new";
        slots.take(3);
        slots.put(4, "born");
        slots.put(5, "short");
        slots.take(5);
        assert_eq!(slots.changed().collect::<Vec<_>>(), [&"new", &"born"]);
        assert_eq!(slots.removed().collect::<Vec<_>>(), [&"gone"]);
        assert_eq!(slots.get(3), None);
        assert_eq!(slots.get_mut(6), None);
    }
}
