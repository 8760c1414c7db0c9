//! When whose bucket will be empty: a table of fixed size. A look-up touches one cache line of it
//! and allocates nothing.
//!
//! A bucket that is empty is as good as none, so nothing is ever removed: its slot is taken by the
//! next that needs one. Where all slots of a set are in use the one that would be empty first is
//! given up: whoever it belonged to has their burst again, early.

/// Slots of one set.
const WAYS: usize = 4;

/// One cache line.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Set([Slot; WAYS]);

#[derive(Clone, Copy, Default)]
struct Slot {
    /// Whose; 0 is nobody's.
    tag: u64,
    /// When the bucket will be empty, in microseconds.
    empty_at_us: u64,
}

/// Buckets by tag: a hash of whose they are.
pub(super) struct Table {
    sets: Box<[Set]>,
    used: u64,
    evicted: u64,
}

impl Table {
    /// For at least so many buckets, of 16 bytes each.
    pub(super) fn new(buckets: usize) -> Self {
        let sets = buckets.div_ceil(WAYS).next_power_of_two();
        Self { sets: vec![Set::default(); sets].into(), used: 0, evicted: 0 }
    }

    /// When the bucket of `tag` will be empty, to be read and set; in the past for one that is not
    /// known.
    pub(super) fn empty_at_us(&mut self, tag: u64, now_us: u64) -> &mut u64 {
        // As many bits as the number of sets, a power of two, has.
        let set = &mut self.sets[tag as usize & (self.sets.len() - 1)].0;
        let known = set.iter().position(|slot| slot.tag == tag);
        let place = known.unwrap_or_else(|| {
            let first = (0..WAYS).min_by_key(|&place| set[place].empty_at_us).unwrap_or_default();
            self.used += u64::from(set[first].tag == 0);
            self.evicted += u64::from(set[first].empty_at_us > now_us);
            set[first] = Slot { tag, empty_at_us: 0 };
            first
        });
        &mut set[place].empty_at_us
    }

    /// Slots that were ever taken.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// Buckets that were given up before they were empty.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_cache_line() {
        assert_eq!(size_of::<Set>(), 64);
    }

    #[test]
    fn buckets_are_kept_apart_and_found_again() {
        let mut table = Table::new(64);
        for tag in 1..=32 {
            *table.empty_at_us(tag, 0) = tag * 100;
        }
        for tag in 1..=32 {
            assert_eq!(*table.empty_at_us(tag, 0), tag * 100);
        }
        assert_eq!((table.used(), table.evicted()), (32, 0));
    }

    #[test]
    fn a_million_strangers_take_no_more_room_and_those_who_spent_most_stay_known() {
        let mut table = Table::new(1_024);
        let heavy = u64::MAX;
        *table.empty_at_us(heavy, 0) = 1_000_000;
        for tag in 1..=1_000_000 {
            *table.empty_at_us(tag, 0) = 1_000;
        }
        assert_eq!(table.sets.len(), 256);
        assert_eq!(table.used(), 1_024);
        assert_eq!(*table.empty_at_us(heavy, 0), 1_000_000);
    }

    #[test]
    fn empty_buckets_make_room_without_being_counted_as_lost() {
        let mut table = Table::new(WAYS);
        for tag in 1..=100 {
            *table.empty_at_us(tag, tag * 10) = tag * 10 + 5;
        }
        assert_eq!(table.evicted(), 0);
    }
}
