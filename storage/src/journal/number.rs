//! The names of things in a journal: facts, segments, journals, and the chain through them.

use std::fmt;

/// The number of a fact in its partition, counted from 1 without gaps.
///
/// [`FactNumber::ZERO`] stands before the first fact: "nothing yet".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FactNumber(u64);

impl FactNumber {
    /// Before the first fact.
    pub const ZERO: Self = Self(0);
    /// The first fact of every journal.
    pub const FIRST: Self = Self(1);
    /// Behind every fact: no journal gets there.
    pub const MAX: Self = Self(u64::MAX);

    /// The fact with this number; zero means "before the first".
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The bare number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The fact after this one.
    ///
    /// # Panics
    /// After 2^64 facts, which at a million a second takes half a million years.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The fact before this one, or `ZERO`.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The fact `count` later, unless there is no such number.
    pub const fn checked_add(self, count: u32) -> Option<Self> {
        match self.0.checked_add(count as u64) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

impl fmt::Display for FactNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The CRC-32C of everything up to a fact: two journals with the same chain value at the same fact
/// hold the same records up to it. Seals do not take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chain(pub(crate) u32);

impl Chain {
    /// Where the chain of a journal starts. Taken from its id, so that a record copied from
    /// another journal never fits.
    pub fn start(journal: JournalId) -> Self {
        Self(crc32c::crc32c(&journal.0.to_le_bytes()))
    }

    /// The chain with this value, as it was written down.
    pub const fn new(value: u32) -> Self {
        Self(value)
    }

    /// The bare value, for display and to be written down.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Drawn at random when a journal is created, so that files of two journals cannot be mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JournalId(pub u128);

impl fmt::Display for JournalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Whose journal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The partition it belongs to.
    pub partition: u32,
    /// The journal itself.
    pub journal: JournalId,
}

/// The place of a segment in its journal, counted from 1 without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentIndex(u32);

const SEGMENT_DIGITS: usize = 10;
const SEGMENT_SUFFIX: &str = ".segment";

impl SegmentIndex {
    /// The first segment of every journal.
    pub const FIRST: Self = Self(1);

    /// The bare number.
    pub const fn get(self) -> u32 {
        self.0
    }

    pub(crate) fn new(index: u32) -> Option<Self> {
        // The very last index is not used, so `next` always has an answer.
        (1..u32::MAX).contains(&index).then_some(Self(index))
    }

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// `0000000001.segment`: names sort as the segments do.
    pub fn file_name(self) -> String {
        format!("{:0SEGMENT_DIGITS$}{SEGMENT_SUFFIX}", self.0)
    }

    /// The segment a file name stands for, if it is the name of a segment.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
        if digits.len() != SEGMENT_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok().and_then(Self::new)
    }
}

impl fmt::Display for SegmentIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_found_by_its_file_name_only() {
        assert_eq!(SegmentIndex::FIRST.file_name(), "0000000001.segment");
        assert_eq!(SegmentIndex::from_file_name("0000000042.segment"), Some(SegmentIndex(42)));
        for name in ["42.segment", "+000000042.segment", "0000000000.segment", "0000000042"] {
            assert_eq!(SegmentIndex::from_file_name(name), None, "{name}");
        }
    }
}
