//! How large things in a journal may get.

use super::error::ConfigError;
use super::format::BLOCK_BYTES;

/// The bounds of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalConfig {
    /// Length of a segment file: a multiple of 4096, from 16 KiB to 1 GiB.
    pub segment_bytes: u64,
    /// Most bytes in one write, unless a single record needs more. At least 4096.
    pub batch_bytes_max: usize,
    /// Most writes under way at once.
    pub writes_in_flight: usize,
    /// Most bytes of records that wait for a write. A record that finds the queue empty is always
    /// taken.
    pub queued_bytes_max: usize,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 16 << 20,
            batch_bytes_max: 256 << 10,
            writes_in_flight: 4,
            queued_bytes_max: 8 << 20,
        }
    }
}

impl JournalConfig {
    const SEGMENT_BYTES_MIN: u64 = 4 * BLOCK_BYTES as u64;
    const SEGMENT_BYTES_MAX: u64 = 1 << 30;

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let segment_range = Self::SEGMENT_BYTES_MIN..=Self::SEGMENT_BYTES_MAX;
        let whole_blocks = self.segment_bytes.is_multiple_of(BLOCK_BYTES as u64);
        if !segment_range.contains(&self.segment_bytes) || !whole_blocks {
            return Err(ConfigError::SegmentBytes(self.segment_bytes));
        }
        if self.batch_bytes_max < BLOCK_BYTES {
            return Err(ConfigError::BatchBytes(self.batch_bytes_max));
        }
        if self.queued_bytes_max < self.batch_bytes_max {
            return Err(ConfigError::QueuedBytes(self.queued_bytes_max));
        }
        if self.writes_in_flight == 0 {
            return Err(ConfigError::WritesInFlight);
        }
        Ok(())
    }

    /// What a segment holds beside its header.
    pub(crate) fn segment_capacity_bytes(&self) -> usize {
        self.segment_bytes as usize - BLOCK_BYTES
    }

    /// The longest batch of several records: whole blocks that fit into a segment.
    pub(crate) fn batch_bytes_max_in_segment(&self) -> usize {
        let whole_blocks = self.batch_bytes_max / BLOCK_BYTES * BLOCK_BYTES;
        whole_blocks.min(self.segment_capacity_bytes())
    }
}
