//! Following a journal while it is written: decisions in order, each once, up to what is durable.
//!
//! ```text
//!   0000000007.segment                    0000000008.segment
//!   ┌────────┬───────┬───────┬ ─ ─ ─ ┐    ┌────────┬───────┬───────┬ ─ ─ ─ ┐
//!   │ header │ batch │ batch │ torn    ──>│ header │ batch │ batch │ zeros
//!   └────────┴───────┴───────┴ ─ ─ ─ ┘    └────────┴───────┴───────┴ ─ ─ ─ ┘
//!                     └── says header 8 ──┘          ^       ^
//!                                             bookmark       durable
//! ```
//!
//! Another thread writes these files meanwhile, past the page cache. So nothing is believed that
//! was read before it was durable, and what lies behind the last batch of a segment counts only if
//! no later segment says that it ended there: it may be what a process left that is dead.
//!
//! Deliberately absent: waiting, and any knowledge of what is durable: whoever asks says it.

mod segment;

use std::io;

use super::error::RecoverError;
use super::number::{Chain, FactNumber};
use super::recovery::Record;
use super::segments::segment_files;
use super::sequence::Decision;
use crate::directory::Directory;

use self::segment::{Head, LiveSegment, Next};

/// How often files may be removed while their place is looked for.
const LOOKS: u32 = 3;

/// How far somebody has followed a journal. Written down with what they made of it, it is all that
/// they need to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// The last fact that they have taken in: the last of a decision, or [`FactNumber::ZERO`].
    pub fact: FactNumber,
    /// The chain after it, by which another journal is told from this one; `None` if it is not
    /// known.
    pub chain: Option<Chain>,
}

impl Bookmark {
    /// Before the first fact.
    pub const BEGINNING: Self = Self { fact: FactNumber::ZERO, chain: None };
}

/// Why a journal cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The bookmark is of facts that this journal does not have.
    #[error(
        "fact {bookmark} was taken in before, and the journal has {durable}: it is another one, or \
         an older copy. Begin anew from its first fact"
    )]
    Ahead {
        /// What was taken in.
        bookmark: FactNumber,
        /// What there is.
        durable: FactNumber,
    },
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] RecoverError),
    /// What was taken in up to the bookmark is not what this journal has.
    #[error(
        "what was taken in up to fact {fact} is not what this journal has: it is another one, or \
         another copy. Begin anew from its first fact"
    )]
    OtherPast {
        /// Where the bookmark is.
        fact: FactNumber,
    },
    /// The next fact was removed.
    #[error(
        "fact {wanted} is in no segment any more, the oldest begins with {oldest}: set \
         journal.keep = \"all\" where facts are followed, and begin anew from a copy that has it"
    )]
    Pruned {
        /// The fact that would be next.
        wanted: FactNumber,
        /// The oldest that there is.
        oldest: FactNumber,
    },
}

/// Somebody who follows the journal of a partition. Takes as much memory as the longest batch, and
/// none while there is nothing new.
#[derive(Debug)]
pub struct Follower {
    partition: u32,
    bookmark: Bookmark,
    /// The segment that is read; `None` before the first look.
    segment: Option<LiveSegment>,
}

impl Follower {
    /// Goes on behind a bookmark. Nothing is read yet.
    pub fn new(partition: u32, bookmark: Bookmark) -> Self {
        Self { partition, bookmark, segment: None }
    }

    /// Behind the last decision that was answered.
    pub fn bookmark(&self) -> Bookmark {
        self.bookmark
    }

