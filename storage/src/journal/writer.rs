//! The writing side: a state machine that asks for writes and is told how they went.
//!
//! **After every call, and after every answer, drain [`Writer::poll_request`].** It answers `None`
//! when there is nothing to do until something is appended or a write completes.
//!
//! What the shell owes: a `CreateSegment` is answered by [`Writer::segment_created`] once a file of
//! zeros of that length, and its directory entry, are durable; a `Write` by [`Writer::written`]
//! once its bytes are durable; either by [`Writer::failed`] when the disk said no. Writes may
//! complete in any order. When the first write to a segment is asked for, nothing of an earlier
//! segment is in flight any more, so its file can be closed.
//!
//! Deliberately absent: retrying. After a failed write nobody knows what the disk holds.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use super::config::JournalConfig;
use super::error::{AppendError, ConfigError};
use super::format::{
    BATCH_HEADER_BYTES, BLOCK_BYTES, BatchHeader, RECORD_OVERHEAD_BYTES, RecordHeader, RecordKind,
    SegmentHeader,
};
use super::number::{Chain, FactNumber, Identity, SegmentIndex};
use super::queue::{Batch, BatchQueue};
use super::recovery::{SegmentEnd, Tail};

/// Names a write until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(u64);

/// What the shell must do.
#[derive(Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Create this segment's file, whole or not at all, replacing one of that name: `bytes` zeros,
    /// written (not merely allocated) and synced with its directory entry; then call
    /// [`Writer::segment_created`].
    CreateSegment {
        /// The segment; [`SegmentIndex::file_name`] names the file.
        index: SegmentIndex,
        /// Length of the file.
        bytes: u64,
    },
    /// Write these bytes durably, then call [`Writer::written`]. Copy them (into a buffer aligned
    /// for direct IO, where that is used) before the writer is touched again.
    Write {
        /// To answer with.
        id: WriteId,
        /// The segment to write to.
        segment: SegmentIndex,
        /// Where in it: a multiple of 4096.
        offset: u64,
        /// What: a multiple of 4096 long.
        bytes: &'a [u8],
    },
}

/// The writing side of one journal. See the module's text for the contract.
pub struct Writer {
    config: JournalConfig,
    identity: Identity,
    queue: BatchQueue,
    /// The last fact appended, and the chain after it.
    appended: Position,
    /// The last fact handed out in a write, and the chain after it.
    submitted: Position,
    durable: FactNumber,
    /// The highest durable fact that the journal itself bears witness to.
    witnessed: FactNumber,
    seal_wanted: bool,
    in_flight: VecDeque<InFlight>,
    next_id: u64,
    segment: Segment,
    next_file: NextFile,
    /// The buffer of the latest request.
    lent: Vec<u8>,
    poisoned: bool,
}

#[derive(Clone, Copy)]
struct Position {
    fact: FactNumber,
    chain: Chain,
}

/// Where batches go.
#[derive(Clone, Copy)]
enum Segment {
    /// The next segment has no header yet; the one before ends here.
    Between(Option<SegmentEnd>),
    /// Its header or a seal is being written, and nothing may be beside it: a batch never exists
    /// without a header, and a hole with no fact in it has nothing behind it.
    Alone(OpenSegment),
    Open(OpenSegment),
}

#[derive(Clone, Copy)]
struct OpenSegment {
    index: SegmentIndex,
    offset: u64,
    sequence: u64,
    previous_crc: u32,
}

/// The file of the segment after the present one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NextFile {
    Absent,
    Requested,
    Ready,
}

struct InFlight {
    id: WriteId,
    last_fact: FactNumber,
    written: bool,
}

impl Writer {
    /// A writer that goes on behind `tail`, always in a new segment.
    pub fn new(config: JournalConfig, tail: &Tail) -> Result<Self, ConfigError> {
        config.check()?;
        let end = Position { fact: tail.last_fact, chain: tail.chain };
        Ok(Self {
            config,
            identity: tail.identity,
            queue: BatchQueue::new(config.batch_bytes_max_in_segment()),
            appended: end,
            submitted: end,
            durable: end.fact,
            // The header of the new segment will say so.
            witnessed: end.fact,
            seal_wanted: false,
            in_flight: VecDeque::with_capacity(config.writes_in_flight),
            next_id: 0,
            segment: Segment::Between(tail.end),
            next_file: NextFile::Absent,
            lent: Vec::new(),
            poisoned: false,
        })
    }

