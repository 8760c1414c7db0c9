//! The few file operations recovery, snapshots and retention need: on a file system, and in memory
//! for tests and the simulator. The hot path does not come through here.

mod file;
mod memory;

use std::io;
use std::ops::Range;

pub use file::FileDirectory;
pub use memory::MemoryDirectory;

/// A file in a [`Directory`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Its name, without a path.
    pub name: String,
    /// Its length.
    pub bytes: u64,
}

/// A flat directory of files. Every change is durable when the call returns.
pub trait Directory {
    /// All files, sorted by name.
    fn list(&self) -> io::Result<Vec<FileEntry>>;

    /// The bytes of a file in `range`, as far as the file reaches.
    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>>;

    /// Makes durable whatever a reader can see of this file.
    fn sync(&self, name: &str) -> io::Result<()>;

    /// Creates a file of zeros, replacing one of that name.
    fn create_zeroed(&mut self, name: &str, bytes: u64) -> io::Result<()>;

    /// Writes the parts, one after the other, as a whole file: after a crash it is there
    /// completely or not at all.
    fn write_atomically(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()>;

    /// Removes a file.
    fn remove(&mut self, name: &str) -> io::Result<()>;
}
