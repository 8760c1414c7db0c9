//! A shell for the writer, on files in memory, that decides when and whether writes complete.

use std::cell::Cell;
use std::io;
use std::num::NonZeroU32;
use std::ops::Range;

use onsale_storage::directory::{Directory, FileEntry, MemoryDirectory};
use onsale_storage::journal::{
    AppendError, BLOCK_BYTES, FactNumber, Identity, JournalConfig, JournalId, RecoverError,
    Recovered, Recovery, Request, SegmentIndex, Start, Tail, WriteId, Writer,
};

pub const PARTITION: u32 = 7;
pub const IDENTITY: Identity =
    Identity { partition: PARTITION, journal: JournalId(0x1234_5678_9abc_def0) };

/// A disk sector: the unit that is written whole or not at all.
const SECTOR_BYTES: usize = 512;

/// Segments of three blocks beside the header: every boundary is near.
pub fn small_config() -> JournalConfig {
    JournalConfig {
        segment_bytes: 4 * BLOCK_BYTES as u64,
        batch_bytes_max: 2 * BLOCK_BYTES,
        writes_in_flight: 4,
        queued_bytes_max: 16 * BLOCK_BYTES,
    }
}

/// Segments and writes in flight as chance has them, all of them few.
pub fn random_config(random: &mut Random) -> JournalConfig {
    JournalConfig {
        segment_bytes: (4 + random.below(5) as u64) * BLOCK_BYTES as u64,
        writes_in_flight: 1 + random.below(6),
        ..small_config()
    }
}

/// Numbers that are the same in every run of a seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).take(length).collect()
    }
}

/// A decision as it was appended, or as it was recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub last_fact: FactNumber,
    pub payload: Vec<u8>,
}

/// What the writer asked for and the disk has not done yet.
pub enum Pending {
    Create { index: SegmentIndex, bytes: u64 },
    Write { id: WriteId, segment: SegmentIndex, offset: u64, bytes: Vec<u8> },
}

/// A writer, the disk below it, and what is under way between them.
pub struct Shell {
    pub writer: Writer,
    pub disk: MemoryDirectory,
    pub pending: Vec<Pending>,
}

impl Shell {
    pub fn new(config: JournalConfig, tail: &Tail, disk: MemoryDirectory) -> Self {
        let writer = Writer::new(config, tail).unwrap();
        let mut shell = Self { writer, disk, pending: Vec::new() };
        shell.drain();
        shell
    }

    pub fn new_journal(config: JournalConfig) -> Self {
        Self::new(config, &Tail::new_journal(IDENTITY), MemoryDirectory::new())
    }

    pub fn append(&mut self, payload: &[u8], facts: u32) -> Result<FactNumber, AppendError> {
        let appended = self.writer.append(payload, NonZeroU32::new(facts).unwrap());
        self.drain();
        appended
    }

    /// Appends a decision as chance has it, mostly a small one: a segment of `segment_bytes` can
    /// take it. A full queue is an answer like any other.
    pub fn append_some(&mut self, random: &mut Random, segment_bytes: u64) -> Option<Decision> {
        let size = match random.below(8) {
            0 => random.below(segment_bytes as usize - BLOCK_BYTES - 200),
            1..3 => random.below(BLOCK_BYTES),
            _ => random.below(200),
        };
        let payload = random.bytes(size);
        let facts = 1 + random.below(3) as u32;
        let last_fact = self.append(&payload, facts).ok()?;
        Some(Decision { last_fact, payload })
    }

    pub fn drain(&mut self) {
        while let Some(request) = self.writer.poll_request() {
            self.pending.push(match request {
                Request::CreateSegment { index, bytes } => Pending::Create { index, bytes },
                Request::Write { id, segment, offset, bytes } => {
                    assert!(bytes.len().is_multiple_of(BLOCK_BYTES));
                    Pending::Write { id, segment, offset, bytes: bytes.to_vec() }
                }
            });
        }
    }