    /// The next decision, if all of it is durable: facts up to `durable` are.
    pub fn next(
        &mut self,
        directory: &impl Directory,
        durable: FactNumber,
    ) -> Result<Option<Record<'_>>, FollowError> {
        let Some(decision) = self.next_decision(directory, durable)? else { return Ok(None) };
        let Decision { first_fact, last_fact, chain, .. } = decision;
        // A decision can only have come out of the segment that is still there.
        let segment = self.segment.as_ref().expect("the segment of the decision");
        Ok(Some(Record { first_fact, last_fact, chain, payload: segment.payload(&decision) }))
    }

    fn next_decision(
        &mut self,
        directory: &impl Directory,
        durable: FactNumber,
    ) -> Result<Option<Decision>, FollowError> {
        let bookmark = self.bookmark.fact;
        if durable < bookmark {
            return Err(FollowError::Ahead { bookmark, durable });
        }
        let mut looks_left = LOOKS;
        while self.bookmark.fact < durable {
            let next = match self.step(directory, durable) {
                // Removed meanwhile: it held nothing that is new, or there is more to say.
                Err(FollowError::Journal(error)) if is_gone(&error) && looks_left > 0 => {
                    looks_left -= 1;
                    self.segment = None;
                    continue;
                }
                next => next?,
            };
            match next {
                Next::Decision(decision) if self.is_new(&decision)? => return Ok(Some(decision)),
                Next::Decision(_) => {}
                Next::Segment(head) => self.segment = Some(LiveSegment::new(head)),
                Next::Nothing => break,
            }
        }
        if let Some(segment) = &mut self.segment {
            segment.forget();
        }
        Ok(None)
    }

    fn step(
        &mut self,
        directory: &impl Directory,
        durable: FactNumber,
    ) -> Result<Next, FollowError> {
        let segment = if let Some(segment) = &mut self.segment {
            segment
        } else {
            let head = self.locate(directory)?;
            self.segment.insert(LiveSegment::new(head))
        };
        segment.next(directory, durable)
    }

    /// Whether a decision lies behind the bookmark, which then moves.
    fn is_new(&mut self, decision: &Decision) -> Result<bool, FollowError> {
        let fact = self.bookmark.fact;
        if decision.first_fact > fact {
            let chain = Some(decision.chain);
            self.bookmark = Bookmark { fact: decision.last_fact, chain };
            return Ok(true);
        }
        let is_its = decision.last_fact < fact || self.is_at(decision.last_fact, decision.chain);
        if is_its { Ok(false) } else { Err(FollowError::OtherPast { fact }) }
    }

    /// Whether this is where the bookmark is.
    fn is_at(&self, fact: FactNumber, chain: Chain) -> bool {
        let known = self.bookmark.chain;
        fact == self.bookmark.fact && known.is_none_or(|known| known == chain)
    }

    /// The segment with the fact behind the bookmark, which is durable: the last that does not
    /// begin behind it. A few headers are looked at, however many segments there are.
    fn locate(&self, directory: &impl Directory) -> Result<Head, FollowError> {
        let wanted = self.bookmark.fact.next();
        let files = segment_files(directory)?;
        let (mut from, mut to) = (0, files.len());
        let mut found: Option<Head> = None;
        let mut oldest = None;
        while from < to {
            let middle = usize::midpoint(from, to);
            match Head::read(directory, self.partition, files[middle].0)? {
                Some(head) if head.first_fact() <= wanted => {
                    found = Some(head);
                    from = middle + 1;
                }
                // Also one that has not been begun.
                later => {
                    oldest = later.or(oldest);
                    to = middle;
                }
            }
        }
        let Some(head) = found else { return Err(missing(wanted, oldest.as_ref())) };
        let begins_there = head.first_fact() == wanted;
        if begins_there && !self.is_at(self.bookmark.fact, head.chain()) {
            return Err(FollowError::OtherPast { fact: self.bookmark.fact });
        }
        Ok(head)
    }
}

/// The fact is durable and lies in no segment that begins early enough.
fn missing(wanted: FactNumber, oldest: Option<&Head>) -> FollowError {
    match oldest {
        Some(oldest) => FollowError::Pruned { wanted, oldest: oldest.first_fact() },
        None => RecoverError::MissingFacts { first: wanted, last: wanted }.into(),
    }
}

/// Whether a file was not found.
fn is_gone(error: &RecoverError) -> bool {
    matches!(error, RecoverError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
}
