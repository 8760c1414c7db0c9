//! Reading a whole journal: which segments, in which order, and whether they fit together.
//!
//! One segment is in memory at a time. Nothing is ever repaired: either what was acknowledged is
//! all there, or the caller is told where it is not.

use super::error::{Damage, RecoverError};
use super::number::{Chain, FactNumber, Identity, SegmentIndex};
use super::reader::{ExpectedEnd, Fault, SegmentReader, SegmentSummary, TornTail};
use super::segments::{Opened, check_length, damaged, open_segments, read};
use super::sequence::Decision;
use crate::directory::Directory;
use crate::snapshot::SnapshotHeader;

/// Where to begin.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// With the first segment there is: to look around.
    FirstSegment,
    /// With fact 1: to replay everything.
    FirstFact,
    /// Behind a snapshot: the segments before it may have been deleted.
    Snapshot(&'a SnapshotHeader),
}

/// One decision: the facts of one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its first fact.
    pub first_fact: FactNumber,
    /// Its last fact.
    pub last_fact: FactNumber,
    /// The chain after it.
    pub chain: Chain,
    /// The bytes that were appended.
    pub payload: &'a [u8],
}

/// Where a segment validly ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentEnd {
    /// The segment.
    pub index: SegmentIndex,
    /// The end of its last valid batch, in bytes.
    pub offset: u64,
}

/// Where a journal goes on: what a new writer needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Whose journal it is.
    pub identity: Identity,
    /// The last fact in it.
    pub last_fact: FactNumber,
    /// The chain after that fact.
    pub chain: Chain,
    /// Where the last segment ends; `None` when there is no segment.
    pub end: Option<SegmentEnd>,
}

impl Tail {
    /// The tail of a journal that has just been thought of. Draw the journal's id at random.
    pub fn new_journal(identity: Identity) -> Self {
        let chain = Chain::start(identity.journal);
        Self { identity, last_fact: FactNumber::ZERO, chain, end: None }
    }
}

/// The outcome of a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Where the journal goes on; `None` when the directory holds none.
    pub tail: Option<Tail>,
    /// What a crash left behind the end, to be logged.
    pub torn: Option<TornTail>,
    /// The segments that were read, in order.
    pub segments: Vec<SegmentSummary>,
}

/// A recovery under way: drain [`Recovery::next_record`], then [`Recovery::finish`].
pub struct Recovery<'d, D> {
    directory: &'d D,
    /// The segments still to be read, last first.
    to_read: Vec<Opened>,
    reader: Option<SegmentReader>,
    identity: Option<Identity>,
    start: Position,
    /// The last fact read and the chain after it, once something has been opened.
    position: Option<Position>,
    segments: Vec<SegmentSummary>,
}

#[derive(Clone, Copy)]
struct Position {
    fact: FactNumber,
    /// Unknown when reading starts with a segment for its own sake.
    chain: Option<Chain>,
}

impl<'d, D: Directory> Recovery<'d, D> {
    /// Looks at all segment headers and finds the first segment to read.
    pub fn open(directory: &'d D, partition: u32, start: Start<'_>) -> Result<Self, RecoverError> {
        let mut opened = open_segments(directory, partition)?;
        let mut identity = opened.first().map(|first| first.header.identity);
        let mut position = Position { fact: FactNumber::ZERO, chain: None };
        match start {
            Start::FirstSegment => {
                position.fact = opened
                    .first()
                    .map_or(position.fact, |first| first.header.first_fact.previous());
            }
            Start::FirstFact => position.chain = identity.map(|found| Chain::start(found.journal)),
            Start::Snapshot(snapshot) => {
                position = Position { fact: snapshot.fact, chain: Some(snapshot.chain) };
                check_snapshot_identity(snapshot, partition, identity)?;
                identity = Some(snapshot.identity);
            }
        }
        let needed = opened.iter().rposition(|one| one.header.first_fact <= position.fact.next());
        match needed {
            Some(first_needed) => drop(opened.drain(..first_needed)),
            None => check_nothing_missing(&opened, position.fact)?,
        }
        opened.reverse();
        let segments = Vec::with_capacity(opened.len());
        let start = position;
        Ok(Self {
            directory,
            to_read: opened,
            reader: None,
            identity,
            start,
            position: None,
            segments,
        })
    }

