//! Answers that are kept for whoever asks the same again: for a day, in the journal, across
//! crashes.
//!
//! Only what was accepted is kept. A refusal changed nothing, so the same request may be decided
//! anew; and a request that is being answered is in here already, so there is no "still running".

use alloc::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::command::IdempotencyKey;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::time::{Span, Time};

/// How long an answer is kept.
pub const KEPT: Span = Span::from_mins(24 * 60);

/// The answers of the last day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Answers {
    by_key: BTreeMap<u128, Answer>,
    /// When each was given, the oldest first.
    given: VecDeque<(Time, u128)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    fingerprint: u128,
    reply: Reply,
    at: Time,
}

impl Answers {
    /// The answer that was given to this very request; a refusal if its key was another request's.
    pub(super) fn find(
        &self,
        key: Option<IdempotencyKey>,
        now: Time,
    ) -> Result<Option<&Reply>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        let answer = self.by_key.get(&key.key).filter(|answer| now < answer.at + KEPT);
        match answer {
            Some(answer) if answer.fingerprint != key.fingerprint => Err(Refusal::KeyReused),
            found => Ok(found.map(|answer| &answer.reply)),
        }
    }

    pub(super) fn keep(&mut self, at: Time, key: IdempotencyKey, reply: Reply) {
        let answer = Answer { fingerprint: key.fingerprint, reply, at };
        self.by_key.insert(key.key, answer);
        self.given.push_back((at, key.key));
    }

    /// Forgets what is older than a day: each answer is looked at once.
    pub(super) fn forget_before(&mut self, now: Time) {
        while let Some((at, key)) = self.given.front().copied().filter(|(at, _)| *at + KEPT <= now)
        {
            self.given.pop_front();
            if self.by_key.get(&key).is_some_and(|answer| answer.at == at) {
                self.by_key.remove(&key);
            }
        }
    }
}
