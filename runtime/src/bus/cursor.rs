//! How far a sink has got with a partition: a small file in the data directory, there whole or not
//! at all (ADR 0013).
//!
//! It names the journal, so that it is not taken for that of another, and carries what events need
//! to know of the facts before: the currencies.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use onsale_bus::event::Currencies;
use onsale_core::id::PartitionId;
use onsale_storage::journal::{Bookmark, Chain, FactNumber, JournalId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::data_directory::{DataDirectoryError, read_if_there, write_durably};

/// The format that is written, and the only one that is known.
const FORMAT: u32 = 1;

/// A file is written by one at a time: by the number of its partition.
static WRITING: [Mutex<()>; 16] = [const { Mutex::new(()) }; 16];

/// How far a sink has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Behind the last fact that was delivered.
    pub bookmark: Bookmark,
    /// Of the events up to there.
    pub currencies: Currencies,
}

/// Where the cursor of one sink with one partition is kept.
#[derive(Clone, Debug)]
pub struct CursorFile {
    directory: PathBuf,
    partition: PartitionId,
    journal: JournalId,
}

/// Why there is no cursor.
#[derive(Debug, Error)]
pub enum CursorError {
    /// The file is not what was written.
    #[error(
        "{} is damaged ({reason}): remove it, and all facts are delivered again", path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] DataDirectoryError),
    /// It is of another journal.
    #[error(
        "{} is of another journal: remove it, and all facts of this one are delivered",
        .0.display()
    )]
    OtherJournal(PathBuf),
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    journal: String,
    fact: u64,
    chain: Option<u32>,
    currencies: Currencies,
}

impl Cursor {
    /// Before the first fact.
    pub fn beginning() -> Self {
        Self { bookmark: Bookmark::BEGINNING, currencies: Currencies::default() }
    }
}

impl CursorFile {
    /// Of a partition with this journal, in a directory that is there.
    pub fn new(directory: PathBuf, partition: PartitionId, journal: JournalId) -> Self {
        Self { directory, partition, journal }
    }

    /// The journal that it is of.
    pub fn journal(&self) -> JournalId {
        self.journal
    }

    /// The cursor, if there is one yet.
    pub fn read(&self) -> Result<Option<Cursor>, CursorError> {
        let path = self.directory.join(self.name());
        let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
        let damaged = |reason: String| CursorError::Damaged { path: path.clone(), reason };
        let written: Written =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        let Written { format, journal, fact, chain, currencies } = written;
        if format != FORMAT {
            return Err(damaged(format!("it has format {format}, and {FORMAT} is known")));
        }
        if journal != self.journal_text() {
            return Err(CursorError::OtherJournal(path));
        }
        let bookmark = Bookmark { fact: FactNumber::new(fact), chain: chain.map(Chain::new) };
        Ok(Some(Cursor { bookmark, currencies }))
    }

    /// Writes the cursor: from the moment this returns it survives a crash.
    pub fn write(&self, cursor: &Cursor) -> Result<(), CursorError> {
        let Cursor { bookmark, currencies } = cursor;
        let written = Written {
            format: FORMAT,
            journal: self.journal_text(),
            fact: bookmark.fact.get(),
            chain: bookmark.chain.map(Chain::get),
            currencies: currencies.clone(),
        };
        let bytes = serde_json::to_vec(&written).expect("its keys are texts");
        // Whoever was stopped may still be at it, and somebody else have begun in their place.
        let turn = &WRITING[usize::from(self.partition.number()) % WRITING.len()];
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(write_durably(&self.directory, &self.name(), &bytes)?)
    }

    fn name(&self) -> String {
        format!("{:04}", self.partition.number())
    }

    fn journal_text(&self) -> String {
        format!("{:032x}", self.journal.0)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use onsale_core::id::EventId;

    use super::*;

    #[test]
    fn it_is_read_back_and_only_for_its_journal() {
        let folder = tempfile::tempdir().unwrap();
        let of = |journal| {
            let directory = folder.path().to_owned();
            CursorFile::new(directory, PartitionId::FIRST, JournalId(journal))
        };
        let file = of(u128::MAX);
        assert_eq!(file.read().unwrap(), None);
        let mut currencies = Currencies::default();
        let event = EventId::new(PartitionId::FIRST, 9).unwrap();
        currencies.learn(event, "JPY".parse().unwrap());
        let bookmark = Bookmark { fact: FactNumber::new(17), chain: Some(Chain::new(0xffff_fffe)) };
        let cursor = Cursor { bookmark, currencies };
        file.write(&cursor).unwrap();
        file.write(&cursor).unwrap();
        assert_eq!(file.read().unwrap(), Some(cursor));
        assert!(matches!(of(1).read(), Err(CursorError::OtherJournal(_))));
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_the_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().to_owned();
        let file = CursorFile::new(directory, PartitionId::FIRST, JournalId(1));
        file.write(&Cursor::beginning()).unwrap();
        let path = folder.path().join("0000");
        let good = fs::read_to_string(&path).unwrap();
        for wrong in ["", "{}", &good[..good.len() / 2], &good.replace(":1,", ":2,")] {
            fs::write(&path, wrong).unwrap();
            assert!(matches!(file.read(), Err(CursorError::Damaged { .. })), "{wrong}");
        }
    }
}
