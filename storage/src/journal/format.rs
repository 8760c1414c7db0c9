//! Format version 1 of a segment, byte by byte. All numbers are little-endian.
//!
//! ```text
//! segment header, block 0            batch header, 72 bytes           record
//!   0 magic            8               0 magic           8              0 payload bytes  u32
//!   8 format version   u32             8 journal id      u128           4 kind           u16
//!  12 partition        u32            24 segment index   u32            6 zero           u16
//!  16 journal id       u128           28 record count    u32            8 first fact     u64
//!  32 segment index    u32            32 sequence        u64           16 fact count     u32
//!  36 chain            u32            40 first fact      u64           20 payload
//!  40 segment bytes    u64            48 durable         u64              crc            u32
//!  48 first fact       u64            56 content bytes   u64
//!  56 previous end     u64            64 previous crc    u32
//!     zeros                           68 crc             u32
//! 4092 crc             u32            72 records, then zeros to the end of the block
//! ```
//!
//! Every later version keeps the magic, the version and the place of the CRC of the segment
//! header, so that an older program can name a version it does not read.

use super::number::{Chain, FactNumber, Identity, JournalId, SegmentIndex};
use crate::fields::Fields;

/// The unit of writing. No block is ever written twice.
pub const BLOCK_BYTES: usize = 4096;
/// The version this program writes, and the only one it reads.
pub const FORMAT_VERSION: u32 = 1;

pub(crate) const BATCH_HEADER_BYTES: usize = 72;
pub(crate) const RECORD_HEADER_BYTES: usize = 20;
/// What a record costs beside its payload.
pub(crate) const RECORD_OVERHEAD_BYTES: usize = RECORD_HEADER_BYTES + CRC_BYTES;

const CRC_BYTES: usize = 4;
const SEGMENT_MAGIC: [u8; 8] = *b"ONSALEJS";
const BATCH_MAGIC: [u8; 8] = *b"ONSALEJB";
const SEGMENT_CRC_AT: usize = BLOCK_BYTES - CRC_BYTES;
const BATCH_CRC_AT: usize = BATCH_HEADER_BYTES - CRC_BYTES;

/// Block 0 of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub identity: Identity,
    pub index: SegmentIndex,
    /// The chain after the fact before `first_fact`.
    pub chain: Chain,
    /// Length of the file.
    pub segment_bytes: u64,
    /// The fact the first record of this segment starts with.
    pub first_fact: FactNumber,
    /// Where the segment before validly ends; what lies behind is not part of the journal.
    /// Zero in the first segment.
    pub previous_end_bytes: u64,
}

/// Why block 0 is not a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAHeader {
    Unreadable,
    UnknownVersion(u32),
}

impl SegmentHeader {
    /// Replaces `out` by the header block. Returns its CRC, from which the batches are chained.
    pub fn encode(&self, out: &mut Vec<u8>) -> u32 {
        out.clear();
        out.extend_from_slice(&SEGMENT_MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&self.identity.partition.to_le_bytes());
        out.extend_from_slice(&self.identity.journal.0.to_le_bytes());
        out.extend_from_slice(&self.index.get().to_le_bytes());
        out.extend_from_slice(&self.chain.0.to_le_bytes());
        out.extend_from_slice(&self.segment_bytes.to_le_bytes());
        out.extend_from_slice(&self.first_fact.get().to_le_bytes());
        out.extend_from_slice(&self.previous_end_bytes.to_le_bytes());
        out.resize(SEGMENT_CRC_AT, 0);
        let crc = crc32c::crc32c(out);
        out.extend_from_slice(&crc.to_le_bytes());
        crc
    }

    /// The header in a block, and the CRC from which the batches are chained.
    pub fn decode(block: &[u8]) -> Result<(Self, u32), NotAHeader> {
        let split = block.split_at_checked(SEGMENT_CRC_AT).ok_or(NotAHeader::Unreadable)?;
        let (content, crc) = (split.0, Fields(split.1).u32().ok_or(NotAHeader::Unreadable)?);
        let mut fields = Fields(content);
        if fields.array() != Some(SEGMENT_MAGIC) || crc32c::crc32c(content) != crc {
            return Err(NotAHeader::Unreadable);
        }
        match fields.u32() {
            Some(FORMAT_VERSION) => {}
            Some(version) => return Err(NotAHeader::UnknownVersion(version)),
            None => return Err(NotAHeader::Unreadable),
        }
        let header = Self::decode_fields(&mut fields).ok_or(NotAHeader::Unreadable)?;
        Ok((header, crc))
    }

    fn decode_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let partition = fields.u32()?;
        let journal = JournalId(fields.u128()?);
        let index = SegmentIndex::new(fields.u32()?)?;
        let chain = Chain(fields.u32()?);
        let segment_bytes = fields.u64()?;
        let first_fact = Some(FactNumber::new(fields.u64()?)).filter(|&f| f != FactNumber::ZERO)?;
        let previous_end_bytes = fields.u64()?;
        let identity = Identity { partition, journal };
        Some(Self { identity, index, chain, segment_bytes, first_fact, previous_end_bytes })
    }
}

/// What stands before the records of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub journal: JournalId,
    pub segment: SegmentIndex,
    pub record_count: u32,
    /// Counted from 1 in every segment.
    pub sequence: u64,
    /// The first fact of the first record; of a seal, the fact that will come next.
    pub first_fact: FactNumber,
    /// The last fact known to be durable when this batch was submitted.
    pub durable: FactNumber,
    /// The CRC of the batch before, or of the segment header.
    pub previous_crc: u32,
}

