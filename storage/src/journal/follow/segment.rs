//! One segment, read while it may be written.

use std::ops::Range;

use super::{FollowError, is_gone};
use crate::directory::Directory;
use crate::journal::error::{Damage, RecoverError};
use crate::journal::format::{
    BATCH_HEADER_BYTES, BLOCK_BYTES, IntactBatch, NotAHeader, SegmentHeader, announced_bytes,
};
use crate::journal::number::{Chain, FactNumber, SegmentIndex};
use crate::journal::reader::Fault;
use crate::journal::segments::{damaged, read};
use crate::journal::sequence::{Decision, Sequence};

/// About what a fact takes on the disk: so much is read for each that is awaited.
const FACT_BYTES: u64 = 128;
/// The most that is read at once, unless a single batch is longer.
const READ_BYTES_MAX: u64 = 256 << 10;

/// The header of a segment, with its CRC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    header: SegmentHeader,
    crc: u32,
}

/// What comes next.
pub(super) enum Next {
    Decision(Decision),
    /// This segment is over: go on with this one.
    Segment(Head),
    /// A decision of which not all is durable.
    Nothing,
}

/// A segment, as far as it was read.
#[derive(Debug)]
pub(super) struct LiveSegment {
    header: SegmentHeader,
    /// The one after it, once it has begun.
    successor: Option<Head>,
    sequence: Sequence,
    /// Where the next batch begins.
    at: u64,
    /// Some bytes of the file, where they begin, and up to which fact they were durable when they
    /// were read.
    bytes: Vec<u8>,
    bytes_at: u64,
    read_at: FactNumber,
    /// The records of the present batch that are still to be read.
    records: Range<usize>,
    records_left: u32,
}

impl Head {
    /// The header of a segment, if there is one that can be read: a segment that was not begun has
    /// none.
    pub(super) fn read(
        directory: &impl Directory,
        partition: u32,
        index: SegmentIndex,
    ) -> Result<Option<Self>, RecoverError> {
        let file = index.file_name();
        let block = read(directory, &file, 0..BLOCK_BYTES as u64)?;
        match SegmentHeader::decode(&block) {
            Ok((header, crc)) if header.index == index => {
                let (found, expected) = (header.identity.partition, partition);
                if found == expected {
                    return Ok(Some(Self { header, crc }));
                }
                Err(RecoverError::ForeignPartition { file, found, expected })
            }
            Ok((header, _)) => Err(inconsistent(index, header.first_fact, 0)),
            Err(NotAHeader::UnknownVersion(found)) => {
                Err(RecoverError::UnknownVersion { file, found })
            }
            Err(NotAHeader::Unreadable) => Ok(None),
        }
    }

    pub(super) fn first_fact(&self) -> FactNumber {
        self.header.first_fact
    }

    /// The chain before its first fact.
    pub(super) fn chain(&self) -> Chain {
        self.header.chain
    }
}

impl LiveSegment {
    pub(super) fn new(head: Head) -> Self {
        let Head { header, crc } = head;
        Self {
            header,
            successor: None,
            sequence: Sequence::of(&header, crc),
            at: BLOCK_BYTES as u64,
            bytes: Vec::new(),
            bytes_at: 0,
            read_at: FactNumber::ZERO,
            records: 0..0,
            records_left: 0,
        }
    }

    /// What comes next, which is durable: facts up to `durable` are.
    pub(super) fn next(
        &mut self,
        directory: &impl Directory,
        durable: FactNumber,
    ) -> Result<Next, FollowError> {
        loop {
            debug_assert!(self.sequence.next_fact <= durable, "nothing is durable beyond");
            if self.records_left == 0 {
                if let Some(next) = self.open_batch(directory, durable)? {
                    return Ok(Next::Segment(next));
                }
                continue;
            }
            let before = self.sequence;
            let taken = self.sequence.take(&self.bytes[..self.records.end], self.records.start);
            let Some(taken) = taken else { return Err(self.contradicts()) };
            if taken.decision.as_ref().is_some_and(|decision| decision.last_fact > durable) {
                self.sequence = before;
                return Ok(Next::Nothing);
            }
            self.records.start += taken.record_bytes;
            self.records_left -= 1;
            if let Some(decision) = taken.decision {
                return Ok(Next::Decision(decision));
            }
        }
    }

