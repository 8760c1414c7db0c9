//! Records waiting for the disk, already encoded and grouped into the batches they will go out in.
//!
//! Buffers are used again, so that a steady state allocates nothing.

use std::collections::VecDeque;

use super::format::{BATCH_HEADER_BYTES, BLOCK_BYTES, RecordHeader, RecordKind};
use super::number::{Chain, FactNumber};

/// One write to be: room for the batch header, then whole records.
pub(crate) struct Batch {
    pub bytes: Vec<u8>,
    pub record_count: u32,
    pub first_fact: FactNumber,
    /// The last fact in it, and the chain after it.
    pub last_fact: FactNumber,
    pub chain: Chain,
}

pub(crate) struct BatchQueue {
    batch_bytes_max: usize,
    batches: VecDeque<Batch>,
    spare: Vec<Vec<u8>>,
    queued_bytes: usize,
}

impl BatchQueue {
    pub fn new(batch_bytes_max: usize) -> Self {
        Self { batch_bytes_max, batches: VecDeque::new(), spare: Vec::new(), queued_bytes: 0 }
    }

    /// Bytes of records that no write has taken yet.
    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Length on disk of the next batch, if there is one.
    pub fn next_write_bytes(&self) -> Option<usize> {
        self.batches.front().map(|batch| batch.bytes.len().next_multiple_of(BLOCK_BYTES))
    }

    /// Encodes one decision behind those that wait. Returns the chain after it.
    pub fn push(&mut self, record: &RecordHeader, chain: Chain, payload: &[u8]) -> Chain {
        let record_bytes = record.encoded_bytes();
        let fits = |batch: &Batch| batch.bytes.len() + record_bytes <= self.batch_bytes_max;
        if !self.batches.back().is_some_and(fits) {
            let batch = self.new_batch(record.first_fact, chain);
            self.batches.push_back(batch);
        }
        // One was pushed above unless there was one.
        let batch = self.batches.back_mut().expect("a batch to add to");
        batch.chain = Chain(record.encode(chain, payload, &mut batch.bytes));
        batch.record_count += 1;
        batch.last_fact =
            FactNumber::new(record.first_fact.get() + u64::from(record.fact_count) - 1);
        self.queued_bytes += record_bytes;
        batch.chain
    }

    /// Takes the next batch out.
    pub fn pop(&mut self) -> Option<Batch> {
        let batch = self.batches.pop_front()?;
        self.queued_bytes -= batch.bytes.len() - BATCH_HEADER_BYTES;
        Some(batch)
    }

    /// A batch of one seal, which holds no fact and does not move the chain.
    pub fn seal(&mut self, next_fact: FactNumber, chain: Chain) -> Batch {
        let mut batch = self.new_batch(next_fact, chain);
        let kind = RecordKind::Seal;
        let seal = RecordHeader { payload_bytes: 0, kind, first_fact: next_fact, fact_count: 0 };
        seal.encode(chain, &[], &mut batch.bytes);
        batch.record_count = 1;
        batch
    }

    /// An empty buffer with room for a batch.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_else(|| Vec::with_capacity(self.batch_bytes_max))
    }

    /// Takes a buffer back for later use.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        // The buffer of an oversized record is not worth keeping.
        if buffer.capacity() > 0 && buffer.capacity() <= self.batch_bytes_max {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    fn new_batch(&mut self, first_fact: FactNumber, chain: Chain) -> Batch {
        let mut bytes = self.buffer();
        bytes.resize(BATCH_HEADER_BYTES, 0);
        Batch { bytes, record_count: 0, first_fact, last_fact: first_fact.previous(), chain }
    }
}