    /// Takes one decision: `fact_count` facts encoded in `payload`, all or nothing. Answers the
    /// number of its last fact; it is durable once [`Writer::durable`] has reached that.
    pub fn append(
        &mut self,
        payload: &[u8],
        fact_count: NonZeroU32,
    ) -> Result<FactNumber, AppendError> {
        let record_bytes = RECORD_OVERHEAD_BYTES + payload.len();
        self.check_append(record_bytes)?;
        let record = RecordHeader {
            payload_bytes: payload.len(),
            kind: RecordKind::Decision,
            first_fact: self.appended.fact.next(),
            fact_count: fact_count.get(),
        };
        let chain = self.queue.push(&record, self.appended.chain, payload);
        let last = self.appended.fact.get() + u64::from(fact_count.get());
        self.appended = Position { fact: FactNumber::new(last), chain };
        Ok(self.appended.fact)
    }

    fn check_append(&self, record_bytes: usize) -> Result<(), AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        let bytes_max = self.config.segment_capacity_bytes() - BATCH_HEADER_BYTES;
        if record_bytes > bytes_max {
            return Err(AppendError::TooLarge { bytes: record_bytes, bytes_max });
        }
        let queued_bytes = self.queue.queued_bytes();
        if queued_bytes > 0 && queued_bytes + record_bytes > self.config.queued_bytes_max {
            return Err(AppendError::Full { queued_bytes });
        }
        Ok(())
    }

    /// The next thing the shell must do, if any.
    pub fn poll_request(&mut self) -> Option<Request<'_>> {
        if self.poisoned {
            return None;
        }
        self.leave_full_segment();
        if self.wants_next_file() {
            self.next_file = NextFile::Requested;
            let (index, bytes) = (self.next_index(), self.config.segment_bytes);
            return Some(Request::CreateSegment { index, bytes });
        }
        if self.in_flight.len() >= self.config.writes_in_flight {
            return None;
        }
        match self.segment {
            Segment::Between(end) => self.request_header(end),
            Segment::Alone(_) => None,
            Segment::Open(open) => self.request_batch(open),
        }
    }

    /// The file that [`Request::CreateSegment`] asked for is there, full of zeros, durably.
    ///
    /// # Panics
    /// If it was not asked for: the shell has mixed up its writers.
    pub fn segment_created(&mut self, index: SegmentIndex) {
        let expected = self.next_file == NextFile::Requested && self.next_index() == index;
        assert!(expected, "segment {index} was not asked for");
        self.next_file = NextFile::Ready;
    }

    /// The bytes of this write are durable.
    ///
    /// # Panics
    /// If no such write is under way: the shell has mixed up its writers.
    pub fn written(&mut self, id: WriteId) {
        let found = self.in_flight.iter_mut().find(|write| write.id == id);
        found.expect("an answer to a write that is under way").written = true;
        if self.poisoned {
            return;
        }
        while let Some(first) = self.in_flight.front().filter(|first| first.written) {
            self.durable = first.last_fact;
            self.in_flight.pop_front();
            if let Segment::Alone(open) = self.segment {
                self.segment = Segment::Open(open);
            }
        }
    }

    /// A write, a sync or the creation of a segment failed. From now on nothing is asked for,
    /// nothing is taken, and `durable` stands still: end the process.
    pub fn failed(&mut self) {
        self.poisoned = true;
    }

    /// The shell has nothing else to do. If everything is durable but the journal does not say so
    /// itself, a small seal will be written: with it, later damage to an acknowledged record is
    /// told apart from a torn tail.
    pub fn idle(&mut self) {
        self.seal_wanted = self.durable == self.appended.fact && self.witnessed < self.durable;
    }

    /// The last fact of the contiguous prefix that is on the disk. Replies that depend on facts up
    /// to this one may leave.
    pub fn durable(&self) -> FactNumber {
        self.durable
    }

    /// The last fact appended.
    pub fn appended(&self) -> FactNumber {
        self.appended.fact
    }

    /// The chain after the last fact appended; a snapshot of that fact records it.
    pub fn chain(&self) -> Chain {
        self.appended.chain
    }

    /// Whether the journal itself bears witness to everything that is durable: then [`Self::idle`]
    /// has nothing to ask for.
    pub fn is_sealed(&self) -> bool {
        self.witnessed >= self.durable
    }

    /// Whether a seal is asked for and has not been handed out: it may wait for a segment.
    pub fn is_sealing(&self) -> bool {
        self.seal_wanted
    }

    /// Whose journal it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Bytes of records that no write has taken yet.
    pub fn queued_bytes(&self) -> usize {
        self.queue.queued_bytes()
    }

    /// Writes under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether a write has failed.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }

    fn next_index(&self) -> SegmentIndex {
        match self.segment {
            Segment::Between(None) => SegmentIndex::FIRST,
            Segment::Between(Some(end)) => end.index.next(),
            Segment::Alone(open) | Segment::Open(open) => open.index.next(),
        }
    }

    /// Early enough that the zeroing, which is slow, is over before the present segment is full.
    fn wants_next_file(&self) -> bool {
        self.next_file == NextFile::Absent
            && match self.segment {
                Segment::Between(_) => true,
                Segment::Alone(_) => false,
                Segment::Open(open) => open.offset >= self.config.segment_bytes / 4,
            }
    }

    fn leave_full_segment(&mut self) {
        let Segment::Open(open) = self.segment else { return };
        let seal_bytes = self.seal_wanted.then_some(BLOCK_BYTES);
        let Some(bytes) = self.queue.next_write_bytes().or(seal_bytes) else { return };
        if open.offset + bytes as u64 > self.config.segment_bytes {
            let end = SegmentEnd { index: open.index, offset: open.offset };
            self.segment = Segment::Between(Some(end));
        }
    }

    /// The header goes out once all before it is durable, so it is itself a witness of that, and a
    /// torn end is only ever found in the last segment.
    fn request_header(&mut self, end: Option<SegmentEnd>) -> Option<Request<'_>> {
        if self.next_file != NextFile::Ready || !self.in_flight.is_empty() {
            return None;
        }
        let index = self.next_index();
        let header = SegmentHeader {
            identity: self.identity,
            index,
            chain: self.submitted.chain,
            segment_bytes: self.config.segment_bytes,
            first_fact: self.submitted.fact.next(),
            previous_end_bytes: end.map_or(0, |end| end.offset),
        };
        let mut bytes = self.queue.buffer();
        let previous_crc = header.encode(&mut bytes);
        let offset = BLOCK_BYTES as u64;
        self.segment = Segment::Alone(OpenSegment { index, offset, sequence: 1, previous_crc });
        self.next_file = NextFile::Absent;
        self.witness(self.durable);
        Some(self.request_write(index, 0, bytes))
    }

    fn request_batch(&mut self, mut open: OpenSegment) -> Option<Request<'_>> {
        let Batch { mut bytes, record_count, first_fact, last_fact, chain } = self.next_batch()?;
        let header = BatchHeader {
            journal: self.identity.journal,
            segment: open.index,
            record_count,
            sequence: open.sequence,
            first_fact,
            durable: self.durable,
            previous_crc: open.previous_crc,
        };
        let offset = open.offset;
        open.previous_crc = header.seal_into(&mut bytes);
        open.sequence += 1;
        open.offset += bytes.len() as u64;
        let is_seal = last_fact < first_fact;
        self.segment = if is_seal { Segment::Alone(open) } else { Segment::Open(open) };
        self.submitted = Position { fact: last_fact, chain };
        self.witness(self.durable);
        Some(self.request_write(open.index, offset, bytes))
    }

    fn next_batch(&mut self) -> Option<Batch> {
        if let Some(batch) = self.queue.pop() {
            return Some(batch);
        }
        let Position { fact, chain } = self.submitted;
        self.seal_wanted.then(|| self.queue.seal(fact.next(), chain))
    }

    fn request_write(&mut self, segment: SegmentIndex, offset: u64, bytes: Vec<u8>) -> Request<'_> {
        self.queue.recycle(std::mem::replace(&mut self.lent, bytes));
        let id = WriteId(self.next_id);
        self.next_id += 1;
        let last_fact = self.submitted.fact;
        self.in_flight.push_back(InFlight { id, last_fact, written: false });
        Request::Write { id, segment, offset, bytes: &self.lent }
    }

    fn witness(&mut self, durable: FactNumber) {
        self.witnessed = durable;
        self.seal_wanted = false;
    }
}
