//! The sandbox's books on disk: `sandbox.jsonl`, one JSON object a line, only ever appended to.
//!
//! A line is handed to the operating system before its consequences are, so the file survives the
//! death of the process. It is not synced: a power cut may lose the last lines, as it may lose the
//! sandbox's money, which is not real.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::ledger::{Entry, Ledger};

/// The name of the file in its directory.
pub const NAME: &str = "sandbox.jsonl";

/// Why the books cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file or its directory cannot be made, read or written.
    #[error("cannot open {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line that is not the last one cannot be read.
    #[error("line {line} of {} cannot be read: {source}; repair it or move the file away",
        path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// The open file, at its end.
#[derive(Debug)]
pub struct LedgerFile(File);

impl LedgerFile {
    /// Opens or makes the file in `directory` and replays it. A last line that was torn is cut off.
    pub fn open(directory: &Path) -> Result<(Self, Ledger), OpenError> {
        let path = directory.join(NAME);
        let (file, bytes) = open(directory, &path)
            .map_err(|source| OpenError::Io { path: path.clone(), source })?;
        let (entries, length) = read(&bytes).map_err(|(line, source)| OpenError::Damaged {
            path: path.clone(),
            line,
            source,
        })?;
        let mut file = Self(file);
        file.end_at(length, &bytes).map_err(|source| OpenError::Io { path, source })?;
        Ok((file, Ledger::replay(entries)))
    }

    /// Adds a line.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }

    /// Cuts the file after `length` bytes, and ends the last line if only its end was torn off.
    fn end_at(&mut self, length: usize, bytes: &[u8]) -> io::Result<()> {
        self.0.set_len(length as u64)?;
        self.0.seek(SeekFrom::End(0))?;
        let unended = length > 0 && bytes[length - 1] != b'\n';
        if unended { self.0.write_all(b"\n") } else { Ok(()) }
    }
}

fn open(directory: &Path, path: &Path) -> io::Result<(File, Vec<u8>)> {
    fs::create_dir_all(directory)?;
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    Ok((file, fs::read(path)?))
}

/// The entries, and how many bytes of the file they are. No beginning of a line can be mistaken for
/// a whole one, since an object ends with its last character.
fn read(bytes: &[u8]) -> Result<(Vec<Entry>, usize), (usize, serde_json::Error)> {
    let mut entries = Vec::new();
    let mut length = 0;
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match serde_json::from_slice(line) {
            Ok(entry) => entries.push(entry),
            Err(_) if !line.ends_with(b"\n") => break,
            Err(fault) => return Err((number + 1, fault)),
        }
        length += line.len();
    }
    Ok((entries, length))
}
