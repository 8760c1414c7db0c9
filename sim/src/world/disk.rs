//! The disk of one partition: what is durable, what is being written, and what a crash makes of it.
//!
//! A write is durable when it completes, as with `O_DIRECT | O_DSYNC`. Until then any set of its
//! blocks may be there: after a loss of power, and for whoever reads the file meanwhile.

use std::cell::Cell;
use std::io;
use std::ops::Range;

use onsale_storage::directory::{Directory, FileEntry, MemoryDirectory};
use onsale_storage::journal::{BLOCK_BYTES, SegmentIndex, WriteId};

use crate::noise::Noise;

/// A write that was asked for and has not completed.
#[derive(Clone, Debug)]
pub(super) struct InFlight {
    pub(super) id: WriteId,
    pub(super) segment: SegmentIndex,
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
    /// The last fact in it; that before it if it holds none.
    pub(super) last_fact: u64,
}

/// A completed write that a later one bears witness to: damage to it must be found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witnessed {
    pub(super) segment: SegmentIndex,
    pub(super) offset: u64,
    pub(super) blocks: u64,
}

/// Files, and writes under way to them.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) files: MemoryDirectory,
    in_flight: Vec<InFlight>,
    /// Durable writes that no completed write was submitted after yet.
    fresh: Vec<Witnessed>,
    /// For each write in flight, how many of `fresh` it bears witness to.
    vouches: Vec<(WriteId, usize)>,
    pub(super) witnessed: Vec<Witnessed>,
    /// Writes in the order they were asked for, and whether each is complete.
    submitted: Vec<(WriteId, u64, Witnessed, bool)>,
    /// The last fact of the contiguous prefix.
    pub(super) durable: u64,
}

impl Disk {
    /// A process begins: what was under way before is settled.
    pub(super) fn begin(&mut self, durable: u64) {
        self.in_flight.clear();
        self.fresh.clear();
        self.vouches.clear();
        self.submitted.clear();
        self.durable = durable;
    }

    pub(super) fn submit(&mut self, write: InFlight) {
        self.vouches.push((write.id, self.fresh.len()));
        let blocks = (write.bytes.len() / BLOCK_BYTES) as u64;
        let place = Witnessed { segment: write.segment, offset: write.offset, blocks };
        self.submitted.push((write.id, write.last_fact, place, false));
        self.in_flight.push(write);
    }

    /// A segment is there: it was asked for and is full of zeros.
    pub(super) fn create(&mut self, segment: SegmentIndex, bytes: u64) {
        let created = self.files.create_zeroed(&segment.file_name(), bytes);
        created.expect("files in memory can be created");
    }

    /// The names of all files.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = self.files.list().unwrap_or_default();
        entries.into_iter().map(|entry| entry.name).collect()
    }

    /// A write completes. Answers the last fact of the contiguous durable prefix.
    pub(super) fn complete(&mut self, id: WriteId) -> u64 {
        let at = self.in_flight.iter().position(|write| write.id == id);
        let write = self.in_flight.remove(at.expect("it was submitted"));
        self.apply(&write, |_| true);
        let at = self.vouches.iter().position(|(of, _)| *of == id);
        let (_, vouched) = self.vouches.remove(at.expect("it was submitted"));
        self.witnessed.extend(self.fresh.drain(..vouched.min(self.fresh.len())));
        for (_, later) in &mut self.vouches {
            *later = later.saturating_sub(vouched);
        }
        for (of, _, _, done) in &mut self.submitted {
            *done |= *of == id;
        }
        // What is complete behind a hole is not known to be durable: nothing vouches for it yet.
        let prefix = self.submitted.iter().take_while(|(.., done)| *done).count();
        for (_, last_fact, place, _) in self.submitted.drain(..prefix) {
            self.durable = self.durable.max(last_fact);
            self.fresh.push(place);
        }
        self.durable
    }

    /// A write fails: any of its blocks may be there.
    pub(super) fn fail(&mut self, id: WriteId, noise: &mut Noise) {
        if let Some(at) = self.in_flight.iter().position(|write| write.id == id) {
            let write = self.in_flight.remove(at);
            self.apply(&write, |_| noise.chance(500));
        }
    }

    /// Power is lost. Answers how many writes were torn or left out.
    pub(super) fn lose_power(&mut self, noise: &mut Noise) -> usize {
        let writes = std::mem::take(&mut self.in_flight);
        let mut torn = 0;
        for write in writes {
            let arrives = *noise.pick(&[0, 500, 500, 1_000]);
            torn += usize::from(arrives < 1_000);
            self.apply(&write, |_| noise.chance(arrives));
        }
        torn
    }

    /// The process is gone and the machine finishes what it was told.
    pub(super) fn finish(&mut self) {
        for write in std::mem::take(&mut self.in_flight) {
            self.apply(&write, |_| true);
        }
    }

    fn apply(&mut self, write: &InFlight, mut arrives: impl FnMut(usize) -> bool) {
        let name = write.segment.file_name();
        for (i, block) in write.bytes.chunks(BLOCK_BYTES).enumerate() {
            if arrives(i) {
                let offset = write.offset + (i * BLOCK_BYTES) as u64;
                let written = self.files.write_at(&name, offset, block);
                written.expect("the engine writes inside the segment it was given");
            }
        }
    }

    /// The files as a start reads them; any operation may be the last.
    pub(super) fn reading(&mut self, cut_after: Option<u64>) -> Beside<'_> {
        let operations = Operations::new(cut_after);
        Beside { files: &mut self.files, overlay: Vec::new(), operations }
    }

    /// The files as another thread reads them now: some of what is being written is there.
    pub(super) fn beside(&mut self, noise: &mut Noise, cut_after: Option<u64>) -> Beside<'_> {
        let half = |write: &InFlight| {
            let blocks = write.bytes.chunks(BLOCK_BYTES).enumerate();
            let there: Vec<_> = blocks
                .filter(|_| noise.chance(500))
                .map(|(i, block)| (write.offset + (i * BLOCK_BYTES) as u64, block.to_vec()))
                .collect();
            (write.segment.file_name(), there)
        };
        let overlay = self.in_flight.iter().map(half).collect();
        Beside { files: &mut self.files, overlay, operations: Operations::new(cut_after) }
    }
}

