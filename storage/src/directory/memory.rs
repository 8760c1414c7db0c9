//! Files in memory, for tests, the simulator and the fuzz targets.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use super::{Directory, FileEntry};

/// A directory in memory. Everything in it counts as durable; whoever simulates a crash decides
/// which writes reach it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryDirectory {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryDirectory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the whole content of a file, creating it if need be.
    pub fn put(&mut self, name: &str, content: Vec<u8>) {
        self.files.insert(name.to_owned(), content);
    }

    /// The content of a file, to look at or to damage.
    pub fn content_mut(&mut self, name: &str) -> Option<&mut Vec<u8>> {
        self.files.get_mut(name)
    }

    /// Overwrites part of a file, as a completed write does.
    ///
    /// # Errors
    /// `NotFound`, or `InvalidInput` if the file does not reach that far.
    pub fn write_at(&mut self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let file = self.files.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let target = start.checked_add(bytes.len()).and_then(|end| file.get_mut(start..end));
        target.ok_or(io::ErrorKind::InvalidInput)?.copy_from_slice(bytes);
        Ok(())
    }

    fn content(&self, name: &str) -> io::Result<&Vec<u8>> {
        self.files.get(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Directory for MemoryDirectory {
    fn list(&self) -> io::Result<Vec<FileEntry>> {
        let entry = |(name, content): (&String, &Vec<u8>)| FileEntry {
            name: name.clone(),
            bytes: content.len() as u64,
        };
        Ok(self.files.iter().map(entry).collect())
    }

    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let content = self.content(name)?;
        let clip = |position: u64| position.min(content.len() as u64) as usize;
        Ok(content.get(clip(range.start)..clip(range.end)).unwrap_or_default().to_vec())
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.content(name).map(|_| ())
    }

    fn create_zeroed(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        self.put(name, vec![0; bytes as usize]);
        Ok(())
    }

    fn write_atomically(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.put(name, parts.concat());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.files.remove(name).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
