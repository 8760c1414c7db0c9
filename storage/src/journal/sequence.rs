//! What must come next in a segment: the one place that knows how batches and records go on from
//! each other. Whoever reads a segment, at once or while it is written, asks it.

use std::ops::Range;

use super::format::{IntactBatch, RECORD_HEADER_BYTES, RecordHeader, RecordKind, SegmentHeader};
use super::number::{Chain, FactNumber, JournalId, SegmentIndex};

/// A place between two records of a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sequence {
    journal: JournalId,
    segment: SegmentIndex,
    /// The fact that comes next, and the chain before it.
    pub next_fact: FactNumber,
    pub chain: Chain,
    next_batch: u64,
    previous_crc: u32,
}

/// A record that came next.
pub(crate) struct Taken {
    /// The decision in it; none in a seal.
    pub decision: Option<Decision>,
    /// Length on disk.
    pub record_bytes: usize,
}

/// One decision.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub first_fact: FactNumber,
    pub last_fact: FactNumber,
    /// The chain after it.
    pub chain: Chain,
    /// Where its payload is, from the start of what it was read from.
    pub payload: Range<usize>,
}

impl Sequence {
    /// The beginning of a segment with this header, which has this CRC.
    pub fn of(header: &SegmentHeader, header_crc: u32) -> Self {
        Self {
            journal: header.identity.journal,
            segment: header.index,
            next_fact: header.first_fact,
            chain: header.chain,
            next_batch: 1,
            previous_crc: header_crc,
        }
    }

    /// Goes on into a batch; answers whether it is the one that must come next.
    pub fn enter(&mut self, batch: &IntactBatch) -> bool {
        let header = &batch.header;
        let follows = header.journal == self.journal
            && header.segment == self.segment
            && header.sequence == self.next_batch
            && header.first_fact == self.next_fact
            && header.durable < self.next_fact
            && header.previous_crc == self.previous_crc
            && header.record_count > 0;
        if follows {
            self.next_batch += 1;
            self.previous_crc = batch.crc;
        }
        follows
    }

    /// Goes on behind the record that begins at `start` of `bytes`, unless it does not come next:
    /// in an intact batch, such a record was never written by this program.
    pub fn take(&mut self, bytes: &[u8], start: usize) -> Option<Taken> {
        let (record, _, crc) = RecordHeader::decode(self.chain, bytes.get(start..)?)?;
        if record.first_fact != self.next_fact {
            return None;
        }
        let decision = match (record.kind, record.fact_count) {
            (RecordKind::Seal, 0) => None,
            (RecordKind::Decision, 1..) => {
                let first_fact = self.next_fact;
                self.next_fact = first_fact.checked_add(record.fact_count)?;
                self.chain = Chain(crc);
                let payload = start + RECORD_HEADER_BYTES;
                Some(Decision {
                    first_fact,
                    last_fact: self.next_fact.previous(),
                    chain: self.chain,
                    payload: payload..payload + record.payload_bytes,
                })
            }
            _ => return None,
        };
        Some(Taken { decision, record_bytes: record.encoded_bytes() })
    }
}