/// A batch that is what was written: magic and CRC are right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IntactBatch {
    pub header: BatchHeader,
    pub content_bytes: usize,
    pub crc: u32,
}

impl BatchHeader {
    /// Fills in the header in front of the records of `batch`, pads it to whole blocks, and
    /// returns its CRC. The first [`BATCH_HEADER_BYTES`] must have been left free.
    pub fn seal_into(&self, batch: &mut Vec<u8>) -> u32 {
        let content_bytes = batch.len() - BATCH_HEADER_BYTES;
        let mut header = [0; BATCH_CRC_AT];
        header[..8].copy_from_slice(&BATCH_MAGIC);
        header[8..24].copy_from_slice(&self.journal.0.to_le_bytes());
        header[24..28].copy_from_slice(&self.segment.get().to_le_bytes());
        header[28..32].copy_from_slice(&self.record_count.to_le_bytes());
        header[32..40].copy_from_slice(&self.sequence.to_le_bytes());
        header[40..48].copy_from_slice(&self.first_fact.get().to_le_bytes());
        header[48..56].copy_from_slice(&self.durable.get().to_le_bytes());
        header[56..64].copy_from_slice(&(content_bytes as u64).to_le_bytes());
        header[64..].copy_from_slice(&self.previous_crc.to_le_bytes());
        let crc = batch_crc(&header, &batch[BATCH_HEADER_BYTES..]);
        batch[..BATCH_CRC_AT].copy_from_slice(&header);
        batch[BATCH_CRC_AT..BATCH_HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
        batch.resize(batch.len().next_multiple_of(BLOCK_BYTES), 0);
        crc
    }
}

impl IntactBatch {
    /// The batch at the start of `bytes`, if there is one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.array() != Some(BATCH_MAGIC) {
            return None;
        }
        let journal = JournalId(fields.u128()?);
        let segment = SegmentIndex::new(fields.u32()?)?;
        let record_count = fields.u32()?;
        let sequence = fields.u64()?;
        let first_fact = FactNumber::new(fields.u64()?);
        let durable = FactNumber::new(fields.u64()?);
        let content_bytes = usize::try_from(fields.u64()?).ok()?;
        let previous_crc = fields.u32()?;
        let crc = fields.u32()?;
        let content = fields.0.get(..content_bytes)?;
        if batch_crc(&bytes[..BATCH_CRC_AT], content) != crc {
            return None;
        }
        let header = BatchHeader {
            journal,
            segment,
            record_count,
            sequence,
            first_fact,
            durable,
            previous_crc,
        };
        Some(Self { header, content_bytes, crc })
    }

    /// Length on disk: whole blocks.
    pub fn padded_bytes(&self) -> usize {
        (BATCH_HEADER_BYTES + self.content_bytes).next_multiple_of(BLOCK_BYTES)
    }
}

/// How long the batch at the start of `bytes` says that it is: whole blocks. Not to be believed
/// before it was read whole.
pub(crate) fn announced_bytes(bytes: &[u8]) -> Option<u64> {
    const CONTENT_BYTES_AT: usize = 56;
    let is_one = bytes.starts_with(&BATCH_MAGIC);
    let content_bytes = Fields(bytes.get(CONTENT_BYTES_AT..).filter(|_| is_one)?).u64()?;
    content_bytes
        .checked_add(BATCH_HEADER_BYTES as u64)?
        .checked_next_multiple_of(BLOCK_BYTES as u64)
}

fn batch_crc(header: &[u8], content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(header), content)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Decision = 1,
    Seal = 2,
}

/// A record without its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub payload_bytes: usize,
    pub kind: RecordKind,
    pub first_fact: FactNumber,
    pub fact_count: u32,
}

impl RecordHeader {
    /// Adds the record to `out`. Returns its CRC, continued from that of its predecessor.
    pub fn encode(&self, chain: Chain, payload: &[u8], out: &mut Vec<u8>) -> u32 {
        let start = out.len();
        out.extend_from_slice(&(self.payload_bytes as u32).to_le_bytes());
        out.extend_from_slice(&(self.kind as u16).to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.first_fact.get().to_le_bytes());
        out.extend_from_slice(&self.fact_count.to_le_bytes());
        out.extend_from_slice(payload);
        let crc = crc32c::crc32c_append(chain.0, &out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
        crc
    }

    /// The record at the start of `bytes` with its payload and CRC, if it follows `chain`.
    pub fn decode(chain: Chain, bytes: &[u8]) -> Option<(Self, &[u8], u32)> {
        let mut fields = Fields(bytes);
        let payload_bytes = fields.u32()? as usize;
        let kind = match fields.u16()? {
            1 => RecordKind::Decision,
            2 => RecordKind::Seal,
            _ => return None,
        };
        let zero = fields.u16()?;
        let first_fact = FactNumber::new(fields.u64()?);
        let fact_count = fields.u32()?;
        let payload = fields.0.get(..payload_bytes)?;
        let crc = Fields(&fields.0[payload_bytes..]).u32()?;
        let covered = &bytes[..RECORD_HEADER_BYTES + payload_bytes];
        if zero != 0 || crc32c::crc32c_append(chain.0, covered) != crc {
            return None;
        }
        Some((Self { payload_bytes, kind, first_fact, fact_count }, payload, crc))
    }

    /// Length on disk.
    pub fn encoded_bytes(&self) -> usize {
        RECORD_OVERHEAD_BYTES + self.payload_bytes
    }
}