/// File operations until something cuts them short.
#[derive(Debug)]
pub(super) struct Operations(Cell<Option<u64>>);

impl Operations {
    pub(super) fn new(left: Option<u64>) -> Self {
        Self(Cell::new(left))
    }

    fn one(&self) -> io::Result<()> {
        match self.0.get() {
            Some(0) => Err(io::Error::other("cut short")),
            left => {
                self.0.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}

/// Blocks that are there already, by offset.
type Blocks = Vec<(u64, Vec<u8>)>;

/// Files that are being written, as a reader beside sees them; any operation may be the last.
pub(super) struct Beside<'d> {
    files: &'d mut MemoryDirectory,
    overlay: Vec<(String, Blocks)>,
    operations: Operations,
}

impl Directory for Beside<'_> {
    fn list(&self) -> io::Result<Vec<FileEntry>> {
        self.operations.one()?;
        self.files.list()
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        self.operations.one()?;
        let mut bytes = self.files.read(name, range.clone())?;
        for (_, blocks) in self.overlay.iter().filter(|(of, _)| of == name) {
            for (offset, block) in blocks {
                for (at, byte) in (*offset..).zip(block) {
                    let inside = at.checked_sub(range.start).map(|at| at as usize);
                    if let Some(there) = inside.and_then(|at| bytes.get_mut(at)) {
                        *there = *byte;
                    }
                }
            }
        }
        Ok(bytes)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.operations.one()?;
        self.files.sync(name)
    }

    fn create_zeroed(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.operations.one()?;
        self.files.create_zeroed(name, bytes)
    }

    fn write_atomically(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.operations.one()?;
        self.files.write_atomically(name, parts)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.operations.one()?;
        self.files.remove(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Concern;

    #[test]
    fn durable_is_the_contiguous_prefix_and_later_writes_bear_witness() {
        let mut next_id = write_ids();
        let ids = [next_id(), next_id(), next_id()];
        let mut disk = Disk::default();
        disk.files.create_zeroed(&SegmentIndex::FIRST.file_name(), 16 << 10).unwrap();
        for (i, id) in ids.iter().enumerate() {
            let offset = (i * BLOCK_BYTES) as u64;
            let bytes = vec![i as u8 + 1; BLOCK_BYTES];
            let (segment, last_fact) = (SegmentIndex::FIRST, i as u64 + 1);
            disk.submit(InFlight { id: *id, segment, offset, bytes, last_fact });
        }
        assert_eq!(disk.complete(ids[1]), 0);
        assert_eq!(disk.complete(ids[0]), 2);
        assert!(disk.witnessed.is_empty(), "nothing was submitted after a completion");
        disk.lose_power(&mut Noise::new(1, Concern::Crash, 0));
        let there = disk.files.read(&SegmentIndex::FIRST.file_name(), 0..8192).unwrap();
        assert!(there[..BLOCK_BYTES].iter().all(|byte| *byte == 1));
        assert!(there[BLOCK_BYTES..].iter().all(|byte| *byte == 2));
    }

    /// Only a writer can name a write.
    fn write_ids() -> impl FnMut() -> WriteId {
        use onsale_storage::journal::{Identity, JournalConfig, JournalId, Request, Tail, Writer};
        let tail = Tail::new_journal(Identity { partition: 0, journal: JournalId(1) });
        let mut writer = Writer::new(JournalConfig::default(), &tail).unwrap();
        move || {
            let one = std::num::NonZeroU32::MIN;
            writer.append(b"x", one).unwrap();
            loop {
                let created = match writer.poll_request() {
                    Some(Request::CreateSegment { index, .. }) => index,
                    Some(Request::Write { id, .. }) => {
                        writer.written(id);
                        return id;
                    }
                    None => panic!("something was appended"),
                };
                writer.segment_created(created);
            }
        }
    }
}
