//! Which segments there are, and whether their headers agree with their files and each other.

use std::io;
use std::ops::Range;

use super::error::{Damage, RecoverError};
use super::format::{BLOCK_BYTES, NotAHeader, SegmentHeader};
use super::number::{Chain, FactNumber, SegmentIndex};
use super::reader::{ExpectedEnd, Fault, intact_batches};
use crate::directory::{Directory, FileEntry};

/// A segment whose header has been read.
#[derive(Clone, Copy)]
pub(crate) struct Opened {
    pub header: SegmentHeader,
    /// From which its batches are chained.
    pub crc: u32,
    pub file_bytes: u64,
}

/// Reads and checks the headers of all segments, in order. A last segment that never came into use
/// is left out: the writer will create it again.
pub(crate) fn open_segments(
    directory: &impl Directory,
    partition: u32,
) -> Result<Vec<Opened>, RecoverError> {
    let files = segment_files(directory)?;
    let mut opened: Vec<Opened> = Vec::with_capacity(files.len());
    for (position, (index, entry)) in files.iter().enumerate() {
        let expected_next = files[..position].last().map(|(before, _)| before.next());
        if let Some(missing) = expected_next.filter(|missing| missing != index) {
            return Err(RecoverError::MissingSegment { file: missing.file_name() });
        }
        let block = read(directory, &entry.name, 0..BLOCK_BYTES as u64)?;
        match SegmentHeader::decode(&block) {
            Ok((header, crc)) => {
                let one = Opened { header, crc, file_bytes: entry.bytes };
                check_header(&one, *index, partition, opened.first())?;
                opened.push(one);
            }
            Err(NotAHeader::UnknownVersion(found)) => {
                return Err(RecoverError::UnknownVersion { file: entry.name.clone(), found });
            }
            Err(NotAHeader::Unreadable) => {
                let is_last = position + 1 == files.len();
                if !is_last || was_in_use(directory, *index, entry, &block)? {
                    let next = opened.last().map_or(FactNumber::FIRST, |one| one.header.first_fact);
                    let fault = Fault { offset: 0, damage: Damage::Header };
                    return Err(damaged(*index, next, fault));
                }
            }
        }
    }
    check_predecessor(&files, &opened)?;
    Ok(opened)
}

/// The segments there are, in order.
pub(crate) fn segment_files(
    directory: &impl Directory,
) -> Result<Vec<(SegmentIndex, FileEntry)>, RecoverError> {
    let listed = directory.list();
    let entries =
        listed.map_err(|source| RecoverError::Io { file: "the journal".to_owned(), source })?;
    let files = entries
        .into_iter()
        .filter_map(|entry| Some((SegmentIndex::from_file_name(&entry.name)?, entry)));
    Ok(files.collect())
}

/// A segment that never came into use had one in use before it.
fn check_predecessor(
    files: &[(SegmentIndex, FileEntry)],
    opened: &[Opened],
) -> Result<(), RecoverError> {
    let unused = files.first().filter(|_| opened.is_empty());
    let before = unused.and_then(|(index, _)| SegmentIndex::new(index.get() - 1));
    before.map_or(Ok(()), |before| Err(RecoverError::MissingSegment { file: before.file_name() }))
}

fn check_header(
    one: &Opened,
    index: SegmentIndex,
    partition: u32,
    first: Option<&Opened>,
) -> Result<(), RecoverError> {
    let Opened { header, file_bytes, .. } = one;
    let file = index.file_name();
    let found = header.identity;
    if found.partition != partition {
        let (found, expected) = (found.partition, partition);
        return Err(RecoverError::ForeignPartition { file, found, expected });
    }
    let expected = first.map_or(found.journal, |first| first.header.identity.journal);
    if found.journal != expected {
        return Err(RecoverError::ForeignJournal { file, found: found.journal, expected });
    }
    let is_start = header.first_fact == FactNumber::FIRST
        && header.chain == Chain::start(found.journal)
        && header.previous_end_bytes == 0;
    if header.index != index || (index == SegmentIndex::FIRST && !is_start) {
        let fault = Fault { offset: 0, damage: Damage::Inconsistent };
        return Err(damaged(index, header.first_fact, fault));
    }
    check_length(header, *file_bytes, ExpectedEnd::Anywhere)
}

/// A file is exactly as long as its header says, and reaches to the end its successor names.
pub(crate) fn check_length(
    header: &SegmentHeader,
    actual: u64,
    end: ExpectedEnd,
) -> Result<(), RecoverError> {
    let fault = |damage| Err(damaged(header.index, header.first_fact, Fault { offset: 0, damage }));
    let expected = header.segment_bytes;
    if actual != expected {
        return fault(Damage::WrongLength { actual, expected });
    }
    match end {
        ExpectedEnd::At(end_bytes) if end_bytes < BLOCK_BYTES as u64 || end_bytes > actual => {
            fault(Damage::SegmentCut { end_bytes })
        }
        _ => Ok(()),
    }
}

/// Whether a file without a readable header was more than created. A creation leaves all of its
/// zeros or no file, so a shorter one was cut; a crash may tear the header; batches only ever
/// follow a durable header.
fn was_in_use(
    directory: &impl Directory,
    index: SegmentIndex,
    entry: &FileEntry,
    block: &[u8],
) -> Result<bool, RecoverError> {
    if block.len() < BLOCK_BYTES {
        return Ok(true);
    }
    let bytes = read(directory, &entry.name, 0..entry.bytes)?;
    Ok(intact_batches(&bytes).any(|batch| batch.header.segment == index))
}

pub(crate) fn damaged(index: SegmentIndex, fact: FactNumber, fault: Fault) -> RecoverError {
    let Fault { offset, damage } = fault;
    RecoverError::Damaged { file: index.file_name(), offset, fact, damage }
}

pub(crate) fn read(
    directory: &impl Directory,
    name: &str,
    range: Range<u64>,
) -> Result<Vec<u8>, RecoverError> {
    let failed = |source: io::Error| RecoverError::Io { file: name.to_owned(), source };
    directory.read(name, range).map_err(failed)
}
