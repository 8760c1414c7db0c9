//! A directory of the file system.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};

use super::{Directory, FileEntry};

/// What a crash leaves of an unfinished [`Directory::write_atomically`]; overwritten by the next.
const UNFINISHED_NAME: &str = "unfinished.temporary";

/// A directory of the file system. Sub-directories are not looked at.
#[derive(Debug, Clone)]
pub struct FileDirectory {
    path: PathBuf,
}

impl FileDirectory {
    /// Opens a directory, creating it, durably, if need be.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let missing: Vec<_> = path.ancestors().take_while(|level| !is_directory(level)).collect();
        for level in missing.into_iter().rev() {
            fs::create_dir(level)?;
            sync_directory(level.parent().unwrap_or(level))?;
        }
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Directory for FileDirectory {
    fn list(&self) -> io::Result<Vec<FileEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            // No file of ours has a name that is not text.
            if let (true, Ok(name)) = (metadata.is_file(), entry.file_name().into_string()) {
                entries.push(FileEntry { name, bytes: metadata.len() });
            }
        }
        entries.sort();
        Ok(entries)
    }

    /// Only the range: what lies ahead of a reader of the journal is what its writer is about to
    /// write past the page cache, and it waits for pages that are being read there.
    fn read(&self, name: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.path.join(name))?;
        fadvise(&file, 0, None, Advice::Random)?;
        let available = file.metadata()?.len().min(range.end).saturating_sub(range.start);
        let mut content = Vec::with_capacity(available as usize);
        file.seek(SeekFrom::Start(range.start))?;
        file.take(available).read_to_end(&mut content)?;
        Ok(content)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        File::open(self.path.join(name))?.sync_all()
    }

    fn create_zeroed(&mut self, name: &str, bytes: u64) -> io::Result<()> {
        let zeros = vec![0; bytes.min(1 << 20) as usize];
        let mut file = File::create(self.path.join(name))?;
        let mut left = bytes;
        while left > 0 {
            let chunk = left.min(zeros.len() as u64);
            file.write_all(&zeros[..chunk as usize])?;
            left -= chunk;
        }
        file.sync_all()?;
        sync_directory(&self.path)
    }

    fn write_atomically(&mut self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        let unfinished = self.path.join(UNFINISHED_NAME);
        let mut file = File::create(&unfinished)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(&unfinished, self.path.join(name))?;
        sync_directory(&self.path)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))?;
        sync_directory(&self.path)
    }
}

/// A new name is durable only once its directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(or_current(path))?.sync_all()
}

fn is_directory(path: &Path) -> bool {
    or_current(path).is_dir()
}

/// A relative path of one part has the empty path as its parent.
fn or_current(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_read_listed_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let mut directory = FileDirectory::open(root.path().join("a/b")).unwrap();
        directory.create_zeroed("zeros", 3).unwrap();
        directory.write_atomically("words", &[b"one ", b"two"]).unwrap();
        directory.write_atomically("words", &[b"three ", b"four"]).unwrap();
        let entry = |name: &str, bytes| FileEntry { name: name.to_owned(), bytes };
        assert_eq!(directory.list().unwrap(), [entry("words", 10), entry("zeros", 3)]);
        assert_eq!(directory.read("words", 6..100).unwrap(), b"four");
        assert_eq!(directory.read("words", 90..100).unwrap(), b"");
        assert_eq!(directory.read("zeros", 0..2).unwrap(), [0, 0]);
        directory.remove("words").unwrap();
        assert_eq!(directory.list().unwrap(), [entry("zeros", 3)]);
        assert!(directory.sync("words").is_err());
    }
}