    /// The next decision, or `None` at the end of the journal.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, RecoverError> {
        let Some(decision) = self.next_decision()? else { return Ok(None) };
        let Decision { first_fact, last_fact, chain, .. } = decision;
        // A decision can only have come out of the reader that is still there.
        let reader = self.reader.as_ref().expect("the reader of the decision");
        Ok(Some(Record { first_fact, last_fact, chain, payload: reader.payload(&decision) }))
    }

    /// Reads what has not been read, and makes durable what has: only then may anything that
    /// depends on it be answered.
    pub fn finish(mut self) -> Result<Recovered, RecoverError> {
        while self.next_decision()?.is_some() {}
        if let Some(last) = self.segments.last() {
            let file = last.index.file_name();
            self.directory.sync(&file).map_err(|source| RecoverError::Io { file, source })?;
        }
        Ok(Recovered { tail: self.tail(), torn: self.torn(), segments: self.segments })
    }

    /// The segments looked at so far, the present one included.
    pub fn segments(&self) -> &[SegmentSummary] {
        &self.segments
    }

    /// Whose journal it is, if there is one.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// What a crash left behind the end, once that has been reached.
    pub fn torn(&self) -> Option<TornTail> {
        self.reader.as_ref().and_then(SegmentReader::torn)
    }

    fn tail(&self) -> Option<Tail> {
        let (last, reader) = (self.segments.last()?, self.reader.as_ref()?);
        let (next_fact, chain) = reader.position();
        let end = Some(SegmentEnd { index: last.index, offset: last.used_bytes });
        Some(Tail { identity: self.identity?, last_fact: next_fact.previous(), chain, end })
    }

    /// The next decision behind the start.
    fn next_decision(&mut self) -> Result<Option<Decision>, RecoverError> {
        loop {
            let Some(reader) = &mut self.reader else {
                if self.open_next()? {
                    continue;
                }
                return Ok(None);
            };
            let read = reader.next_decision();
            let summary = reader.summary();
            let (next_fact, chain) = reader.position();
            if let Some(last) = self.segments.last_mut() {
                *last = summary;
            }
            let decision = read.map_err(|fault| damaged(summary.index, next_fact, fault))?;
            self.position = Some(Position { fact: next_fact.previous(), chain: Some(chain) });
            match decision {
                Some(decision) if decision.last_fact < self.start.fact => {}
                Some(decision) if decision.first_fact <= self.start.fact => {
                    self.check_at_start(decision.last_fact, decision.chain)?;
                }
                Some(decision) => return Ok(Some(decision)),
                None if self.to_read.is_empty() => return self.check_end().map(|()| None),
                None => self.reader = None,
            }
        }
    }

    /// Opens the next segment to read, if there is one, and checks it against what was read before.
    fn open_next(&mut self) -> Result<bool, RecoverError> {
        let Some(Opened { header, crc, file_bytes }) = self.to_read.pop() else {
            return Ok(false);
        };
        let position = *self.position.get_or_insert(Position {
            fact: header.first_fact.previous(),
            chain: Some(header.chain),
        });
        if position.fact.next() != header.first_fact || position.chain != Some(header.chain) {
            let fault = Fault { offset: 0, damage: Damage::Inconsistent };
            return Err(damaged(header.index, position.fact.next(), fault));
        }
        if position.fact == self.start.fact {
            self.check_at_start(position.fact, header.chain)?;
        }
        let end = match self.to_read.last() {
            Some(next) => ExpectedEnd::At(next.header.previous_end_bytes),
            None => ExpectedEnd::Anywhere,
        };
        let name = header.index.file_name();
        let bytes = read(self.directory, &name, 0..file_bytes)?;
        check_length(&header, bytes.len() as u64, end)?;
        let reader = SegmentReader::new(bytes, header, crc, end);
        self.segments.push(reader.summary());
        self.reader = Some(reader);
        Ok(true)
    }

    /// At the fact of the snapshot, the journal must have its chain.
    fn check_at_start(&self, fact: FactNumber, chain: Chain) -> Result<(), RecoverError> {
        let fits = fact == self.start.fact && self.start.chain.is_none_or(|start| start == chain);
        if fits { Ok(()) } else { Err(RecoverError::SnapshotMismatch { fact: self.start.fact }) }
    }

    /// At its end, the journal must have reached the snapshot.
    fn check_end(&self) -> Result<(), RecoverError> {
        let Some((last, position)) = self.segments.last().zip(self.position) else { return Ok(()) };
        if position.fact >= self.start.fact {
            return Ok(());
        }
        let damage = Damage::SnapshotAhead { snapshot: self.start.fact };
        let fault = Fault { offset: last.used_bytes, damage };
        Err(damaged(last.index, position.fact.next(), fault))
    }
}

fn check_snapshot_identity(
    snapshot: &SnapshotHeader,
    partition: u32,
    journal: Option<Identity>,
) -> Result<(), RecoverError> {
    let fits = snapshot.identity.partition == partition
        && journal.is_none_or(|identity| identity == snapshot.identity);
    if fits { Ok(()) } else { Err(RecoverError::SnapshotMismatch { fact: snapshot.fact }) }
}

/// No segment reaches back to the start: that is only right for a journal not yet begun.
fn check_nothing_missing(opened: &[Opened], start: FactNumber) -> Result<(), RecoverError> {
    let first = start.next();
    match opened.first() {
        Some(oldest) => {
            Err(RecoverError::MissingFacts { first, last: oldest.header.first_fact.previous() })
        }
        None if start == FactNumber::ZERO => Ok(()),
        // The segment that held the fact of the snapshot is never deleted.
        None => Err(RecoverError::MissingFacts { first: start, last: start }),
    }
}
