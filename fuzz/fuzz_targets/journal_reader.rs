//! Any bytes as the only segment of a journal: recovery answers, it never panics, and it never
//! allocates more than a multiple of the file. Whoever follows the journal gets what recovery does.
//!
//! Each input is read twice: as it is, and with its checksums put right, for otherwise hardly any
//! mutation would get past them. The corpus is the segments of `storage/tests/golden` without the
//! zeros at their ends.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onsale_storage::directory::MemoryDirectory;
use onsale_storage::journal::{
    BLOCK_BYTES, Bookmark, FactNumber, Follower, JournalConfig, Recovery, Start, Tail, Writer,
    inspect,
};

const SEGMENT_BYTES_MAX: usize = 64 << 10;

fuzz_target!(|input: &[u8]| {
    recover(input.to_vec());
    let mut bytes = input.to_vec();
    // Four bytes of every number are enough to reach everything.
    let segment_bytes = u32_at(&bytes, 40).unwrap_or(0) as usize;
    bytes.resize(segment_bytes.clamp(BLOCK_BYTES, SEGMENT_BYTES_MAX), 0);
    put_checksums_right(&mut bytes);
    recover(bytes);
});

fn recover(bytes: Vec<u8>) {
    let partition = u32_at(&bytes, 12).unwrap_or(0);
    let index = u32_at(&bytes, 32).unwrap_or(1);
    let mut directory = MemoryDirectory::new();
    directory.put(&format!("{index:010}.segment"), bytes);
    for start in [Start::FirstFact, Start::FirstSegment] {
        if let Ok((tail, _)) = read_all(&directory, partition, start) {
            Writer::new(JournalConfig::default(), &tail).expect("the default configuration");
        }
    }
    inspect(&directory, partition).expect("a directory that can be listed");
    let recovered = read_all(&directory, partition, Start::FirstFact);
    match recovered {
        Ok((tail, decisions)) => {
            let followed = follow(&directory, partition, tail.last_fact);
            assert_eq!(followed, Ok(decisions));
        }
        Err(_) => drop(follow(&directory, partition, FactNumber::new(u64::MAX - 1))),
    }
}

/// How many decisions there are up to a fact, or why they cannot be followed.
fn follow(
    directory: &MemoryDirectory,
    partition: u32,
    durable: FactNumber,
) -> Result<usize, String> {
    let mut follower = Follower::new(partition, Bookmark::BEGINNING);
    let mut decisions = 0;
    while let Some(record) = follower.next(directory, durable).map_err(|error| error.to_string())? {
        assert!(record.last_fact <= durable);
        decisions += 1;
    }
    Ok(decisions)
}

/// The tail of what can be recovered and how many decisions it is, or why it cannot.
fn read_all(
    directory: &MemoryDirectory,
    partition: u32,
    start: Start<'_>,
) -> Result<(Tail, usize), String> {
    let explain = |error| format!("{error}");
    let mut recovery = Recovery::open(directory, partition, start).map_err(explain)?;
    let mut decisions = 0;
    while let Some(record) = recovery.next_record().map_err(explain)? {
        assert!(record.first_fact <= record.last_fact);
        decisions += 1;
    }
    let recovered = recovery.finish().map_err(explain)?;
    let tail = recovered.tail.ok_or_else(|| "there is no journal".to_owned())?;
    Ok((tail, decisions))
}

/// Walks the segment as its lengths say and writes every checksum anew.
fn put_checksums_right(bytes: &mut [u8]) {
    let crc_at = BLOCK_BYTES - 4;
    let mut previous = crc32c::crc32c(&bytes[..crc_at]);
    put(bytes, crc_at, previous);
    let mut chain = u32_at(bytes, 36).unwrap_or(0);
    let mut batch = BLOCK_BYTES;
    while let Some(content_bytes) = u32_at(bytes, batch + 56) {
        let end = batch + 72 + content_bytes as usize;
        if !bytes[batch..].starts_with(b"ONSALEJB") || end > bytes.len() {
            return;
        }
        put_records_right(&mut bytes[batch + 72..end], &mut chain);
        put(bytes, batch + 64, previous);
        let header = crc32c::crc32c(&bytes[batch..batch + 68]);
        previous = crc32c::crc32c_append(header, &bytes[batch + 72..end]);
        put(bytes, batch + 68, previous);
        batch = end.next_multiple_of(BLOCK_BYTES);
    }
}

fn put_records_right(mut records: &mut [u8], chain: &mut u32) {
    while let Some(payload_bytes) = u32_at(records, 0) {
        let crc_at = 20 + payload_bytes as usize;
        if u32_at(records, crc_at).is_none() {
            return;
        }
        let crc = crc32c::crc32c_append(*chain, &records[..crc_at]);
        put(records, crc_at, crc);
        // A seal, kind 2, does not move the chain.
        *chain = if records[4] == 2 { *chain } else { crc };
        records = &mut records[crc_at + 4..];
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|field| u32::from_le_bytes(*field))
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}
