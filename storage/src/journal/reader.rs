//! Reading one segment: batch after batch, record after record, until its end or the first hole.
//!
//! What a hole means depends on what follows. In a segment with a successor it is damage. In the
//! last one it is a torn tail, unless a batch behind it says that what is missing had been durable.

use std::ops::Range;

use super::error::Damage;
use super::format::{BATCH_HEADER_BYTES, BLOCK_BYTES, IntactBatch, SegmentHeader};
use super::number::{Chain, FactNumber, SegmentIndex};
use super::sequence::{Decision, Sequence};

/// What was found in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSummary {
    /// Which segment.
    pub index: SegmentIndex,
    /// The fact its first decision starts with.
    pub first_fact: FactNumber,
    /// The last fact read from it; one before `first_fact` when it holds none.
    pub last_fact: FactNumber,
    /// Batches read.
    pub batches: u64,
    /// Decisions read.
    pub decisions: u64,
    /// Seals read.
    pub seals: u64,
    /// Bytes from the start of the file to the end of the last batch read.
    pub used_bytes: u64,
    /// Length of the file.
    pub file_bytes: u64,
}

/// What a crash left behind the end of the journal. None of it had been acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// The segment it lies in: the last.
    pub segment: SegmentIndex,
    /// Where the journal ends, in bytes.
    pub offset: u64,
    /// The fact that would have come next.
    pub first_lost: FactNumber,
    /// Whole batches behind the hole that recovery leaves out.
    pub intact_batches_cut: u64,
}

/// How a segment must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedEnd {
    /// At this byte: its successor says so.
    At(u64),
    /// Wherever the crash stopped it: it is the last.
    Anywhere,
}

/// What cannot be read, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub offset: u64,
    pub damage: Damage,
}

pub(crate) struct SegmentReader {
    bytes: Vec<u8>,
    header: SegmentHeader,
    end: ExpectedEnd,
    sequence: Sequence,
    batch: OpenBatch,
    summary: SegmentSummary,
    torn: Option<TornTail>,
}

/// The records of the present batch that are still to be read.
struct OpenBatch {
    records: Range<usize>,
    records_left: u32,
    end: usize,
}

impl SegmentReader {
    /// `bytes` is the whole file; the header is that in its first block.
    pub fn new(bytes: Vec<u8>, header: SegmentHeader, header_crc: u32, end: ExpectedEnd) -> Self {
        let summary = SegmentSummary {
            index: header.index,
            first_fact: header.first_fact,
            last_fact: header.first_fact.previous(),
            batches: 0,
            decisions: 0,
            seals: 0,
            used_bytes: BLOCK_BYTES as u64,
            file_bytes: bytes.len() as u64,
        };
        let records = BLOCK_BYTES..BLOCK_BYTES;
        Self {
            bytes,
            header,
            end,
            sequence: Sequence::of(&header, header_crc),
            batch: OpenBatch { records, records_left: 0, end: BLOCK_BYTES },
            summary,
            torn: None,
        }
    }

    /// The next decision, or `None` at the end of what is valid.
    pub fn next_decision(&mut self) -> Result<Option<Decision>, Fault> {
        loop {
            if self.batch.records_left == 0 && !self.open_batch()? {
                return Ok(None);
            }
            if let Some(decision) = self.next_record()? {
                return Ok(Some(decision));
            }
        }
    }

    /// What was appended with a decision that was read from here.
    pub fn payload(&self, decision: &Decision) -> &[u8] {
        &self.bytes[decision.payload.clone()]
    }

    /// The fact that comes next, and the chain before it.
    pub fn position(&self) -> (FactNumber, Chain) {
        (self.sequence.next_fact, self.sequence.chain)
    }

    pub fn summary(&self) -> SegmentSummary {
        self.summary
    }

    /// What a crash left behind the end, once that was reached.
    pub fn torn(&self) -> Option<TornTail> {
        self.torn
    }

    /// Goes on to the next batch. Answers whether there is one.
    fn open_batch(&mut self) -> Result<bool, Fault> {
        if !self.batch.records.is_empty() {
            return Err(inconsistent(self.batch.records.start));
        }
        let start = self.batch.end;
        let limit = match self.end {
            ExpectedEnd::At(end) => end as usize,
            ExpectedEnd::Anywhere => self.bytes.len(),
        };
        if start >= limit {
            return if start == limit { Ok(false) } else { Err(inconsistent(start)) };
        }
        let Some(batch) = IntactBatch::decode(&self.bytes[start..]) else {
            return self.end_at_hole(start);
        };
        if !self.sequence.enter(&batch) {
            return Err(inconsistent(start));
        }
        let records_start = start + BATCH_HEADER_BYTES;
        self.batch = OpenBatch {
            records: records_start..records_start + batch.content_bytes,
            records_left: batch.header.record_count,
            end: start + batch.padded_bytes(),
        };
        self.summary.batches += 1;
        self.summary.used_bytes = self.batch.end as u64;
        Ok(true)
    }

    /// The next record of the present batch, unless that is a seal.
    fn next_record(&mut self) -> Result<Option<Decision>, Fault> {
        let Range { start, end } = self.batch.records;
        let taken = self.sequence.take(&self.bytes[..end], start);
        let taken = taken.ok_or_else(|| inconsistent(start))?;
        self.batch.records.start += taken.record_bytes;
        self.batch.records_left -= 1;
        match &taken.decision {
            Some(decision) => {
                self.summary.decisions += 1;
                self.summary.last_fact = decision.last_fact;
            }
            None => self.summary.seals += 1,
        }
        Ok(taken.decision)
    }

    fn end_at_hole(&mut self, hole: usize) -> Result<bool, Fault> {
        if let ExpectedEnd::At(end_bytes) = self.end {
            return Err(Fault { offset: hole as u64, damage: Damage::SegmentCut { end_bytes } });
        }
        let mut intact_batches_cut = 0;
        for batch in intact_batches(&self.bytes[hole..]) {
            let header = batch.header;
            if header.journal != self.header.identity.journal || header.segment != self.header.index
            {
                continue;
            }
            if header.durable >= self.sequence.next_fact {
                let damage = Damage::DurableLost { durable: header.durable };
                return Err(Fault { offset: hole as u64, damage });
            }
            // What is missing held no fact: a seal. Nothing is written beside one.
            if header.first_fact == self.sequence.next_fact {
                return Err(inconsistent(hole));
            }
            intact_batches_cut += 1;
        }
        if !is_zero(&self.bytes[hole..]) {
            self.torn = Some(TornTail {
                segment: self.header.index,
                offset: hole as u64,
                first_lost: self.sequence.next_fact,
                intact_batches_cut,
            });
        }
        Ok(false)
    }
}

fn inconsistent(offset: usize) -> Fault {
    Fault { offset: offset as u64, damage: Damage::Inconsistent }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.chunks(BLOCK_BYTES).all(|block| *block == [0; BLOCK_BYTES][..block.len()])
}

/// Every intact batch that starts on a block of `bytes`, whatever lies between them.
pub(crate) fn intact_batches(bytes: &[u8]) -> impl Iterator<Item = IntactBatch> + '_ {
    let mut offset = 0;
    std::iter::from_fn(move || {
        while offset < bytes.len() {
            let found = IntactBatch::decode(&bytes[offset..]);
            offset += found.map_or(BLOCK_BYTES, |batch| batch.padded_bytes());
            if found.is_some() {
                return found;
            }
        }
        None
    })
}