    /// Performs one pending request and tells the writer.
    pub fn complete(&mut self, position: usize) {
        match self.pending.remove(position) {
            Pending::Create { index, bytes } => {
                self.disk.create_zeroed(&index.file_name(), bytes).unwrap();
                self.writer.segment_created(index);
            }
            Pending::Write { id, segment, offset, bytes } => {
                self.disk.write_at(&segment.file_name(), offset, &bytes).unwrap();
                self.writer.written(id);
            }
        }
        self.drain();
    }

    pub fn complete_all(&mut self) {
        while !self.pending.is_empty() {
            self.complete(0);
        }
    }

    pub fn idle(&mut self) {
        self.writer.idle();
        self.drain();
        self.complete_all();
    }
}

pub fn recover(
    disk: &impl Directory,
    start: Start<'_>,
) -> Result<(Vec<Decision>, Recovered), RecoverError> {
    let mut recovery = Recovery::open(disk, PARTITION, start)?;
    let mut decisions = Vec::new();
    while let Some(record) = recovery.next_record()? {
        let (last_fact, payload) = (record.last_fact, record.payload.to_vec());
        decisions.push(Decision { last_fact, payload });
    }
    Ok((decisions, recovery.finish()?))
}

/// A crash leaves any sectors of a write, and all or nothing of a file being created.
pub fn leave_on_disk(random: &mut Random, disk: &mut MemoryDirectory, pending: &Pending) {
    match pending {
        Pending::Create { index, bytes } => {
            if random.chance(2) {
                disk.create_zeroed(&index.file_name(), *bytes).unwrap();
            }
        }
        Pending::Write { segment, offset, bytes, .. } => {
            let one_in = 1 + random.below(4);
            let whole_blocks = random.chance(2);
            let unit = if whole_blocks { BLOCK_BYTES } else { SECTOR_BYTES };
            for (position, part) in bytes.chunks(unit).enumerate() {
                if random.chance(one_in) {
                    let at = offset + (position * unit) as u64;
                    disk.write_at(&segment.file_name(), at, part).unwrap();
                }
            }
        }
    }
}

/// Counts what is asked of the files below.
pub struct Counted<'d> {
    files: &'d MemoryDirectory,
    pub reads: Cell<usize>,
    pub read_bytes: Cell<u64>,
    pub read_bytes_max: Cell<u64>,
    pub lists: Cell<usize>,
    /// What is listed at first, if that is no longer so.
    pub old_list: Cell<Option<Vec<FileEntry>>>,
}

impl<'d> Counted<'d> {
    pub fn new(files: &'d MemoryDirectory) -> Self {
        let (reads, lists, old_list) = (Cell::new(0), Cell::new(0), Cell::new(None));
        let (read_bytes, read_bytes_max) = (Cell::new(0), Cell::new(0));
        Self { files, reads, read_bytes, read_bytes_max, lists, old_list }
    }
}

impl Directory for Counted<'_> {
    fn list(&self) -> io::Result<Vec<FileEntry>> {
        self.lists.set(self.lists.get() + 1);
        self.old_list.take().map_or_else(|| self.files.list(), Ok)
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let bytes = self.files.read(name, range)?;
        self.reads.set(self.reads.get() + 1);
        self.read_bytes.set(self.read_bytes.get() + bytes.len() as u64);
        self.read_bytes_max.set(self.read_bytes_max.get().max(bytes.len() as u64));
        Ok(bytes)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.files.sync(name)
    }

    fn create_zeroed(&mut self, _: &str, _: u64) -> io::Result<()> {
        unreachable!("it is only read")
    }

    fn write_atomically(&mut self, _: &str, _: &[&[u8]]) -> io::Result<()> {
        unreachable!("it is only read")
    }

    fn remove(&mut self, _: &str) -> io::Result<()> {
        unreachable!("it is only read")
    }
}
