//! The decisions in a batch, read by the format of ADR 0001 with no help from the journal's code:
//! what the simulator takes for written is what the bytes say.

use onsale_core::fact::Decision;

const MAGIC_BYTES: usize = 8;
const BATCH_HEADER_BYTES: usize = 72;
const RECORD_COUNT_AT: usize = 28;
const BATCH_CRC_AT: usize = 68;
const RECORD_HEADER_BYTES: usize = 20;
const CRC_BYTES: usize = 4;
const KIND_DECISION: u16 = 1;

/// The first fact and the content of every decision in a write; none in a segment's header and in a
/// seal.
///
/// # Panics
/// If the bytes are no batch of this program.
pub(super) fn decisions(bytes: &[u8]) -> Vec<(u64, Decision)> {
    if bytes.get(..MAGIC_BYTES) != Some(b"ONSALEJB".as_slice()) {
        return Vec::new();
    }
    let records = u32_at(bytes, RECORD_COUNT_AT);
    let mut at = BATCH_HEADER_BYTES;
    let mut found = Vec::with_capacity(records as usize);
    for _ in 0..records {
        let payload_bytes = u32_at(bytes, at) as usize;
        let kind = u16::from_le_bytes([bytes[at + 4], bytes[at + 5]]);
        let first = u64::from(u32_at(bytes, at + 8)) | u64::from(u32_at(bytes, at + 12)) << 32;
        let payload = &bytes[at + RECORD_HEADER_BYTES..][..payload_bytes];
        if kind == KIND_DECISION {
            let decision = Decision::decode(payload).expect("the engine encodes what it decides");
            found.push((first, decision));
        }
        at += RECORD_HEADER_BYTES + payload_bytes + CRC_BYTES;
    }
    found
}

/// The checksum that a batch carries; of a segment's header whatever is there.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    u64::from(u32_at(bytes, BATCH_CRC_AT))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