    pub(super) fn payload(&self, decision: &Decision) -> &[u8] {
        &self.bytes[decision.payload.clone()]
    }

    /// Gives back the memory for what was read and is not needed.
    pub(super) fn forget(&mut self) {
        if self.records_left == 0 {
            self.bytes = Vec::new();
        }
    }

    /// Goes on to the next batch, which is durable; or answers the segment that it is in.
    fn open_batch(
        &mut self,
        directory: &impl Directory,
        durable: FactNumber,
    ) -> Result<Option<Head>, FollowError> {
        if !self.records.is_empty() {
            return Err(self.contradicts());
        }
        if self.sequence.next_fact <= self.read_at && self.enter_batch()? {
            return Ok(None);
        }
        // First of all: a batch that is read below must not be one that a later segment cut.
        if let Some(next) = self.successor(directory)? {
            return Ok(Some(next));
        }
        let awaited = durable.get() - self.sequence.next_fact.get() + 1;
        let read_bytes = awaited.saturating_mul(FACT_BYTES).min(READ_BYTES_MAX);
        self.read(directory, read_bytes.next_multiple_of(BLOCK_BYTES as u64), durable)?;
        if self.enter_batch()? {
            return Ok(None);
        }
        if let Some(bytes) = announced_bytes(&self.bytes) {
            self.read(directory, bytes, durable)?;
            if self.enter_batch()? {
                return Ok(None);
            }
        }
        let damage = match &self.successor {
            Some(next) => Damage::SegmentCut { end_bytes: next.header.previous_end_bytes },
            None => Damage::DurableLost { durable },
        };
        let fault = Fault { offset: self.at, damage };
        Err(damaged(self.header.index, self.sequence.next_fact, fault).into())
    }

    /// The segment after this one, if this one is over.
    fn successor(&mut self, directory: &impl Directory) -> Result<Option<Head>, FollowError> {
        if self.successor.is_none() {
            let (partition, index) = (self.header.identity.partition, self.header.index.next());
            self.successor = match Head::read(directory, partition, index) {
                Err(error) if is_gone(&error) => None,
                head => head?,
            };
        }
        let over = self.successor.filter(|next| next.header.previous_end_bytes == self.at);
        let Some(next) = over else { return Ok(None) };
        let Head { header, .. } = next;
        let follows = header.identity == self.header.identity
            && header.first_fact == self.sequence.next_fact
            && header.chain == self.sequence.chain;
        if follows {
            Ok(Some(next))
        } else {
            Err(inconsistent(header.index, self.sequence.next_fact, 0).into())
        }
    }

    /// Goes on into the batch at the present place if it is among what was read.
    fn enter_batch(&mut self) -> Result<bool, FollowError> {
        let start = self.at.checked_sub(self.bytes_at).map(|start| start as usize);
        let found = start.and_then(|start| Some((start, self.bytes.get(start..)?)));
        let Some((start, batch)) =
            found.and_then(|(start, bytes)| Some((start, IntactBatch::decode(bytes)?)))
        else {
            return Ok(false);
        };
        let end = self.at + batch.padded_bytes() as u64;
        let fits = self.successor.is_none_or(|next| end <= next.header.previous_end_bytes);
        if !fits || !self.sequence.enter(&batch) {
            return Err(inconsistent(self.header.index, self.sequence.next_fact, self.at).into());
        }
        let records = start + BATCH_HEADER_BYTES;
        self.records = records..records + batch.content_bytes;
        self.records_left = batch.header.record_count;
        self.at = end;
        Ok(true)
    }

    /// Reads from the present place on.
    fn read(
        &mut self,
        directory: &impl Directory,
        bytes: u64,
        durable: FactNumber,
    ) -> Result<(), RecoverError> {
        let end = self.at.saturating_add(bytes).min(self.header.segment_bytes);
        self.bytes = read(directory, &self.header.index.file_name(), self.at..end)?;
        self.bytes_at = self.at;
        self.read_at = durable;
        Ok(())
    }

    /// The present batch is intact and its records do not go on from each other.
    fn contradicts(&self) -> FollowError {
        let offset = self.bytes_at + self.records.start as u64;
        inconsistent(self.header.index, self.sequence.next_fact, offset).into()
    }
}

fn inconsistent(index: SegmentIndex, fact: FactNumber, offset: u64) -> RecoverError {
    damaged(index, fact, Fault { offset, damage: Damage::Inconsistent })
}
